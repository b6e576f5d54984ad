/*
 * When may what a lock-free reader could still hold be freed? Readers say when they begin and when
 * they hold nothing; a writer unlinks first and then waits until every reader has begun anew.
 * All accesses are sequentially consistent: either the writer sees a reader inside, or that reader,
 * having begun later, does not find what was unlinked.
 */
#ifndef EPOCH_H
#define EPOCH_H

#include <stdatomic.h>
#include <stdint.h>

struct epoch {
	_Atomic uint64_t now;
};

/* One a thread. */
struct reader {
	/* The epoch in which it began; 0: it holds nothing. */
	_Alignas(64) _Atomic uint64_t since;
};

static inline void epoch_start(struct epoch *epoch)
{
	atomic_store(&epoch->now, 1);
}

static inline void reader_enter(struct epoch *epoch, struct reader *reader)
{
	atomic_store(&reader->since, atomic_load(&epoch->now));
}

static inline void reader_leave(struct reader *reader)
{
	atomic_store(&reader->since, 0);
}

/* Returns when no reader can hold what was unlinked before the call: at most a batch of packets
 * later. */
void epoch_wait(struct epoch *epoch, struct reader *const *readers, uint32_t count);

#endif
