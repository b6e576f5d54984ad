#include "spd.h"

static _Atomic(struct spd_entry *) *host_bucket(struct spd *spd, struct ip_address address)
{
	uint64_t x = (address.low ^ spd->seed) * 0x9e3779b97f4a7c15u;

	x = (x ^ address.high ^ x >> 32) * 0x9e3779b97f4a7c15u;
	return &spd->hosts[x >> 52];
}

static bool is_host(const struct selector *s)
{
	return ip_equal(s->start, s->end);
}

static bool same_range(const struct selector *a, const struct selector *b)
{
	return a->version == b->version && ip_equal(a->start, b->start) && ip_equal(a->end, b->end);
}

/* How many addresses, less one. */
static struct ip_address width(const struct selector *s)
{
	return (struct ip_address){s->end.high - s->start.high - (s->end.low < s->start.low),
		s->end.low - s->start.low};
}

/* Whether `a` stands before `b` in a list: the smaller range, and equal ones side by side. */
static bool precedes(const struct selector *a, const struct selector *b)
{
	const struct ip_address wide_a = width(a), wide_b = width(b);

	if (!ip_equal(wide_a, wide_b))
		return ip_not_above(wide_a, wide_b);
	return ip_not_above(a->start, b->start);
}

static _Atomic(struct spd_entry *) *head_for(struct spd *spd, const struct selector *remote)
{
	if (is_host(remote))
		return host_bucket(spd, remote->start);
	return &spd->ranges[remote->version == 6];
}

static void link_entry(struct spd *spd, struct spd_entry *entry)
{
	_Atomic(struct spd_entry *) *at = head_for(spd, entry->remote);

	while (atomic_load(at) && !precedes(entry->remote, atomic_load(at)->remote))
		at = &atomic_load(at)->next;
	atomic_store(&entry->next, atomic_load(at));
	atomic_store(at, entry);
}

static void unlink_entry(struct spd *spd, struct spd_entry *entry)
{
	_Atomic(struct spd_entry *) *at = head_for(spd, entry->remote);

	while (atomic_load(at) != entry)
		at = &atomic_load(at)->next;
	atomic_store(at, atomic_load(&entry->next));
}

void spd_publish(struct spd *spd, struct sa *sa)
{
	if (!spd_stands_by(sa))
		spd_activate(spd, sa);
	for (uint32_t i = 0; i < sa->remote_count; i++) {
		struct spd_entry *entry = &sa->entries[i];

		entry->sa = sa;
		entry->remote = &sa_remote(sa)[i];
		entry->local = sa_local(sa);
		entry->local_count = sa->local_count;
		link_entry(spd, entry);
	}
}

void spd_unlink(struct spd *spd, struct sa *sa)
{
	for (uint32_t i = 0; i < sa->remote_count; i++)
		unlink_entry(spd, &sa->entries[i]);
}

void spd_set_trap(struct spd *spd, struct trap *trap)
{
	for (uint32_t i = 0; i < trap->remote_count; i++) {
		struct spd_entry *entry = &trap->entries[i];

		entry->trap = trap;
		entry->remote = &trap->selectors[trap->local_count + i];
		entry->local = trap->selectors;
		entry->local_count = trap->local_count;
		link_entry(spd, entry);
	}
}

void spd_unset_trap(struct spd *spd, struct trap *trap)
{
	for (uint32_t i = 0; i < trap->remote_count; i++)
		unlink_entry(spd, &trap->entries[i]);
}

static bool fits(const struct spd_entry *entry, const struct flow *flow)
{
	return selectors_fit(entry->remote, 1, flow, flow->destination, flow->destination_port) &&
	       selectors_fit(
		       entry->local, entry->local_count, flow, flow->source, flow->source_port);
}

/* A trap is below every child, also below one that stands by. */
static uint64_t rank_of(const struct spd_entry *entry)
{
	return entry->sa ? atomic_load(&entry->sa->rank) + 1 : 0;
}

/*
 * A child stays linked until no search can need it, and a new one is linked before the old one
 * goes: whichever of the two a search sees, it sees one.
 */
static const struct spd_entry *search(const struct spd_entry *entry, const struct flow *flow)
{
	const struct spd_entry *best = NULL;
	uint64_t best_rank = 0;

	for (; entry; entry = atomic_load(&entry->next)) {
		if (best && !same_range(best->remote, entry->remote))
			break;
		if (!fits(entry, flow))
			continue;
		const uint64_t rank = rank_of(entry);

		if (!best || rank > best_rank) {
			best = entry;
			best_rank = rank;
		}
	}
	return best;
}

const struct spd_entry *spd_find(struct spd *spd, const struct flow *flow)
{
	const struct spd_entry *entry =
		search(atomic_load(host_bucket(spd, flow->destination)), flow);

	return entry ? entry : search(atomic_load(&spd->ranges[flow->version == 6]), flow);
}
