/*
 * Poly1305 (RFC 8439 section 2.5). With POLY_LANES defined, long texts go through that many lanes:
 * each takes every POLY_LANES-th block and multiplies by that power of r. Then it is also defined:
 *
 *   POLY_WIDE POLY_FACTOR POLY_NARROW POLY_MULTIPLY   as poly1305_multiply.h wants them
 *   POLY_ORDER                        which block of a group is in each lane; the first in lane 0
 *   POLY_LOAD(bytes, low, high)       the halves of the blocks, in that order
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "little.h"

#define NAME(x)        one_##x
#define WIDE           uint64_t
#define FACTOR         uint32_t
#define NARROW(w)      (uint32_t)(w)
#define MULTIPLY(a, b) ((uint64_t)(a) * (b))
#include "poly1305_multiply.h"

struct poly {
	uint64_t h[5];
	struct one_factor r;
	uint8_t pad[16];
};

#define POLY_TOP (1u << 24)

/* Fewer than eight bytes. */
static inline uint64_t load_little(const uint8_t *p, size_t bytes)
{
	uint64_t word = 0;

	for (size_t i = 0; i < bytes; i++)
		word |= (uint64_t)p[i] << (8 * i);
	return word;
}

/* Cuts 128 bits, given as halves, into limbs: `limb` of five with index i. */
#define POLY_CUT(low, high, mask, i)                               \
	((i) == 0          ? (low) & (mask)                        \
		: (i) == 1 ? (low) >> 26 & (mask)                  \
		: (i) == 2 ? ((low) >> 52 | (high) << 12) & (mask) \
		: (i) == 3 ? (high) >> 14 & (mask)                 \
			   : (high) >> 40)

static void poly_factor(struct one_factor *factor, const uint64_t h[5])
{
	for (int i = 0; i < 5; i++) {
		factor->limb[i] = (uint32_t)h[i];
		factor->five[i] = (uint32_t)(5 * h[i]);
	}
}

static void poly_begin(struct poly *poly, const uint8_t key[32])
{
	const uint64_t low = load64_little(key) & 0x0ffffffc0fffffff;
	const uint64_t high = load64_little(key + 8) & 0x0ffffffc0ffffffc;
	uint64_t r[5];

	for (int i = 0; i < 5; i++) {
		r[i] = POLY_CUT(low, high, 0x3ffffffu, i);
		poly->h[i] = 0;
	}
	poly_factor(&poly->r, r);
	memcpy(poly->pad, key + 16, 16);
}

/* One block, given as its halves. */
static inline void poly_words(struct poly *poly, uint64_t low, uint64_t high)
{
#pragma GCC unroll 5
	for (int i = 0; i < 5; i++)
		poly->h[i] += POLY_CUT(low, high, 0x3ffffffu, i);
	poly->h[4] += POLY_TOP;
	one_multiply(poly->h, &poly->r);
}

#ifdef POLY_LANES
#define NAME(x)  many_##x
#define WIDE     POLY_WIDE
#define FACTOR   POLY_FACTOR
#define NARROW   POLY_NARROW
#define MULTIPLY POLY_MULTIPLY
#include "poly1305_multiply.h"

/* The same power for every lane. */
static inline void poly_spread(struct many_factor *factor, const struct one_factor *power)
{
	for (int i = 0; i < 5; i++) {
		factor->limb[i] = POLY_NARROW((POLY_WIDE){0} + power->limb[i]);
		factor->five[i] = POLY_NARROW((POLY_WIDE){0} + power->five[i]);
	}
}

/* The lowest power for the last block of a group. */
static inline void poly_stagger(
	struct many_factor *factor, const struct one_factor powers[POLY_LANES])
{
	static const int order[POLY_LANES] = POLY_ORDER;

	for (int i = 0; i < 5; i++) {
		POLY_WIDE limb = {0}, five = {0};

		for (int lane = 0; lane < POLY_LANES; lane++) {
			limb[lane] = powers[POLY_LANES - 1 - order[lane]].limb[i];
			five[lane] = powers[POLY_LANES - 1 - order[lane]].five[i];
		}
		factor->limb[i] = POLY_NARROW(limb);
		factor->five[i] = POLY_NARROW(five);
	}
}

