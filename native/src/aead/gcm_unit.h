/*
 * The parts of gcm_common.h for processors with instructions for one AES round and for carry-less
 * multiplication. The file that includes it defines what aes_unit.h wants, and:
 *
 *   SWAP(b)                         the two halves exchanged
 *   UP64(b) DOWN64(b)               shifted by 64 bits to the high half, to the low half
 *   LOW64(b)
 *   COUNTER(b)                      a counter block as it counts, and back
 *   COUNT(c, n) COUNT_FEW(c, n)     n more; few are constants under 8
 *
 * A hash is a sum of products of factors; a factor may be kept in another order than a sum:
 *
 *   REVERSE(b)                      a block as a factor, and back
 *   FACTOR(b)                       a sum as a factor
 *   NUMBER(high, low) NUMBER_LOW(f) NUMBER_HIGH(f)   a factor and its halves
 *   MUL_LOW(f, g) MUL_HIGH(f, g)    carry-less products of the low and of the high halves: sums
 *   MUL_SUM(a, b)                   of the low halves of two sums
 *
 * WIDE is a register of LANES blocks, with the same operations by the names W_…, and:
 *
 *   W_ZERO
 *   W_BROADCAST(b) W_FIRST(b)       in every lane; in the first, zeros in the others
 *   W_COUNT(counter, n)             lane i: the counter plus n + i
 *   W_FOLD(w)                       the lanes added (XOR)
 *   W_AES_…(w, k, i)                one of the round keys k[0…n], which are BLOCKs
 *
 * Where there is none, gcm_narrow.h makes it of BLOCK.
 *
 * The hash is computed as POLYVAL over byte-reversed blocks, with H multiplied by x beforehand
 * (RFC 8452 appendix A): products need no shift then, and sums of products one reduction.
 */
#include <stdbool.h>
#include <string.h>

#include "aes_unit.h"

/* Two groups and the lengths: absorbed at once at the most. */
#define POWERS 17

struct __attribute__((may_alias)) gcm_key {
	BLOCK round[15];
	/* power[i] = H^(17-i); fold[i]: its halves added, for Karatsuba's middle product. */
	BLOCK power[POWERS];
	/* Between the two, so that wide loads of either stay within cache lines. */
	uint32_t rounds;
	BLOCK fold[POWERS];
};

#define GCM_COUNTER BLOCK

/* A sum of products, not reduced: that is done when it becomes a factor. */
struct product {
	BLOCK low, middle, high;
};
#define GCM_HASH struct product

INLINE struct product multiply(BLOCK a, BLOCK b, BLOCK b_fold)
{
	return (struct product){MUL_LOW(a, b), MUL_LOW(XOR(a, SWAP(a)), b_fold), MUL_HIGH(a, b)};
}

INLINE void multiply_add(struct product *sum, BLOCK a, BLOCK b, BLOCK b_fold)
{
	const struct product more = multiply(a, b, b_fold);

	sum->low = XOR(sum->low, more.low);
	sum->middle = XOR(sum->middle, more.middle);
	sum->high = XOR(sum->high, more.high);
}

/* Montgomery reduction by x^128 + x^127 + x^126 + x^121 + 1, 64 bits at a time. */
INLINE BLOCK reduce(struct product sum)
{
	const BLOCK polynomial = PAIR(0, 0xc200000000000000u);
	const BLOCK cross = XOR(sum.middle, XOR(sum.low, sum.high));
	BLOCK low = XOR(sum.low, UP64(cross));
	const BLOCK high = XOR(sum.high, DOWN64(cross));

	low = XOR(SWAP(low), MUL_SUM(low, polynomial));
	low = XOR(SWAP(low), MUL_SUM(low, polynomial));
	return FACTOR(XOR(high, low));
}

INLINE void gcm_round_key(struct gcm_key *key, uint32_t i, const uint8_t *bytes)
{
	key->round[i] = LOAD(bytes);
}

