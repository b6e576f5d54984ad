/* Numbers in packets: most significant byte first. */
#ifndef BYTES_H
#define BYTES_H

#include <stdint.h>

static inline uint16_t load16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void store16(uint8_t *p, uint32_t number)
{
	p[0] = (uint8_t)(number >> 8);
	p[1] = (uint8_t)number;
}

static inline uint32_t load32(const uint8_t *p)
{
	return (uint32_t)load16(p) << 16 | load16(p + 2);
}

static inline void store32(uint8_t *p, uint32_t number)
{
	store16(p, number >> 16);
	store16(p + 2, number);
}

#endif
