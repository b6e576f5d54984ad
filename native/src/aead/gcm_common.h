/*
 * AES-GCM with 96-bit nonces and 128-bit tags (NIST SP 800-38D, RFC 4106), written once. The file
 * that includes it has defined how its processor does the parts:
 *
 *   struct gcm_key                    round keys, powers of the hash key; may_alias
 *   GCM_HASH, GCM_COUNTER             an accumulator of the hash; the next counter block
 *   gcm_round_key(key, i, bytes)      stores round key i
 *   aes_sub_word(word)                the S-box on four bytes
 *   gcm_hash_key(key)                 derives the powers of H = AES(0)
 *   gcm_counter(nonce, n)             the counter block with number n
 *   gcm_mask(key, counter, out)       encrypts one counter block
 *   gcm_stream(key, &counter, text)   GCM_WIDE bytes of text ^= key stream
 *   gcm_stream_absorb(…, hash, &acc)  the same, while GCM_WIDE bytes at `hash` are absorbed; the
 * two may be the same bytes, then what is absorbed is the ciphertext gcm_absorb(key, acc, bytes, n)
 * absorbs n blocks, at most GCM_BLOCKS of them gcm_finish(acc, mask, tag)        tag = accumulator
 * ^ mask
 */
#include <string.h>

#include "aead.h"
#include "aes_expand.h"

#define GCM_BLOCKS 8
#define GCM_WIDE   (16 * GCM_BLOCKS)
#define GCM_TAG    16

_Static_assert(sizeof(struct gcm_key) <= AEAD_KEY_BYTES, "an expanded key fits its place");

static bool gcm_expand(struct gcm_key *key, const uint8_t *bytes, size_t count)
{
	uint32_t words[4 * (AES_ROUNDS_MOST + 1)];

	if (!aes_expand(words, &key->rounds, bytes, count))
		return false;
	for (uint32_t i = 0; i <= key->rounds; i++)
		gcm_round_key(key, i, (const uint8_t *)&words[4 * i]);
	explicit_bzero(words, sizeof(words));
	return true;
}

static bool gcm_init(struct aead_key *where, const uint8_t *bytes, size_t count)
{
	struct gcm_key *key = (struct gcm_key *)where->bytes;

	if (!gcm_expand(key, bytes, count))
		return false;
	gcm_hash_key(key);
	return true;
}

static void gcm_put_bits(uint8_t *out, size_t bytes)
{
	const uint64_t bits = (uint64_t)bytes * 8;

	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(bits >> (56 - 8 * i));
}

/* The additional data, padded with zeros to whole blocks. */
static void gcm_absorb_aad(
	const struct gcm_key *key, GCM_HASH *acc, const uint8_t *aad, size_t bytes)
{
	uint8_t last[16] = {0};

	for (; bytes >= 16; aad += 16, bytes -= 16)
		gcm_absorb(key, acc, aad, 1);
	if (bytes == 0)
		return;
	memcpy(last, aad, bytes);
	gcm_absorb(key, acc, last, 1);
}

/*
 * Absorbs what is left of the ciphertext (less than GCM_WIDE bytes, zeros behind them) and the
 * block of lengths, which is written behind.
 */
static void gcm_absorb_tail(const struct gcm_key *key, GCM_HASH *acc, uint8_t tail[GCM_WIDE + 16],
	size_t rest, size_t aad_bytes, size_t bytes)
{
	const size_t blocks = (rest + 15) / 16;

	gcm_put_bits(tail + 16 * blocks, aad_bytes);
	gcm_put_bits(tail + 16 * blocks + 8, bytes);
	if (blocks < GCM_BLOCKS) {
		gcm_absorb(key, acc, tail, blocks + 1);
	} else {
		gcm_absorb(key, acc, tail, GCM_BLOCKS);
		gcm_absorb(key, acc, tail + GCM_WIDE, 1);
	}
}

/* Each group is absorbed while the next one is encrypted. */
static void gcm_seal(const struct aead_key *where, const uint8_t *nonce, const uint8_t *aad,
	size_t aad_bytes, uint8_t *text, size_t bytes, uint8_t *tag)
{
	const struct gcm_key *key = (const struct gcm_key *)where->bytes;
	_Alignas(16) uint8_t tail[GCM_WIDE + 16] = {0}, mask[16];
	GCM_COUNTER counter = gcm_counter(nonce, 2);
	GCM_HASH acc = {0};
	const uint8_t *behind = NULL;
	const size_t rest = bytes % GCM_WIDE;
	uint8_t *const end = text + (bytes - rest);

	gcm_mask(key, gcm_counter(nonce, 1), mask);
	gcm_absorb_aad(key, &acc, aad, aad_bytes);
	for (; text < end; behind = text, text += GCM_WIDE) {
		if (behind)
			gcm_stream_absorb(key, &counter, text, behind, &acc);
		else
			gcm_stream(key, &counter, text);
	}
	memcpy(tail, text, rest);
	if (behind && rest)
		gcm_stream_absorb(key, &counter, tail, behind, &acc);
	else if (behind)
		gcm_absorb(key, &acc, behind, GCM_BLOCKS);
	else if (rest)
		gcm_stream(key, &counter, tail);
	memcpy(text, tail, rest);
	memset(tail + rest, 0, sizeof(tail) - rest);
	gcm_absorb_tail(key, &acc, tail, rest, aad_bytes, bytes);
	gcm_finish(acc, mask, tag);
}

static bool gcm_open(const struct aead_key *where, const uint8_t *nonce, const uint8_t *aad,
	size_t aad_bytes, uint8_t *text, size_t bytes, const uint8_t *tag)
{
	const struct gcm_key *key = (const struct gcm_key *)where->bytes;
	_Alignas(16) uint8_t tail[GCM_WIDE + 16] = {0}, mask[16], expected[16];
	GCM_COUNTER counter = gcm_counter(nonce, 2);
	GCM_HASH acc = {0};
	const size_t rest = bytes % GCM_WIDE;
	uint8_t *const start = text, *const end = text + (bytes - rest);

	gcm_mask(key, gcm_counter(nonce, 1), mask);
	gcm_absorb_aad(key, &acc, aad, aad_bytes);
	for (; text < end; text += GCM_WIDE)
		gcm_stream_absorb(key, &counter, text, text, &acc);
	memcpy(tail, text, rest);
	gcm_absorb_tail(key, &acc, tail, rest, aad_bytes, bytes);
	if (rest)
		gcm_stream(key, &counter, tail);
	memcpy(text, tail, rest);
	gcm_finish(acc, mask, expected);
	if (aead_tags_equal(expected, tag, GCM_TAG))
		return true;
	memset(start, 0, bytes);
	return false;
}

/* RFC 4106 sections 3 and 8.1. */
static const struct aead_shape gcm_shape = {.salt = 4, .iv = 8, .block = 1, .tag = GCM_TAG};
