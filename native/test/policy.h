/* A policy database, and what asks it. */
#ifndef POLICY_H
#define POLICY_H

#include "check.h"
#include "packets.h"

#include <stdlib.h>

#include "../src/spd.h"

static struct spd spd;
static struct sa_table table;

static inline struct sa *add(
	uint32_t ref, uint8_t standby, struct esp_selector local, struct esp_selector remote)
{
	const struct esp_selector selectors[2] = {local, remote};
	struct esp_child child = child_of(ref, 0x1000 + ref, 0x2000 + ref);
	struct sa *sa = NULL;

	child.standby = standby;
	CHECK_EQUAL(sa_create(&child, selectors, 0, 0, &sa), ESP_OK);
	sa_publish(&table, sa);
	spd_publish(&spd, sa);
	return sa;
}

static inline void take_away(struct sa *sa)
{
	spd_unlink(&spd, sa);
	sa_unlink(&table, sa);
	sa_destroy(sa);
}

static inline struct sa *carrier(const struct flow *flow)
{
	const struct spd_entry *entry = spd_find(&spd, flow);

	return entry ? entry->sa : NULL;
}

static inline struct sa *find4(const char *from, const char *to)
{
	uint8_t packet[28];
	struct flow flow;

	udp4(packet, from, to, sizeof(packet));
	CHECK(ip_parse(packet, sizeof(packet), &flow));
	return carrier(&flow);
}

static inline struct sa *find6(const char *from, const char *to)
{
	uint8_t packet[48];
	struct flow flow;

	udp6(packet, from, to, sizeof(packet));
	CHECK(ip_parse(packet, sizeof(packet), &flow));
	return carrier(&flow);
}

#define ALL4 range_of(4, "0.0.0.0", "255.255.255.255")
#define ALL6 range_of(6, "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")

/* The most specific range by trying all; of equals the last. */
static inline struct sa *by_trying_all(
	struct sa *const *all, uint32_t count, const struct flow *flow)
{
	struct sa *best = NULL;

	for (uint32_t i = 0; i < count; i++) {
		const struct selector *s = all[i] ? sa_remote(all[i]) : NULL;

		if (!s || !selectors_fit(s, 1, flow, flow->destination, flow->destination_port))
			continue;
		if (!best || s->end.low - s->start.low <=
				     sa_remote(best)->end.low - sa_remote(best)->start.low)
			best = all[i];
	}
	return best;
}

#endif
