/* SHA-1 and SHA-256 with the SHA extensions of x86. */
#if defined(__x86_64__)
#pragma GCC target("sha,sse4.1")
#include <immintrin.h>

#include "hash.h"

static inline __m128i load(const void *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

/* A function of SHA-1 and its constant, for four rounds; the instruction has them in its code. */
#define SHA1_FOUR(i, abcd, sum)                                \
	((i) < 5           ? _mm_sha1rnds4_epu32(abcd, sum, 0) \
		: (i) < 10 ? _mm_sha1rnds4_epu32(abcd, sum, 1) \
		: (i) < 15 ? _mm_sha1rnds4_epu32(abcd, sum, 2) \
			   : _mm_sha1rnds4_epu32(abcd, sum, 3))

void sha1_x86(struct hash_state *state, const uint8_t *blocks, size_t count)
{
	const __m128i big = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	uint32_t *const words = (uint32_t *)(void *)state->bytes;
	__m128i abcd = _mm_shuffle_epi32(load(words), 0x1b);
	__m128i e = _mm_set_epi32((int)words[4], 0, 0, 0);

	for (; count > 0; count--, blocks += 64) {
		const __m128i abcd_before = abcd, e_before = e;
		__m128i w[4], was = abcd;

		for (int i = 0; i < 4; i++)
			w[i] = _mm_shuffle_epi8(load(blocks + 16 * i), big);
#pragma GCC unroll 20
		for (int i = 0; i < 20; i++) {
			/* E is what A was four rounds ago, turned; before the first it is itself.
			 */
			const __m128i sum = i == 0 ? _mm_add_epi32(e, w[0])
						   : _mm_sha1nexte_epu32(was, w[i & 3]);

			was = abcd;
			abcd = SHA1_FOUR(i, abcd, sum);
			/* The words of sixteen rounds later. */
			if (i < 16)
				w[i & 3] = _mm_sha1msg2_epu32(
					_mm_xor_si128(_mm_sha1msg1_epu32(w[i & 3], w[(i + 1) & 3]),
						w[(i + 2) & 3]),
					w[(i + 3) & 3]);
		}
		e = _mm_sha1nexte_epu32(was, e_before);
		abcd = _mm_add_epi32(abcd, abcd_before);
	}
	_mm_storeu_si128((__m128i *)(void *)words, _mm_shuffle_epi32(abcd, 0x1b));
	words[4] = (uint32_t)_mm_extract_epi32(e, 3);
}

void sha256_x86(struct hash_state *state, const uint8_t *blocks, size_t count)
{
	const __m128i big = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
	uint32_t *const words = (uint32_t *)(void *)state->bytes;
	const __m128i badc = _mm_shuffle_epi32(load(words), 0xb1);
	const __m128i hgfe = _mm_shuffle_epi32(load(words + 4), 0x1b);
	/* The instruction wants a, b, e, f in one register and c, d, g, h in the other. */
	__m128i abef = _mm_alignr_epi8(badc, hgfe, 8), cdgh = _mm_blend_epi16(hgfe, badc, 0xf0);

	for (; count > 0; count--, blocks += 64) {
		const __m128i abef_before = abef, cdgh_before = cdgh;
		__m128i w[4];

		for (int i = 0; i < 4; i++)
			w[i] = _mm_shuffle_epi8(load(blocks + 16 * i), big);
#pragma GCC unroll 16
		for (int i = 0; i < 16; i++) {
			const __m128i sum = _mm_add_epi32(w[i & 3], load(sha256_constants + 4 * i));
			const __m128i shifted = _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4);

			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
			/* The words of sixteen rounds later. */
			if (i < 12)
				w[i & 3] = _mm_sha256msg2_epu32(
					_mm_add_epi32(
						_mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]),
						shifted),
					w[(i + 3) & 3]);
		}
		abef = _mm_add_epi32(abef, abef_before);
		cdgh = _mm_add_epi32(cdgh, cdgh_before);
	}
	const __m128i feba = _mm_shuffle_epi32(abef, 0x1b), dchg = _mm_shuffle_epi32(cdgh, 0xb1);

	_mm_storeu_si128((__m128i *)(void *)words, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((__m128i *)(void *)(words + 4), _mm_alignr_epi8(dchg, feba, 8));
}
#endif
