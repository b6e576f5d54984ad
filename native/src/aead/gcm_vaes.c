/* AES-GCM with VAES and VPCLMULQDQ on registers of 256 bits: two blocks in each. */
#if defined(__x86_64__)
#pragma GCC target("avx2,aes,pclmul,vaes,vpclmulqdq")
#include "unit_x86.h"

#define WIDE  __m256i
#define LANES 2

#define W_LOAD(p)     _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define W_STORE(p, w) _mm256_storeu_si256((__m256i *)(void *)(p), w)
#define W_XOR(a, b)   _mm256_xor_si256(a, b)
#define W_REVERSE(w)                                                     \
	_mm256_shuffle_epi8(w, _mm256_broadcastsi128_si256(_mm_set_epi8( \
				       0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)))
#define W_COUNTER(w)     W_REVERSE(w)
#define W_SWAP(w)        _mm256_shuffle_epi32(w, 0x4e)
#define W_MUL_LOW(a, b)  _mm256_clmulepi64_epi128(a, b, 0x00)
#define W_MUL_HIGH(a, b) _mm256_clmulepi64_epi128(a, b, 0x11)
#define W_BROADCAST(b)   _mm256_broadcastsi128_si256(b)
#define W_FIRST(b)       _mm256_zextsi128_si256(b)
#define W_ZERO           _mm256_setzero_si256()
#define W_COUNT(counter, n)                                    \
	_mm256_add_epi32(_mm256_broadcastsi128_si256(counter), \
		_mm256_set_epi32(0, 0, 0, (int)(n) + 1, 0, 0, 0, (int)(n)))
#define W_FOLD(w) _mm_xor_si128(_mm256_castsi256_si128(w), _mm256_extracti128_si256(w, 1))

#define W_AES_BEGIN(w, k)    _mm256_xor_si256(w, W_BROADCAST((k)[0]))
#define W_AES_ROUND(w, k, i) _mm256_aesenc_epi128(w, W_BROADCAST((k)[i]))
#define W_AES_END(w, k, n)   _mm256_aesenclast_epi128(w, W_BROADCAST((k)[n]))

#include "gcm_unit.h"
#include "gcm_common.h"
#include "../cpu.h"

const struct aead_impl gcm_vaes = {
	.name = "aes-gcm vaes+vpclmul",
	.cipher = ESP_AES_GCM_16,
	.cpu_needed = CPU_X86_AES | CPU_X86_PCLMUL | CPU_X86_SSE41 | CPU_X86_AVX2 | CPU_X86_VAES |
		      CPU_X86_VPCLMUL,
	.shape = &gcm_shape,
	.init = gcm_init,
	.seal = gcm_seal,
	.open = gcm_open,
};
#endif
