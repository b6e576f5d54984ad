/*
 * Counters with one writer each or few: every worker has its own set, so that no cache line is
 * shared, and the sum is taken when somebody asks.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdatomic.h>

#include "esp.h"

struct counters {
	_Alignas(64) _Atomic uint64_t value[ESP_COUNTER_COUNT];
};

/* Only the thread that owns the set. */
static inline void counter_add(struct counters *set, enum esp_counter which, uint64_t n)
{
	const uint64_t value = atomic_load_explicit(&set->value[which], memory_order_relaxed);

	atomic_store_explicit(&set->value[which], value + n, memory_order_relaxed);
}

/* Any thread. */
static inline void counter_add_shared(struct counters *set, enum esp_counter which, uint64_t n)
{
	atomic_fetch_add_explicit(&set->value[which], n, memory_order_relaxed);
}

static inline uint64_t counter_read(const struct counters *set, uint32_t which)
{
	return atomic_load_explicit(&set->value[which], memory_order_relaxed);
}

#endif