static void poly_groups(struct poly *poly, const uint8_t *bytes, size_t groups)
{
	const POLY_WIDE mask = (POLY_WIDE){0} + 0x3ffffff;
	struct one_factor powers[POLY_LANES];
	struct many_factor step, last;
	uint64_t power[5];
	POLY_WIDE h[5];

	powers[0] = poly->r;
	for (int i = 0; i < 5; i++) {
		power[i] = poly->r.limb[i];
		h[i] = (POLY_WIDE){0};
		h[i][0] = poly->h[i];
	}
	for (int i = 1; i < POLY_LANES; i++) {
		one_multiply(power, &poly->r);
		poly_factor(&powers[i], power);
	}
	poly_spread(&step, &powers[POLY_LANES - 1]);
	poly_stagger(&last, powers);
	for (; groups > 0; groups--, bytes += 16 * POLY_LANES) {
		POLY_WIDE low, high;

		POLY_LOAD(bytes, low, high);
#pragma GCC unroll 5
		for (int i = 0; i < 5; i++)
			h[i] += POLY_CUT(low, high, mask, i);
		h[4] += POLY_TOP;
		if (groups > 1)
			many_multiply(h, &step);
		else
			many_multiply(h, &last);
	}
	for (int i = 0; i < 5; i++) {
		poly->h[i] = 0;
		for (int lane = 0; lane < POLY_LANES; lane++)
			poly->h[i] += h[i][lane];
	}
	one_carry(poly->h);
}
#endif

/* Takes bytes, filled up with zeros to whole blocks. */
static void poly_add(struct poly *poly, const uint8_t *bytes, size_t count)
{
#ifdef POLY_LANES
	/* Fewer are not worth the powers of r. */
	if (count >= 16 * 3 * POLY_LANES) {
		const size_t groups = count / (16 * POLY_LANES);

		poly_groups(poly, bytes, groups);
		bytes += groups * 16 * POLY_LANES;
		count -= groups * 16 * POLY_LANES;
	}
#endif
	for (; count >= 16; bytes += 16, count -= 16)
		poly_words(poly, load64_little(bytes), load64_little(bytes + 8));
	if (count >= 8)
		poly_words(poly, load64_little(bytes), load_little(bytes + 8, count - 8));
	else if (count > 0)
		poly_words(poly, load_little(bytes, count), 0);
}

/* h modulo 2^130 − 5, plus the pad, modulo 2^128. */
static void poly_end(struct poly *poly, uint8_t tag[16])
{
	uint64_t *const h = poly->h, g[5], carry = 5, sum = 0;

	/* Below 2^130 + a little; a second round leaves each limb below 2^26. */
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 4; i++) {
			h[i + 1] += h[i] >> 26;
			h[i] &= 0x3ffffff;
		}
		h[0] += 5 * (h[4] >> 26);
		h[4] &= 0x3ffffff;
	}
	h[1] += h[0] >> 26;
	h[0] &= 0x3ffffff;
	/* h + 5 reaches 2^130 exactly where h is not below the modulus. */
	for (int i = 0; i < 5; i++) {
		carry += h[i];
		g[i] = carry & 0x3ffffff;
		carry >>= 26;
	}
	const uint64_t take = 0 - carry;

	for (int i = 0; i < 5; i++)
		h[i] = (g[i] & take) | (h[i] & ~take);
	const uint64_t words[4] = {h[0] | h[1] << 26, h[1] >> 6 | h[2] << 20,
		h[2] >> 12 | h[3] << 14, h[3] >> 18 | h[4] << 8};

	for (int i = 0; i < 4; i++) {
		sum += (words[i] & 0xffffffff) +
		       (load64_little(poly->pad + 8 * (i / 2)) >> (32 * (i % 2)) & 0xffffffff);
		for (int j = 0; j < 4; j++)
			tag[4 * i + j] = (uint8_t)(sum >> (8 * j));
		sum >>= 32;
	}
}
