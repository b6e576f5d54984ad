/*
 * Random packets, sealed by every implementation and by OpenSSL, which no one here wrote: keys,
 * texts and additional data of any length. AGREE_PACKETS says how many; SEED another beginning.
 */
#include "check.h"

#include <stdlib.h>

#include "../src/aead/aead.h"
#include "../src/cpu.h"

#ifdef WITH_OPENSSL
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define ROOM 2048

struct sample {
	const struct aead_impl *impl;
	uint8_t key[96], nonce[AEAD_NONCE_BYTES], aad[32], text[ROOM], tag[AEAD_TAG_BYTES];
	size_t cipher_key_bytes, aad_bytes, bytes;
};

static const EVP_CIPHER *evp_of(const struct sample *s)
{
	switch (s->impl->cipher) {
	case ESP_CHACHA20_POLY1305:
		return EVP_chacha20_poly1305();
	case ESP_AES_GCM_16:
		return s->cipher_key_bytes == 16   ? EVP_aes_128_gcm()
		       : s->cipher_key_bytes == 24 ? EVP_aes_192_gcm()
						   : EVP_aes_256_gcm();
	default:
		return s->cipher_key_bytes == 16   ? EVP_aes_128_cbc()
		       : s->cipher_key_bytes == 24 ? EVP_aes_192_cbc()
						   : EVP_aes_256_cbc();
	}
}

static const EVP_MD *digest_of(const struct sample *s)
{
	switch (s->impl->integrity) {
	case ESP_HMAC_SHA1_96:
		return EVP_sha1();
	case ESP_HMAC_SHA2_256_128:
		return EVP_sha256();
	case ESP_HMAC_SHA2_384_192:
		return EVP_sha384();
	default:
		return EVP_sha512();
	}
}

/* As RFC 4303 section 2.8 has it: SPI and number, IV, ciphertext, then the number's high half. */
static void mac_by_openssl(struct sample *s)
{
	static uint8_t message[8 + 16 + ROOM + 4];
	uint8_t digest[64];
	unsigned digest_bytes;
	size_t bytes = 0;

	memcpy(message, s->aad, 8);
	memcpy(message + 8, s->nonce, 16);
	memcpy(message + 24, s->text, s->bytes);
	bytes = 24 + s->bytes;
	memcpy(message + bytes, s->aad + 8, s->aad_bytes - 8);
	HMAC(digest_of(s), s->key + s->cipher_key_bytes, s->impl->shape->integrity_key, message,
		bytes + s->aad_bytes - 8, digest, &digest_bytes);
	memcpy(s->tag, digest, s->impl->shape->tag);
}

static void seal_by_openssl(EVP_CIPHER_CTX *context, struct sample *s)
{
	int done;

	CHECK(EVP_EncryptInit_ex(context, evp_of(s), NULL, s->key, s->nonce));
	EVP_CIPHER_CTX_set_padding(context, 0);
	if (!s->impl->integrity && s->aad_bytes > 0)
		CHECK(EVP_EncryptUpdate(context, NULL, &done, s->aad, (int)s->aad_bytes));
	if (s->bytes > 0)
		CHECK(EVP_EncryptUpdate(context, s->text, &done, s->text, (int)s->bytes));
	CHECK(EVP_EncryptFinal_ex(context, s->text + s->bytes, &done));
	if (s->impl->integrity)
		mac_by_openssl(s);
	else
		CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, s->tag));
	EVP_CIPHER_CTX_reset(context);
}

/* Short ones often, because there is the most to get wrong. */
static void draw(struct sample *s, const struct aead_impl *impl, uint64_t *seed)
{
	static const size_t longest[4] = {64, 200, 600, ROOM - 32};
	const bool is_cbc = impl->integrity != ESP_NO_INTEGRITY;

	s->impl = impl;
	s->bytes = check_random(seed) % longest[check_random(seed) % 4];
	s->bytes -= s->bytes % impl->shape->block;
	s->aad_bytes = is_cbc ? 8 + check_random(seed) % 2 * 4 : check_random(seed) % 33;
	s->cipher_key_bytes =
		impl->cipher == ESP_CHACHA20_POLY1305 ? 32 : 16 + check_random(seed) % 3 * 8;
	check_fill(seed, s->key, sizeof(s->key));
	check_fill(seed, s->nonce, sizeof(s->nonce));
	check_fill(seed, s->aad, s->aad_bytes);
	check_fill(seed, s->text, s->bytes);
}

static void agree(EVP_CIPHER_CTX *context, const struct aead_impl *impl, uint64_t *seed)
{
	static struct sample s;
	static uint8_t text[ROOM], plain[ROOM];
	static struct aead_key key;
	uint8_t tag[AEAD_TAG_BYTES];

	draw(&s, impl, seed);
	memcpy(plain, s.text, s.bytes);
	memcpy(text, s.text, s.bytes);
	CHECK(impl->init(&key, s.key, s.cipher_key_bytes + impl->shape->integrity_key));
	impl->seal(&key, s.nonce, s.aad, s.aad_bytes, text, s.bytes, tag);
	seal_by_openssl(context, &s);
	if (!CHECK(memcmp(text, s.text, s.bytes) == 0 && memcmp(tag, s.tag, impl->shape->tag) == 0))
		printf("    %s: %zu bytes, %zu of additional data\n", impl->name, s.bytes,
			s.aad_bytes);
	CHECK(impl->open(&key, s.nonce, s.aad, s.aad_bytes, text, s.bytes, tag));
	CHECK(memcmp(text, plain, s.bytes) == 0);
}

static unsigned long long number_of(const char *name, unsigned long long usual)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : usual;
}

static void every_implementation_agrees_with_openssl(void)
{
	const unsigned long long packets = number_of("AGREE_PACKETS", 20000);
	uint64_t seed = number_of("SEED", 0x5eed);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	size_t next = 0;

	for (unsigned long long i = 0; i < packets; i++, next++) {
		while (!aead_impls[next] || (aead_impls[next]->cpu_needed & ~cpu_features()))
			next = aead_impls[next] ? next + 1 : 0;
		agree(context, aead_impls[next], &seed);
	}
	printf("  %llu packets\n", packets);
	EVP_CIPHER_CTX_free(context);
}

int main(void)
{
	RUN(every_implementation_agrees_with_openssl);
	return check_summary("agree");
}
#else
int main(void)
{
	printf("agree: skipped, because OpenSSL's headers are not installed (libssl-dev)\n");
	return 0;
}
#endif
