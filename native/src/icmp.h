/*
 * ICMP and ICMPv6 as far as a tunnel needs them: «too big» to whoever sent a packet that does not
 * fit (RFC 1191, RFC 8201), and what an error message is about (RFC 4301 section 6).
 */
#ifndef ICMP_H
#define ICMP_H

#include "ip.h"

/* Which a router may send at most: IPv6's smallest MTU (RFC 4443 section 2.4). */
#define ICMP_BYTES 1280u

/*
 * Writes «fragmentation needed» or «packet too big» about a packet, with the MTU that would fit.
 * Its sender gets it in the name of the packet's destination: behind this device there is nobody
 * else that the host expects packets from. Returns its length, at most ICMP_BYTES; 0: nobody may be
 * told (RFC 1122 section 3.2.2, RFC 4443 section 2.4).
 */
uint32_t icmp_too_big(const uint8_t *packet, const struct flow *flow, uint32_t mtu, uint8_t *out);

/*
 * Whether a packet is an error message to the sender of the packet that it quotes. `answered`: a
 * flow as if that packet's destination had sent this message itself, which may pass where it may.
 */
bool icmp_about(const uint8_t *packet, const struct flow *flow, struct flow *answered);

/* How often messages are sent: to one sender about one destination ten times a second. */
struct icmp_limit {
	uint64_t next_ms[256];
};

/* False: it is too early for another one about this flow. */
bool icmp_allowed(
	struct icmp_limit *limit, uint64_t seed, const struct flow *flow, uint64_t now_ms);

#endif