static void gcm_hash_key(struct gcm_key *key)
{
	const BLOCK h = REVERSE(encrypt_block(key->round, key->rounds, PAIR(0, 0)));
	const uint64_t low = NUMBER_LOW(h), high = NUMBER_HIGH(h), carry = 0 - (high >> 63);
	const int last = POWERS - 1;

	key->power[last] = NUMBER(
		(high << 1 | low >> 63) ^ (carry & 0xc200000000000000u), low << 1 ^ (carry & 1));
	for (int i = last; i >= 0; i--) {
		if (i < last)
			key->power[i] = reduce(
				multiply(key->power[i + 1], key->power[last], key->fold[last]));
		key->fold[i] = XOR(key->power[i], SWAP(key->power[i]));
	}
}

/* Through registers, not memory: a load that is wider than the stores before it has to wait. */
INLINE BLOCK load_short(const uint8_t *bytes, size_t n)
{
	uint64_t low = 0, high = 0;

	if (n >= 8) {
		memcpy(&low, bytes, 8);
		memcpy(&high, bytes + n - 8, 8);
		high = n > 8 ? high >> 8 * (16 - n) : 0;
	} else {
		for (size_t i = 0; i < n; i++)
			low |= (uint64_t)bytes[i] << 8 * i;
	}
	return PAIR(high, low);
}

INLINE void gcm_pad(uint8_t *out, const uint8_t *bytes, size_t n)
{
	STORE(out, load_short(bytes, n));
}

INLINE void gcm_put_lengths(uint8_t *out, size_t a, size_t b)
{
	STORE(out, PAIR(__builtin_bswap64(8 * (uint64_t)b), __builtin_bswap64(8 * (uint64_t)a)));
}

INLINE BLOCK gcm_counter(const uint8_t *nonce, uint32_t n)
{
	return COUNT(COUNTER(load_short(nonce, 12)), n);
}

INLINE void gcm_mask(const struct gcm_key *key, BLOCK counter, uint8_t *out)
{
	STORE(out, encrypt_block(key->round, key->rounds, COUNTER(counter)));
}

INLINE void gcm_absorb(
	const struct gcm_key *key, struct product *acc, const uint8_t *bytes, size_t n)
{
	const BLOCK *const power = key->power + POWERS - n, *const fold = key->fold + POWERS - n;
	struct product sum = multiply(XOR(REVERSE(LOAD(bytes)), reduce(*acc)), power[0], fold[0]);

	for (size_t i = 1; i < n; i++)
		multiply_add(&sum, REVERSE(LOAD(bytes + 16 * i)), power[i], fold[i]);
	*acc = sum;
}

/* A sum of products whose lanes are not yet added. */
struct wide_product {
	WIDE low, middle, high;
};

INLINE struct product add_lanes(struct wide_product sum)
{
	return (struct product){W_FOLD(sum.low), W_FOLD(sum.middle), W_FOLD(sum.high)};
}

/* LANES blocks; i: of the first one's power. */
INLINE void multiply_wide(struct wide_product *sum, const struct gcm_key *key, WIDE a, size_t i)
{
	const WIDE power = W_LOAD(&key->power[i]), fold = W_LOAD(&key->fold[i]);

	sum->low = W_XOR(sum->low, W_MUL_LOW(a, power));
	sum->middle = W_XOR(sum->middle, W_MUL_LOW(W_XOR(a, W_SWAP(a)), fold));
	sum->high = W_XOR(sum->high, W_MUL_HIGH(a, power));
}

/* A group, then n blocks, the first LANES at a time; in one sum, which is reduced once. */
static void gcm_absorb_both(const struct gcm_key *key, struct product *acc, const uint8_t *group,
	const uint8_t *bytes, size_t n)
{
	const size_t from = POWERS - n;
	struct wide_product wide = {W_ZERO, W_ZERO, W_ZERO};
	size_t i = 0;

	multiply_wide(&wide, key, W_XOR(W_REVERSE(W_LOAD(group)), W_FIRST(reduce(*acc))), from - 8);
#pragma GCC unroll 8
	for (size_t at = LANES; at < 8; at += LANES)
		multiply_wide(&wide, key, W_REVERSE(W_LOAD(group + 16 * at)), from - 8 + at);
	for (; i + LANES <= n; i += LANES)
		multiply_wide(&wide, key, W_REVERSE(W_LOAD(bytes + 16 * i)), from + i);
	struct product sum = add_lanes(wide);

	for (; i < n; i++)
		multiply_add(&sum, REVERSE(LOAD(bytes + 16 * i)), key->power[from + i],
			key->fold[from + i]);
	*acc = sum;
}

