/* The replay window, line by line: T(number, accepted). */
#include "check.h"

#include "../src/replay.h"

static struct replay window;
static int line;

/* One packet that is authentic: whether the window takes it. */
static int arrives(uint64_t number)
{
	if (!replay_allows(&window, number))
		return 0;
	replay_note(&window, number);
	return 1;
}

#define T(number, accepted)                                         \
	do {                                                        \
		line++;                                             \
		if (!CHECK(arrives(number) == (accepted)))          \
			printf("    line %d: %s\n", line, #number); \
	} while (0)
#define RESET() memset(&window, 0, sizeof(window)), line = 0

#define W ((uint64_t)REPLAY_WINDOW)

/* Replayed packets, class 21: what the window has left is as good as seen (CVE-2017-7184). */
static void takes_each_number_once_inside_the_window(void)
{
	RESET();
	/*  1 */ T(0, 0);
	/*  2 */ T(1, 1);
	/*  3 */ T(1, 0);
	/*  4 */ T(9, 1);
	/*  5 */ T(8, 1);
	/*  6 */ T(7, 1);
	/*  7 */ T(7, 0);
	/*  8 */ T(9, 0);
	/*  9 */ T(W, 1);
	/* 10 */ T(W - 1, 1);
	/* 11 */ T(W - 1, 0);
	/* 12 */ T(2, 1);
	/* 13 */ T(2, 0);
	/* 14 */ T(W + 16, 1);
	/* 15 */ T(3, 0);
	/* 16 */ T(16, 0);
	/* 17 */ T(17, 1);
	/* 18 */ T(17, 0);
	/* 19 */ T(W * 4, 1);
	/* 20 */ T(W * 4 - (W - 1), 1);
	/* 21 */ T(10, 0);
	/* 22 */ T(W * 4 - W, 0);
	/* 23 */ T(W * 4 - (W + 1), 0);
	/* 24 */ T(W * 4 - (W - 2), 1);
	/* 25 */ T(W * 4 + 1 - W, 0);
	/* 26 */ T(0, 0);
	/* 27 */ T(UINT32_MAX, 1);
	/* 28 */ T(UINT32_MAX - 1, 1);
	/* 29 */ T(UINT32_MAX, 0);
}

static void takes_a_whole_window_backwards(void)
{
	RESET();
	T(W, 1);
	for (uint64_t number = W - 1; number > 0; number--)
		T(number, 1);
	for (uint64_t number = 1; number <= W; number++)
		T(number, 0);
}

static void takes_every_number_once_in_any_order(void)
{
	uint64_t state = 99;
	static uint8_t taken[5000];

	RESET();
	memset(taken, 0, sizeof(taken));
	for (int i = 0; i < 200000; i++) {
		/* Around a position that moves forward, up to a window and a bit behind. */
		const uint64_t number = (uint64_t)(i / 60) + 1 + check_random(&state) % (W / 2);
		const int old = window.top >= number && window.top - number >= W;
		const int fresh = number < sizeof(taken) && !taken[number] && !old;

		if (number >= sizeof(taken))
			continue;
		CHECK(arrives(number) == fresh);
		taken[number] |= (uint8_t)fresh;
	}
}

static void forgets_a_word_before_it_is_used_again(void)
{
	RESET();
	for (uint64_t number = 1; number < 40 * W; number += 61)
		T(number, 1);
	T(40 * W, 1);
	T(80 * W, 1);
	for (uint64_t number = 80 * W - (W - 1); number < 80 * W; number++)
		T(number, 1);
}

static uint64_t infer(uint64_t top, uint32_t low)
{
	const struct replay at = {.top = top};

	return replay_infer(&at, true, low);
}

/* RFC 4303 appendix A2.2, the two cases and their edges. */
static void infers_the_high_half_of_extended_numbers(void)
{
	const uint64_t one = (uint64_t)1 << 32;

	CHECK_EQUAL(infer(0, 1), 1);
	CHECK_EQUAL(infer(5, 6), 6);
	/* A number from before the first packet cannot be meant. */
	CHECK_EQUAL(infer(5, UINT32_MAX), 0);
	/* Case A: the window lies in one subspace. */
	CHECK_EQUAL(infer(5 * W, (uint32_t)(4 * W + 1)), 4 * W + 1);
	CHECK_EQUAL(infer(5 * W, (uint32_t)(4 * W)), one + 4 * W);
	CHECK_EQUAL(infer(one - 1, 0), one);
	CHECK_EQUAL(infer(one - 1, 7), one + 7);
	CHECK_EQUAL(infer(one - 1, UINT32_MAX - 7), one - 8);
	CHECK_EQUAL(infer(W - 1, 0), 0);
	CHECK_EQUAL(infer(W - 1, 1), 1);
	/* Case B: it reaches back into the subspace before. */
	CHECK_EQUAL(infer(one + 3, UINT32_MAX), one - 1);
	CHECK_EQUAL(infer(one + 3, (uint32_t)(3 - (W - 1))), one + 3 - (W - 1));
	CHECK_EQUAL(infer(one + 3, (uint32_t)(3 - W)), 2 * one + 3 - W);
	CHECK_EQUAL(infer(one + 3, 4), one + 4);
	/* The end of all numbers. */
	CHECK_EQUAL(infer(UINT64_MAX, 5), 0);
	CHECK_EQUAL(infer(UINT64_MAX, UINT32_MAX), -1);
}

static void without_esn_the_number_is_what_travels(void)
{
	const struct replay at = {.top = UINT32_MAX};

	CHECK_EQUAL(replay_infer(&at, false, 3), 3);
	CHECK(!replay_allows(&at, 3));
}

/* 2^34 numbers with gaps and disorder: what is inferred is always what was meant. */
static void follows_extended_numbers_over_the_wrap(void)
{
	uint64_t state = 7, number = 1;

	RESET();
	while (number < (uint64_t)1 << 34) {
		const uint64_t back = check_random(&state) % (W / 2);
		const uint64_t meant = number > back ? number - back : number;

		CHECK_EQUAL(replay_infer(&window, true, (uint32_t)meant), meant);
		arrives(meant);
		number += 1 + check_random(&state) % (1u << 20);
		CHECK_EQUAL(replay_infer(&window, true, (uint32_t)number), number);
		arrives(number);
	}
}

/* Whatever the last number was: all up to it are taken, and none behind it. */
static void begins_behind_a_number(void)
{
	for (uint64_t top = 1; top < 4 * W; top += 13) {
		replay_begin(&window, top);
		for (uint64_t back = 0; back < 2 * W && back <= top; back++)
			CHECK(!replay_allows(&window, top - back));
		for (uint64_t i = 200; i > 0; i--)
			CHECK(arrives(top + i));
		for (uint64_t i = 0; i <= 200; i++)
			CHECK(!arrives(top + i));
	}
}

int main(void)
{
	CHECK(REPLAY_WINDOW >= 1024);
	RUN(takes_each_number_once_inside_the_window);
	RUN(begins_behind_a_number);
	RUN(takes_a_whole_window_backwards);
	RUN(takes_every_number_once_in_any_order);
	RUN(forgets_a_word_before_it_is_used_again);
	RUN(infers_the_high_half_of_extended_numbers);
	RUN(without_esn_the_number_is_what_travels);
	RUN(follows_extended_numbers_over_the_wrap);
	return check_summary("replay");
}
