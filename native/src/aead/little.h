/* Numbers in ciphers: least significant byte first, whatever the processor's own order is. */
#ifndef LITTLE_H
#define LITTLE_H

#include <stdint.h>

static inline uint32_t load32_little(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void store32_little(uint8_t *p, uint32_t word)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(word >> (8 * i));
}

static inline uint64_t load64_little(const uint8_t *p)
{
	uint64_t word = 0;

	for (int i = 0; i < 8; i++)
		word |= (uint64_t)p[i] << (8 * i);
	return word;
}

static inline void store64_little(uint8_t *p, uint64_t word)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(word >> (8 * i));
}

#endif
