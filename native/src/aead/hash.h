/* The hash functions under ESP's HMACs (FIPS 180-4): compression by whatever the processor has. */
#ifndef HASH_H
#define HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_BLOCK_BYTES  128
#define HASH_DIGEST_BYTES 64

/* Up to eight words in the processor's order. */
struct hash_state {
	_Alignas(16) uint8_t bytes[HASH_DIGEST_BYTES];
};

/* Takes whole blocks. */
typedef void hash_compress(struct hash_state *state, const uint8_t *blocks, size_t count);

/* In bytes. */
struct hash {
	uint8_t block;
	uint8_t digest;
	/* 4 or 8; lengths take two. */
	uint8_t word;
	/* Five words of four bytes, eight of four, or eight of eight. */
	const void *initial;
};

extern const struct hash hash_sha1, hash_sha256, hash_sha384, hash_sha512;

/* FIPS 180-4 sections 4.2.2 and 4.2.3. */
extern const uint32_t sha256_constants[64];
extern const uint64_t sha512_constants[80];

hash_compress sha1_soft, sha256_soft, sha512_soft;
hash_compress sha1_x86, sha256_x86, sha1_armv8, sha256_armv8;

#endif
