#include "hmac.h"

#include <string.h>

/* One padded block of the key, as the state that every message begins with. */
static void begin_with(
	const struct hmac_key *key, struct hash_state *state, const uint8_t *block, uint8_t pad)
{
	uint8_t padded[HASH_BLOCK_BYTES];

	for (size_t i = 0; i < key->hash->block; i++)
		padded[i] = block[i] ^ pad;
	memset(state, 0, sizeof(*state));
	memcpy(state->bytes, key->hash->initial, key->hash->word == 8 ? 64 : key->hash->digest);
	key->compress(state, padded, 1);
	explicit_bzero(padded, sizeof(padded));
}

void hmac_init(struct hmac_key *key, const struct hash *hash, hash_compress *compress,
	const uint8_t *bytes, size_t count)
{
	uint8_t block[HASH_BLOCK_BYTES] = {0};

	memcpy(block, bytes, count);
	key->hash = hash;
	key->compress = compress;
	begin_with(key, &key->inner, block, 0x36);
	begin_with(key, &key->outer, block, 0x5c);
	explicit_bzero(block, sizeof(block));
}

void hmac_begin(struct hmac *hmac, const struct hmac_key *key)
{
	hmac->key = key;
	hmac->state = key->inner;
	hmac->bytes = 0;
}

void hmac_add(struct hmac *hmac, const uint8_t *bytes, size_t count)
{
	const size_t block = hmac->key->hash->block, used = hmac->bytes % block;

	hmac->bytes += count;
	if (used + count < block) {
		memcpy(hmac->rest + used, bytes, count);
		return;
	}
	if (used > 0) {
		memcpy(hmac->rest + used, bytes, block - used);
		hmac->key->compress(&hmac->state, hmac->rest, 1);
		bytes += block - used;
		count -= block - used;
	}
	if (count >= block)
		hmac->key->compress(&hmac->state, bytes, count / block);
	memcpy(hmac->rest, bytes + count / block * block, count % block);
}

/* Pads as FIPS 180-4 section 5.1 wants, behind the key's block, and writes the digest. */
static void finish(const struct hmac_key *key, struct hash_state *state, uint8_t *rest,
	size_t bytes, uint8_t *digest)
{
	const struct hash *const hash = key->hash;
	const size_t block = hash->block, used = bytes % block;
	const size_t blocks = used + 1 + 2 * hash->word > block ? 2 : 1;
	const uint64_t bits = 8 * (uint64_t)(bytes + block);
	uint8_t padded[2 * HASH_BLOCK_BYTES] = {0};

	memcpy(padded, rest, used);
	padded[used] = 0x80;
	for (size_t i = 0; i < 8; i++)
		padded[blocks * block - 1 - i] = (uint8_t)(bits >> (8 * i));
	key->compress(state, padded, blocks);
	for (size_t i = 0; i < hash->digest; i += hash->word) {
		uint64_t word = 0;
		uint32_t half;

		if (hash->word == 8) {
			memcpy(&word, state->bytes + i, 8);
		} else {
			memcpy(&half, state->bytes + i, 4);
			word = half;
		}
		for (size_t j = 0; j < hash->word; j++)
			digest[i + j] = (uint8_t)(word >> (8 * (hash->word - 1u - j)));
	}
}

void hmac_end(struct hmac *hmac, uint8_t digest[HASH_DIGEST_BYTES])
{
	const struct hmac_key *const key = hmac->key;
	struct hash_state outer = key->outer;
	uint8_t inner[HASH_DIGEST_BYTES];

	finish(key, &hmac->state, hmac->rest, hmac->bytes, inner);
	finish(key, &outer, inner, key->hash->digest, digest);
}
