#include "arena.h"

#include <sys/mman.h>

#define TAILROOM 64u
/* Five cache lines more than whole pages, so that the buffers do not all compete for the same cache
 * sets. */
#define STRIDE (ARENA_BYTES + 4096u + 320u)

_Static_assert(ARENA_HEADROOM + ARENA_BYTES + TAILROOM <= STRIDE, "a buffer fits its place");
_Static_assert(ESP_TRAILER_BYTES <= TAILROOM, "what is read can be sealed");

bool arena_open(struct arena *arena)
{
	void *base = mmap(NULL, (size_t)STRIDE * BATCH, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	arena->base = base == MAP_FAILED ? NULL : base;
	return arena->base != NULL;
}

void arena_close(struct arena *arena)
{
	if (arena->base)
		munmap(arena->base, (size_t)STRIDE * BATCH);
	arena->base = NULL;
}

struct packet arena_packet(const struct arena *arena, uint32_t i)
{
	return (struct packet){
		.data = arena->base + (size_t)i * STRIDE + ARENA_HEADROOM,
		.headroom = ARENA_HEADROOM,
		.tailroom = ARENA_BYTES + TAILROOM,
	};
}
