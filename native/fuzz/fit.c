/*
 * What makes packets fit their way: MSS, pieces of IPv4, «too big», and what an ICMP error is
 * about.
 *
 *   input   how wide | how | a packet as flows.h has it, or bytes
 */
#include "flows.h"

#include "../src/fragment.h"
#include "../src/gso.h"
#include "../src/icmp.h"
#include "../src/mss.h"

static uint32_t number(const uint8_t *p, int bytes)
{
	return (uint32_t)get_number(p, bytes);
}

static bool ip_sum_is_good(const uint8_t *p)
{
	return p[0] >> 4 == 6 || plain_fold(plain_sum(p, ip_header_of(p))) == 0xffff;
}

/* Whether two sums are the same number: 0 has two forms. */
static bool same_sum(uint64_t a, uint64_t b)
{
	return plain_fold(a) % 0xffff == plain_fold(b) % 0xffff;
}

/* A right checksum stays right, a wrong one as wrong; and nothing but segment sizes gets smaller.
 */
static void clamp(const uint8_t *packet, const struct flow *flow, uint32_t most)
{
	uint8_t *const p = malloc(flow->bytes);
	const uint8_t *const tcp = p + flow->transport;

	memcpy(p, packet, flow->bytes);
	const bool changed = mss_clamp(p, flow, most);

	EXPECT(changed == (memcmp(p, packet, flow->bytes) != 0));
	if (changed) {
		const uint32_t behind = flow->bytes - flow->transport;

		EXPECT(flow->protocol == 6 && (tcp[13] & TCP_SYN));
		EXPECT(same_sum(
			plain_sum(tcp, behind), plain_sum(packet + flow->transport, behind)));
		EXPECT(memcmp(p, packet, flow->transport + 16) == 0);
		/* Once is enough. */
		EXPECT(!mss_clamp(p, flow, most));
	}
	free(p);
}

/* The pieces put together again are the packet's payload, each is sound, and none is too long. */
static void cut(const uint8_t *packet, const struct flow *flow, uint32_t most)
{
	struct fragments pieces;
	uint32_t at = 0;

	if (!fragment_begin(&pieces, packet, flow, most))
		return;
	const uint32_t field = number(packet + 6, 2), header = 4u * (packet[0] & 15u);

	EXPECT(flow->version == 4 && !(field & 0x4000));
	for (uint32_t i = 0; i < pieces.count; i++) {
		const uint32_t bytes = fragment_bytes(&pieces, i);
		const bool is_last = i + 1 == pieces.count;
		uint8_t *const piece = malloc(bytes);

		fragment_write(&pieces, i, piece);
		EXPECT(bytes <= most && number(piece + 2, 2) == bytes && ip_sum_is_good(piece));
		EXPECT(memcmp(piece + 12, packet + 12, 8) == 0 && piece[0] == packet[0]);
		EXPECT(number(piece + 6, 2) % 0x2000 == field % 0x2000 + at / 8);
		EXPECT((number(piece + 6, 2) >> 13 & 1) == (!is_last || (field >> 13 & 1)));
		EXPECT(memcmp(piece + header, packet + header + at, bytes - header) == 0);
		at += bytes - header;
		EXPECT(is_last || at % 8 == 0);
		free(piece);
	}
	EXPECT(at == flow->bytes - header);
}

/* It goes back to who sent the packet, is sound, and quotes it. */
static void tell(const uint8_t *packet, const struct flow *flow, uint32_t most)
{
	uint8_t *const out = malloc(ICMP_BYTES);
	const uint32_t bytes = icmp_too_big(packet, flow, most, out);
	struct flow told, answered;

	if (bytes > 0) {
		EXPECT(bytes <= ICMP_BYTES && ip_parse(out, bytes, &told) && told.bytes == bytes);
		EXPECT(told.version == flow->version && ip_sum_is_good(out));
		EXPECT(ip_equal(told.destination, flow->source));
		const uint32_t at = told.transport, quoted = bytes - at - 8;

		EXPECT(memcmp(out + at + 8, packet, quoted) == 0);
		EXPECT(plain_fold(plain_sum(out + at, bytes - at) +
				  (flow->version == 6 ? pseudo_sum(out, bytes) : 0)) == 0xffff);
		/* Whoever gets it knows what it is about, where the quotation says enough. */
		if (icmp_about(out, &told, &answered))
			EXPECT(ip_equal(answered.source, flow->destination) &&
				ip_equal(answered.destination, flow->source));
	}
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static uint8_t made[2048];
	struct input in = {data, bytes};
	const uint32_t most = (uint32_t)take_number(&in, 2);
	struct input rest;
	struct flows flows;
	struct flow flow, answered;
	size_t count;

	if (take_byte(&in) & 1) {
		flows_begin(&flows);
		count = next_packet(&flows, &in, made);
		rest = (struct input){made, count};
	} else {
		rest = in;
		count = in.left;
	}
	uint8_t *const packet = take_copy(&rest, &count);

	if (ip_parse_quoted(packet, count, &flow))
		EXPECT(flow.bytes <= count && flow.transport <= flow.bytes);
	if (ip_parse(packet, count, &flow)) {
		clamp(packet, &flow, most);
		cut(packet, &flow, most);
		tell(packet, &flow, most);
		icmp_about(packet, &flow, &answered);
	}
	free(packet);
	return 0;
}
