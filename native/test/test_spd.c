/* Outbound policy: which child carries a packet, and what may come out of one. */
#include "policy.h"

static void a_host_goes_before_a_network_before_everything(void)
{
	struct sa *all = add(1, 0, ALL4, ALL4);
	struct sa *net = add(2, 0, ALL4, range_of(4, "10.3.0.0", "10.3.0.255"));
	struct sa *host = add(3, 0, ALL4, range_of(4, "10.3.0.7", "10.3.0.7"));
	struct sa *six = add(4, 0, ALL6, range_of(6, "fd00::7", "fd00::7"));

	CHECK(find4("192.168.1.1", "10.3.0.7") == host);
	CHECK(find4("192.168.1.1", "10.3.0.8") == net);
	CHECK(find4("192.168.1.1", "10.3.1.0") == all);
	CHECK(find6("fd01::1", "fd00::7") == six);
	CHECK(find6("fd01::1", "fd00::8") == NULL);
	take_away(host);
	CHECK(find4("192.168.1.1", "10.3.0.7") == net);
	take_away(net);
	CHECK(find4("192.168.1.1", "10.3.0.7") == all);
	take_away(all);
	CHECK(find4("192.168.1.1", "10.3.0.7") == NULL);
	take_away(six);
}

static void our_side_must_fit_too(void)
{
	struct sa *sa = add(1, 0, range_of(4, "192.168.1.0", "192.168.1.255"), ALL4);

	CHECK(find4("192.168.1.9", "10.0.0.1") == sa);
	CHECK(find4("192.168.2.9", "10.0.0.1") == NULL);
	take_away(sa);
}

static void the_child_installed_last_carries_the_traffic(void)
{
	struct sa *old = add(1, 0, ALL4, range_of(4, "10.3.0.7", "10.3.0.7"));
	struct sa *next = add(2, 0, ALL4, range_of(4, "10.3.0.7", "10.3.0.7"));

	CHECK(find4("1.1.1.1", "10.3.0.7") == next);
	take_away(next);
	CHECK(find4("1.1.1.1", "10.3.0.7") == old);
	take_away(old);
}

/* A rekeyed child is not sent on before the peer has shown that it has it (pitfall 57). */
static void a_child_on_standby_waits_for_the_peer(void)
{
	const struct esp_selector host = range_of(4, "10.3.0.7", "10.3.0.7");
	struct sa *other = add(9, 0, ALL4, ALL4);
	struct sa *old = add(1, 0, ALL4, host);
	struct sa *next = add(2, 1, ALL4, host);

	CHECK(find4("1.1.1.1", "10.3.0.7") == old);
	spd_activate(&spd, next);
	CHECK(find4("1.1.1.1", "10.3.0.7") == next);
	take_away(next);
	CHECK(find4("1.1.1.1", "10.3.0.7") == old);
	next = add(3, 1, ALL4, host);
	CHECK(find4("1.1.1.1", "10.3.0.7") == old);
	take_away(old);
	/* Alone it serves: a wider range may be another peer's. */
	CHECK(find4("1.1.1.1", "10.3.0.7") == next);
	take_away(next);
	CHECK(find4("1.1.1.1", "10.3.0.7") == other);
	take_away(other);
}

/* Two peers that rekey at once end up with two new children; either may be the one that stays. */
static void the_child_activated_last_carries_the_traffic(void)
{
	const struct esp_selector hosts = range_of(4, "10.3.0.0", "10.3.0.255");
	struct sa *first = add(1, 0, ALL4, hosts);
	struct sa *second = add(2, 0, ALL4, hosts);
	struct sa *third = add(3, 1, ALL4, hosts);

	spd_activate(&spd, first);
	CHECK(find4("1.1.1.1", "10.3.0.7") == first);
	spd_activate(&spd, third);
	CHECK(find4("1.1.1.1", "10.3.0.7") == third);
	spd_activate(&spd, second);
	CHECK(find4("1.1.1.1", "10.3.0.7") == second);
	take_away(second);
	CHECK(find4("1.1.1.1", "10.3.0.7") == third);
	take_away(third);
	CHECK(find4("1.1.1.1", "10.3.0.7") == first);
	take_away(first);
}

static void protocols_and_ports_narrow(void)
{
	struct esp_selector remote = range_of(4, "10.3.0.7", "10.3.0.7");
	uint8_t packet[28];
	struct flow flow;
	struct sa *all = add(1, 0, ALL4, range_of(4, "10.3.0.0", "10.3.0.255"));

	remote.protocol = 17;
	remote.port_start = 2000;
	remote.port_end = 2001;
	struct sa *udp = add(2, 0, ALL4, remote);

	CHECK(find4("1.1.1.1", "10.3.0.7") == udp);
	udp4(packet, "1.1.1.1", "10.3.0.7", sizeof(packet));
	put16(packet + 22, 2002);
	CHECK(ip_parse(packet, sizeof(packet), &flow) && carrier(&flow) == all);
	put16(packet + 22, 2001);
	CHECK(ip_parse(packet, sizeof(packet), &flow) && carrier(&flow) == udp);
	packet[9] = 6;
	CHECK(ip_parse(packet, sizeof(packet), &flow) && carrier(&flow) == all);
	/* A fragment behind the first has no ports to show (pitfall 71). */
	packet[9] = 17;
	put16(packet + 6, 5);
	CHECK(ip_parse(packet, sizeof(packet), &flow) && carrier(&flow) == all);
	take_away(udp);
	remote.port_start = 65535;
	remote.port_end = 0;
	struct sa *opaque = add(3, 0, ALL4, remote);

	CHECK(carrier(&flow) == opaque);
	CHECK(find4("1.1.1.1", "10.3.0.7") == all);
	take_away(opaque);
	take_away(all);
}

