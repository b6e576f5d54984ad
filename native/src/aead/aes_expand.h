/*
 * AES's key expansion (FIPS 197 section 5.2), written once. The file that includes it has defined
 * aes_sub_word(word), the S-box on four bytes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "little.h"

#define AES_ROUNDS_MOST 14
#define AES_KEYS_BYTES  (16 * (AES_ROUNDS_MOST + 1))

/* The round keys, one behind the other. Words are little-endian here, so RotWord is a rotation to
 * the right. False: no key has that many bytes. */
static bool aes_expand(
	uint8_t keys[AES_KEYS_BYTES], uint32_t *rounds, const uint8_t *bytes, size_t count)
{
	uint32_t rcon = 1;
	const size_t key_words = count / 4;

	if (count != 16 && count != 24 && count != 32)
		return false;
	*rounds = (uint32_t)key_words + 6;
	memcpy(keys, bytes, count);
	for (size_t i = key_words; i < 4 * (*rounds + 1); i++) {
		uint32_t word = load32_little(keys + 4 * (i - 1));

		if (i % key_words == 0) {
			word = aes_sub_word(word >> 8 | word << 24) ^ rcon;
			rcon = rcon << 1 ^ (rcon >> 7) * 0x11b;
		} else if (key_words == 8 && i % 8 == 4) {
			word = aes_sub_word(word);
		}
		word ^= load32_little(keys + 4 * (i - key_words));
		store32_little(keys + 4 * i, word);
	}
	return true;
}
