/*
 * AES-GCM for any processor, in constant time: AES in bit planes, and GHASH by integer
 * multiplications of numbers so sparse that no carry reaches a bit that is kept. No table, no
 * branch and no address depends on a secret.
 */
#include "aes_sliced.h"

#include <stddef.h>

struct __attribute__((may_alias)) gcm_key {
	struct sliced_key round[15];
	/* H·x, its halves, their sum, and the same three with their bits in reverse order. */
	uint64_t h[3], mirrored[3];
	uint32_t rounds;
};

/* A field element: 128 bits of the byte-reversed block. */
struct element {
	uint64_t low, high;
};
struct counter {
	uint8_t nonce[12];
	uint32_t n;
};
#define GCM_HASH    struct element
#define GCM_COUNTER struct counter

/*
 * The low 64 bits of the carry-less product. Each factor is cut into four with a bit in four
 * places; at most 16 ones meet in one place, and what carries from there falls on bits that are
 * masked away.
 */
static inline uint64_t multiply_low(uint64_t a, uint64_t b)
{
	const uint64_t mask = 0x1111111111111111;
	uint64_t product = 0;

	for (int k = 0; k < 4; k++) {
		uint64_t sum = 0;

		for (int i = 0; i < 4; i++)
			sum ^= (a & mask << i) * (b & mask << ((k - i) & 3));
		product |= sum & mask << k;
	}
	return product;
}

static inline uint64_t mirror(uint64_t x)
{
	x = (x & 0x5555555555555555) << 1 | (x >> 1 & 0x5555555555555555);
	x = (x & 0x3333333333333333) << 2 | (x >> 2 & 0x3333333333333333);
	x = (x & 0x0f0f0f0f0f0f0f0f) << 4 | (x >> 4 & 0x0f0f0f0f0f0f0f0f);
	return __builtin_bswap64(x);
}

/* x · 0xc200000000000000, added to (high, low): one step of Montgomery's reduction. */
static inline void fold(uint64_t x, uint64_t *low, uint64_t *high)
{
	*low ^= x << 63 ^ x << 62 ^ x << 57;
	*high ^= x ^ x >> 1 ^ x >> 2 ^ x >> 7;
}

/* Karatsuba: three products of 64 bits, their high halves found as low halves of the mirrored. */
static struct element multiply(struct element x, const struct gcm_key *key)
{
	const uint64_t part[3] = {x.low, x.high, x.low ^ x.high};
	uint64_t low[3], high[3], r[4];

	for (int i = 0; i < 3; i++) {
		low[i] = multiply_low(part[i], key->h[i]);
		high[i] = mirror(multiply_low(mirror(part[i]), key->mirrored[i])) >> 1;
	}
	low[2] ^= low[0] ^ low[1];
	high[2] ^= high[0] ^ high[1];
	r[0] = low[0];
	r[1] = high[0] ^ low[2];
	r[2] = low[1] ^ high[2];
	r[3] = high[1];
	fold(r[0], &r[1], &r[2]);
	fold(r[1], &r[2], &r[3]);
	return (struct element){r[2], r[3]};
}

static inline uint64_t load64_big(const uint8_t *p)
{
	uint64_t word = 0;

	for (int i = 0; i < 8; i++)
		word = word << 8 | p[i];
	return word;
}

static void gcm_round_key(struct gcm_key *key, uint32_t i, const uint8_t *bytes)
{
	sliced_round_key(&key->round[i], i, bytes);
}

static uint32_t aes_sub_word(uint32_t word)
{
	return sliced_sub_word(word);
}

static void gcm_hash_key(struct gcm_key *key)
{
	uint8_t blocks[16 * SLICED_BLOCKS] = {0};

	sliced_encrypt(key->round, key->rounds, blocks);
	const uint64_t high = load64_big(blocks), low = load64_big(blocks + 8);
	const uint64_t carry = 0 - (high >> 63);

	key->h[0] = low << 1 ^ (carry & 1);
	key->h[1] = (high << 1 | low >> 63) ^ (carry & 0xc200000000000000);
	key->h[2] = key->h[0] ^ key->h[1];
	for (int i = 0; i < 3; i++)
		key->mirrored[i] = mirror(key->h[i]);
}

static void gcm_pad(uint8_t *out, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < 16; i++)
		out[i] = i < n ? bytes[i] : 0;
}

static void gcm_put_lengths(uint8_t *out, size_t a, size_t b)
{
	for (int i = 0; i < 8; i++) {
		out[i] = (uint8_t)((uint64_t)a * 8 >> (56 - 8 * i));
		out[8 + i] = (uint8_t)((uint64_t)b * 8 >> (56 - 8 * i));
	}
}

static struct counter gcm_counter(const uint8_t *nonce, uint32_t n)
{
	struct counter counter = {.n = n};

	for (int i = 0; i < 12; i++)
		counter.nonce[i] = nonce[i];
	return counter;
}

static void key_stream(const struct gcm_key *key, struct counter *counter, uint8_t *blocks)
{
	for (uint32_t i = 0; i < SLICED_BLOCKS; i++, counter->n++) {
		for (int j = 0; j < 12; j++)
			blocks[16 * i + (uint32_t)j] = counter->nonce[j];
		for (int j = 0; j < 4; j++)
			blocks[16 * i + 12 + (uint32_t)j] = (uint8_t)(counter->n >> (24 - 8 * j));
	}
	sliced_encrypt(key->round, key->rounds, blocks);
}

static void gcm_mask(const struct gcm_key *key, struct counter counter, uint8_t *out)
{
	uint8_t blocks[16 * SLICED_BLOCKS];

	key_stream(key, &counter, blocks);
	for (int i = 0; i < 16; i++)
		out[i] = blocks[i];
}

static void gcm_absorb(
	const struct gcm_key *key, struct element *acc, const uint8_t *bytes, size_t n)
{
	for (; n > 0; n--, bytes += 16) {
		acc->high ^= load64_big(bytes);
		acc->low ^= load64_big(bytes + 8);
		*acc = multiply(*acc, key);
	}
}

static void gcm_absorb_both(const struct gcm_key *key, struct element *acc, const uint8_t *group,
	const uint8_t *bytes, size_t n)
{
	gcm_absorb(key, acc, group, SLICED_BLOCKS);
	gcm_absorb(key, acc, bytes, n);
}

static void gcm_stream(const struct gcm_key *key, struct counter *counter, uint8_t *text)
{
	uint8_t blocks[16 * SLICED_BLOCKS];

	key_stream(key, counter, blocks);
	for (size_t i = 0; i < sizeof(blocks); i++)
		text[i] ^= blocks[i];
}

static void gcm_stream_absorb(const struct gcm_key *key, struct counter *counter, uint8_t *text,
	const uint8_t *hash, struct element *acc)
{
	gcm_absorb(key, acc, hash, SLICED_BLOCKS);
	gcm_stream(key, counter, text);
}

static void gcm_finish(struct element acc, const uint8_t *mask, uint8_t *tag)
{
	for (int i = 0; i < 8; i++) {
		tag[i] = (uint8_t)(acc.high >> (56 - 8 * i)) ^ mask[i];
		tag[8 + i] = (uint8_t)(acc.low >> (56 - 8 * i)) ^ mask[8 + i];
	}
}

#include "gcm_common.h"

const struct aead_impl gcm_soft = {
	.name = "aes-gcm portable",
	.cipher = ESP_AES_GCM_16,
	.cpu_needed = 0,
	.shape = &gcm_shape,
	.init = gcm_init,
	.seal = gcm_seal,
	.open = gcm_open,
};
