/* The parts of gcm_unit.h and cbc_unit.h by AES-NI, PCLMULQDQ and SSE4.1. */
#include <immintrin.h>

#define BLOCK       __m128i
#define LOAD(p)     _mm_loadu_si128((const __m128i *)(const void *)(p))
#define STORE(p, b) _mm_storeu_si128((__m128i *)(void *)(p), b)
#define XOR(a, b)   _mm_xor_si128(a, b)
#define REVERSE(b) \
	_mm_shuffle_epi8(b, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#define SWAP(b)         _mm_shuffle_epi32(b, 0x4e)
#define UP64(b)         _mm_slli_si128(b, 8)
#define DOWN64(b)       _mm_srli_si128(b, 8)
#define COUNTER(b)      REVERSE(b)
#define COUNT(b, n)     _mm_add_epi32(b, _mm_set_epi32(0, 0, 0, (int)(n)))
#define COUNT_FEW(b, n) COUNT(b, n)
#define PAIR(h, l)      _mm_set_epi64x((long long)(h), (long long)(l))
#define LOW64(b)        (uint64_t) _mm_cvtsi128_si64(b)
#define HIGH64(b)       (uint64_t) _mm_extract_epi64(b, 1)
#define NUMBER(h, l)    PAIR(h, l)
#define NUMBER_LOW(b)   LOW64(b)
#define NUMBER_HIGH(b)  HIGH64(b)
#define FACTOR(b)       (b)
#define MUL_SUM(a, b)   MUL_LOW(a, b)
#define MUL_LOW(a, b)   _mm_clmulepi64_si128(a, b, 0x00)
#define MUL_HIGH(a, b)  _mm_clmulepi64_si128(a, b, 0x11)

#define AES_BEGIN(b, k)    _mm_xor_si128(b, (k)[0])
#define AES_ROUND(b, k, i) _mm_aesenc_si128(b, (k)[i])
#define AES_END(b, k, n)   _mm_aesenclast_si128(b, (k)[n])

#define AES_INVERT(k)       _mm_aesimc_si128(k)
#define AES_UNDO(b, k, i)   _mm_aesdec_si128(b, (k)[i])
#define AES_UNDONE(b, k, n) _mm_aesdeclast_si128(b, (k)[n])
