/* ChaCha20-Poly1305 with AVX-512VL: the same width as AVX2, with rotations and twice the registers.
 */
#if defined(__x86_64__)
#pragma GCC target("avx2,avx512f,avx512vl")
#include <immintrin.h>

#define ROTATE(x, n) (lanes) _mm256_rol_epi32((__m256i)(x), n)

#include "chacha_avx2.h"

CHACHA(chacha_avx512, "chacha20-poly1305 avx512", CPU_X86_AVX2 | CPU_X86_AVX512VL);
#endif
