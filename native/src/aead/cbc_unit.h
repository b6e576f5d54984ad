/*
 * AES-CBC for processors with an instruction for a round, written once. Beside what aes_unit.h
 * wants, the file that includes it defines:
 *
 *   AES_INVERT(k)                           a round key for the way back (FIPS 197 section 5.3.5)
 *   AES_UNDO(b, k, i) AES_UNDONE(b, k, n)   inverse rounds; AES_BEGIN stands before them too
 */
#include "aes_unit.h"
#include "aes_expand.h"
#include "cbc.h"

/* Blocks that are decrypted side by side, so that the unit is always busy. */
#define WIDE 8

struct __attribute__((may_alias)) unit_key {
	BLOCK round[AES_ROUNDS_MOST + 1];
	BLOCK back[AES_ROUNDS_MOST + 1];
	uint32_t rounds;
};

_Static_assert(sizeof(struct unit_key) <= CBC_KEY_BYTES, "an expanded key fits its place");

static bool unit_init(struct cbc_key *where, const uint8_t *bytes, size_t count)
{
	struct unit_key *key = (struct unit_key *)where->bytes;
	uint8_t keys[AES_KEYS_BYTES];

	if (!aes_expand(keys, &key->rounds, bytes, count))
		return false;
	const uint32_t n = key->rounds;

	for (uint32_t i = 0; i <= n; i++)
		key->round[i] = LOAD(keys + 16 * i);
	key->back[0] = key->round[n];
	for (uint32_t i = 1; i < n; i++)
		key->back[i] = AES_INVERT(key->round[n - i]);
	key->back[n] = key->round[0];
	explicit_bzero(keys, sizeof(keys));
	return true;
}

/* Each block waits for the one before it: there is nothing to do side by side. */
static void unit_encrypt(
	const struct cbc_key *where, const uint8_t *iv, uint8_t *text, size_t bytes)
{
	const struct unit_key *key = (const struct unit_key *)where->bytes;
	BLOCK chain = LOAD(iv);

	for (size_t i = 0; i < bytes; i += 16) {
		chain = encrypt_block(key->round, key->rounds, XOR(chain, LOAD(text + i)));
		STORE(text + i, chain);
	}
}

static void unit_decrypt(
	const struct cbc_key *where, const uint8_t *iv, uint8_t *text, size_t bytes)
{
	const struct unit_key *key = (const struct unit_key *)where->bytes;
	const BLOCK *const back = key->back;
	BLOCK chain = LOAD(iv);

	for (; bytes >= 16 * WIDE; text += 16 * WIDE, bytes -= 16 * WIDE) {
		BLOCK b[WIDE];

#pragma GCC unroll 8
		for (size_t i = 0; i < WIDE; i++) {
			b[i] = LOAD(text + 16 * i);
			b[i] = AES_BEGIN(b[i], back);
		}
		for (uint32_t r = 1; r < key->rounds; r++) {
#pragma GCC unroll 8
			for (size_t i = 0; i < WIDE; i++)
				b[i] = AES_UNDO(b[i], back, r);
		}
#pragma GCC unroll 8
		for (size_t i = 0; i < WIDE; i++) {
			const BLOCK sealed = LOAD(text + 16 * i);

			STORE(text + 16 * i, XOR(AES_UNDONE(b[i], back, key->rounds), chain));
			chain = sealed;
		}
	}
	for (; bytes > 0; text += 16, bytes -= 16) {
		const BLOCK sealed = LOAD(text);
		BLOCK b = AES_BEGIN(sealed, back);

		for (uint32_t r = 1; r < key->rounds; r++)
			b = AES_UNDO(b, back, r);
		STORE(text, XOR(AES_UNDONE(b, back, key->rounds), chain));
		chain = sealed;
	}
}
