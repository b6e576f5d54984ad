/* Numbers in packets: most significant byte first. */
#ifndef BYTES_H
#define BYTES_H

#include <stdint.h>
#include <string.h>

/* Made of single bytes, two numbers side by side become twenty instructions, not two. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define BIG16(number) (number)
#define BIG32(number) (number)
#else
#define BIG16(number) __builtin_bswap16(number)
#define BIG32(number) __builtin_bswap32(number)
#endif

static inline uint16_t load16(const uint8_t *p)
{
	uint16_t number;

	memcpy(&number, p, sizeof(number));
	return BIG16(number);
}

static inline void store16(uint8_t *p, uint32_t number)
{
	const uint16_t big = BIG16((uint16_t)number);

	memcpy(p, &big, sizeof(big));
}

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t number;

	memcpy(&number, p, sizeof(number));
	return BIG32(number);
}

static inline void store32(uint8_t *p, uint32_t number)
{
	const uint32_t big = BIG32(number);

	memcpy(p, &big, sizeof(big));
}

#endif
