/*
 * Sealed packets on their way out: consecutive ones of equal size to one peer leave as one datagram
 * that the kernel, or the network card, cuts (UDP_SEGMENT, Linux 4.18).
 */
#ifndef SEND_H
#define SEND_H

#include <stdbool.h>
#include <sys/socket.h>

#include "packet.h"
#include "sa.h"
#include "scatter.h"

struct worker;

/* Packets stand one behind the other, so that few pages are touched. */
#define SEND_REGION_BYTES (512u * 1024u)
/* A round that has read so much sends it, so that others get their turn. */
#define SEND_ROUND_BYTES (256u * 1024u)
#define SEND_PACKETS     128u
/* What may be read into a place. */
#define SEND_READ_BYTES 65536u

struct send_packet {
	struct sa *sa;
	struct path *path;
	uint32_t inner_bytes;
	/* Of the outer header. */
	uint8_t tos;
	/* It leaves alone, and asks how wide the path is (path.h). */
	bool asks;
};

/* One a worker, too large for a stack. */
struct send_batch {
	uint8_t *base;
	size_t used;
	uint32_t count;
	struct send_packet packets[SEND_PACKETS];
	struct iovec vectors[SEND_PACKETS];
	/* One for each run of packets that leave together, and its first packet. */
	uint32_t runs;
	uint32_t firsts[SEND_PACKETS + 1];
	struct mmsghdr messages[SEND_PACKETS];
	struct path_control controls[SEND_PACKETS];
	struct scatter scatter;
};

struct send_batch *send_open(void);
void send_close(struct send_batch *batch);

/* Whether there is a place for one more packet of so many bytes before it is sealed, and for a
 * piece of it behind. */
bool send_has_room(const struct send_batch *batch, uint32_t bytes);
/* The place for it, with the room that sealing needs on both sides. */
struct packet send_place(const struct send_batch *batch);
/* What is in the last place stays there until the flush. */
void send_keep(struct send_batch *batch, const struct packet *packet);
/* The same for a sealed packet, which is sent with the flush. */
void send_add(struct send_batch *batch, struct sa *sa, const struct packet *packet,
	uint32_t inner_bytes, uint8_t tos);

/* Sends all; the first `kept` bytes of the region stay in use. */
void send_flush(struct worker *worker, size_t kept);

#endif
