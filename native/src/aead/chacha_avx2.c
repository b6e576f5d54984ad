/* ChaCha20-Poly1305 with AVX2. */
#if defined(__x86_64__)
#pragma GCC target("avx2")
#include <immintrin.h>

/* By whole bytes it is a shuffle. */
#define BYTES(...) _mm256_set_epi8(__VA_ARGS__, __VA_ARGS__)
#define ROTATE(x, n)                                                                              \
	((n) == 16         ? (lanes)_mm256_shuffle_epi8((__m256i)(x),                             \
				     BYTES(13, 12, 15, 14, 9, 8, 11, 10, 5, 4, 7, 6, 1, 0, 3, 2)) \
		: (n) == 8 ? (lanes)_mm256_shuffle_epi8((__m256i)(x),                             \
				     BYTES(14, 13, 12, 15, 10, 9, 8, 11, 6, 5, 4, 7, 2, 1, 0, 3)) \
			   : (x) << (n) | (x) >> (32 - (n)))

#include "chacha_avx2.h"

CHACHA(chacha_avx2, "chacha20-poly1305 avx2", CPU_X86_AVX2);
#endif
