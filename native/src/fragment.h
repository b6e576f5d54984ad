/* An IPv4 packet that may be cut, cut (RFC 791 section 3.2). Pure: bytes in, bytes out. */
#ifndef FRAGMENT_H
#define FRAGMENT_H

#include "ip.h"

struct fragments {
	const uint8_t *packet;
	uint32_t header_bytes, payload_bytes;
	/* Payload of each but the last: whole units of eight bytes. */
	uint32_t each;
	uint32_t count;
};

/*
 * Into pieces of at most `most` bytes. False: it is not IPv4, it forbids it, or it claims to be
 * more than a datagram can have. `packet` must stay until it is cut; it may be a fragment itself.
 */
bool fragment_begin(
	struct fragments *fragments, const uint8_t *packet, const struct flow *flow, uint32_t most);

/* How long piece i < count is. */
uint32_t fragment_bytes(const struct fragments *fragments, uint32_t i);
/* Writes it to `out`. */
void fragment_write(const struct fragments *fragments, uint32_t i, uint8_t *out);

#endif
