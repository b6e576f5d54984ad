#include "replay.h"

#include <string.h>

void replay_begin(struct replay *window, uint64_t top)
{
	window->top = top;
	memset(window->seen, 0xff, sizeof(window->seen));
	/* The word of the next numbers is cleared when the window reaches another, not this one. */
	for (uint64_t next = top + 1; next % 64 != 0; next++)
		window->seen[next / 64 % REPLAY_WORDS] &= ~((uint64_t)1 << (next % 64));
}

/* RFC 4303 appendix A2.2: the number nearest to the window, never one that the window has left. */
uint64_t replay_infer(const struct replay *window, bool esn, uint32_t low)
{
	const uint64_t high = window->top >> 32;
	const uint32_t top_low = (uint32_t)window->top;
	const uint32_t bottom = top_low - (REPLAY_WINDOW - 1);

	if (!esn)
		return low;
	if (top_low >= REPLAY_WINDOW - 1) {
		/* The window lies in one subspace: what is below it belongs to the next. */
		if (low >= bottom)
			return high << 32 | low;
		return high == UINT32_MAX ? 0 : (high + 1) << 32 | low;
	}
	/* The window reaches back into the subspace before, where `bottom` has wrapped. */
	if (low < bottom)
		return high << 32 | low;
	return high == 0 ? 0 : (high - 1) << 32 | low;
}

static uint64_t *word_of(const struct replay *window, uint64_t number)
{
	return (uint64_t *)&window->seen[number / 64 % REPLAY_WORDS];
}

bool replay_allows(const struct replay *window, uint64_t number)
{
	if (number == 0)
		return false;
	if (number > window->top)
		return true;
	if (window->top - number >= REPLAY_WINDOW)
		return false;
	return (*word_of(window, number) >> (number % 64) & 1) == 0;
}

bool replay_note(struct replay *window, uint64_t number)
{
	const bool highest = number > window->top;

	if (highest) {
		uint64_t words = number / 64 - window->top / 64;

		/* Words that come into the window hold bits of long ago. */
		if (words > REPLAY_WORDS)
			words = REPLAY_WORDS;
		for (uint64_t i = 0; i < words; i++)
			*word_of(window, number - 64 * i) = 0;
		window->top = number;
	}
	*word_of(window, number) |= (uint64_t)1 << (number % 64);
	return highest;
}
