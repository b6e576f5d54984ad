#include "limit.h"

/* Tells JavaScript once; again with the next packet if the mailbox has no room. */
static void tell(struct worker *worker, struct sa *sa, _Atomic uint32_t *told, enum esp_frame kind)
{
	if (atomic_load_explicit(told, memory_order_relaxed) || atomic_exchange(told, 1))
		return;
	if (!mailbox_child(&worker->engine->mailbox, kind, sa->ref))
		atomic_store(told, 0);
}

bool limit_allows(struct worker *worker, struct sa *sa, uint64_t packets, uint64_t bytes)
{
	if (packets >= sa->soft_packets || bytes >= sa->soft_bytes)
		tell(worker, sa, &sa->soft_told, ESP_FRAME_SOFT_LIMIT);
	if (packets <= sa->hard_packets && bytes < sa->hard_bytes)
		return true;
	tell(worker, sa, &sa->hard_told, ESP_FRAME_HARD_LIMIT);
	return false;
}
