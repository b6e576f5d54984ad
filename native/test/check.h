/*
 * The test harness: CHECK() counts and goes on, a test is a function, main() lists them. Prints the
 * file, line and text of what failed; the program's exit status says whether anything did.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Threads of a test check too. */
static atomic_uint checks_done, checks_failed;

#define CHECK(condition) check((condition), __FILE__, __LINE__, #condition)

/* Like CHECK for two numbers, and shows both. */
#define CHECK_EQUAL(actual, expected) \
	check_equal((long long)(actual), (long long)(expected), __FILE__, __LINE__, #actual)

#define RUN(test)               \
	do {                    \
		test();         \
		fflush(stdout); \
	} while (0)

static inline int check(int holds, const char *file, int line, const char *text)
{
	checks_done++;
	if (!holds && ++checks_failed <= 20)
		printf("%s:%d: %s\n", file, line, text);
	return holds;
}

static inline int check_equal(
	long long actual, long long expected, const char *file, int line, const char *text)
{
	const int holds = check(actual == expected, file, line, text);

	if (!holds && checks_failed <= 20)
		printf("    is %lld, should be %lld\n", actual, expected);
	return holds;
}

/* Call at the end of main(): prints the sum and gives the exit status. */
static inline int check_summary(const char *name)
{
	printf("%s: %u checks, %u failed\n", name, checks_done, checks_failed);
	return checks_failed ? 1 : 0;
}

/* A small generator for repeatable «random» test data (xorshift64). */
static inline uint64_t check_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline void check_fill(uint64_t *state, uint8_t *out, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		out[i] = (uint8_t)(check_random(state) >> 32);
}

#endif