/* One client must not send in another's name, nor to where it has no business (pitfall 71). */
static void what_comes_out_must_be_inside_the_selectors(void)
{
	struct sa *sa = add(1, 0, range_of(4, "192.168.1.0", "192.168.1.255"),
		range_of(4, "10.3.0.7", "10.3.0.7"));
	static const struct {
		const char *from, *to;
		bool allowed;
	} cases[] = {
		{"10.3.0.7", "192.168.1.1", true},
		{"10.3.0.8", "192.168.1.1", false},
		{"10.3.0.7", "192.168.2.1", false},
		{"192.168.1.1", "10.3.0.7", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t packet[28];
		struct flow flow;

		udp4(packet, cases[i].from, cases[i].to, sizeof(packet));
		CHECK(ip_parse(packet, sizeof(packet), &flow));
		CHECK_EQUAL(spd_allows(sa, &flow), cases[i].allowed);
	}
	take_away(sa);
}

static void agrees_with_trying_all(void)
{
	enum { COUNT = 200 };
	static struct sa *all[COUNT];
	uint64_t state = 3;

	for (uint32_t i = 0; i < 4000; i++) {
		const uint32_t place = (uint32_t)check_random(&state) % COUNT;
		/* Sizes all different but for hosts: who was last among equals depends on place. */
		const uint32_t start = (uint32_t)check_random(&state) % 4000;
		const uint32_t size = place < 50 ? 0 : place * 7;
		struct esp_selector remote = range_of(4, "10.0.0.0", "10.0.0.0");
		struct flow flow = {.version = 4, .protocol = 17, .has_ports = true};

		put16(remote.start + 2, start);
		put16(remote.end + 2, start + size);
		if (all[place])
			take_away(all[place]);
		all[place] = NULL;
		if (check_random(&state) % 3)
			all[place] = add(place + 1, 0, ALL4, remote);
		flow.destination.low = 0x0a000000 + check_random(&state) % 6000;
		struct sa *found = carrier(&flow);
		struct sa *expected = by_trying_all(all, COUNT, &flow);

		CHECK((found == NULL) == (expected == NULL));
		if (found && expected)
			CHECK(sa_remote(found)->end.low - sa_remote(found)->start.low ==
				sa_remote(expected)->end.low - sa_remote(expected)->start.low);
	}
	for (uint32_t i = 0; i < COUNT; i++)
		if (all[i])
			take_away(all[i]);
	for (uint32_t i = 0; i < SPD_BUCKETS; i++)
		CHECK(atomic_load(&spd.prefixes[i]) == NULL);
	CHECK(atomic_load(&spd.ranges[0]) == NULL);
}

/* What has the packet: a child, a trap, or neither. */
static const struct spd_entry *holder(const char *to)
{
	uint8_t packet[28];
	struct flow flow;

	udp4(packet, "192.168.1.1", to, sizeof(packet));
	CHECK(ip_parse(packet, sizeof(packet), &flow));
	return spd_find(&spd, &flow);
}

static struct trap *set_trap(struct esp_selector local, struct esp_selector remote)
{
	const struct esp_selector selectors[2] = {local, remote};
	const struct esp_trap from = {.ref = 1, .local_count = 1, .remote_count = 1};
	struct trap *trap = NULL;

	CHECK_EQUAL(trap_create(&from, selectors, &trap), ESP_OK);
	spd_set_trap(&spd, trap);
	return trap;
}

/* A tunnel may carry less than was asked for, and another peer's may carry everything. */
static void a_trap_is_below_its_own_child_and_above_a_wider_one(void)
{
	const struct esp_selector net = range_of(4, "10.3.0.0", "10.3.255.255");
	struct sa *wide = add(1, 0, ALL4, ALL4);
	struct trap *trap = set_trap(ALL4, net);
	struct sa *equal, *narrow;

	CHECK(holder("10.3.7.1")->trap == trap && holder("10.3.7.1")->sa == NULL);
	CHECK(holder("10.4.0.1")->sa == wide);
	narrow = add(2, 0, ALL4, range_of(4, "10.3.7.0", "10.3.7.255"));
	CHECK(holder("10.3.7.1")->sa == narrow);
	CHECK(holder("10.3.8.1")->trap == trap);
	take_away(narrow);
	equal = add(3, 1, ALL4, net);
	CHECK(holder("10.3.7.1")->sa == equal);
	take_away(equal);
	CHECK(holder("10.3.7.1")->trap == trap);
	spd_unset_trap(&spd, trap);
	trap_destroy(trap);
	CHECK(holder("10.3.7.1")->sa == wide);
	take_away(wide);
	trap = set_trap(range_of(4, "10.9.0.0", "10.9.0.255"), range_of(4, "10.3.0.7", "10.3.0.7"));
	CHECK(holder("10.3.0.7") == NULL);
	spd_unset_trap(&spd, trap);
	trap_destroy(trap);
	CHECK(holder("10.3.0.7") == NULL);
}

static void refuses_what_is_no_trap(void)
{
	const struct esp_selector selectors[2] = {ALL4, range_of(4, "10.0.0.2", "10.0.0.1")};
	struct esp_trap from = {.ref = 1, .local_count = 1, .remote_count = 1};
	struct trap *trap = NULL;

	CHECK_EQUAL(trap_create(&from, selectors, &trap), ESP_BAD_ARGUMENT);
	from.remote_count = 0;
	CHECK_EQUAL(trap_create(&from, selectors, &trap), ESP_BAD_ARGUMENT);
	from.remote_count = ESP_MAX_SELECTORS + 1;
	CHECK_EQUAL(trap_create(&from, selectors, &trap), ESP_BAD_ARGUMENT);
	CHECK(trap == NULL);
}

static void refuses_what_is_no_child(void)
{
	struct esp_selector selectors[2] = {ALL4, ALL4};
	struct esp_child child = child_of(1, 0x1000, 0x2000);
	struct sa *sa = NULL;

	child.inbound.spi = 255;
	CHECK_EQUAL(sa_create(&child, selectors, 0, 0, &sa), ESP_BAD_ARGUMENT);
	child = child_of(1, 0x1000, 0x2000);
	child.remote_count = 0;
	CHECK_EQUAL(sa_create(&child, selectors, 0, 0, &sa), ESP_BAD_ARGUMENT);
	child = child_of(1, 0x1000, 0x2000);
	child.outbound.encryption_bytes = 21;
	CHECK_EQUAL(sa_create(&child, selectors, 0, 0, &sa), ESP_UNSUPPORTED);
	child = child_of(1, 0x1000, 0x2000);
	child.outbound.encryption_bytes = 1000;
	CHECK_EQUAL(sa_create(&child, selectors, 0, 0, &sa), ESP_BAD_ARGUMENT);
	child = child_of(1, 0x1000, 0x2000);
	child.cipher = 12;
	CHECK_EQUAL(sa_create(&child, selectors, 0, 0, &sa), ESP_UNSUPPORTED);
	child = child_of(1, 0x1000, 0x2000);
	child.encap = 3;
	CHECK_EQUAL(sa_create(&child, selectors, 0, 0, &sa), ESP_UNSUPPORTED);
	child = child_of(1, 0x1000, 0x2000);
	selectors[1] = range_of(4, "10.0.0.2", "10.0.0.1");
	CHECK_EQUAL(sa_create(&child, selectors, 0, 0, &sa), ESP_BAD_ARGUMENT);
	CHECK(sa == NULL);
}

static void limits_follow_the_sequence_numbers(void)
{
	const struct esp_selector selectors[2] = {ALL4, ALL4};
	struct esp_child child = child_of(1, 0x1000, 0x2000);
	struct sa *sa = NULL;

	sa_create(&child, selectors, 0, 0, &sa);
	CHECK_EQUAL(sa->hard_packets, 0xffffffff);
	CHECK(sa->soft_packets < sa->hard_packets);
	sa_destroy(sa);
	child.esn = 1;
	child.hard_packets = 1000;
	sa_create(&child, selectors, 0, 0, &sa);
	CHECK_EQUAL(sa->hard_packets, 1000);
	sa_destroy(sa);
	child.esn = 0;
	child.hard_packets = (uint64_t)1 << 40;
	sa_create(&child, selectors, 0, 0, &sa);
	CHECK_EQUAL(sa->hard_packets, 0xffffffff);
	sa_destroy(sa);
}

/* With one selector on each side and its path, in bytes; a router may have thousands. */
static void a_child_takes_little_memory(void)
{
	const size_t bytes = sizeof(struct sa) + 2 * sizeof(struct selector) +
			     sizeof(struct spd_entry) + sizeof(struct path);

	printf("  a child takes %zu bytes\n", bytes);
	CHECK(bytes < 8192);
}

int main(void)
{
	RUN(a_host_goes_before_a_network_before_everything);
	RUN(our_side_must_fit_too);
	RUN(the_child_installed_last_carries_the_traffic);
	RUN(a_child_on_standby_waits_for_the_peer);
	RUN(the_child_activated_last_carries_the_traffic);
	RUN(protocols_and_ports_narrow);
	RUN(what_comes_out_must_be_inside_the_selectors);
	RUN(agrees_with_trying_all);
	RUN(a_trap_is_below_its_own_child_and_above_a_wider_one);
	RUN(refuses_what_is_no_trap);
	RUN(refuses_what_is_no_child);
	RUN(limits_follow_the_sequence_numbers);
	RUN(a_child_takes_little_memory);
	return check_summary("spd");
}
