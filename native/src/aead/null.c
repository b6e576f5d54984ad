/* No cipher at all, in the shape of AES-GCM: what everything around the cipher costs. In the
 * library of `make null` alone, which nothing installs. */
#ifdef WITH_NULL_CIPHER
#include <string.h>

#include "aead.h"

#define TAG_BYTES 16

static bool null_init(struct aead_key *key, const uint8_t *bytes, size_t count)
{
	(void)bytes;
	memset(key, 0, sizeof(*key));
	return count == 16 || count == 24 || count == 32;
}

static void null_seal(const struct aead_key *key, const uint8_t *nonce, const uint8_t *aad,
	size_t aad_bytes, uint8_t *text, size_t bytes, uint8_t *tag)
{
	(void)key, (void)nonce, (void)aad, (void)aad_bytes, (void)text, (void)bytes;
	memset(tag, 0, TAG_BYTES);
}

static bool null_open(const struct aead_key *key, const uint8_t *nonce, const uint8_t *aad,
	size_t aad_bytes, uint8_t *text, size_t bytes, const uint8_t *tag)
{
	(void)key, (void)nonce, (void)aad, (void)aad_bytes, (void)text, (void)bytes, (void)tag;
	return true;
}

static const struct aead_shape null_shape = {.salt = 4, .iv = 8, .block = 1, .tag = TAG_BYTES};

const struct aead_impl null_cipher = {
	.name = "NO CIPHER, for measuring",
	.cipher = ESP_AES_GCM_16,
	.shape = &null_shape,
	.init = null_init,
	.seal = null_seal,
	.open = null_open,
};
#endif
