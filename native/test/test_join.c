/*
 * Joining segments: what is joined and cut again is what came, in its order, and each rule for
 * staying alone holds.
 */
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

static void keep(struct list *list, const uint8_t *data, uint32_t bytes)
{
	uint8_t *copy = malloc(bytes);

	memcpy(copy, data, bytes);
	CHECK(list->count < MOST);
	list->packets[list->count].data = copy;
	list->packets[list->count++].bytes = bytes;
}

static void forget(struct list *list)
{
	while (list->count > 0)
		free(list->packets[--list->count].data);
}

/* The super-packet itself must be sound: the kernel may forward it as it is. */
static void check_super(const struct gso_header *header, uint32_t bytes)
{
	static uint8_t copy[70000];

	memcpy(copy, super, bytes);
	CHECK_EQUAL(header->flags, GSO_NEEDS_CHECKSUM);
	CHECK(gso_finish_checksum(header, copy, bytes));
	CHECK(is_whole(copy, bytes));
	CHECK(bytes <= 65535);
}

static void sink(void *context, const struct join_packet *head, const struct iovec *parts,
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

static void begin_with(bool tcp, bool udp)
{
	forget(&came);
	forget(&left);
	writes = supers = 0;
	join_start(&joiner, tcp, udp, sink, &came);
}

static void take_bytes_of(void *owner, const uint8_t *data, uint32_t bytes)
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

static void take(const struct recipe *r)
{
	static uint8_t packet[70000];

	take_bytes_of(&joiner, packet, make_packet(r, packet));
}

static uint8_t *addresses_of(uint8_t *p)
{
	return p[0] >> 4 == 4 ? p + 12 : p + 8;
}

static bool same_flow(const uint8_t *a, const uint8_t *b)
{
	const bool v4 = a[0] >> 4 == 4;

	return a[0] >> 4 == b[0] >> 4 &&
	       memcmp(addresses_of((uint8_t *)(uintptr_t)a), addresses_of((uint8_t *)(uintptr_t)b),
		       v4 ? 8 : 32) == 0;
}

/* Every packet comes out as it came, and behind those of its flow that came before. */
static void check_identity(void)
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

static void advance(struct recipe *r)
{
	r->sequence += r->payload_bytes;
	r->id++;
}

/* Two segments, the second bent by the caller; returns how many were written. */
static uint32_t writes_of_two(const struct recipe *first, const struct recipe *second)
{
	begin_with(true, true);
	take(first);
	take(second);
	check_identity();
	return writes;
}

static void a_row_of_segments_becomes_one(void)
{
	for (int version = 4; version <= 6; version += 2) {
		for (uint32_t n = 2; n <= 64; n++) {
			struct recipe r = plain_recipe((uint8_t)version, 6);

			begin_with(true, false);
			for (uint32_t i = 0; i < n; i++, advance(&r))
				take(&r);
			CHECK_EQUAL(writes, 0);
			check_identity();
			CHECK_EQUAL(writes, 1);
			CHECK_EQUAL(supers, 1);
		}
	}
}

static void no_more_than_fits_becomes_one(void)
{
	struct recipe r = plain_recipe(4, 6);

	begin_with(true, false);
	r.payload_bytes = 1348;
	for (int i = 0; i < 100; i++, advance(&r))
		take(&r);
	check_identity();
	/* 48 × 1348 + 52 is the most below 65536. */
	CHECK_EQUAL(writes, 3);
	begin_with(true, false);
	r.payload_bytes = 100;
	for (int i = 0; i < 128; i++, advance(&r))
		take(&r);
	check_identity();
	CHECK_EQUAL(writes, 2);
}

/* What ends a run belongs to it; what comes behind begins anew. */
static void push_fin_and_a_short_one_end_it(void)
{
	for (int how = 0; how < 3; how++) {
		struct recipe r = plain_recipe(how % 2 ? 6 : 4, 6), last;

		begin_with(true, false);
		take(&r);
		advance(&r);
		last = r;
		if (how == 0)
			last.flags |= TCP_PSH;
		if (how == 1)
			last.flags |= TCP_FIN;
		if (how == 2)
			last.payload_bytes--;
		take(&last);
		CHECK_EQUAL(writes, 1);
		advance(&last);
		last.flags = TCP_ACK;
		last.payload_bytes = 1000;
		take(&last);
		CHECK_EQUAL(writes, 1);
		check_identity();
		CHECK_EQUAL(writes, 2);
	}
	/* One that ends and has none before it waits for nothing. */
	struct recipe r = plain_recipe(4, 6);

	r.flags |= TCP_PSH;
	begin_with(true, false);
	take(&r);
	CHECK_EQUAL(writes, 1);
}

static void what_differs_is_not_joined(void)
{
	struct recipe first = plain_recipe(4, 6), next = first;

	advance(&next);
	CHECK_EQUAL(writes_of_two(&first, &next), 1);
#define ALONE(change)                                         \
	do {                                                  \
		struct recipe bent = next;                    \
		change;                                       \
		CHECK_EQUAL(writes_of_two(&first, &bent), 2); \
	} while (0)
	ALONE(bent.sequence++);
	ALONE(bent.sequence -= 1000);
	ALONE(bent.acknowledged++);
	ALONE(bent.window++);
	ALONE(bent.option++);
	ALONE(bent.option_bytes = 16);
	ALONE(bent.option_bytes = 0);
	ALONE(bent.tos = 4);
	ALONE(bent.tos = 3);
	ALONE(bent.ttl--);
	ALONE(bent.port++);
	ALONE(bent.host++);
	ALONE(bent.payload_bytes++);
	ALONE(bent.payload_bytes = 0);
	ALONE(bent.dont_fragment = false);
	ALONE(bent.flags = TCP_ACK | TCP_ECE);
	ALONE(bent.flags = TCP_ACK | TCP_CWR);
	ALONE(bent.flags = TCP_ACK | TCP_SYN);
	ALONE(bent.flags = TCP_ACK | 4);
	ALONE(bent.flags = TCP_ACK | 32);
	ALONE(bent.flags = 0);
	first.version = next.version = 6;
	CHECK_EQUAL(writes_of_two(&first, &next), 1);
	ALONE(bent.tos = 4);
	ALONE(bent.ttl--);
	ALONE(bent.host++);
	ALONE(bent.version = 4);
	first.tos = next.tos = 3; /* congestion: the receiver counts these marks */
	CHECK_EQUAL(writes_of_two(&first, &next), 2);
	first.tos = next.tos = 2;
	CHECK_EQUAL(writes_of_two(&first, &next), 1);
#undef ALONE
}

/* Where fragments are possible the identification means something (RFC 6864). */
static void identifications_count_where_fragments_are_possible(void)
{
	struct recipe first = plain_recipe(4, 6), next = first;

	first.dont_fragment = next.dont_fragment = false;
	advance(&next);
	CHECK_EQUAL(writes_of_two(&first, &next), 1);
	next.id++;
	CHECK_EQUAL(writes_of_two(&first, &next), 2);
	/* Without them any may stand there; the segments get others. */
	first.dont_fragment = next.dont_fragment = true;
	begin_with(true, true);
	take(&first);
	take(&next);
	join_flush(&joiner);
	CHECK_EQUAL(writes, 1);
}

/* Joined, it would get a good one. */
static void a_wrong_checksum_stays_wrong(void)
{
	static const uint32_t places[] = {8, 10, 30, 37, 60};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct recipe r = plain_recipe(4, 6);
		uint8_t packet[1100];
		uint32_t bytes;

		begin_with(true, true);
		take(&r);
		advance(&r);
		bytes = make_packet(&r, packet);
		packet[places[i]] ^= 0x10;
		take_bytes_of(&joiner, packet, bytes);
		advance(&r);
		take(&r);
		check_identity();
		CHECK_EQUAL(writes, 3);
	}
}

