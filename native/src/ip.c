#include "ip.h"

#include "bytes.h"
#include "checksum.h"

/* More extension headers than any honest packet has. */
#define MAX_EXTENSIONS 8

static uint64_t load64(const uint8_t *p)
{
	return (uint64_t)load32(p) << 32 | load32(p + 4);
}

struct ip_address ip_address_from(uint8_t family, const uint8_t *bytes)
{
	if (family == 4)
		return (struct ip_address){0, load32(bytes)};
	return (struct ip_address){load64(bytes), load64(bytes + 8)};
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

static void take_ports(struct flow *flow, const uint8_t *packet, size_t at, size_t total)
{
	const uint8_t *const payload = packet + at;
	const size_t bytes = total - at;

	flow->transport = (uint32_t)at;
	switch (flow->protocol) {
	case IP_TCP:
	case IP_UDP:
	case IP_DCCP:
	case IP_SCTP:
	case IP_UDPLITE:
		if (bytes < 4)
			return;
		flow->source_port = load16(payload);
		flow->destination_port = load16(payload + 2);
		flow->has_ports = true;
		return;
	case IP_ICMP:
	case IP_ICMPV6:
		if (bytes < 2)
			return;
		flow->source_port = flow->destination_port = load16(payload);
		flow->has_ports = true;
		return;
	default:
		return;
	}
}

/* Its length; what is quoted may have been cut off. 0: it claims more than there is. */
static size_t total_of(size_t claimed, size_t available, bool quoted)
{
	if (claimed <= available)
		return claimed;
	return quoted ? available : 0;
}

static bool parse_v4(const uint8_t *packet, size_t available, bool quoted, struct flow *flow)
{
	if (available < 20)
		return false;
	const size_t header = 4u * (packet[0] & 15u);
	const size_t total = total_of(load16(packet + 2), available, quoted);

	if (header < 20 || total < header)
		return false;
	*flow = (struct flow){
		.version = 4,
		.protocol = packet[9],
		.source = ip_address_from(4, packet + 12),
		.destination = ip_address_from(4, packet + 16),
		.bytes = (uint32_t)total,
	};
	if ((load16(packet + 6) & 0x1fff) == 0)
		take_ports(flow, packet, header, total);
	return true;
}

/* Walks the extension headers to the payload. */
static bool parse_v6(const uint8_t *packet, size_t available, bool quoted, struct flow *flow)
{
	if (available < 40)
		return false;
	const size_t total = total_of(40u + load16(packet + 4), available, quoted);
	size_t at = 40;

	if (total == 0)
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
		const bool is_fragment = kind == IP_FRAGMENT;

		if (!is_fragment && kind != IP_HOP_BY_HOP && kind != IP_ROUTING &&
			kind != IP_DESTINATION) {
			take_ports(flow, packet, at, total);
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

static bool parse(const uint8_t *packet, size_t available, bool quoted, struct flow *flow)
{
	if (available == 0)
		return false;
	switch (packet[0] >> 4) {
	case 4:
		return parse_v4(packet, available, quoted, flow);
	case 6:
		return parse_v6(packet, available, quoted, flow);
	default:
		return false;
	}
}

bool ip_parse(const uint8_t *packet, size_t available, struct flow *flow)
{
	return parse(packet, available, false, flow);
}

bool ip_parse_quoted(const uint8_t *packet, size_t available, struct flow *flow)
{
	return parse(packet, available, true, flow);
}

uint8_t ip_tos(const uint8_t *packet)
{
	const uint16_t first = load16(packet);

	return (uint8_t)(packet[0] >> 4 == 4 ? first : first >> 4);
}

static void set_tos(uint8_t *packet, uint8_t tos)
{
	const uint16_t old = load16(packet);

	if (packet[0] >> 4 == 4) {
		packet[1] = tos;
		checksum_patch(packet + 10, old, load16(packet));
	} else {
		store16(packet, (old & 0xf00fu) | (uint32_t)tos << 4);
	}
}

static void set_ecn(uint8_t *packet, uint8_t ecn)
{
	set_tos(packet, (uint8_t)((ip_tos(packet) & ~3) | ecn));
}

void ip_set_dscp(uint8_t *packet, uint8_t outer_tos)
{
	const uint8_t tos = (uint8_t)((outer_tos & ~3) | ip_ecn(packet));

	if (tos != ip_tos(packet))
		set_tos(packet, tos);
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
