#include "epoch.h"

#include <sched.h>

void epoch_wait(struct epoch *epoch, struct reader *const *readers, uint32_t count)
{
	const uint64_t next = atomic_fetch_add(&epoch->now, 1) + 1;

	for (uint32_t i = 0; i < count; i++) {
		for (;;) {
			const uint64_t since = atomic_load(&readers[i]->since);

			if (since == 0 || since >= next)
				break;
			sched_yield();
		}
	}
}
