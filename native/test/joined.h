/*
 * A joiner between two lists of packets: as they came in, and as they come out when super-packets
 * are cut by the kernel's rules.
 */
#ifndef JOINED_H
#define JOINED_H

#include "check_packet.h"

#include <stdlib.h>

#include "../src/join.h"

#define MOST 600u

/* Packets as they came in, and as they come out when super-packets are cut by the kernel's rules.
 */
struct list {
	uint32_t count;
	struct {
		uint8_t *data;
		uint32_t bytes;
	} packets[MOST];
};

static struct list came, left;
static struct joiner joiner;
static uint32_t writes, supers;
static uint8_t super[70000];

static inline void keep(struct list *list, const uint8_t *data, uint32_t bytes)
{
	uint8_t *copy = malloc(bytes);

	memcpy(copy, data, bytes);
	CHECK(list->count < MOST);
	list->packets[list->count].data = copy;
	list->packets[list->count++].bytes = bytes;
}

static inline void forget(struct list *list)
{
	while (list->count > 0)
		free(list->packets[--list->count].data);
}

/* The super-packet itself must be sound: the kernel may forward it as it is. */
static inline void check_super(const struct gso_header *header, uint32_t bytes)
{
	static uint8_t copy[70000];

	memcpy(copy, super, bytes);
	CHECK_EQUAL(header->flags, GSO_NEEDS_CHECKSUM);
	CHECK(gso_finish_checksum(header, copy, bytes));
	CHECK(is_whole(copy, bytes));
	CHECK(bytes <= 65535);
}

static inline void sink(void *context, const struct join_packet *head, const struct iovec *parts,
	uint32_t part_count, uint32_t packets)
{
	static uint8_t segment[70000];
	struct gso_header header;
	struct gso gso;
	uint32_t bytes = 0;

	CHECK(context == &came && head->owner != NULL);
	CHECK_EQUAL(parts[0].iov_len, sizeof(header));
	memcpy(&header, parts[0].iov_base, sizeof(header));
	for (uint32_t i = 1; i < part_count; i++) {
		memcpy(super + bytes, parts[i].iov_base, parts[i].iov_len);
		bytes += (uint32_t)parts[i].iov_len;
	}
	writes++;
	if (header.type == GSO_NONE) {
		CHECK_EQUAL(packets, 1);
		keep(&left, super, bytes);
		return;
	}
	supers++;
	check_super(&header, bytes);
	CHECK(gso_begin(&gso, &header, super, bytes));
	CHECK_EQUAL(gso.header_bytes, header.header_bytes);
	CHECK_EQUAL(gso.count, packets);
	for (uint32_t i = 0; i < gso.count; i++) {
		gso_segment(&gso, i, segment);
		keep(&left, segment, gso_segment_bytes(&gso, i));
	}
}

static inline void begin_with(bool tcp, bool udp)
{
	forget(&came);
	forget(&left);
	writes = supers = 0;
	join_start(&joiner, tcp, udp, sink, &came);
}

static inline void take_bytes_of(void *owner, const uint8_t *data, uint32_t bytes)
{
	/* The joiner changes headers, so it gets a copy, kept as long as a batch is. */
	static uint8_t *held[MOST];
	struct join_packet packet = {owner, 3, malloc(bytes), bytes};

	memcpy(packet.data, data, bytes);
	keep(&came, data, bytes);
	free(held[came.count - 1]);
	held[came.count - 1] = packet.data;
	join_take(&joiner, &packet);
}

static inline void take(const struct recipe *r)
{
	static uint8_t packet[70000];

	take_bytes_of(&joiner, packet, make_packet(r, packet));
}

static inline uint8_t *addresses_of(uint8_t *p)
{
	return p[0] >> 4 == 4 ? p + 12 : p + 8;
}

static inline bool same_flow(const uint8_t *a, const uint8_t *b)
{
	const bool v4 = a[0] >> 4 == 4;

	return a[0] >> 4 == b[0] >> 4 &&
	       memcmp(addresses_of((uint8_t *)(uintptr_t)a), addresses_of((uint8_t *)(uintptr_t)b),
		       v4 ? 8 : 32) == 0;
}

/* Every packet comes out as it came, and behind those of its flow that came before. */
static inline void check_identity(void)
{
	static bool used[MOST];

	join_flush(&joiner);
	memset(used, 0, sizeof(used));
	if (!CHECK_EQUAL(left.count, came.count))
		return;
	for (uint32_t i = 0; i < came.count; i++) {
		uint32_t k = 0;

		/* The next one between the same addresses must be it. */
		while (k < left.count &&
			(used[k] || !same_flow(came.packets[i].data, left.packets[k].data)))
			k++;
		if (!CHECK(k < left.count))
			return;
		used[k] = true;
		CHECK_EQUAL(left.packets[k].bytes, came.packets[i].bytes);
		CHECK(memcmp(left.packets[k].data, came.packets[i].data, came.packets[i].bytes) ==
			0);
	}
}

static inline void advance(struct recipe *r)
{
	r->sequence += r->payload_bytes;
	r->id++;
}

/* Two segments, the second bent by the caller; returns how many were written. */
static inline uint32_t writes_of_two(const struct recipe *first, const struct recipe *second)
{
	begin_with(true, true);
	take(first);
	take(second);
	check_identity();
	return writes;
}

#endif
