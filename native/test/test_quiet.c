/*
 * What a packet costs beside its bytes, in either direction: no allocation, and no word to
 * JavaScript, which cannot run for it then. Linked so that every allocation of the library is
 * counted.
 */
#include "check_packet.h"
#include "engines.h"

#include "../src/gso.h"

static _Atomic uint64_t allocations;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
	atomic_fetch_add(&allocations, 1);
	return __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
	atomic_fetch_add(&allocations, 1);
	return __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
	atomic_fetch_add(&allocations, 1);
	return __real_realloc(old, bytes);
}

/* From 10.1.0.1 to 10.2.0.1, with what the device says of it; returns its length. */
static size_t super_packet(uint8_t *out, uint32_t payload)
{
	const struct gso_header header = {.flags = GSO_NEEDS_CHECKSUM,
		.type = GSO_TCP4,
		.size = 1348,
		.checksum_start = 20,
		.checksum_offset = 16};
	struct recipe r = plain_recipe(4, 6);

	r.payload_bytes = payload;
	memcpy(out, &header, sizeof(header));
	return sizeof(header) + make_packet(&r, out + sizeof(header));
}

/* A header of the device that says nothing, and a packet of UDP. */
static size_t small_packet(uint8_t *out, const char *from, const char *to, size_t bytes)
{
	memset(out, 0, sizeof(struct gso_header));
	return sizeof(struct gso_header) + udp4(out + sizeof(struct gso_header), from, to, bytes);
}

static void cross(const struct side *from, const struct side *to, const uint8_t *packet, size_t n)
{
	static uint8_t sink[70000];

	CHECK_EQUAL(send(from->device, packet, n, 0), n);
	CHECK(receive(to->device, sink, sizeof(sink)) > 0);
	while (recv(to->device, sink, sizeof(sink), MSG_DONTWAIT) > 0)
		;
}

static void no_allocation_and_no_word_for_packets(void)
{
	static uint8_t super[70000], there[2000], back[2000], lost[2000], frame[16];

	open_side_with(&left, UINT32_MAX, true);
	open_side_with(&right, UINT32_MAX, true);
	connect_both(1);
	const size_t super_bytes = super_packet(super, 30000);
	const size_t there_bytes = small_packet(there, "10.1.0.1", "10.2.0.1", 200);
	const size_t back_bytes = small_packet(back, "10.2.0.1", "10.1.0.1", 1400);
	const size_t lost_bytes = small_packet(lost, "10.1.0.1", "10.2.0.9", 100);
	const uint64_t before = atomic_load(&allocations);

	CHECK(before > 0);
	for (int i = 0; i < 2000; i++) {
		cross(&left, &right, super, super_bytes);
		cross(&left, &right, there, there_bytes);
		cross(&right, &left, back, back_bytes);
		/* Nor for one that has no tunnel. */
		CHECK_EQUAL(send(left.device, lost, lost_bytes, 0), lost_bytes);
	}
	wait_for_count(&left, ESP_COUNT_NO_SA, 2000);
	CHECK(counter(&right, ESP_COUNT_RX_PACKETS) >= 2000 * 23);
	CHECK_EQUAL(atomic_load(&allocations) - before, 0);
	CHECK(recv(left.opened.mailbox, frame, sizeof(frame), MSG_DONTWAIT) < 0);
	CHECK(recv(right.opened.mailbox, frame, sizeof(frame), MSG_DONTWAIT) < 0);
	close_both();
}

/* Nor while somebody looks at the packets. */
static void no_allocation_for_copies(void)
{
	static uint8_t there[2000], back[2000], sink[70000];
	struct esp_tap tap = {.snap_bytes = 2000, .most_bytes = 1u << 20, .spi_count = 1};

	open_side_with(&left, UINT32_MAX, true);
	open_side_with(&right, UINT32_MAX, true);
	connect_both(1);
	tap.spis[0] = 0x10001;
	CHECK_EQUAL(esp_tap_set(left.engine, &tap), ESP_OK);
	const size_t there_bytes = small_packet(there, "10.1.0.1", "10.2.0.1", 200);
	const size_t back_bytes = small_packet(back, "10.2.0.1", "10.1.0.1", 1400);
	const uint64_t before = atomic_load(&allocations);

	for (int i = 0; i < 200; i++) {
		cross(&left, &right, there, there_bytes);
		cross(&right, &left, back, back_bytes);
		while (recv(left.opened.mailbox, sink, sizeof(sink), MSG_DONTWAIT) > 0)
			;
	}
	CHECK_EQUAL(counter(&left, ESP_COUNT_TAPPED) + counter(&left, ESP_COUNT_TAP_DROPPED), 400);
	CHECK(counter(&left, ESP_COUNT_TAPPED) > 0);
	CHECK_EQUAL(atomic_load(&allocations) - before, 0);
	close_both();
}

int main(void)
{
	RUN(no_allocation_and_no_word_for_packets);
	RUN(no_allocation_for_copies);
	return check_summary("quiet");
}
