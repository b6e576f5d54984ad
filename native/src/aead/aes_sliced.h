/*
 * AES of eight blocks at once in constant time and without tables, for any processor:
 * the state is kept in eight bit planes, so that every step is the same few logic operations on all
 * 128 bytes. The S-box is computed in the tower field GF(((2^2)^2)^2), where an inverse is cheap.
 */
#ifndef AES_SLICED_H
#define AES_SLICED_H

#include <stdint.h>

#define SLICED_BLOCKS 8

/* One bit of each byte of eight blocks. Element 0 holds blocks 0–3: bit 4·i + b is byte i of block
 * b. */
typedef uint64_t plane __attribute__((vector_size(16)));

/* A round key, alike for all blocks: one word for each plane. */
struct sliced_key {
	uint64_t plane[8];
};

/* `bytes` is the round key with this number, 16 bytes. */
void sliced_round_key(struct sliced_key *key, uint32_t number, const uint8_t *bytes);
/* Encrypts in place; `keys` are those of rounds 0…rounds. */
void sliced_encrypt(
	const struct sliced_key *keys, uint32_t rounds, uint8_t blocks[16 * SLICED_BLOCKS]);
/* Undoes it, with the same keys. */
void sliced_decrypt(
	const struct sliced_key *keys, uint32_t rounds, uint8_t blocks[16 * SLICED_BLOCKS]);
/* The S-box on four bytes. */
uint32_t sliced_sub_word(uint32_t word);

#endif
