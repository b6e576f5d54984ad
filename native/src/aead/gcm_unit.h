/*
 * The parts of gcm_common.h for processors with instructions for one AES round and for carry-less
 * multiplication. The file that includes it defines what aes_unit.h wants, and:
 *
 *   REVERSE(b)                      the sixteen bytes in reverse order
 *   SWAP(b)                         the two halves exchanged
 *   UP64(b) DOWN64(b)               shifted by 64 bits to the high half, to the low half
 *   ADD32(b, n)                     adds to the lowest 32 bits
 *   HIGH64(b)
 *   MUL_LOW(a, b) MUL_HIGH(a, b)    carry-less products of the low and of the high halves
 *
 * The hash is computed as POLYVAL over byte-reversed blocks, with H multiplied by x beforehand
 * (RFC 8452 appendix A): products need no shift then, and sums of products one reduction.
 */
#include "aes_unit.h"

struct __attribute__((may_alias)) gcm_key {
	BLOCK round[15];
	/* power[i] = H^(i+1); fold[i]: its halves added, for Karatsuba's middle product. */
	BLOCK power[8];
	BLOCK fold[8];
	uint32_t rounds;
};

#define GCM_HASH    BLOCK
#define GCM_COUNTER BLOCK

/* A sum of products, not reduced. */
struct product {
	BLOCK low, middle, high;
};

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

	low = XOR(SWAP(low), MUL_LOW(low, polynomial));
	low = XOR(SWAP(low), MUL_LOW(low, polynomial));
	return XOR(high, low);
}

INLINE void gcm_round_key(struct gcm_key *key, uint32_t i, const uint8_t *bytes)
{
	key->round[i] = LOAD(bytes);
}

static void gcm_hash_key(struct gcm_key *key)
{
	const BLOCK h = REVERSE(encrypt_block(key->round, key->rounds, PAIR(0, 0)));
	const uint64_t low = LOW64(h), high = HIGH64(h), carry = 0 - (high >> 63);

	key->power[0] = PAIR(
		(high << 1 | low >> 63) ^ (carry & 0xc200000000000000u), low << 1 ^ (carry & 1));
	for (int i = 0; i < 8; i++) {
		if (i > 0)
			key->power[i] =
				reduce(multiply(key->power[i - 1], key->power[0], key->fold[0]));
		key->fold[i] = XOR(key->power[i], SWAP(key->power[i]));
	}
}

/* Kept byte-reversed, so that the number is a little-endian lane. */
INLINE BLOCK gcm_counter(const uint8_t *nonce, uint32_t n)
{
	uint8_t block[16] = {0};

	for (int i = 0; i < 12; i++)
		block[i] = nonce[i];
	return ADD32(REVERSE(LOAD(block)), n);
}

INLINE void gcm_mask(const struct gcm_key *key, BLOCK counter, uint8_t *out)
{
	STORE(out, encrypt_block(key->round, key->rounds, REVERSE(counter)));
}

INLINE void gcm_absorb(const struct gcm_key *key, BLOCK *acc, const uint8_t *bytes, size_t n)
{
	struct product sum =
		multiply(XOR(REVERSE(LOAD(bytes)), *acc), key->power[n - 1], key->fold[n - 1]);

	for (size_t i = 1; i < n; i++)
		multiply_add(&sum, REVERSE(LOAD(bytes + 16 * i)), key->power[n - 1 - i],
			key->fold[n - 1 - i]);
	*acc = reduce(sum);
}

/*
 * Eight blocks side by side: an AES round has a latency of several cycles and the unit takes one or
 * two a cycle. One multiplication stands between two rounds, so that both units are always busy.
 */
INLINE void eight(
	const struct gcm_key *key, BLOCK *counter, uint8_t *text, const uint8_t *hash, BLOCK *acc)
{
	const BLOCK *const round = key->round;
	struct product sum = {PAIR(0, 0), PAIR(0, 0), PAIR(0, 0)};
	BLOCK s[8];

#pragma GCC unroll 8
	for (uint32_t i = 0; i < 8; i++) {
		s[i] = REVERSE(ADD32(*counter, i));
		s[i] = AES_BEGIN(s[i], round);
	}
	*counter = ADD32(*counter, 8);
#pragma GCC unroll 8
	for (uint32_t r = 1; r <= 8; r++) {
#pragma GCC unroll 8
		for (uint32_t i = 0; i < 8; i++)
			s[i] = AES_ROUND(s[i], round, r);
		if (hash) {
			const BLOCK more = REVERSE(LOAD(hash + 16 * (r - 1)));

			multiply_add(&sum, r == 1 ? XOR(more, *acc) : more, key->power[8 - r],
				key->fold[8 - r]);
		}
	}
	for (uint32_t r = 9; r < key->rounds; r++) {
#pragma GCC unroll 8
		for (uint32_t i = 0; i < 8; i++)
			s[i] = AES_ROUND(s[i], round, r);
	}
	if (hash)
		*acc = reduce(sum);
#pragma GCC unroll 8
	for (uint32_t i = 0; i < 8; i++) {
		s[i] = AES_END(s[i], round, key->rounds);
		STORE(text + 16 * i, XOR(LOAD(text + 16 * i), s[i]));
	}
}

static void gcm_stream(const struct gcm_key *key, BLOCK *counter, uint8_t *text)
{
	eight(key, counter, text, NULL, NULL);
}

static void gcm_stream_absorb(
	const struct gcm_key *key, BLOCK *counter, uint8_t *text, const uint8_t *hash, BLOCK *acc)
{
	eight(key, counter, text, hash, acc);
}

INLINE void gcm_finish(BLOCK acc, const uint8_t *mask, uint8_t *tag)
{
	STORE(tag, XOR(REVERSE(acc), LOAD(mask)));
}
