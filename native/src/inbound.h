/* What the inbound worker's two halves share: inbound.c takes datagrams, deliver.c ESP packets. */
#ifndef INBOUND_H
#define INBOUND_H

#include "door.h"
#include "early.h"
#include "engine.h"
#include "join.h"

struct inbound_batch {
	struct udp_batch udp;
	/* Holds packets of this batch until its end. */
	struct joiner joiner;
	struct early early;
	struct door door;
};

/*
 * What came on a socket of this kind: one datagram, or many that the kernel put into one. What it
 * holds for the TUN device is written by the joiner.
 */
void inbound_take(
	struct worker *worker, enum outer_kind kind, const struct datagram *many, uint64_t now_ms);

/* An ESP packet with this SPI. Anything but its delivery is a counted drop. */
void deliver(struct worker *worker, struct datagram *datagram, uint32_t spi, uint64_t now_ms);

/* To the TUN device; `context` is the worker. */
join_write deliver_write;

#endif
