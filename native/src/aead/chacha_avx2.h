/* ChaCha20 eight blocks wide and Poly1305 four, in registers of 256 bits. The file that includes it
 * has defined ROTATE for 12 and 7. */
#include <immintrin.h>

#include "../cpu.h"

#define LANES 8

typedef uint64_t poly_wide __attribute__((vector_size(32)));
#define POLY_LANES          4
#define POLY_WIDE           poly_wide
#define POLY_FACTOR         poly_wide
#define POLY_NARROW(w)      (w)
#define POLY_MULTIPLY(a, b) (poly_wide) _mm256_mul_epu32((__m256i)(a), (__m256i)(b))
/* Both halves of a register are unpacked for themselves. */
#define POLY_ORDER         \
	{                  \
		0, 2, 1, 3 \
	}
#define POLY_LOAD(p, low, high)                                                                   \
	do {                                                                                      \
		const __m256i a_ = _mm256_loadu_si256((const __m256i *)(const void *)(p));        \
		const __m256i b_ = _mm256_loadu_si256((const __m256i *)(const void *)((p) + 32)); \
		low = (poly_wide)_mm256_unpacklo_epi64(a_, b_);                                   \
		high = (poly_wide)_mm256_unpackhi_epi64(a_, b_);                                  \
	} while (0)

#include "chacha_common.h"
