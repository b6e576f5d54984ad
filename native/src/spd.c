#include "spd.h"

/* The addresses of a prefix differ in this many bits at the end. */
static struct ip_address mask_of(uint32_t bits)
{
	const uint64_t all = UINT64_MAX;

	return (struct ip_address){
		bits <= 64 ? 0 : all >> (128 - bits),
		bits == 0    ? 0
		: bits >= 64 ? all
			     : all >> (64 - bits),
	};
}

static struct ip_address first_of(struct ip_address address, uint32_t bits)
{
	const struct ip_address mask = mask_of(bits);

	return (struct ip_address){address.high & ~mask.high, address.low & ~mask.low};
}

static _Atomic(struct spd_entry *) *bucket_of(
	struct spd *spd, uint8_t version, struct ip_address first, uint32_t bits)
{
	uint64_t x = (first.low ^ spd->seed) * 0x9e3779b97f4a7c15u;

	x = (x ^ first.high ^ x >> 32) * 0x9e3779b97f4a7c15u;
	x = (x ^ version ^ bits << 8 ^ x >> 32) * 0x9e3779b97f4a7c15u;
	return &spd->prefixes[x >> 52];
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

/* Whether `a` stands before `b` in a list: the smaller range, and equal ones side by side, of which
 * an IPv4 and an IPv6 host that are the same number are none. */
static bool precedes(const struct selector *a, const struct selector *b)
{
	const struct ip_address wide_a = width(a), wide_b = width(b);

	if (a->version != b->version)
		return a->version < b->version;
	if (!ip_equal(wide_a, wide_b))
		return ip_not_above(wide_a, wide_b);
	return ip_not_above(a->start, b->start);
}

/* Whether a selector is a prefix, and of how many bits at the end it leaves open. */
static bool is_prefix(const struct selector *s, uint32_t *bits)
{
	const struct ip_address wide = width(s);

	*bits = (uint32_t)(__builtin_popcountll(wide.high) + __builtin_popcountll(wide.low));
	return ip_equal(mask_of(*bits), wide) && ip_equal(first_of(s->start, *bits), s->start);
}

static _Atomic(struct spd_entry *) *head_for(struct spd *spd, const struct selector *remote)
{
	uint32_t bits;

	if (is_prefix(remote, &bits))
		return bucket_of(spd, remote->version, remote->start, bits);
	return &spd->ranges[remote->version == 6];
}

/* Whoever links says so before, and whoever unlinks after: a search that does not look for a width
 * has missed nobody who was there when it began. */
static void use_width(struct spd *spd, const struct selector *remote)
{
	const bool v6 = remote->version == 6;
	uint32_t bits;

	if (is_prefix(remote, &bits) && spd->users[v6][bits]++ == 0)
		atomic_fetch_or(&spd->widths[v6][bits / 64], (uint64_t)1 << bits % 64);
}

static void leave_width(struct spd *spd, const struct selector *remote)
{
	const bool v6 = remote->version == 6;
	uint32_t bits;

	if (is_prefix(remote, &bits) && --spd->users[v6][bits] == 0)
		atomic_fetch_and(&spd->widths[v6][bits / 64], ~((uint64_t)1 << bits % 64));
}

static void link_entry(struct spd *spd, struct spd_entry *entry)
{
	_Atomic(struct spd_entry *) *at = head_for(spd, entry->remote);

	use_width(spd, entry->remote);
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
	leave_width(spd, entry->remote);
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
 * Of the first range in a list that has the packet, or of none but `only`, the entry that was
 * activated last. A child stays linked until no search can need it, and a new one is linked before
 * the old one goes: whichever of the two a search sees, it sees one.
 */
static const struct spd_entry *search(
	const struct spd_entry *entry, const struct flow *flow, const struct selector *only)
{
	const struct spd_entry *best = NULL;
	uint64_t best_rank = 0;

	for (; entry; entry = atomic_load(&entry->next)) {
		if (best && !same_range(best->remote, entry->remote))
			break;
		if ((only && !same_range(only, entry->remote)) || !fits(entry, flow))
			continue;
		const uint64_t rank = rank_of(entry);

		if (!best || rank > best_rank) {
			best = entry;
			best_rank = rank;
		}
	}
	return best;
}

static const struct spd_entry *search_prefix(
	struct spd *spd, const struct flow *flow, uint32_t bits)
{
	const struct ip_address mask = mask_of(bits);
	const struct ip_address first = first_of(flow->destination, bits);
	const struct selector prefix = {
		.version = flow->version,
		.start = first,
		.end = {first.high | mask.high, first.low | mask.low},
	};

	return search(atomic_load(bucket_of(spd, flow->version, first, bits)), flow, &prefix);
}

/* The longest prefix that has the packet. */
static const struct spd_entry *search_prefixes(struct spd *spd, const struct flow *flow)
{
	const bool v6 = flow->version == 6;

	for (uint32_t word = 0; word * 64 < SPD_WIDTHS; word++) {
		uint64_t widths = atomic_load(&spd->widths[v6][word]);

		for (; widths; widths &= widths - 1) {
			const uint32_t bits = word * 64 + (uint32_t)__builtin_ctzll(widths);
			const struct spd_entry *entry = search_prefix(spd, flow, bits);

			if (entry)
				return entry;
		}
	}
	return NULL;
}

const struct spd_entry *spd_find(struct spd *spd, const struct flow *flow)
{
	const struct spd_entry *prefix = search_prefixes(spd, flow);
	const struct spd_entry *range =
		search(atomic_load(&spd->ranges[flow->version == 6]), flow, NULL);

	if (prefix && range)
		return precedes(range->remote, prefix->remote) ? range : prefix;
	return prefix ? prefix : range;
}
