/*
 * Outbound policy: inner packet → child, or trap where there is no child yet. Selectors of the
 * peer's side that are a prefix, as nearly all are, stand in a hash table by its length and
 * address; a search looks once for each length that is in use, the longest first, however many
 * there are. Other ranges stand in a list per family, the smallest first. Of equal ranges the child
 * that was activated last carries the traffic, and a trap comes last. Writers hold the engine's
 * lock; workers read without any.
 */
#ifndef SPD_H
#define SPD_H

#include "sa.h"
#include "trap.h"

#define SPD_BUCKETS 4096u
/* Of a prefix the bits behind it: 0 is a host. */
#define SPD_WIDTHS 129u

struct spd {
	/* Drawn at start, so that nobody can choose addresses that collide. */
	uint64_t seed;
	/* The last rank given out. */
	_Atomic uint64_t rank;
	_Atomic(struct spd_entry *) prefixes[SPD_BUCKETS];
	/* Both for IPv4 and IPv6: which widths are in use (a bit each), and by how many. */
	_Atomic uint64_t widths[2][SPD_WIDTHS / 64 + 1];
	uint32_t users[2][SPD_WIDTHS];
	_Atomic(struct spd_entry *) ranges[2];
};

void spd_publish(struct spd *spd, struct sa *sa);
void spd_unlink(struct spd *spd, struct sa *sa);
void spd_set_trap(struct spd *spd, struct trap *trap);
void spd_unset_trap(struct spd *spd, struct trap *trap);

/* Puts it before all others with the same ranges, for packets whose search begins after. Any
 * thread. */
static inline void spd_activate(struct spd *spd, struct sa *sa)
{
	atomic_store(&sa->rank, atomic_fetch_add(&spd->rank, 1) + 1);
}

static inline bool spd_stands_by(const struct sa *sa)
{
	return atomic_load_explicit(&sa->rank, memory_order_relaxed) == 0;
}

/*
 * What has this packet: a child, or a trap; NULL: neither. A child on standby gives way to another
 * with the same range, but neither it nor a trap to a wider one, which may be another peer's.
 */
const struct spd_entry *spd_find(struct spd *spd, const struct flow *flow);

/* Whether a decrypted packet may come out of this child. */
static inline bool spd_allows(const struct sa *sa, const struct flow *flow)
{
	return selectors_fit(
		       sa_remote(sa), sa->remote_count, flow, flow->source, flow->source_port) &&
	       selectors_fit(sa_local(sa), sa->local_count, flow, flow->destination,
		       flow->destination_port);
}

#endif
