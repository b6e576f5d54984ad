/* Cutting super-packets: every segment is a packet that an honest host would have sent. */
#include "check_packet.h"

#include <stdlib.h>

#include "../src/checksum.h"
#include "../src/gso.h"

static uint8_t whole[70000], segment[70000];

static struct gso_header header_for(const struct recipe *r, uint16_t size)
{
	const uint16_t ip = r->version == 4 ? 20 : 40;
	const uint32_t transport = r->protocol == 17 ? 8 : 20 + r->option_bytes;

	return (struct gso_header){
		.flags = GSO_NEEDS_CHECKSUM,
		.type = r->protocol == 17 ? GSO_UDP
			: r->version == 4 ? GSO_TCP4
					  : GSO_TCP6,
		.header_bytes = (uint16_t)(ip + transport),
		.size = size,
		.checksum_start = ip,
		.checksum_offset = r->protocol == 17 ? 6 : 16,
	};
}

/* What the i-th segment should have been if its sender had cut by hand. */
static struct recipe recipe_of_segment(const struct recipe *r, uint32_t i, uint16_t size)
{
	struct recipe each = *r;
	const uint32_t at = i * size;
	const bool last = at + size >= r->payload_bytes;

	each.sequence = r->sequence + at;
	each.id = (uint16_t)(r->id + i);
	each.payload_bytes = last ? r->payload_bytes - at : size;
	if (!last)
		each.flags &= (uint8_t) ~(TCP_PSH | TCP_FIN);
	if (i > 0)
		each.flags &= (uint8_t)~TCP_CWR;
	return each;
}

static void check_cutting(const struct recipe *r, uint16_t size)
{
	static uint8_t expected[70000];
	const struct gso_header header = header_for(r, size);
	const uint32_t bytes = make_packet(r, whole);
	struct gso gso;

	if (!CHECK(gso_begin(&gso, &header, whole, bytes)))
		return;
	CHECK_EQUAL(gso.count, (r->payload_bytes + size - 1) / size);
	for (uint32_t i = 0; i < gso.count; i++) {
		struct recipe each = recipe_of_segment(r, i, size);
		const uint32_t length = make_packet(&each, expected);

		CHECK_EQUAL(gso_segment_bytes(&gso, i), length);
		memset(segment, 0xaa, length + 1);
		gso_segment(&gso, i, segment);
		CHECK(segment[length] == 0xaa);
		CHECK(is_whole(segment, length));
		CHECK(memcmp(segment, expected, length) == 0);
	}
}

static void segments_are_as_cut_by_hand(void)
{
	static const uint16_t sizes[] = {1, 2, 99, 536, 1348, 1460, 9001};
	static const uint32_t options[] = {0, 12, 40};

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		const uint32_t size = sizes[s];
		const uint32_t payloads[] = {1, size, size + 1, 2 * size, 5 * size + size / 2};

		for (int variant = 0; variant < 2 * 3 * 5; variant++) {
			struct recipe r = plain_recipe(variant % 2 ? 4 : 6, 6);

			r.option_bytes = options[variant / 2 % 3];
			r.payload_bytes = payloads[variant / 6];
			r.flags = TCP_ACK | TCP_PSH | TCP_FIN | TCP_CWR | TCP_ECE;
			r.id = 0xfffe;
			check_cutting(&r, (uint16_t)size);
			r.protocol = 17;
			r.option_bytes = 0;
			r.sequence = 0;
			/* The identity of bytes in UDP is by place alone. */
			if (r.payload_bytes <= size)
				check_cutting(&r, (uint16_t)size);
		}
	}
}

static void the_largest_super_packet_is_cut(void)
{
	struct recipe r = plain_recipe(4, 6);

	r.payload_bytes = 65535 - 20 - 32;
	check_cutting(&r, 1348);
	r = plain_recipe(6, 6);
	r.payload_bytes = 65535 - 40 - 32;
	check_cutting(&r, 1328);
}

static void datagrams_of_udp_have_lengths_of_their_own(void)
{
	for (int version = 4; version <= 6; version += 2) {
		struct recipe r = plain_recipe((uint8_t)version, 17);
		const struct gso_header header = header_for(&r, 400);
		struct gso gso;
		uint32_t at = 0;

		const uint32_t bytes = make_packet(&r, whole);

		CHECK(gso_begin(&gso, &header, whole, bytes));
		CHECK_EQUAL(gso.count, 3);
		for (uint32_t i = 0; i < gso.count; i++) {
			const uint32_t length = gso_segment_bytes(&gso, i);
			const uint32_t payload = length - gso.header_bytes;

			gso_segment(&gso, i, segment);
			CHECK(is_whole(segment, length));
			CHECK(memcmp(segment + gso.header_bytes, whole + gso.header_bytes + at,
				      payload) == 0);
			at += payload;
		}
		CHECK_EQUAL(at, 1000);
	}
}

