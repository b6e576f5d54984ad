/*
 * Whether branches or addresses depend on a key or a plaintext: memcheck reports every one, when
 * both are marked as undefined. Run by `make ct`, under valgrind. Only whether a packet is genuine,
 * which everybody may know, may decide something.
 */
#include "check.h"

#include <valgrind/memcheck.h>

#include "../src/aead/aead.h"
#include "../src/cpu.h"

static void does_not_depend_on_secrets(const struct aead_impl *impl, size_t key_bytes)
{
	uint8_t secret[96], text[512], tag[AEAD_TAG_BYTES], nonce[AEAD_NONCE_BYTES] = {1};
	uint8_t aad[8] = {2};
	const unsigned before = (unsigned)VALGRIND_COUNT_ERRORS;
	struct aead_key key;

	memset(secret, 3, sizeof(secret));
	memset(text, 4, sizeof(text));
	VALGRIND_MAKE_MEM_UNDEFINED(secret, sizeof(secret));
	VALGRIND_MAKE_MEM_UNDEFINED(text, sizeof(text));
	if (!impl->init(&key, secret, key_bytes + impl->shape->integrity_key))
		return;
	if (impl->iv)
		impl->iv(&key, 7, nonce);
	impl->seal(&key, nonce, aad, sizeof(aad), text, sizeof(text), tag);
	CHECK_EQUAL((unsigned)VALGRIND_COUNT_ERRORS - before, 0);
	VALGRIND_MAKE_MEM_DEFINED(tag, sizeof(tag));
	if (!impl->open(&key, nonce, aad, sizeof(aad), text, sizeof(text), tag))
		CHECK(!"what was sealed opens");
	/* The verdict itself: inside open(), and here. */
	CHECK((unsigned)VALGRIND_COUNT_ERRORS - before <= 2);
	printf("  %s, %zu-bit key\n", impl->name, 8 * key_bytes);
}

int main(void)
{
	CHECK(RUNNING_ON_VALGRIND > 0);
	for (size_t i = 0; aead_impls[i]; i++)
		for (size_t key_bytes = 16; key_bytes <= 32; key_bytes += 8)
			if ((aead_impls[i]->cpu_needed & ~cpu_features()) == 0)
				does_not_depend_on_secrets(aead_impls[i], key_bytes);
	return check_summary("constant time");
}
