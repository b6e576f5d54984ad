/* HMAC (RFC 2104) over pieces, with both of the key's blocks compressed beforehand. */
#ifndef HMAC_H
#define HMAC_H

#include "hash.h"

struct hmac_key {
	struct hash_state inner, outer;
	const struct hash *hash;
	hash_compress *compress;
};

struct hmac {
	const struct hmac_key *key;
	struct hash_state state;
	size_t bytes;
	/* What does not fill a block yet. */
	uint8_t rest[HASH_BLOCK_BYTES];
};

/* `count` is at most a block of the hash. */
void hmac_init(struct hmac_key *key, const struct hash *hash, hash_compress *compress,
	const uint8_t *bytes, size_t count);

void hmac_begin(struct hmac *hmac, const struct hmac_key *key);
void hmac_add(struct hmac *hmac, const uint8_t *bytes, size_t count);
/* The whole digest. */
void hmac_end(struct hmac *hmac, uint8_t digest[HASH_DIGEST_BYTES]);

#endif
