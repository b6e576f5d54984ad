/*
 * What fuzz targets share: an input is a little program, read byte by byte, that ends in zeros;
 * what must hold is EXPECT(), which stops the run where it does not.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer's, and standalone.c's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#define EXPECT(condition) expect((condition), __FILE__, __LINE__, #condition)

static inline void expect(bool holds, const char *file, int line, const char *text)
{
	if (holds)
		return;
	fflush(stdout);
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, text);
	abort();
}

struct input {
	const uint8_t *at;
	size_t left;
};

/* The next `count` ≤ 8 bytes as a number, most significant first. */
static inline uint64_t take_number(struct input *in, int count)
{
	uint64_t number = 0;

	while (count-- > 0) {
		number = number << 8 | (in->left > 0 ? *in->at : 0);
		in->at += in->left > 0;
		in->left -= in->left > 0;
	}
	return number;
}

static inline uint8_t take_byte(struct input *in)
{
	return (uint8_t)take_number(in, 1);
}

/* A copy of the next bytes, of those that there are, in a block of just their size, so that whoever
 * reads beside it is caught. */
static inline uint8_t *take_copy(struct input *in, size_t *count)
{
	if (*count > in->left)
		*count = in->left;
	uint8_t *copy = malloc(*count ? *count : 1);

	EXPECT(copy != NULL);
	if (*count)
		memcpy(copy, in->at, *count);
	in->at += *count;
	in->left -= *count;
	return copy;
}

#endif
