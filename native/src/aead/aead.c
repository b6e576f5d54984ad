#include "aead.h"

#if defined(__AARCH64EB__)
#error "the code with ARMv8's instructions counts on a processor that is little-endian"
#endif

extern const struct aead_impl null_cipher;
extern const struct aead_impl gcm_vaes, gcm_x86, gcm_armv8, gcm_soft;
extern const struct aead_impl chacha_avx512, chacha_avx2, chacha_ssse3, chacha_neon, chacha_soft;
extern const struct aead_impl cbc_sha1_units, cbc_sha256_units;
extern const struct aead_impl cbc_sha1_unit, cbc_sha256_unit, cbc_sha384_unit, cbc_sha512_unit;
extern const struct aead_impl cbc_sha1_soft, cbc_sha256_soft, cbc_sha384_soft, cbc_sha512_soft;

const struct aead_impl *const aead_impls[] = {
#ifdef WITH_NULL_CIPHER
	&null_cipher,
#endif
#if defined(__x86_64__)
	&gcm_vaes,
	&gcm_x86,
	&chacha_avx512,
	&chacha_avx2,
	&chacha_ssse3,
	&cbc_sha1_units,
	&cbc_sha256_units,
	&cbc_sha1_unit,
	&cbc_sha256_unit,
	&cbc_sha384_unit,
	&cbc_sha512_unit,
#elif defined(__aarch64__)
	&gcm_armv8,
	&chacha_neon,
	&cbc_sha1_units,
	&cbc_sha256_units,
	&cbc_sha1_unit,
	&cbc_sha256_unit,
	&cbc_sha384_unit,
	&cbc_sha512_unit,
#endif
	&gcm_soft,
	&chacha_soft,
	&cbc_sha1_soft,
	&cbc_sha256_soft,
	&cbc_sha384_soft,
	&cbc_sha512_soft,
	NULL,
};

const struct aead_impl *aead_pick(uint32_t cipher, uint32_t integrity, uint32_t features)
{
	for (size_t i = 0; aead_impls[i]; i++) {
		const struct aead_impl *impl = aead_impls[i];

		if (impl->cipher == cipher && impl->integrity == integrity &&
			(impl->cpu_needed & ~features) == 0)
			return impl;
	}
	return NULL;
}

bool aead_tags_equal(const uint8_t *a, const uint8_t *b, size_t bytes)
{
	uint32_t difference = 0;

	for (size_t i = 0; i < bytes; i++)
		difference |= (uint32_t)(a[i] ^ b[i]);
	/* Hidden from the optimiser, which might else leave at the first difference. */
	__asm__("" : "+r"(difference));
	return difference == 0;
}
