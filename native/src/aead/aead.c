#include "aead.h"

extern const struct aead_impl gcm_x86, gcm_armv8, gcm_soft;

const struct aead_impl *const aead_impls[] = {
#if defined(__x86_64__)
	&gcm_x86,
#elif defined(__aarch64__)
	&gcm_armv8,
#endif
	&gcm_soft,
	NULL,
};

const struct aead_impl *aead_pick(enum aead_cipher cipher, uint32_t features)
{
	for (size_t i = 0; aead_impls[i]; i++) {
		const struct aead_impl *impl = aead_impls[i];

		if (impl->cipher == cipher && (impl->cpu_needed & ~features) == 0)
			return impl;
	}
	return NULL;
}

bool aead_tags_equal(const uint8_t *a, const uint8_t *b)
{
	uint32_t difference = 0;

	for (size_t i = 0; i < AEAD_TAG_BYTES; i++)
		difference |= (uint32_t)(a[i] ^ b[i]);
	/* Hidden from the optimiser, which might else leave at the first difference. */
	__asm__("" : "+r"(difference));
	return difference == 0;
}
