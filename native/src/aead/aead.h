/*
 * Authenticated encryption behind one table: every algorithm and every way to compute it on some
 * processor is one struct aead_impl. Callers pick one when an SA is installed, never per packet.
 */
#ifndef AEAD_H
#define AEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AEAD_KEY_BYTES   1152
#define AEAD_NONCE_BYTES 12
#define AEAD_TAG_BYTES   16

/* Numbers of IANA's IKEv2 encryption transforms. */
enum aead_cipher { AEAD_AES_GCM_16 = 20 };

/* A key as one implementation expanded it; the layout is that implementation's secret. */
struct aead_key {
	_Alignas(64) uint8_t bytes[AEAD_KEY_BYTES];
};

struct aead_impl {
	/* As `ikectl capabilities` shows it. */
	const char *name;
	enum aead_cipher cipher;
	/* Bits of enum cpu_feature, all of which it needs. */
	uint32_t cpu_needed;
	/* False: no key of this cipher has that many bytes. */
	bool (*init)(struct aead_key *key, const uint8_t *bytes, size_t count);
	/* Encrypts in place. */
	void (*seal)(const struct aead_key *key, const uint8_t nonce[AEAD_NONCE_BYTES],
		const uint8_t *aad, size_t aad_bytes, uint8_t *text, size_t bytes,
		uint8_t tag[AEAD_TAG_BYTES]);
	/* Decrypts in place; false: forged (found in constant time), and the text is zeroed. */
	bool (*open)(const struct aead_key *key, const uint8_t nonce[AEAD_NONCE_BYTES],
		const uint8_t *aad, size_t aad_bytes, uint8_t *text, size_t bytes,
		const uint8_t tag[AEAD_TAG_BYTES]);
};

/* All that this build holds, the fastest first; ends with NULL. */
extern const struct aead_impl *const aead_impls[];

/* The fastest implementation of a cipher that these features can run; NULL: none. */
const struct aead_impl *aead_pick(enum aead_cipher cipher, uint32_t features);

/* In constant time. */
bool aead_tags_equal(const uint8_t *a, const uint8_t *b);

#endif