static void headers_that_lie_are_refused(void)
{
	const struct recipe r = plain_recipe(4, 6);
	const struct gso_header good = header_for(&r, 100);
	const uint32_t bytes = make_packet(&r, whole);
	struct gso gso;
	struct gso_header bad = good;

	CHECK(gso_begin(&gso, &good, whole, bytes));
	bad.size = 0;
	CHECK(!gso_begin(&gso, &bad, whole, bytes));
	bad = good;
	bad.type = GSO_TCP6;
	CHECK(!gso_begin(&gso, &bad, whole, bytes));
	bad.type = 3; /* UFO, which nobody asked for */
	CHECK(!gso_begin(&gso, &bad, whole, bytes));
	bad = good;
	bad.checksum_start = 24;
	CHECK(!gso_begin(&gso, &bad, whole, bytes));
	for (uint32_t short_of = 0; short_of <= 52; short_of++)
		CHECK(!gso_begin(&gso, &good, whole, short_of));
	CHECK(gso_begin(&gso, &good, whole, 53));
	whole[32] = 0x40; /* a TCP header of 16 bytes */
	CHECK(!gso_begin(&gso, &good, whole, bytes));
	bad = good;
	bad.type = GSO_TCP4 | GSO_ECN;
	whole[32] = 0x80;
	CHECK(gso_begin(&gso, &bad, whole, bytes));
}

/* Whatever a header says, nothing is read or written beyond the packet (run under sanitizers). */
static void nonsense_is_cut_within_its_bounds(void)
{
	uint64_t state = 5;

	for (int i = 0; i < 200000; i++) {
		const uint32_t bytes = (uint32_t)check_random(&state) % 200;
		uint8_t *exact = malloc(bytes ? bytes : 1);
		struct gso_header header;
		struct gso gso;

		check_fill(&state, exact, bytes);
		check_fill(&state, (uint8_t *)&header, sizeof(header));
		header.type %= 6;
		header.checksum_start %= 64;
		header.checksum_offset %= 200;
		header.size %= 300;
		if (bytes && i % 3)
			exact[0] = i % 2 ? 0x45 : 0x60;
		if (gso_begin(&gso, &header, exact, bytes))
			for (uint32_t k = 0; k < gso.count; k++) {
				uint8_t *out = malloc(gso_segment_bytes(&gso, k));

				gso_segment(&gso, k, out);
				free(out);
			}
		gso_finish_checksum(&header, exact, bytes);
		free(exact);
	}
}

static void a_checksum_that_was_left_to_us_is_finished(void)
{
	for (int variant = 0; variant < 4; variant++) {
		struct recipe r = plain_recipe(variant % 2 ? 4 : 6, variant / 2 ? 6 : 17);

		for (r.payload_bytes = 1; r.payload_bytes < 300; r.payload_bytes++) {
			const struct gso_header header = header_for(&r, 0);
			const uint32_t bytes = make_packet(&r, whole);
			uint8_t *const at = whole + header.checksum_start + header.checksum_offset;

			memcpy(segment, whole, bytes);
			put_number(at, plain_fold(pseudo_sum(whole, bytes)), 2);
			CHECK(gso_finish_checksum(&header, whole, bytes));
			CHECK(memcmp(whole, segment, bytes) == 0);
		}
	}
	const struct gso_header beyond = {
		.flags = GSO_NEEDS_CHECKSUM, .checksum_start = 20, .checksum_offset = 16};
	const struct gso_header none = {.checksum_start = 65535};

	CHECK(!gso_finish_checksum(&beyond, whole, 37));
	CHECK(gso_finish_checksum(&none, whole, 1));
}

static void the_fast_sum_is_the_plain_one(void)
{
	uint64_t state = 3;

	for (uint32_t bytes = 0; bytes < 600; bytes++) {
		check_fill(&state, whole, 700);
		if (bytes % 5 == 0)
			memset(whole, 0xff, bytes);
		CHECK_EQUAL(checksum_fold(checksum_add(0x1234, whole + bytes % 8, bytes)),
			plain_fold(0x1234 + plain_sum(whole + bytes % 8, bytes)));
	}
}

int main(void)
{
	RUN(the_fast_sum_is_the_plain_one);
	RUN(segments_are_as_cut_by_hand);
	RUN(the_largest_super_packet_is_cut);
	RUN(datagrams_of_udp_have_lengths_of_their_own);
	RUN(headers_that_lie_are_refused);
	RUN(nonsense_is_cut_within_its_bounds);
	RUN(a_checksum_that_was_left_to_us_is_finished);
	return check_summary("gso");
}
