/* IPv4 packets cut on the way, put together by a receiver that shares nothing with the code. */
#include "check_packet.h"
#include "packets.h"

#include "../src/fragment.h"

static uint8_t packet[70000], piece[70000], whole[70000];
static bool have[70000];
static struct flow flow;

/* Takes one piece as a receiver does; returns its length of payload. */
static uint32_t assemble(uint32_t bytes, bool *last)
{
	const uint32_t header = 4u * (piece[0] % 16);
	const uint32_t field = (uint32_t)get_number(piece + 6, 2);
	const uint32_t at = 8 * (field % 0x2000), payload = bytes - header;

	CHECK_EQUAL(get_number(piece + 2, 2), bytes);
	CHECK_EQUAL(plain_fold(plain_sum(piece, header)), 0xffff);
	*last = !(field & 0x2000);
	CHECK(*last || payload % 8 == 0);
	memcpy(whole + at, piece + header, payload);
	for (uint32_t i = 0; i < payload; i++) {
		CHECK(!have[at + i]);
		have[at + i] = true;
	}
	return at + payload;
}

static void expect_the_same_again(uint32_t bytes, uint32_t most)
{
	const uint32_t header = 4u * (packet[0] % 16);
	struct fragments cut;
	uint32_t end = 0;
	bool last = false;

	memset(have, 0, sizeof(have));
	CHECK(ip_parse(packet, bytes, &flow));
	if (!CHECK(fragment_begin(&cut, packet, &flow, most)))
		return;
	for (uint32_t i = 0; i < cut.count; i++) {
		const uint32_t length = fragment_bytes(&cut, i);

		CHECK(length <= most);
		fragment_write(&cut, i, piece);
		CHECK(memcmp(piece + 12, packet + 12, 8) == 0 && piece[9] == packet[9]);
		CHECK(memcmp(piece + 4, packet + 4, 2) == 0 && piece[8] == packet[8]);
		end = assemble(length, &last);
		CHECK_EQUAL(last, i + 1 == cut.count);
	}
	CHECK_EQUAL(end, bytes - header);
	CHECK(memcmp(whole, packet + header, bytes - header) == 0);
}

static uint32_t make(uint32_t total)
{
	uint64_t state = total + 1;

	udp4(packet, "10.1.0.1", "10.2.0.1", total);
	put_number(packet + 4, 0x1234, 2);
	check_fill(&state, packet + 28, total - 28);
	write_checksums(packet, total);
	return total;
}

static void what_is_cut_can_be_put_together(void)
{
	for (uint32_t total = 1000; total < 1400; total += 7)
		for (uint32_t most = 552; most < 1000; most += 61)
			expect_the_same_again(make(total), most);
	expect_the_same_again(make(65535), 1280);
	expect_the_same_again(make(1281), 1280);
	expect_the_same_again(make(100), 28);
}

/* Only what has the flag stands in later pieces (RFC 791 section 3.1). */
static void options_are_copied_where_they_say_so(void)
{
	static const uint8_t options[12] = {7, 7, 4, 1, 2, 3, 4, 0x94, 4, 0, 0, 0};
	const uint32_t total = make(1000);
	struct fragments cut;

	memmove(packet + 32, packet + 20, total - 20);
	memcpy(packet + 20, options, 12);
	packet[0] = 0x48;
	put_number(packet + 2, total + 12, 2);
	expect_the_same_again(total + 12, 576);
	CHECK(fragment_begin(&cut, packet, &flow, 576));
	fragment_write(&cut, 0, piece);
	CHECK(memcmp(piece + 20, options, 12) == 0);
	fragment_write(&cut, 1, piece);
	static const uint8_t later[12] = {1, 1, 1, 1, 1, 1, 1, 0x94, 4, 0, 0, 0};

	CHECK(memcmp(piece + 20, later, 12) == 0);
	/* Lengths of nothing, and beyond the header. */
	for (uint32_t length = 0; length < 256; length += 5) {
		packet[21] = (uint8_t)length;
		expect_the_same_again(total + 12, 576);
	}
}

static void a_piece_can_be_cut_again(void)
{
	struct fragments cut;
	const uint32_t total = make(1001);

	CHECK(ip_parse(packet, total, &flow));
	CHECK(fragment_begin(&cut, packet, &flow, 800));
	/* The first one, of which more follow. */
	fragment_write(&cut, 0, whole);
	const uint32_t bytes = fragment_bytes(&cut, 0);

	memcpy(packet, whole, bytes);
	CHECK(ip_parse(packet, bytes, &flow));
	CHECK(fragment_begin(&cut, packet, &flow, 400));
	fragment_write(&cut, cut.count - 1, piece);
	CHECK_EQUAL(get_number(piece + 6, 2) & 0x2000, 0x2000);
	/* The last one. */
	put_number(packet + 6, 97, 2);
	CHECK(fragment_begin(&cut, packet, &flow, 400));
	fragment_write(&cut, 1, piece);
	CHECK_EQUAL(get_number(piece + 6, 2), 0x2000 + 97 + cut.each / 8);
	fragment_write(&cut, cut.count - 1, piece);
	CHECK_EQUAL(get_number(piece + 6, 2) & 0x2000, 0);
}

static void what_must_not_be_cut_is_not(void)
{
	struct fragments cut;
	uint32_t total = make(1000);

	packet[6] = 0x40;
	CHECK(ip_parse(packet, total, &flow) && !fragment_begin(&cut, packet, &flow, 600));
	/* It would end behind the 65,535th byte. */
	packet[6] = 0x1f;
	packet[7] = 0xff;
	CHECK(ip_parse(packet, total, &flow) && !fragment_begin(&cut, packet, &flow, 600));
	total = (uint32_t)udp6(packet, "fd00::1", "fd00:1::2", 1000);
	CHECK(ip_parse(packet, total, &flow) && !fragment_begin(&cut, packet, &flow, 600));
	/* No room for eight bytes. */
	total = make(100);
	CHECK(ip_parse(packet, total, &flow) && !fragment_begin(&cut, packet, &flow, 27));
}

int main(void)
{
	RUN(what_is_cut_can_be_put_together);
	RUN(options_are_copied_where_they_say_so);
	RUN(a_piece_can_be_cut_again);
	RUN(what_must_not_be_cut_is_not);
	return check_summary("fragment");
}
