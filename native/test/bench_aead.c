/* How fast each implementation seals packets: a new nonce and 8 bytes of additional data for each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../src/aead/aead.h"
#include "../src/cpu.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Gigabytes a second; the best of five turns, because other work only ever makes it slower. */
static double speed(const struct aead_impl *impl, size_t key_bytes, size_t bytes)
{
	static uint8_t text[65536], tag[AEAD_TAG_BYTES];
	uint8_t secret[96] = {1}, nonce[AEAD_NONCE_BYTES] = {0}, aad[8] = {0};
	struct aead_key key;
	double best = 0;

	if (!impl->init(&key, secret, key_bytes + impl->shape->integrity_key))
		return 0;
	for (int turn = 0; turn < 5; turn++) {
		const double start = now();
		size_t packets = 0;

		while (now() - start < 0.1)
			for (int i = 0; i < 100; i++, packets++) {
				memcpy(nonce, &packets, sizeof(packets));
				impl->seal(&key, nonce, aad, sizeof(aad), text, bytes, tag);
			}
		const double gigabytes = (double)packets * (double)bytes / (now() - start) / 1e9;
		if (gigabytes > best)
			best = gigabytes;
	}
	return best;
}

int main(void)
{
	static const size_t sizes[] = {64, 256, 1408, 8192};

	for (size_t i = 0; aead_impls[i]; i++) {
		if (aead_impls[i]->cpu_needed & ~cpu_features())
			continue;
		for (size_t key_bytes = 16; key_bytes <= 32; key_bytes += 16) {
			printf("%-28s %zu-bit key", aead_impls[i]->name, 8 * key_bytes);
			for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
				printf("  %zu B: %.2f GB/s", sizes[s],
					speed(aead_impls[i], key_bytes, sizes[s]));
			printf("\n");
		}
	}
	return 0;
}