static void fragments_and_options_stay_alone_and_in_order(void)
{
	for (int how = 0; how < 3; how++) {
		struct recipe r = plain_recipe(4, 6);
		uint8_t packet[1100];
		uint32_t bytes;

		begin_with(true, true);
		take(&r);
		advance(&r);
		bytes = make_packet(&r, packet);
		if (how == 0)
			packet[6] = 0x20; /* more fragments */
		if (how == 1)
			packet[7] = 5; /* a later one */
		if (how == 2)
			packet[0] = 0x46; /* an option */
		take_bytes_of(&joiner, packet, bytes);
		CHECK_EQUAL(writes, 2);
		check_identity();
	}
}

static int other_owner;

static void only_one_child_is_in_a_super_packet(void)
{
	struct recipe r = plain_recipe(4, 6);
	uint8_t packet[1100];

	begin_with(true, true);
	take(&r);
	advance(&r);
	take_bytes_of(&other_owner, packet, make_packet(&r, packet));
	check_identity();
	CHECK_EQUAL(writes, 2);
}

static void flows_do_not_disturb_each_other(void)
{
	struct recipe r = plain_recipe(4, 6);

	begin_with(true, true);
	for (int i = 0; i < 8; i++, advance(&r))
		for (r.host = 1; r.host <= JOIN_FLOWS; r.host++)
			take(&r);
	check_identity();
	CHECK_EQUAL(writes, JOIN_FLOWS);
	/* One more than there is room for: still every packet, in its order. */
	begin_with(true, true);
	for (int i = 0; i < 8; i++, advance(&r))
		for (r.host = 1; r.host <= JOIN_FLOWS + 1; r.host++)
			take(&r);
	check_identity();
}

