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
 *   gcm_pad(out, bytes, n)            a block of n ≤ 16 bytes, n > 0, and zeros
 *   gcm_put_lengths(out, a, b)        the block of two lengths in bytes
 *   gcm_stream(key, &counter, text)   GCM_WIDE bytes of text ^= key stream
 *   gcm_stream_absorb(…, hash, &acc)  the same, while GCM_WIDE bytes at `hash` are absorbed; the
 *                                   two may be the same bytes, then the ciphertext is absorbed
 *   gcm_absorb(key, &acc, bytes, n)   absorbs n blocks, GCM_BLOCKS + 1 at the most
 *   gcm_absorb_both(key, &acc, group, bytes, n)   GCM_BLOCKS at `group` before them
 *   gcm_finish(acc, mask, tag)        tag = accumulator ^ mask
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
	uint8_t keys[AES_KEYS_BYTES];

	if (!aes_expand(keys, &key->rounds, bytes, count))
		return false;
	for (uint32_t i = 0; i <= key->rounds; i++)
		gcm_round_key(key, i, keys + 16 * i);
	explicit_bzero(keys, sizeof(keys));
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

/*
 * As memcpy(), but without a call, which for few bytes would be most of the time. In pieces that
 * are as wide as what reads them next, since narrower ones would have to reach the cache first; the
 * last bytes once more where they are no piece.
 */
static inline void gcm_copy(uint8_t *to, const uint8_t *from, size_t bytes)
{
	size_t i = 0;

	for (; i + 32 <= bytes; i += 32) {
		memcpy(to + i, from + i, 32);
		/* Else the compiler makes a memcpy() of the loop. */
		__asm__ volatile("" ::: "memory");
	}
	if (i + 16 <= bytes) {
		memcpy(to + i, from + i, 16);
		i += 16;
	}
	if (i == bytes)
		return;
	if (bytes >= 16) {
		memcpy(to + bytes - 16, from + bytes - 16, 16);
		return;
	}
	for (; i < bytes; i++) {
		to[i] = from[i];
		__asm__ volatile("" ::: "memory");
	}
}

/* The additional data, padded with zeros to whole blocks. */
static void gcm_absorb_aad(
	const struct gcm_key *key, GCM_HASH *acc, const uint8_t *aad, size_t bytes)
{
	uint8_t last[16];

	for (; bytes >= 16; aad += 16, bytes -= 16)
		gcm_absorb(key, acc, aad, 1);
	if (bytes == 0)
		return;
	gcm_pad(last, aad, bytes);
	gcm_absorb(key, acc, last, 1);
}

/* What is left behind whole groups: less than GCM_WIDE bytes, with what the hash wants around. */
struct gcm_tail {
	/* The additional data, where it goes together with a short text. */
	uint8_t aad[16];
	/* Then zeros to the end of a block, then the lengths. */
	uint8_t text[GCM_WIDE + 16];
};

/* The ciphertext's end is in the tail: what follows it in the hash is put behind it. */
static inline void gcm_close_tail(struct gcm_tail *tail, size_t aad_bytes, size_t bytes)
{
	const size_t rest = bytes % GCM_WIDE, end = (rest + 15) / 16 * 16;

	memset(tail->text + rest, 0, 16);
	gcm_put_lengths(tail->text + end, aad_bytes, bytes);
}

/* Whether additional data, text and lengths are one group together. */
static inline bool gcm_is_short(size_t aad_bytes, size_t bytes)
{
	return bytes <= GCM_WIDE - 32 && aad_bytes > 0 && aad_bytes <= 16;
}

static inline void gcm_absorb_short(const struct gcm_key *key, GCM_HASH *acc, struct gcm_tail *tail,
	const uint8_t *aad, size_t aad_bytes, size_t bytes)
{
	gcm_pad(tail->aad, aad, aad_bytes);
	gcm_absorb(key, acc, tail->aad, (bytes + 15) / 16 + 2);
}

/* The end of the text and the lengths. */
static inline size_t gcm_tail_blocks(size_t bytes)
{
	return (bytes % GCM_WIDE + 15) / 16 + 1;
}

