/* The Internet checksum (RFC 1071): a sum of 16-bit words, most significant byte first. */
#ifndef CHECKSUM_H
#define CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* `sum` and these bytes; an odd one at the end counts as the first of a word. Not folded. */
uint32_t checksum_add(uint32_t sum, const uint8_t *bytes, size_t count);

/* In 16 bits, not inverted. */
static inline uint16_t checksum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* The checksum at `sum` follows when one 16-bit word of what it covers changes (RFC 1624). */
void checksum_patch(uint8_t *sum, uint16_t old, uint16_t next);

/*
 * The pseudo-header of TCP and UDP: addresses of the IP header, protocol, and the length of what is
 * behind the header (RFC 9293 section 3.1, RFC 8200 section 8.1).
 */
uint32_t checksum_pseudo(const uint8_t *ip, uint8_t protocol, uint32_t bytes);

/*
 * Of a packet without options or extensions the pseudo-header and what it is about, if its IPv4
 * header is right: that adds nothing then. Reading begins where the packet does: behind a cipher
 * that has just written it, other reads would lie across two of its writes, and wait for both.
 */
uint32_t checksum_packet(const uint8_t *ip, uint8_t protocol, uint32_t bytes);

#endif
