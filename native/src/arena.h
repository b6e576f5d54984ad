/* A worker's packet buffers: room for the largest datagram each, only touched pages take memory. */
#ifndef ARENA_H
#define ARENA_H

#include <stdbool.h>

#include "packet.h"

#define BATCH          64u
#define ARENA_HEADROOM 128u
#define ARENA_BYTES    65536u

struct arena {
	uint8_t *base;
};

bool arena_open(struct arena *arena);
void arena_close(struct arena *arena);
/* Buffer i < BATCH, empty: `bytes` is 0, `tailroom` what may be read into it and a trailer more. */
struct packet arena_packet(const struct arena *arena, uint32_t i);

#endif