/* The counter of what is behind whole groups: 1 is the tag's, 2 the first of the text. */
static inline uint32_t gcm_number_behind(size_t groups)
{
	return (uint32_t)(2 + GCM_BLOCKS * groups);
}

/* Each group is absorbed while the next one is encrypted; the tail goes first, because it waits for
 * nothing. */
static void gcm_seal(const struct aead_key *where, const uint8_t *nonce, const uint8_t *aad,
	size_t aad_bytes, uint8_t *text, size_t bytes, uint8_t *tag)
{
	const struct gcm_key *key = (const struct gcm_key *)where->bytes;
	const size_t groups = bytes / GCM_WIDE, rest = bytes % GCM_WIDE;
	_Alignas(32) struct gcm_tail tail;
	_Alignas(16) uint8_t mask[16];
	GCM_HASH acc = {0};

	gcm_mask(key, gcm_counter(nonce, 1), mask);
	if (rest) {
		uint8_t *const end = text + GCM_WIDE * groups;
		GCM_COUNTER counter = gcm_counter(nonce, gcm_number_behind(groups));

		gcm_copy(tail.text, end, rest);
		gcm_stream(key, &counter, tail.text);
		gcm_copy(end, tail.text, rest);
	}
	gcm_close_tail(&tail, aad_bytes, bytes);
	if (gcm_is_short(aad_bytes, bytes)) {
		gcm_absorb_short(key, &acc, &tail, aad, aad_bytes, bytes);
	} else {
		GCM_COUNTER counter = gcm_counter(nonce, 2);

		gcm_absorb_aad(key, &acc, aad, aad_bytes);
		if (groups > 0)
			gcm_stream(key, &counter, text);
		for (size_t i = 1; i < groups; i++, text += GCM_WIDE)
			gcm_stream_absorb(key, &counter, text + GCM_WIDE, text, &acc);
		if (groups > 0)
			gcm_absorb_both(key, &acc, text, tail.text, gcm_tail_blocks(bytes));
		else
			gcm_absorb(key, &acc, tail.text, gcm_tail_blocks(bytes));
	}
	gcm_finish(acc, mask, tag);
}

static bool gcm_open(const struct aead_key *where, const uint8_t *nonce, const uint8_t *aad,
	size_t aad_bytes, uint8_t *text, size_t bytes, const uint8_t *tag)
{
	const struct gcm_key *key = (const struct gcm_key *)where->bytes;
	const size_t groups = bytes / GCM_WIDE, rest = bytes % GCM_WIDE;
	uint8_t *const end = text + GCM_WIDE * groups;
	_Alignas(32) struct gcm_tail tail;
	_Alignas(16) uint8_t mask[16], expected[16];
	GCM_HASH acc = {0};

	gcm_mask(key, gcm_counter(nonce, 1), mask);
	gcm_copy(tail.text, end, rest);
	gcm_close_tail(&tail, aad_bytes, bytes);
	if (gcm_is_short(aad_bytes, bytes)) {
		gcm_absorb_short(key, &acc, &tail, aad, aad_bytes, bytes);
	} else {
		GCM_COUNTER counter = gcm_counter(nonce, 2);

		gcm_absorb_aad(key, &acc, aad, aad_bytes);
		for (uint8_t *at = text; at < end; at += GCM_WIDE)
			gcm_stream_absorb(key, &counter, at, at, &acc);
		gcm_absorb(key, &acc, tail.text, gcm_tail_blocks(bytes));
	}
	if (rest) {
		GCM_COUNTER counter = gcm_counter(nonce, gcm_number_behind(groups));

		gcm_stream(key, &counter, tail.text);
		gcm_copy(end, tail.text, rest);
	}
	gcm_finish(acc, mask, expected);
	if (aead_tags_equal(expected, tag, GCM_TAG))
		return true;
	memset(text, 0, bytes);
	return false;
}

/* RFC 4106 sections 3 and 8.1. */
static const struct aead_shape gcm_shape = {.salt = 4, .iv = 8, .block = 1, .tag = GCM_TAG};
