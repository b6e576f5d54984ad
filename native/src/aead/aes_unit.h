/*
 * One block of AES for processors with an instruction for a round. The file that includes it
 * defines BLOCK (128 bits) and:
 *
 *   LOAD(p) STORE(p, b) XOR(a, b)   unaligned; in the order of bytes in memory
 *   PAIR(high, low) LOW64(b)
 *   AES_BEGIN(b, k) AES_ROUND(b, k, i) AES_END(b, k, n)   round keys k[0…n]
 */
#ifndef AES_UNIT_H
#define AES_UNIT_H

#include <stddef.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

/* ShiftRows leaves four equal columns as they are, so one last round is the S-box alone. */
INLINE uint32_t aes_sub_word(uint32_t word)
{
	const uint64_t twice = (uint64_t)word << 32 | word;
	const BLOCK zero[2] = {PAIR(0, 0), PAIR(0, 0)};

	return (uint32_t)LOW64(AES_END(PAIR(twice, twice), zero, 1));
}

INLINE BLOCK encrypt_block(const BLOCK *round, uint32_t rounds, BLOCK b)
{
	b = AES_BEGIN(b, round);
	for (uint32_t i = 1; i < rounds; i++)
		b = AES_ROUND(b, round, i);
	return AES_END(b, round, rounds);
}

#endif
