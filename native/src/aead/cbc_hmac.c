/*
 * AES-CBC with an HMAC behind it (RFC 3602, 2404, 4868): encrypted, then authenticated; what comes
 * in is authenticated before anything of it is decrypted.
 */
#include <string.h>

#include "../cpu.h"
#include "aead.h"
#include "cbc.h"
#include "hmac.h"

struct __attribute__((may_alias)) suite_key {
	struct cbc_key cipher;
	struct hmac_key mac;
	const struct cbc_impl *cbc;
};

_Static_assert(sizeof(struct suite_key) <= AEAD_KEY_BYTES, "an expanded key fits its place");

static bool suite_init(struct aead_key *where, const struct cbc_impl *cbc, const struct hash *hash,
	hash_compress *compress, const uint8_t *bytes, size_t count)
{
	struct suite_key *key = (struct suite_key *)where->bytes;
	/* RFC 4868 section 2.1.1, RFC 2404 section 3: as long as the digest. */
	const size_t mac_bytes = hash->digest;

	if (count < mac_bytes || !cbc->init(&key->cipher, bytes, count - mac_bytes))
		return false;
	key->cbc = cbc;
	hmac_init(&key->mac, hash, compress, bytes + count - mac_bytes, mac_bytes);
	return true;
}

/* NIST SP 800-38A appendix C: the encrypted number of the packet. */
static void suite_iv(const struct aead_key *where, uint64_t number, uint8_t *iv)
{
	static const uint8_t zero[CBC_BLOCK_BYTES];
	const struct suite_key *key = (const struct suite_key *)where->bytes;

	memset(iv, 0, CBC_BLOCK_BYTES);
	for (int i = 0; i < 8; i++)
		iv[15 - i] = (uint8_t)(number >> (8 * i));
	key->cbc->encrypt(&key->cipher, zero, iv, CBC_BLOCK_BYTES);
}

static void authenticate(const struct suite_key *key, const uint8_t *iv, const uint8_t *aad,
	size_t aad_bytes, const uint8_t *text, size_t bytes, uint8_t digest[HASH_DIGEST_BYTES])
{
	/* SPI and the low half of the number, in front of the IV (RFC 4303 section 2.8). */
	const size_t before = aad_bytes < 8 ? aad_bytes : 8;
	struct hmac hmac;

	hmac_begin(&hmac, &key->mac);
	hmac_add(&hmac, aad, before);
	hmac_add(&hmac, iv, CBC_BLOCK_BYTES);
	hmac_add(&hmac, text, bytes);
	hmac_add(&hmac, aad + before, aad_bytes - before);
	hmac_end(&hmac, digest);
}

static inline void seal(const struct aead_key *where, const uint8_t *iv, const uint8_t *aad,
	size_t aad_bytes, uint8_t *text, size_t bytes, uint8_t *tag, size_t tag_bytes)
{
	const struct suite_key *key = (const struct suite_key *)where->bytes;
	uint8_t digest[HASH_DIGEST_BYTES];

	key->cbc->encrypt(&key->cipher, iv, text, bytes);
	authenticate(key, iv, aad, aad_bytes, text, bytes, digest);
	memcpy(tag, digest, tag_bytes);
}

static inline bool open(const struct aead_key *where, const uint8_t *iv, const uint8_t *aad,
	size_t aad_bytes, uint8_t *text, size_t bytes, const uint8_t *tag, size_t tag_bytes)
{
	const struct suite_key *key = (const struct suite_key *)where->bytes;
	uint8_t digest[HASH_DIGEST_BYTES];

	authenticate(key, iv, aad, aad_bytes, text, bytes, digest);
	if (!aead_tags_equal(digest, tag, tag_bytes)) {
		memset(text, 0, bytes);
		return false;
	}
	key->cbc->decrypt(&key->cipher, iv, text, bytes);
	return true;
}

