/*
 * ESP packets that come before their child. A peer may send on a new CHILD_SA from the moment it
 * answers our request for it (RFC 7296 section 2.8), and its packets are here before JavaScript has
 * read that answer: they are kept until the child is installed. The inbound worker's alone.
 */
#ifndef EARLY_H
#define EARLY_H

#include "udp.h"

/* Of more, the oldest goes. */
#define EARLY_SPIS    32u
#define EARLY_PACKETS 256u
/* Longer ones are not kept. */
#define EARLY_PACKET_BYTES 2048u

struct early_packet {
	uint32_t spi;
	/* Its bytes are its own; NULL: the place is empty. */
	struct datagram datagram;
};

struct early {
	/* What requests of ours have named; 0: nothing. */
	uint32_t spis[EARLY_SPIS];
	/* Whether a packet came for it. */
	bool seen[EARLY_SPIS];
	struct early_packet packets[EARLY_PACKETS];
	/* How many came in all: they take the places in turn. */
	uint32_t spi_count, packet_count;
};

/* Must not hold the packet when it returns. */
typedef void early_take(void *context, struct datagram *datagram, uint32_t spi);

/* Packets with this SPI are kept from here on. */
void early_expect(struct early *early, uint32_t spi);
/* EARLY_REFUSED: nobody expects it, or it is too long. */
enum early_verdict { EARLY_REFUSED, EARLY_FIRST, EARLY_ANOTHER };
enum early_verdict early_keep(struct early *early, const struct datagram *datagram, uint32_t spi);
/* Gives what was kept for an SPI, in the order in which it came; no more is kept. */
void early_release(struct early *early, uint32_t spi, early_take *take, void *context);
/* Drops all. */
void early_close(struct early *early);

#endif