static void datagrams_of_equal_size_are_joined(void)
{
	for (int version = 4; version <= 6; version += 2) {
		struct recipe r = plain_recipe((uint8_t)version, 17);

		begin_with(true, true);
		for (int i = 0; i < 10; i++, advance(&r))
			take(&r);
		r.payload_bytes = 999;
		take(&r);
		CHECK_EQUAL(writes, 1);
		check_identity();
		begin_with(true, false);
		take(&r);
		take(&r);
		CHECK_EQUAL(writes, 2);
	}
	/* None has a checksum: the kernel would give them one. */
	struct recipe r = plain_recipe(4, 17);
	uint8_t packet[1100];
	const uint32_t bytes = make_packet(&r, packet);

	put_number(packet + 26, 0, 2);
	begin_with(true, true);
	take_bytes_of(&joiner, packet, bytes);
	take_bytes_of(&joiner, packet, bytes);
	CHECK_EQUAL(writes, 2);
	check_identity();
}

static void where_the_device_takes_none_nothing_is_joined(void)
{
	struct recipe r = plain_recipe(4, 6);

	begin_with(false, false);
	for (int i = 1; i <= 5; i++, advance(&r)) {
		take(&r);
		CHECK_EQUAL(writes, i);
	}
	check_identity();
}

/* A round of traffic as it comes: flows mixed, and now and then something out of the row. */
static void mixed_traffic_comes_out_as_it_came(void)
{
	uint64_t state = 77;
	uint64_t packets = 0, all_writes = 0;

	for (int round = 0; round < 400; round++) {
		struct recipe flows[12];
		const uint32_t count = 1 + (uint32_t)check_random(&state) % 12;
		const bool rough = round % 2;

		for (uint32_t i = 0; i < count; i++) {
			const uint64_t dice = check_random(&state);

			flows[i] = plain_recipe(dice & 1 ? 4 : 6, dice & 6 ? 6 : 17);
			flows[i].host = (uint8_t)i;
			flows[i].dont_fragment = dice & 8;
			flows[i].payload_bytes = 1 + (uint32_t)(dice >> 8) % 1400;
		}
		begin_with(true, round % 3);
		while (came.count < 300) {
			struct recipe *flow = &flows[check_random(&state) % count];
			struct recipe once = *flow;
			const uint64_t dice = check_random(&state) % (rough ? 20 : 200);

			if (dice == 0)
				once.flags |= TCP_PSH;
			if (dice == 1)
				once.payload_bytes = 1 + once.payload_bytes / 2;
			if (dice == 2)
				flow->sequence = once.sequence += 7;
			if (dice == 3)
				once.tos = 3;
			if (dice == 4)
				once.flags |= TCP_FIN;
			if (dice == 5 && !once.dont_fragment)
				once.id = flow->id += 9;
			if (dice == 6)
				flow->acknowledged = ++once.acknowledged;
			if (dice == 7)
				once.flags = 20;
			take(&once);
			flow->sequence = once.sequence;
			flow->sequence += once.payload_bytes;
			flow->id++;
		}
		check_identity();
		packets += came.count;
		all_writes += writes;
	}
	CHECK(all_writes * 2 < packets);
	printf("  %llu packets in %llu writes\n", (unsigned long long)packets,
		(unsigned long long)all_writes);
}

/* No packet that ESP lets through may harm (run under sanitizers). */
static void nonsense_passes_unharmed(void)
{
	uint64_t state = 9;

	for (int round = 0; round < 200; round++) {
		begin_with(true, true);
		for (int i = 0; i < 400; i++) {
			const uint32_t bytes = 40 + (uint32_t)check_random(&state) % 60;
			uint8_t packet[100];

			check_fill(&state, packet, bytes);
			packet[0] = i % 2 ? 0x45 : 0x60;
			packet[i % 2 ? 9 : 6] = i % 4 ? 6 : 17;
			memset(packet + 8, i % 2 ? packet[8] : 1, i % 2 ? 1 : 32);
			take_bytes_of(&joiner, packet, bytes);
		}
		check_identity();
	}
}

int main(void)
{
	RUN(a_row_of_segments_becomes_one);
	RUN(no_more_than_fits_becomes_one);
	RUN(push_fin_and_a_short_one_end_it);
	RUN(what_differs_is_not_joined);
	RUN(identifications_count_where_fragments_are_possible);
	RUN(a_wrong_checksum_stays_wrong);
	RUN(fragments_and_options_stay_alone_and_in_order);
	RUN(only_one_child_is_in_a_super_packet);
	RUN(flows_do_not_disturb_each_other);
	RUN(datagrams_of_equal_size_are_joined);
	RUN(where_the_device_takes_none_nothing_is_joined);
	RUN(mixed_traffic_comes_out_as_it_came);
	RUN(nonsense_passes_unharmed);
	begin_with(false, false);
	return check_summary("join");
}
