/*
 * Seals one packet, so that an emulator can write down what a processor does meanwhile:
 *
 *   trace_aead NAME KEY-BYTES BYTES    prints the address of the function that seals
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/aead/aead.h"

int main(int count, char **words)
{
	static uint8_t text[65536], secret[96], nonce[AEAD_NONCE_BYTES], tag[AEAD_TAG_BYTES];
	static const uint8_t aad[8];
	static struct aead_key key;
	const size_t key_bytes = count == 4 ? (size_t)atoi(words[2]) : 0;
	const size_t bytes = count == 4 ? (size_t)atoi(words[3]) : 0;

	for (size_t i = 0; count == 4 && bytes <= sizeof(text) && aead_impls[i]; i++) {
		const struct aead_impl *const impl = aead_impls[i];

		if (strcmp(impl->name, words[1]) != 0 || !impl->init(&key, secret, key_bytes))
			continue;
		printf("%p\n", (void *)(uintptr_t)impl->seal);
		fflush(stdout);
		impl->seal(&key, nonce, aad, sizeof(aad), text, bytes, tag);
		return 0;
	}
	fprintf(stderr, "trace_aead NAME KEY-BYTES BYTES\n");
	return 2;
}
