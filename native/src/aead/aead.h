/*
 * Authenticated encryption behind one table: every algorithm of ESP and every way to compute it on
 * some processor is one struct aead_impl. Callers pick one when an SA is installed, never per
 * packet.
 */
#ifndef AEAD_H
#define AEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "esp.h"

#define AEAD_KEY_BYTES 1280
/* Of all algorithms the most. */
#define AEAD_NONCE_BYTES 16
#define AEAD_TAG_BYTES   32
#define AEAD_BLOCK_BYTES 16

/* A key as one implementation expanded it; the layout is that implementation's secret. */
struct aead_key {
	_Alignas(64) uint8_t bytes[AEAD_KEY_BYTES];
};

/* What a packet looks like, in bytes. */
struct aead_shape {
	/* What follows the encryption key and begins each nonce; 0: the IV is all of the nonce. */
	uint8_t salt;
	/* In front of the ciphertext. */
	uint8_t iv;
	/* Texts are whole multiples of it. */
	uint8_t block;
	/* Behind the ciphertext. */
	uint8_t tag;
	/* Of the integrity algorithm's own key. */
	uint8_t integrity_key;
};

/*
 * The additional data is the SPI and the sequence number. With an integrity algorithm beside the
 * cipher the MAC is over its first eight bytes, the IV, the ciphertext, and what is left of it: the
 * high half of an extended sequence number (RFC 4303 section 2.8).
 */
struct aead_impl {
	/* As `ikectl capabilities` shows it. */
	const char *name;
	enum esp_cipher cipher;
	enum esp_integrity integrity;
	/* Bits of enum cpu_feature, all of which it needs. */
	uint32_t cpu_needed;
	const struct aead_shape *shape;
	/*
	 * The encryption key, with the integrity key behind it, as they come from KEYMAT (RFC 7296
	 * section 2.17), without the salt. False: no key of this algorithm has that many bytes.
	 */
	bool (*init)(struct aead_key *key, const uint8_t *bytes, size_t count);
	/* An IV that nobody can foresee (RFC 3602 section 3), another for each number; NULL: it may
	 * be the number itself. */
	void (*iv)(const struct aead_key *key, uint64_t number, uint8_t *iv);
	/* Encrypts in place. */
	void (*seal)(const struct aead_key *key, const uint8_t *nonce, const uint8_t *aad,
		size_t aad_bytes, uint8_t *text, size_t bytes, uint8_t *tag);
	/* Decrypts in place; false: forged (found in constant time), and the text is zeroed. */
	bool (*open)(const struct aead_key *key, const uint8_t *nonce, const uint8_t *aad,
		size_t aad_bytes, uint8_t *text, size_t bytes, const uint8_t *tag);
};

/* All that this build holds; of one algorithm the fastest first; ends with NULL. */
extern const struct aead_impl *const aead_impls[];

/* The fastest implementation of an algorithm that these features can run; NULL: none. */
const struct aead_impl *aead_pick(uint32_t cipher, uint32_t integrity, uint32_t features);

/* In constant time. */
bool aead_tags_equal(const uint8_t *a, const uint8_t *b, size_t bytes);

#endif
