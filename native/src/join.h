/*
 * Joins consecutive segments of a flow into super-packets (gso.h) where the kernel's own cutting
 * would give exactly these segments again, but for identifications that mean nothing (RFC 6864).
 * Within a flow nothing is overtaken. Nothing is copied: the packets must stay until join_flush().
 */
#ifndef JOIN_H
#define JOIN_H

#include <sys/uio.h>

#include "gso.h"

/* Flows that can be open at once; of more, the oldest is written. */
#define JOIN_FLOWS    8u
#define JOIN_SEGMENTS 64u

struct join_packet {
	/* Whose it is, and where it is to be written: only equal ones are joined. */
	void *owner;
	int queue;
	/* A whole IP packet; its header may be changed. */
	uint8_t *data;
	uint32_t bytes;
};

/* What the rules look at in a segment. */
struct join_segment {
	uint32_t ip_bytes, header_bytes, payload_bytes;
	uint32_t sequence;
	uint16_t identification;
	uint8_t protocol;
	/* Of TCP. */
	uint8_t flags;
};

/* Segments that wait to be written as one. */
struct join_run {
	struct join_packet head;
	struct join_segment first, last;
	uint32_t count, bytes;
	/* The header, the first packet, then payloads. */
	struct gso_header header;
	struct iovec parts[1 + JOIN_SEGMENTS];
};

/* `parts` begins with a gso_header and has `packets` packets in it. */
typedef void join_write(void *context, const struct join_packet *head, const struct iovec *parts,
	uint32_t part_count, uint32_t packets);

struct joiner {
	join_write *write;
	void *context;
	/* What the TUN device takes. */
	bool tcp, udp;
	uint32_t count;
	/* The oldest first. */
	uint32_t order[JOIN_FLOWS];
	struct join_run runs[JOIN_FLOWS];
};

void join_start(struct joiner *joiner, bool tcp, bool udp, join_write *write, void *context);
/* Keeps a packet or writes it, and what must go before it. */
void join_take(struct joiner *joiner, const struct join_packet *packet);
/* Writes all that is kept. */
void join_flush(struct joiner *joiner);

#endif
