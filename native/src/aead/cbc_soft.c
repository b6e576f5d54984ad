/*
 * AES-CBC for any processor, in constant time. Encrypting goes one block at a time where the planes
 * have room for eight: that is the price of a mode whose blocks wait for each other.
 */
#include "aes_sliced.h"
#include "cbc.h"

#define aes_sub_word sliced_sub_word
#include "aes_expand.h"

struct __attribute__((may_alias)) soft_key {
	struct sliced_key round[AES_ROUNDS_MOST + 1];
	uint32_t rounds;
};

#define WIDE_BYTES (16 * SLICED_BLOCKS)

_Static_assert(sizeof(struct soft_key) <= CBC_KEY_BYTES, "an expanded key fits its place");

static bool soft_init(struct cbc_key *where, const uint8_t *bytes, size_t count)
{
	struct soft_key *key = (struct soft_key *)where->bytes;
	uint8_t keys[AES_KEYS_BYTES];

	if (!aes_expand(keys, &key->rounds, bytes, count))
		return false;
	for (uint32_t i = 0; i <= key->rounds; i++)
		sliced_round_key(&key->round[i], i, keys + 16 * i);
	explicit_bzero(keys, sizeof(keys));
	return true;
}

static void soft_encrypt(
	const struct cbc_key *where, const uint8_t *iv, uint8_t *text, size_t bytes)
{
	const struct soft_key *key = (const struct soft_key *)where->bytes;
	uint8_t blocks[WIDE_BYTES] = {0};

	memcpy(blocks, iv, 16);
	for (size_t at = 0; at < bytes; at += 16) {
		for (size_t i = 0; i < 16; i++)
			blocks[i] ^= text[at + i];
		sliced_encrypt(key->round, key->rounds, blocks);
		memcpy(text + at, blocks, 16);
	}
}

static void soft_decrypt(
	const struct cbc_key *where, const uint8_t *iv, uint8_t *text, size_t bytes)
{
	const struct soft_key *key = (const struct soft_key *)where->bytes;
	/* The ciphertext with what is in front of it. */
	uint8_t sealed[16 + WIDE_BYTES] = {0}, blocks[WIDE_BYTES];

	memcpy(sealed, iv, 16);
	for (size_t at = 0; at < bytes; at += WIDE_BYTES) {
		const size_t count = bytes - at < WIDE_BYTES ? bytes - at : WIDE_BYTES;

		memcpy(sealed + 16, text + at, count);
		memcpy(blocks, sealed + 16, WIDE_BYTES);
		sliced_decrypt(key->round, key->rounds, blocks);
		for (size_t i = 0; i < count; i++)
			text[at + i] = blocks[i] ^ sealed[i];
		memcpy(sealed, sealed + WIDE_BYTES, 16);
	}
}

const struct cbc_impl cbc_soft = {soft_init, soft_encrypt, soft_decrypt};
