/* What a packet's inner IP header says (RFC 791, RFC 8200), and what a tunnel may change in it (RFC
 * 6040). */
#ifndef IP_H
#define IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* IANA's numbers of what may follow an IP header. */
enum {
	IP_HOP_BY_HOP = 0,
	IP_ICMP = 1,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_DCCP = 33,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_ICMPV6 = 58,
	IP_DESTINATION = 60,
	IP_SCTP = 132,
	IP_UDPLITE = 136,
};

/* 128 bits as numbers to compare; an IPv4 address is in the lowest 32. */
struct ip_address {
	uint64_t high, low;
};

/* What traffic selectors look at. */
struct flow {
	/* 4 or 6. */
	uint8_t version;
	/* Of the payload behind IPv6's extension headers. */
	uint8_t protocol;
	/* False: the protocol has none, or they are in another fragment. */
	bool has_ports;
	/* ICMP's type and code in both, as RFC 7296 section 3.13.1 packs them. */
	uint16_t source_port, destination_port;
	struct ip_address source, destination;
	/* As the header says, at most what is there. */
	uint32_t bytes;
	/* Where the payload's own header begins; 0: in another fragment. */
	uint32_t transport;
};

/* False: not an IP packet, or its header claims more than there is. */
bool ip_parse(const uint8_t *packet, size_t available, struct flow *flow);

/* The same of a packet whose end may be missing, as ICMP quotes them. */
bool ip_parse_quoted(const uint8_t *packet, size_t available, struct flow *flow);

/* `family` is 4 or 6; an IPv4 address is in the first four bytes. */
struct ip_address ip_address_from(uint8_t family, const uint8_t *bytes);

/* Its reverse: 4 or 16 bytes. */
void ip_address_to(uint8_t family, struct ip_address address, uint8_t *bytes);

static inline bool ip_not_above(struct ip_address a, struct ip_address b)
{
	return a.high < b.high || (a.high == b.high && a.low <= b.low);
}

static inline bool ip_equal(struct ip_address a, struct ip_address b)
{
	return a.high == b.high && a.low == b.low;
}

/* The DSCP, six bits, and ECN, two, of a packet that ip_parse() accepted. */
uint8_t ip_tos(const uint8_t *packet);
/* Puts the DSCP of an outer header into the inner one; its ECN bits stay. */
void ip_set_dscp(uint8_t *packet, uint8_t outer_tos);

static inline uint8_t ip_ecn(const uint8_t *packet)
{
	return ip_tos(packet) & 3;
}

/* Takes congestion marks of the outer header into the inner one; false: must be dropped (RFC 6040
 * section 4.2). */
bool ip_decapsulate_ecn(uint8_t *packet, uint8_t outer_ecn);

#endif
