/*
 * Two engines that use what the kernel offers, each by itself, all of it, or nothing: the same
 * packets come out. The socketpairs stand in for TUN devices with and without super-packets.
 */
#include "check_packet.h"
#include "engines.h"

#include "../src/gso.h"

#define EVERYTHING 15u

static uint8_t sent[70000], came[70000], expected[70000];

/* A super-packet of TCP from 10.1.0.1 to 10.2.0.1, or back; returns its length without the header.
 */
static uint32_t super_packet(bool to_right, uint32_t payload, struct gso_header *header)
{
	struct recipe r = plain_recipe(4, 6);
	const uint32_t at = sizeof(*header);

	r.payload_bytes = payload;
	const uint32_t bytes = make_packet(&r, sent + at);

	put_number(sent + at + 12, to_right ? 0x0a010001 : 0x0a020001, 4);
	put_number(sent + at + 16, to_right ? 0x0a020001 : 0x0a010001, 4);
	write_checksums(sent + at, bytes);
	/* The kernel only begins it. */
	put_number(sent + at + 36, plain_fold(pseudo_sum(sent + at, bytes)), 2);
	*header = (struct gso_header){GSO_NEEDS_CHECKSUM, GSO_TCP4, 52, 1348, 20, 16};
	memcpy(sent, header, sizeof(*header));
	return bytes;
}

/* Takes what comes and cuts it as the kernel would; returns how much payload was right. */
static uint32_t take_segments(const struct side *to, const struct gso *whole, bool vnet)
{
	uint32_t i = 0, payload = 0;

	while (i < whole->count) {
		const size_t got = receive(to->device, came, sizeof(came));
		const uint32_t before = vnet ? sizeof(struct gso_header) : 0;
		struct gso_header header = {.type = GSO_NONE};
		struct gso gso = {.count = 1};

		if (!CHECK(got > before))
			return payload;
		memcpy(&header, came, before);
		const bool is_super = header.type != GSO_NONE;

		if (is_super &&
			!CHECK(gso_begin(&gso, &header, came + before, (uint32_t)got - before)))
			return payload;
		for (uint32_t k = 0; k < gso.count && i < whole->count; k++, i++) {
			const uint32_t bytes = gso_segment_bytes(whole, i);
			static uint8_t one[70000];

			gso_segment(whole, i, expected);
			if (is_super)
				gso_segment(&gso, k, one);
			else
				memcpy(one, came + before, bytes);
			CHECK(is_super || got - before == bytes);
			CHECK(is_whole(one, bytes));
			if (CHECK(memcmp(one, expected, bytes) == 0))
				payload += bytes - whole->header_bytes;
		}
	}
	return payload;
}

static void super_packets_cross(uint32_t mask, bool vnet_left, bool vnet_right)
{
	static const uint32_t payloads[] = {1349, 4000, 30000, 65000};
	struct gso_header header;
	struct gso whole;

	open_side_with(&left, mask, vnet_left);
	open_side_with(&right, mask, vnet_right);
	connect_both(1);
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		const uint32_t bytes = super_packet(true, payloads[i], &header);

		CHECK(gso_begin(&whole, &header, sent + sizeof(header), bytes));
		if (vnet_left)
			CHECK(send(left.device, sent, sizeof(header) + bytes, 0) > 0);
		for (uint32_t k = 0; k < whole.count && !vnet_left; k++) {
			gso_segment(&whole, k, expected);
			CHECK(send(left.device, expected, gso_segment_bytes(&whole, k), 0) > 0);
		}
		CHECK_EQUAL(take_segments(&right, &whole, vnet_right), payloads[i]);
	}
	CHECK_EQUAL(counter(&right, ESP_COUNT_REPLAY), 0);
	CHECK_EQUAL(counter(&right, ESP_COUNT_BAD_ICV), 0);
	wait_for_count(&left, ESP_COUNT_TX_PACKETS, 2 + 3 + 23 + 49);
	wait_for_count(&right, ESP_COUNT_RX_PACKETS, 2 + 3 + 23 + 49);
	close_both();
}

static void every_mixture_of_offloads_carries_the_same(void)
{
	for (uint32_t mask = 0; mask <= EVERYTHING; mask += 4)
		for (int ends = 0; ends < 4; ends++)
			super_packets_cross(mask, ends & 1, ends & 2);
}

static void what_is_in_use_is_told(void)
{
	open_side_with(&left, EVERYTHING, true);
	CHECK_EQUAL(left.opened.offloads & 3, 3);
	close_side(&left);
	open_side_with(&left, 0, false);
	CHECK_EQUAL(left.opened.offloads, 0);
	close_side(&left);
}

/* A header of the device that lies costs its packet and nothing else. */
static void a_device_that_lies_is_counted(void)
{
	struct gso_header header;
	uint32_t bytes;

	open_side_with(&left, EVERYTHING, true);
	open_side_with(&right, EVERYTHING, true);
	connect_both(1);
	bytes = super_packet(true, 4000, &header);
	header.size = 0;
	memcpy(sent, &header, sizeof(header));
	CHECK(send(left.device, sent, sizeof(header) + bytes, 0) > 0);
	CHECK(send(left.device, sent, sizeof(header), 0) > 0);
	CHECK(send(left.device, sent, 3, 0) > 0);
	memset(sent, 0, sizeof(header));
	sent[0] = GSO_NEEDS_CHECKSUM;
	sent[6] = sent[7] = 0xff;
	CHECK(send(left.device, sent, sizeof(header) + 100, 0) > 0);
	wait_for_count(&left, ESP_COUNT_NOT_IP, 4);
	CHECK_EQUAL(counter(&left, ESP_COUNT_TX_PACKETS), 0);
	close_both();
}

/* Of 23 segments, 1400 bytes each but for the last, ten go out. */
static void ten_segments_go_out(uint64_t hard_packets, uint64_t hard_bytes)
{
	struct gso_header header;
	struct esp_child child;

	open_side_with(&left, EVERYTHING, true);
	open_side_with(&right, EVERYTHING, true);
	child = half(&left, &right, 1);
	child.hard_packets = hard_packets;
	child.hard_bytes = hard_bytes;
	CHECK_EQUAL(install(&left, &right, &child), ESP_OK);
	const uint32_t bytes = super_packet(true, 30000, &header);

	CHECK(send(left.device, sent, sizeof(header) + bytes, 0) > 0);
	wait_for_count(&left, ESP_COUNT_SEQUENCE_EXHAUSTED, 13);
	wait_for_count(&left, ESP_COUNT_TX_PACKETS, 10);
	close_both();
}

/*
 * Pitfall 63 holds within a super-packet too. Bytes were counted only once the kernel had taken
 * them, so that all which one round reads went out behind the limit.
 */
static void the_hard_limit_ends_inside_a_super_packet(void)
{
	ten_segments_go_out(10, 0);
	ten_segments_go_out(0, 13000);
}

int main(void)
{
	RUN(every_mixture_of_offloads_carries_the_same);
	RUN(what_is_in_use_is_told);
	RUN(a_device_that_lies_is_counted);
	RUN(the_hard_limit_ends_inside_a_super_packet);
	return check_summary("offload");
}
