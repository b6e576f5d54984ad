/* AES-CBC (RFC 3602): the cipher alone, by whatever the processor has. cbc_hmac.c makes it
 * authentic.
 */
#ifndef CBC_H
#define CBC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CBC_KEY_BYTES   1024
#define CBC_BLOCK_BYTES 16

struct cbc_key {
	_Alignas(64) uint8_t bytes[CBC_KEY_BYTES];
};

struct cbc_impl {
	/* False: AES has no key of so many bytes. */
	bool (*init)(struct cbc_key *key, const uint8_t *bytes, size_t count);
	/* In place; whole blocks. */
	void (*encrypt)(const struct cbc_key *key, const uint8_t *iv, uint8_t *text, size_t bytes);
	void (*decrypt)(const struct cbc_key *key, const uint8_t *iv, uint8_t *text, size_t bytes);
};

extern const struct cbc_impl cbc_soft, cbc_x86, cbc_armv8;

#endif
