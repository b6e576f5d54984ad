/* The policy database by prefixes: many of them, of all lengths, among other ranges. */
#include "policy.h"

static struct ip_address random_address(uint64_t *state, uint8_t version)
{
	if (version == 4)
		return (struct ip_address){0, 0x0a000000 + check_random(state) % 65536};
	return (struct ip_address){0xfd00000000000000u, check_random(state) % 65536};
}

/* Prefixes of all lengths among odd ranges, in both families at once. */
static void prefixes_and_other_ranges_agree_with_trying_all(void)
{
	enum { COUNT = 300 };
	static struct sa *all[COUNT];
	uint64_t state = 77;

	for (uint32_t i = 0; i < 20000; i++) {
		const uint32_t place = (uint32_t)check_random(&state) % COUNT;
		const uint8_t version = check_random(&state) % 2 ? 4 : 6;
		const uint32_t size = check_random(&state) % 3
					      ? (1u << check_random(&state) % 14) - 1
					      : (uint32_t)check_random(&state) % 5000;
		struct ip_address start = random_address(&state, version);
		struct esp_selector remote = {.family = version, .port_end = 65535};
		struct flow flow = {.version = version, .protocol = 17, .has_ports = true};

		if (check_random(&state) % 4)
			start.low &= ~(uint64_t)size;
		ip_address_to(version, start, remote.start);
		start.low += size;
		ip_address_to(version, start, remote.end);
		if (all[place])
			take_away(all[place]);
		all[place] = NULL;
		if (check_random(&state) % 3)
			all[place] = add(place + 1, 0, version == 4 ? ALL4 : ALL6, remote);
		flow.destination = random_address(&state, version);
		const struct sa *found = carrier(&flow);
		const struct sa *expected = by_trying_all(all, COUNT, &flow);

		CHECK((found == NULL) == (expected == NULL));
		if (found && expected)
			CHECK(sa_remote(found)->end.low - sa_remote(found)->start.low ==
				sa_remote(expected)->end.low - sa_remote(expected)->start.low);
	}
	for (uint32_t i = 0; i < COUNT; i++)
		if (all[i])
			take_away(all[i]);
	for (uint32_t family = 0; family < 2; family++) {
		CHECK(atomic_load(&spd.ranges[family]) == NULL);
		for (uint32_t i = 0; i <= SPD_WIDTHS / 64; i++)
			CHECK_EQUAL(atomic_load(&spd.widths[family][i]), 0);
	}
}

/* The whole Internet and a host, in the family that has 129 lengths. */
static void the_longest_and_the_shortest_prefix_are_found(void)
{
	static const char *const ends[] = {"fd00::7", "fd00::ffff:ffff:ffff:ffff",
		"fd00::1:ffff:ffff:ffff:ffff", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
	static const char *const starts[] = {"fd00::7", "fd00::", "fd00::", "fd00::"};
	struct sa *all = add(1, 0, ALL6, ALL6), *sas[4];

	CHECK(find6("fe01::1", "fd00::7") == all);
	for (uint32_t i = 4; i-- > 0;) {
		sas[i] = add(2 + i, 0, ALL6, range_of(6, starts[i], ends[i]));
		CHECK(find6("fe01::1", "fd00::7") == sas[i]);
	}
	CHECK(find6("fe01::1", "fd00::8") == sas[1]);
	CHECK(find6("fe01::1", "fd00::1:0:0:0:8") == sas[2]);
	CHECK(find6("fe01::1", "fd01::1") == sas[3]);
	CHECK(find6("fe01::1", "fc00::1") == all);
	for (uint32_t i = 0; i < 4; i++) {
		take_away(sas[i]);
		CHECK(find6("fe01::1", "fd00::7") == (i < 3 ? sas[i + 1] : all));
	}
	take_away(all);
}

/* Ten thousand networks of 256 addresses each, and the way to each. */
static void ten_thousand_children_are_told_apart(void)
{
	enum { COUNT = 10000 };
	static struct sa *all[COUNT];
	uint32_t longest = 0;

	for (uint32_t i = 0; i < COUNT; i++) {
		struct esp_selector net = range_of(4, "11.0.0.0", "11.0.0.255");

		put16(net.start + 1, i);
		put16(net.end + 1, i);
		all[i] = add(1 + i, 0, ALL4, net);
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		struct flow flow = {.version = 4, .protocol = 17, .has_ports = true};

		flow.destination.low = 0x0b000000u + (i << 8) + i % 256;
		CHECK(carrier(&flow) == all[i]);
		CHECK(sa_by_spi(&table, 0x1000 + 1 + i) == all[i]);
		CHECK(sa_by_ref(&table, 1 + i) == all[i]);
	}
	for (uint32_t i = 0; i < SPD_BUCKETS; i++) {
		uint32_t length = 0;

		for (const struct spd_entry *e = atomic_load(&spd.prefixes[i]); e;
			e = atomic_load(&e->next))
			length++;
		longest = length > longest ? length : longest;
	}
	/* Nobody has to be looked for among all the others. */
	CHECK(longest < 16);
	for (uint32_t i = 0; i < COUNT; i++)
		take_away(all[i]);
}

int main(void)
{
	RUN(prefixes_and_other_ranges_agree_with_trying_all);
	RUN(the_longest_and_the_shortest_prefix_are_found);
	RUN(ten_thousand_children_are_told_apart);
	return check_summary("prefixes");
}
