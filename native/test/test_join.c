/*
 * Joining segments: what is joined and cut again is what came, in its order, and each rule for
 * staying alone holds.
 */
#include "joined.h"

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
