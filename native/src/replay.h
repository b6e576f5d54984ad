/*
 * Anti-replay: a sliding window over 64-bit sequence numbers, of which 32 bits travel (RFC 4303
 * section 3.4.3, appendix A), kept in a ring of words as RFC 6479 describes. One thread per window.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#define REPLAY_WORDS 32u
/* One word of the ring is always being cleared. */
#define REPLAY_WINDOW (64u * (REPLAY_WORDS - 1))

struct replay {
	/* The highest number that was authenticated; 0: none yet. */
	uint64_t top;
	uint64_t seen[REPLAY_WORDS];
};

/* A window that has seen all numbers up to this one. */
void replay_begin(struct replay *window, uint64_t top);

/* The whole number that these 32 bits stand for; 0: none can be meant. */
uint64_t replay_infer(const struct replay *window, bool esn, uint32_t low);

/* Whether a packet with this number may still be new: before it is authenticated. */
bool replay_allows(const struct replay *window, uint64_t number);

/* Notes a number that was allowed and whose packet has been authenticated; true: it is the highest.
 */
bool replay_note(struct replay *window, uint64_t number);

#endif
