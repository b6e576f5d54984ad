/* What fuzzers found, and is mended: each with its story. */
#include "joined.h"
#include "packets.h"

#include "../src/cpu.h"
#include "../src/spd.h"

/*
 * join.c did not look at TCP's urgent pointer, since a segment with URG stays alone; but a pointer
 * may stand there without the flag. Two segments with different ones were joined, and the second
 * came out with that of the first.
 */
static void an_urgent_pointer_comes_out_as_it_came(void)
{
	struct recipe r = plain_recipe(4, 6);
	static uint8_t packet[1100];

	begin_with(true, true);
	for (uint8_t i = 0; i < 3; i++) {
		const uint32_t bytes = make_packet(&r, packet);

		packet[20 + 19] = i / 2;
		write_checksums(packet, bytes);
		take_bytes_of(&joiner, packet, bytes);
		advance(&r);
	}
	check_identity();
	CHECK_EQUAL(writes, 2);
}

static struct sa *publish(struct spd *spd, uint32_t ref, uint8_t family, const char *host)
{
	const struct esp_child child = child_of(ref, 0x1000 + ref, 0x2000 + ref);
	const struct esp_selector selectors[2] = {
		range_of(family, family == 4 ? "0.0.0.0" : "::", family == 4 ? "0.0.0.1" : "::1"),
		range_of(family, host, host)};
	struct sa *sa = NULL;

	CHECK_EQUAL(sa_create(&child, selectors, cpu_features(), 0, &sa), ESP_OK);
	spd_publish(spd, sa);
	return sa;
}

/*
 * The host 10.2.0.1 and the host ::a02:1 are the same number, so they stood in one row. When a
 * child of the one was installed between two of the other, the search ended at it and found the old
 * one of the two: after a rekey traffic stayed on a child that the peer was about to delete.
 */
static void hosts_of_two_families_do_not_hide_each_other(void)
{
	static struct spd spd;
	struct sa *children[3];
	uint8_t packet[28];
	struct flow flow;

	udp4(packet, "0.0.0.1", "10.2.0.1", sizeof(packet));
	CHECK(ip_parse(packet, sizeof(packet), &flow));
	for (uint32_t i = 0; i < 3; i++)
		children[i] =
			i == 1 ? publish(&spd, i, 6, "::a02:1") : publish(&spd, i, 4, "10.2.0.1");
	spd_activate(&spd, children[0]);
	CHECK(spd_find(&spd, &flow)->sa == children[0]);
	spd_activate(&spd, children[2]);
	CHECK(spd_find(&spd, &flow)->sa == children[2]);
	for (uint32_t i = 0; i < 3; i++) {
		spd_unlink(&spd, children[i]);
		sa_destroy(children[i]);
	}
}

int main(void)
{
	RUN(an_urgent_pointer_comes_out_as_it_came);
	RUN(hosts_of_two_families_do_not_hide_each_other);
	return check_summary("found");
}
