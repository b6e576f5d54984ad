/*
 * The children that the engine carries: found by inbound SPI, by inner addresses (spd.h) and by the
 * caller's reference. Writers hold the engine's lock; workers read without any (epoch.h).
 */
#ifndef SA_H
#define SA_H

#include "counters.h"
#include "packet.h"
#include "path.h"
#include "selector.h"

#define SA_BUCKETS 4096u

struct sa;
struct trap;

/* One remote selector of a child, or of a trap, in the policy database (spd.h). */
struct spd_entry {
	_Atomic(struct spd_entry *) next;
	const struct selector *remote;
	/* All that our side may use with it. */
	const struct selector *local;
	uint32_t local_count;
	/* One of the two. */
	struct sa *sa;
	struct trap *trap;
};

struct sa {
	uint32_t ref;
	struct esp_keys in, out;
	_Atomic(struct path *) path;
	/* Written by the thread that opens; and what the keys opened, whatever was in it. */
	struct replay window;
	uint64_t opened_packets, opened_bytes;
	/* The address last reported as new; so that each is reported once. And when another may be
	 * at the earliest. */
	struct esp_address moved_to;
	uint64_t quiet_until;
	/* The peer used it while it stood by, and nobody has been told. */
	bool owes_used;

	/* The last sequence number given out, and the inner bytes with all of them. */
	_Alignas(64) _Atomic uint64_t sequence;
	_Atomic uint64_t sealed_bytes;
	/* Of each direction. */
	uint64_t soft_packets, hard_packets, soft_bytes, hard_bytes;
	_Atomic uint32_t soft_told, hard_told;
	/* What its two directions are known as when they are gone (past.h). */
	uint64_t name_in, name_out;
	/* Of children with the same selectors the highest sends; 0: it stands by (spd.h). */
	_Atomic uint64_t rank;

	_Alignas(64) _Atomic uint64_t rx_packets;
	_Atomic uint64_t rx_bytes;
	_Atomic uint64_t tx_packets;
	_Atomic uint64_t tx_bytes;
	_Atomic uint64_t heard_at;
	struct counters counters;

	_Atomic(struct sa *) next_by_spi;
	struct sa *next_by_ref;
	uint32_t local_count, remote_count;
	struct spd_entry *entries;
	/* Ours, then the peer's. */
	struct selector selectors[];
};

struct sa_table {
	_Atomic(struct sa *) by_spi[SA_BUCKETS];
	struct sa *by_ref[SA_BUCKETS];
};

/* Makes a child that is in no table yet. ESP_OK, ESP_BAD_ARGUMENT, ESP_UNSUPPORTED or
 * ESP_NO_MEMORY. */
enum esp_code sa_create(const struct esp_child *child, const struct esp_selector *selectors,
	uint32_t cpu_features, uint64_t now_ms, struct sa **out);
/* Wipes the keys. No thread may hold it; NULL is allowed. */
void sa_destroy(struct sa *sa);

static inline const struct selector *sa_local(const struct sa *sa)
{
	return sa->selectors;
}

static inline const struct selector *sa_remote(const struct sa *sa)
{
	return sa->selectors + sa->local_count;
}

/* The largest inner packet of this IP version that its path takes in one piece. */
uint32_t sa_most(const struct sa *sa, const struct path *path, uint8_t version);

/* Writers. */
void sa_publish(struct sa_table *table, struct sa *sa);
void sa_unlink(struct sa_table *table, struct sa *sa);
struct sa *sa_by_ref(const struct sa_table *table, uint32_t ref);

/* Readers and writers. */
struct sa *sa_by_spi(struct sa_table *table, uint32_t spi);

#endif
