#include "icmp.h"

#include <string.h>

#include "bytes.h"
#include "checksum.h"

#define IPV4_BYTES 20u
#define IPV6_BYTES 40u
#define ICMP_HEAD  8u
/* RFC 1812 section 4.3.2.3: as much as fits into what every host takes. */
#define IPV4_MOST 576u
#define HOPS      64u
/* Internetwork control (RFC 1812 section 4.3.2.5). */
#define IPV4_TOS 0xc0u
#define INTERVAL 100u

enum {
	UNREACHABLE = 3,
	QUENCH = 4,
	REDIRECT = 5,
	EXPIRED = 11,
	PARAMETER = 12,
	FRAGMENTATION_NEEDED = 4,
	TOO_BIG6 = 2,
	FIRST_QUERY6 = 128,
	REDIRECT6 = 137,
};

static uint8_t type_of(const struct flow *flow)
{
	return (uint8_t)(flow->source_port >> 8);
}

/* A later fragment of IPv6 does not say; echo requests are cut more often than errors. The ICMP of
 * the other version is a protocol that no host knows (RFC 4443 section 1). */
static bool is_error(const struct flow *flow)
{
	if (!flow->has_ports || flow->protocol != (flow->version == 4 ? IP_ICMP : IP_ICMPV6))
		return false;
	if (flow->version == 6)
		return type_of(flow) < FIRST_QUERY6 || type_of(flow) == REDIRECT6;
	switch (type_of(flow)) {
	case UNREACHABLE:
	case QUENCH:
	case REDIRECT:
	case EXPIRED:
	case PARAMETER:
		return true;
	default:
		return false;
	}
}

/* One host: not «this», loopback, multicast, broadcast. */
static bool is_host(uint8_t version, struct ip_address a)
{
	const uint64_t first = version == 4 ? a.low >> 24 : a.high >> 56;

	if (version == 4)
		return first != 0 && first != 127 && first < 224;
	return first != 0xff && (a.high != 0 || a.low > 1);
}

static bool may_be_told(const struct flow *flow)
{
	if (!is_host(flow->version, flow->source) || !is_host(flow->version, flow->destination))
		return false;
	/* In IPv4 only about the first fragment. */
	if (flow->version == 4 && flow->transport == 0)
		return false;
	return !is_error(flow);
}

static uint32_t too_big_v4(const uint8_t *packet, uint32_t bytes, uint32_t mtu, uint8_t *out)
{
	const uint32_t most = IPV4_MOST - IPV4_BYTES - ICMP_HEAD;
	const uint32_t quoted = bytes < most ? bytes : most;
	const uint32_t total = IPV4_BYTES + ICMP_HEAD + quoted;
	uint8_t *const icmp = out + IPV4_BYTES;

	memset(out, 0, IPV4_BYTES + ICMP_HEAD);
	out[0] = 0x45;
	out[1] = IPV4_TOS;
	store16(out + 2, total);
	out[8] = HOPS;
	out[9] = IP_ICMP;
	memcpy(out + 12, packet + 16, 4);
	memcpy(out + 16, packet + 12, 4);
	store16(out + 10, (uint16_t)~checksum_fold(checksum_add(0, out, IPV4_BYTES)));
	icmp[0] = UNREACHABLE;
	icmp[1] = FRAGMENTATION_NEEDED;
	store16(icmp + 6, mtu);
	memcpy(icmp + ICMP_HEAD, packet, quoted);
	store16(icmp + 2, (uint16_t)~checksum_fold(checksum_add(0, icmp, ICMP_HEAD + quoted)));
	return total;
}

static uint32_t too_big_v6(const uint8_t *packet, uint32_t bytes, uint32_t mtu, uint8_t *out)
{
	const uint32_t most = ICMP_BYTES - IPV6_BYTES - ICMP_HEAD;
	const uint32_t quoted = bytes < most ? bytes : most, behind = ICMP_HEAD + quoted;
	uint8_t *const icmp = out + IPV6_BYTES;

	memset(out, 0, IPV6_BYTES + ICMP_HEAD);
	out[0] = 0x60;
	store16(out + 4, behind);
	out[6] = IP_ICMPV6;
	out[7] = HOPS;
	memcpy(out + 8, packet + 24, 16);
	memcpy(out + 24, packet + 8, 16);
	icmp[0] = TOO_BIG6;
	store32(icmp + 4, mtu);
	memcpy(icmp + ICMP_HEAD, packet, quoted);
	store16(icmp + 2, (uint16_t)~checksum_fold(checksum_add(
				  checksum_pseudo(out, IP_ICMPV6, behind), icmp, behind)));
	return IPV6_BYTES + behind;
}

uint32_t icmp_too_big(const uint8_t *packet, const struct flow *flow, uint32_t mtu, uint8_t *out)
{
	if (!may_be_told(flow))
		return 0;
	return flow->version == 4 ? too_big_v4(packet, flow->bytes, mtu, out)
				  : too_big_v6(packet, flow->bytes, mtu, out);
}

/* Redirects and quenches are errors that nobody should believe through a tunnel. */
static bool tells_of_a_packet(const struct flow *flow)
{
	if (!is_error(flow))
		return false;
	return flow->protocol == IP_ICMPV6 ? type_of(flow) != REDIRECT6
					   : type_of(flow) != REDIRECT && type_of(flow) != QUENCH;
}

bool icmp_about(const uint8_t *packet, const struct flow *flow, struct flow *answered)
{
	const uint32_t at = flow->transport + ICMP_HEAD;
	struct flow quoted;

	if (!tells_of_a_packet(flow) || flow->bytes <= at)
		return false;
	if (!ip_parse_quoted(packet + at, flow->bytes - at, &quoted))
		return false;
	if (quoted.version != flow->version || !ip_equal(quoted.source, flow->destination))
		return false;
	*answered = quoted;
	answered->source = quoted.destination;
	answered->destination = quoted.source;
	answered->source_port = quoted.destination_port;
	answered->destination_port = quoted.source_port;
	return true;
}

bool icmp_allowed(struct icmp_limit *limit, uint64_t seed, const struct flow *flow, uint64_t now_ms)
{
	uint64_t x = (flow->source.low ^ seed) * 0x9e3779b97f4a7c15u;

	x = (x ^ flow->source.high ^ x >> 32) * 0x9e3779b97f4a7c15u;
	x = (x ^ flow->destination.high ^ flow->destination.low ^ x >> 32) * 0x9e3779b97f4a7c15u;
	uint64_t *const next = &limit->next_ms[x >> 56];

	if (now_ms < *next)
		return false;
	*next = now_ms + INTERVAL;
	return true;
}