/* LANES of eight blocks, those at number `at`; what was absorbed before them comes in with the
 * first. */
INLINE void absorb_some(struct wide_product *sum, const struct gcm_key *key, const uint8_t *hash,
	uint32_t at, BLOCK before)
{
	WIDE more = W_REVERSE(W_LOAD(hash + 16 * at));

	if (at == 0)
		more = W_XOR(more, W_FIRST(before));
	multiply_wide(sum, key, more, POWERS - 8 + at);
}

/*
 * Eight blocks side by side: an AES round has a latency of several cycles and the unit takes one or
 * two a cycle. Multiplications stand between the rounds, so that both units are always busy. The
 * first blocks are multiplied last: what they are added to is a product that is reduced meanwhile.
 */
INLINE void eight(const struct gcm_key *key, uint32_t rounds, BLOCK *counter, uint8_t *text,
	bool absorbs, const uint8_t *hash, struct product *acc)
{
	const BLOCK *const round = key->round;
	struct wide_product sum = {W_ZERO, W_ZERO, W_ZERO};
	const BLOCK before = absorbs ? reduce(*acc) : PAIR(0, 0);
	WIDE s[8 / LANES];

#pragma GCC unroll 8
	for (uint32_t i = 0; i < 8 / LANES; i++) {
		s[i] = W_COUNTER(W_COUNT(*counter, i * LANES));
		s[i] = W_AES_BEGIN(s[i], round);
	}
	*counter = COUNT(*counter, 8);
#pragma GCC unroll 8
	for (uint32_t r = 1; r <= 8; r++) {
#pragma GCC unroll 8
		for (uint32_t i = 0; i < 8 / LANES; i++)
			s[i] = W_AES_ROUND(s[i], round, r);
		if (absorbs && r <= 8 / LANES)
			absorb_some(&sum, key, hash, LANES * r % 8, before);
	}
	for (uint32_t r = 9; r < rounds; r++) {
#pragma GCC unroll 8
		for (uint32_t i = 0; i < 8 / LANES; i++)
			s[i] = W_AES_ROUND(s[i], round, r);
	}
	if (absorbs)
		*acc = add_lanes(sum);
	const BLOCK last[2] = {round[rounds - 1], round[rounds]};
#pragma GCC unroll 8
	for (uint32_t i = 0; i < 8 / LANES; i++)
		s[i] = W_XOR(W_AES_END(s[i], last, 1), W_LOAD(text + 16 * LANES * i));
#pragma GCC unroll 8
	for (uint32_t i = 0; i < 8 / LANES; i++)
		W_STORE(text + 16 * LANES * i, s[i]);
}

/* The shortest key by itself: where a loop's end is known, what is around it can be mixed with it.
 */
INLINE void eight_of_any(const struct gcm_key *key, BLOCK *counter, uint8_t *text, bool absorbs,
	const uint8_t *hash, struct product *acc)
{
	if (key->rounds == 10)
		eight(key, 10, counter, text, absorbs, hash, acc);
	else
		eight(key, key->rounds, counter, text, absorbs, hash, acc);
}

static void gcm_stream(const struct gcm_key *key, BLOCK *counter, uint8_t *text)
{
	eight_of_any(key, counter, text, false, NULL, NULL);
}

INLINE void gcm_stream_absorb(const struct gcm_key *key, BLOCK *counter, uint8_t *text,
	const uint8_t *hash, struct product *acc)
{
	eight_of_any(key, counter, text, true, hash, acc);
}

INLINE void gcm_finish(struct product acc, const uint8_t *mask, uint8_t *tag)
{
	STORE(tag, XOR(REVERSE(reduce(acc)), LOAD(mask)));
}