/* What an integrity algorithm makes of CBC, whoever computes it. */
#define INTEGRITY(hash, key_bytes, tag_bytes)                                                    \
	static const struct aead_shape shape_##hash = {                                          \
		.iv = 16, .block = 16, .tag = (tag_bytes), .integrity_key = (key_bytes)};        \
	static void seal_##hash(const struct aead_key *key, const uint8_t *nonce,                \
		const uint8_t *aad, size_t aad_bytes, uint8_t *text, size_t bytes, uint8_t *tag) \
	{                                                                                        \
		seal(key, nonce, aad, aad_bytes, text, bytes, tag, tag_bytes);                   \
	}                                                                                        \
	static bool open_##hash(const struct aead_key *key, const uint8_t *nonce,                \
		const uint8_t *aad, size_t aad_bytes, uint8_t *text, size_t bytes,               \
		const uint8_t *tag)                                                              \
	{                                                                                        \
		return open(key, nonce, aad, aad_bytes, text, bytes, tag, tag_bytes);            \
	}

INTEGRITY(sha1, 20, 12)
INTEGRITY(sha256, 32, 16)
INTEGRITY(sha384, 48, 24)
INTEGRITY(sha512, 64, 32)

/* One of them by these two means. */
#define SUITE(constant, digest, label, number, cbc_, compress_, features)                     \
	static bool init_##constant(struct aead_key *key, const uint8_t *bytes, size_t count) \
	{                                                                                     \
		return suite_init(key, &cbc_, &hash_##digest, compress_, bytes, count);       \
	}                                                                                     \
	const struct aead_impl constant = {                                                   \
		.name = label,                                                                \
		.cipher = ESP_AES_CBC,                                                        \
		.integrity = (number),                                                        \
		.cpu_needed = (features),                                                     \
		.shape = &shape_##digest,                                                     \
		.init = init_##constant,                                                      \
		.iv = suite_iv,                                                               \
		.seal = seal_##digest,                                                        \
		.open = open_##digest,                                                        \
	};

/* clang-format off */
#if defined(__x86_64__)
#define UNIT (CPU_X86_AES | CPU_X86_SSE41)
#define SHA1 (UNIT | CPU_X86_SHA)
#define SHA2 (UNIT | CPU_X86_SHA)
#define UNITS " aes-ni"
#define CBC  cbc_x86
#define SHA(hash) hash##_x86
#elif defined(__aarch64__)
#define UNIT CPU_ARM_AES
#define SHA1 (UNIT | CPU_ARM_SHA1)
#define SHA2 (UNIT | CPU_ARM_SHA2)
#define UNITS " armv8"
#define CBC  cbc_armv8
#define SHA(hash) hash##_armv8
#endif
#ifdef CBC
SUITE(cbc_sha1_units, sha1, "aes-cbc-sha1" UNITS "+sha", ESP_HMAC_SHA1_96, CBC, SHA(sha1), SHA1)
SUITE(cbc_sha256_units, sha256, "aes-cbc-sha256" UNITS "+sha", ESP_HMAC_SHA2_256_128, CBC, SHA(sha256), SHA2)
SUITE(cbc_sha1_unit, sha1, "aes-cbc-sha1" UNITS, ESP_HMAC_SHA1_96, CBC, sha1_soft, UNIT)
SUITE(cbc_sha256_unit, sha256, "aes-cbc-sha256" UNITS, ESP_HMAC_SHA2_256_128, CBC, sha256_soft, UNIT)
SUITE(cbc_sha384_unit, sha384, "aes-cbc-sha384" UNITS, ESP_HMAC_SHA2_384_192, CBC, sha512_soft, UNIT)
SUITE(cbc_sha512_unit, sha512, "aes-cbc-sha512" UNITS, ESP_HMAC_SHA2_512_256, CBC, sha512_soft, UNIT)
#endif
SUITE(cbc_sha1_soft, sha1, "aes-cbc-sha1 portable", ESP_HMAC_SHA1_96, cbc_soft, sha1_soft, 0)
SUITE(cbc_sha256_soft, sha256, "aes-cbc-sha256 portable", ESP_HMAC_SHA2_256_128, cbc_soft, sha256_soft, 0)
SUITE(cbc_sha384_soft, sha384, "aes-cbc-sha384 portable", ESP_HMAC_SHA2_384_192, cbc_soft, sha512_soft, 0)
SUITE(cbc_sha512_soft, sha512, "aes-cbc-sha512 portable", ESP_HMAC_SHA2_512_256, cbc_soft, sha512_soft, 0)
/* clang-format on */
