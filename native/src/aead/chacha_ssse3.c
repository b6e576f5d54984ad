/* ChaCha20-Poly1305 with SSSE3, four blocks wide. */
#if defined(__x86_64__)
#pragma GCC target("ssse3")
#include <immintrin.h>

#include "../cpu.h"

#define LANES 4
#define ROTATE(x, n)                                                                                     \
	((n) == 16         ? (lanes)_mm_shuffle_epi8((__m128i)(x),                                       \
				     _mm_set_epi8(13, 12, 15, 14, 9, 8, 11, 10, 5, 4, 7, 6, 1, 0, 3, 2)) \
		: (n) == 8 ? (lanes)_mm_shuffle_epi8(                                                    \
				     (__m128i)(x), _mm_set_epi8(14, 13, 12, 15, 10, 9, 8, 11, 6,         \
							   5, 4, 7, 2, 1, 0, 3))                         \
			   : (x) << (n) | (x) >> (32 - (n)))

typedef uint64_t poly_wide __attribute__((vector_size(16)));
#define POLY_LANES          2
#define POLY_WIDE           poly_wide
#define POLY_FACTOR         poly_wide
#define POLY_NARROW(w)      (w)
#define POLY_MULTIPLY(a, b) (poly_wide) _mm_mul_epu32((__m128i)(a), (__m128i)(b))
#define POLY_ORDER   \
	{            \
		0, 1 \
	}
#define POLY_LOAD(p, low, high)                                                                \
	do {                                                                                   \
		const __m128i a_ = _mm_loadu_si128((const __m128i *)(const void *)(p));        \
		const __m128i b_ = _mm_loadu_si128((const __m128i *)(const void *)((p) + 16)); \
		low = (poly_wide)_mm_unpacklo_epi64(a_, b_);                                   \
		high = (poly_wide)_mm_unpackhi_epi64(a_, b_);                                  \
	} while (0)

#include "chacha_common.h"

CHACHA(chacha_ssse3, "chacha20-poly1305 ssse3", CPU_X86_SSSE3);
#endif
