/*
 * Inner headers: what ip.c reads from a packet beside a second reader that shares nothing with it,
 * selectors beside their definition, and what a tunnel may change in a packet.
 *
 *   input   outer ECN | two selectors | the packet
 */
#include "fuzz.h"

#include "../src/checksum.h"
#include "../src/selector.h"

/* What the second reader found. */
struct reading {
	bool good;
	unsigned version, protocol, source_port, destination_port;
	bool has_ports;
	size_t bytes;
	const uint8_t *source, *destination;
};

static unsigned word(const uint8_t *p)
{
	return p[0] * 256u + p[1];
}

static bool has_two_ports(unsigned protocol)
{
	return protocol == 6 || protocol == 17 || protocol == 33 || protocol == 132 ||
	       protocol == 136;
}

static void read_ports(struct reading *r, const uint8_t *p, const uint8_t *end)
{
	if (has_two_ports(r->protocol) && end - p >= 4) {
		r->source_port = word(p);
		r->destination_port = word(p + 2);
		r->has_ports = true;
	} else if ((r->protocol == 1 || r->protocol == 58) && end - p >= 2) {
		r->source_port = r->destination_port = word(p);
		r->has_ports = true;
	}
}

static struct reading read_v4(const uint8_t *p, size_t available)
{
	struct reading r = {.good = available >= 20, .version = 4};

	if (!r.good)
		return r;
	r.bytes = word(p + 2);
	r.good = p[0] % 16 >= 5 && r.bytes >= p[0] % 16 * 4u && r.bytes <= available;
	if (!r.good)
		return r;
	r.protocol = p[9];
	r.source = p + 12;
	r.destination = p + 16;
	/* A fragment's offset is in 13 bits. */
	if (word(p + 6) % 8192 == 0)
		read_ports(&r, p + p[0] % 16 * 4, p + r.bytes);
	return r;
}

/* RFC 8200 section 4, header by header until there is none; nine are more than anybody sends. */
static struct reading read_v6(const uint8_t *p, size_t available)
{
	struct reading r = {.good = available >= 40 && 40 + word(p + 4) <= available, .version = 6};
	const uint8_t *at = p + 40;
	int headers = 0;

	if (!r.good)
		return r;
	r.bytes = 40 + word(p + 4);
	r.protocol = p[6];
	r.source = p + 8;
	r.destination = p + 24;
	const uint8_t *const end = p + r.bytes;

	while (r.protocol == 0 || r.protocol == 43 || r.protocol == 44 || r.protocol == 60) {
		const bool is_fragment = r.protocol == 44;

		r.good = end - at >= 8 && end - at >= (is_fragment ? 8 : 8 * (at[1] + 1)) &&
			 headers++ < 9;
		if (!r.good)
			return r;
		r.protocol = at[0];
		if (is_fragment && word(at + 2) / 8 > 0)
			return r;
		at += is_fragment ? 8 : 8 * (at[1] + 1);
	}
	r.good = headers < 9;
	read_ports(&r, at, end);
	return r;
}

static struct reading read_packet(const uint8_t *p, size_t available)
{
	const unsigned version = available ? p[0] / 16 : 0;

	return version == 4   ? read_v4(p, available)
	       : version == 6 ? read_v6(p, available)
			      : (struct reading){.good = false};
}

static bool is_address(uint8_t version, struct ip_address address, const uint8_t *bytes)
{
	uint8_t back[16];

	ip_address_to(version, address, back);
	return memcmp(back, bytes, version == 4 ? 4 : 16) == 0;
}

static void readings_agree(const struct flow *flow, const struct reading *r)
{
	EXPECT(flow->version == r->version && flow->protocol == r->protocol);
	EXPECT(flow->bytes == r->bytes && flow->has_ports == r->has_ports);
	EXPECT(flow->source_port == r->source_port);
	EXPECT(flow->destination_port == r->destination_port);
	EXPECT(is_address(flow->version, flow->source, r->source));
	EXPECT(is_address(flow->version, flow->destination, r->destination));
}

static struct esp_selector take_selector(struct input *in)
{
	struct esp_selector s = {.family = take_byte(in) % 8 ? 4 : 6, .protocol = take_byte(in)};
	const int bytes = s.family == 4 ? 4 : 16;

	s.port_start = (uint16_t)take_number(in, 2);
	s.port_end = (uint16_t)take_number(in, 2);
	for (int i = 0; i < bytes; i++)
		s.start[i] = take_byte(in);
	for (int i = 0; i < bytes; i++)
		s.end[i] = take_byte(in);
	return s;
}

/* RFC 7296 section 3.13.1, on the bytes as they travel. */
static bool matches(const struct esp_selector *s, const struct reading *r)
{
	const size_t bytes = s->family == 4 ? 4 : 16;
	const bool any = s->port_start == 0 && s->port_end == 65535;
	const bool opaque = s->port_start == 65535 && s->port_end == 0;

	if (s->family != r->version || memcmp(s->start, r->source, bytes) > 0 ||
		memcmp(r->source, s->end, bytes) > 0)
		return false;
	if (s->protocol != 0 && s->protocol != r->protocol)
		return false;
	if (any || opaque)
		return any || !r->has_ports;
	return r->has_ports && s->port_start <= r->source_port && r->source_port <= s->port_end;
}

static void selectors_agree(
	const struct esp_selector list[2], const struct flow *flow, const struct reading *r)
{
	struct selector taken[2];
	uint32_t count = 0;
	bool expected = false;

	for (int i = 0; i < 2; i++) {
		const size_t bytes = list[i].family == 4 ? 4 : 16;
		const bool is_range = memcmp(list[i].start, list[i].end, bytes) <= 0;

		EXPECT(selector_from(&list[i], &taken[count]) == is_range);
		count += is_range;
		expected = expected || (is_range && matches(&list[i], r));
	}
	EXPECT(selectors_fit(taken, count, flow, flow->source, flow->source_port) == expected);
}

/* RFC 6040 section 4.2, as its figure 4 has it: by the inner mark, then the outer; −1: drop. */
static const int marks[4][4] = {{0, 0, 0, -1}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 3, 3, 3}};

static bool sum_is_good(const uint8_t *p)
{
	return checksum_fold(checksum_add(0, p, p[0] % 16 * 4u)) == 0xffff;
}

static void marks_agree(uint8_t *p, size_t bytes, uint8_t outer)
{
	const int expected = marks[ip_ecn(p)][outer];
	const bool is_v4 = p[0] / 16 == 4, was_good = is_v4 && sum_is_good(p);
	uint8_t *const before = malloc(bytes);

	memcpy(before, p, bytes);
	EXPECT(ip_decapsulate_ecn(p, outer) == (expected >= 0));
	if (expected >= 0)
		EXPECT(ip_ecn(p) == expected);
	if (was_good)
		EXPECT(sum_is_good(p));
	/* Nothing else is different. */
	p[1] = before[1];
	if (is_v4)
		memcpy(p + 10, before + 10, 2);
	EXPECT(memcmp(p, before, bytes) == 0);
	free(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = {data, bytes};
	const uint8_t outer = take_byte(&in) & 3;
	const struct esp_selector list[2] = {take_selector(&in), take_selector(&in)};
	size_t available = in.left;
	uint8_t *const packet = take_copy(&in, &available);
	struct flow flow;
	const struct reading r = read_packet(packet, available);

	EXPECT(ip_parse(packet, available, &flow) == r.good);
	if (r.good) {
		readings_agree(&flow, &r);
		selectors_agree(list, &flow, &r);
		marks_agree(packet, available, outer);
	}
	free(packet);
	return 0;
}
