/* SHA-1 and SHA-2 for any processor; no branch and no address depends on what is hashed. */
#include <string.h>

#include "hash.h"

static inline uint32_t load32_big(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t load64_big(const uint8_t *p)
{
	return (uint64_t)load32_big(p) << 32 | load32_big(p + 4);
}

static inline uint32_t rotate_left(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

/* FIPS 180-4 section 6.1.2. */
void sha1_soft(struct hash_state *state, const uint8_t *blocks, size_t count)
{
	uint32_t h[5], w[80];

	memcpy(h, state->bytes, sizeof(h));
	for (; count > 0; count--, blocks += 64) {
		uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

		for (int i = 0; i < 16; i++)
			w[i] = load32_big(blocks + 4 * i);
#pragma GCC unroll 64
		for (int i = 16; i < 80; i++)
			w[i] = rotate_left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
#define ROUNDS(first, f, constant)                                                          \
	_Pragma("GCC unroll 20") for (int i = (first); i < (first) + 20; i++)               \
	{                                                                                   \
		const uint32_t t = rotate_left(a, 5) + (f) + e + UINT32_C(constant) + w[i]; \
		e = d;                                                                      \
		d = c;                                                                      \
		c = rotate_left(b, 30);                                                     \
		b = a;                                                                      \
		a = t;                                                                      \
	}
		ROUNDS(0, d ^ (b & (c ^ d)), 0x5a827999)
		ROUNDS(20, b ^ c ^ d, 0x6ed9eba1)
		ROUNDS(40, (b & c) | (d & (b | c)), 0x8f1bbcdc)
		ROUNDS(60, b ^ c ^ d, 0xca62c1d6)
#undef ROUNDS
		h[0] += a;
		h[1] += b;
		h[2] += c;
		h[3] += d;
		h[4] += e;
	}
	memcpy(state->bytes, h, sizeof(h));
}

#define COMPRESS  sha256_soft
#define WORD      uint32_t
#define ROUNDS    64
#define CONSTANTS sha256_constants
#define LOAD_BIG  load32_big
#define SUM0      2, 13, 22
#define SUM1      6, 11, 25
#define SIGMA0    7, 18, 3
#define SIGMA1    17, 19, 10
#include "sha2_rounds.h"

#define COMPRESS  sha512_soft
#define WORD      uint64_t
#define ROUNDS    80
#define CONSTANTS sha512_constants
#define LOAD_BIG  load64_big
#define SUM0      28, 34, 39
#define SUM1      14, 18, 41
#define SIGMA0    1, 8, 7
#define SIGMA1    19, 61, 6
#include "sha2_rounds.h"
