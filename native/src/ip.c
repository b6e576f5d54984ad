#include "ip.h"

enum {
	NEXT_HOP_BY_HOP = 0,
	NEXT_ICMP = 1,
	NEXT_TCP = 6,
	NEXT_UDP = 17,
	NEXT_DCCP = 33,
	NEXT_ROUTING = 43,
	NEXT_FRAGMENT = 44,
	NEXT_ICMPV6 = 58,
	NEXT_DESTINATION = 60,
	NEXT_SCTP = 132,
	NEXT_UDPLITE = 136
};

/* More extension headers than any honest packet has. */
#define MAX_EXTENSIONS 8

static uint16_t load16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint64_t load_big(const uint8_t *p, int bytes)
{
	uint64_t number = 0;

	for (int i = 0; i < bytes; i++)
		number = number << 8 | p[i];
	return number;
}

struct ip_address ip_address_from(uint8_t family, const uint8_t *bytes)
{
	if (family == 4)
		return (struct ip_address){0, load_big(bytes, 4)};
	return (struct ip_address){load_big(bytes, 8), load_big(bytes + 8, 8)};
}

static void store_big(uint64_t number, uint8_t *bytes, int count)
{
	while (count-- > 0) {
		bytes[count] = (uint8_t)number;
		number >>= 8;
	}
}

void ip_address_to(uint8_t family, struct ip_address address, uint8_t *bytes)
{
	if (family == 4) {
		store_big(address.low, bytes, 4);
		return;
	}
	store_big(address.high, bytes, 8);
	store_big(address.low, bytes + 8, 8);
}

static void take_ports(struct flow *flow, const uint8_t *payload, size_t bytes)
{
	switch (flow->protocol) {
	case NEXT_TCP:
	case NEXT_UDP:
	case NEXT_DCCP:
	case NEXT_SCTP:
	case NEXT_UDPLITE:
		if (bytes < 4)
			return;
		flow->source_port = load16(payload);
		flow->destination_port = load16(payload + 2);
		flow->has_ports = true;
		return;
	case NEXT_ICMP:
	case NEXT_ICMPV6:
		if (bytes < 2)
			return;
		flow->source_port = flow->destination_port = load16(payload);
		flow->has_ports = true;
		return;
	default:
		return;
	}
}

static bool parse_v4(const uint8_t *packet, size_t available, struct flow *flow)
{
	if (available < 20)
		return false;
	const size_t header = 4u * (packet[0] & 15u), total = load16(packet + 2);

	if (header < 20 || total < header || total > available)
		return false;
	*flow = (struct flow){
		.version = 4,
		.protocol = packet[9],
		.source = ip_address_from(4, packet + 12),
		.destination = ip_address_from(4, packet + 16),
		.bytes = (uint32_t)total,
	};
	if ((load16(packet + 6) & 0x1fff) == 0)
		take_ports(flow, packet + header, total - header);
	return true;
}

/* Walks the extension headers to the payload. */
static bool parse_v6(const uint8_t *packet, size_t available, struct flow *flow)
{
	if (available < 40)
		return false;
	const size_t total = 40u + load16(packet + 4);
	size_t at = 40;

	if (total > available)
		return false;
	*flow = (struct flow){
		.version = 6,
		.protocol = packet[6],
		.source = ip_address_from(6, packet + 8),
		.destination = ip_address_from(6, packet + 24),
		.bytes = (uint32_t)total,
	};
	for (int i = 0; i <= MAX_EXTENSIONS; i++) {
		const uint8_t kind = flow->protocol;
		const bool is_fragment = kind == NEXT_FRAGMENT;

		if (!is_fragment && kind != NEXT_HOP_BY_HOP && kind != NEXT_ROUTING &&
			kind != NEXT_DESTINATION) {
			take_ports(flow, packet + at, total - at);
			return true;
		}
		if (total - at < 8)
			return false;
		const size_t length = is_fragment ? 8 : 8u * (packet[at + 1] + 1u);

		if (total - at < length)
			return false;
		flow->protocol = packet[at];
		if (is_fragment && (load16(packet + at + 2) & 0xfff8))
			return true;
		at += length;
	}
	return false;
}

bool ip_parse(const uint8_t *packet, size_t available, struct flow *flow)
{
	if (available == 0)
		return false;
	switch (packet[0] >> 4) {
	case 4:
		return parse_v4(packet, available, flow);
	case 6:
		return parse_v6(packet, available, flow);
	default:
		return false;
	}
}

uint8_t ip_ecn(const uint8_t *packet)
{
	return packet[0] >> 4 == 4 ? packet[1] & 3 : packet[1] >> 4 & 3;
}

/* RFC 1624: the checksum follows a change of one 16-bit word. */
static void patch_checksum(uint8_t *sum, uint16_t old, uint16_t next)
{
	uint32_t c = (uint32_t)(uint16_t)~load16(sum) + (uint16_t)~old + next;

	c = (c & 0xffff) + (c >> 16);
	c = ~((c & 0xffff) + (c >> 16));
	sum[0] = (uint8_t)(c >> 8);
	sum[1] = (uint8_t)c;
}

static void set_ecn(uint8_t *packet, uint8_t ecn)
{
	if (packet[0] >> 4 == 4) {
		const uint16_t old = load16(packet);

		packet[1] = (uint8_t)((packet[1] & ~3) | ecn);
		patch_checksum(packet + 10, old, load16(packet));
	} else {
		packet[1] = (uint8_t)((packet[1] & ~0x30) | ecn << 4);
	}
}

bool ip_decapsulate_ecn(uint8_t *packet, uint8_t outer)
{
	enum { NOT_ECT, ECT_1, ECT_0, CE };
	const uint8_t inner = ip_ecn(packet);

	if (outer == CE) {
		if (inner == NOT_ECT)
			return false;
		if (inner != CE)
			set_ecn(packet, CE);
	} else if (outer == ECT_1 && inner == ECT_0) {
		set_ecn(packet, ECT_1);
	}
	return true;
}
