/* SHA-1 and SHA-256 with the instructions of ARMv8. */
#if defined(__aarch64__)
#pragma GCC target("+crypto")
#include <arm_neon.h>

#include "hash.h"

static inline uint32x4_t load_big(const uint8_t *p)
{
	return vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(p)));
}

void sha1_armv8(struct hash_state *state, const uint8_t *blocks, size_t count)
{
	static const uint32_t constants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
	uint32_t *const words = (uint32_t *)(void *)state->bytes;
	uint32x4_t abcd = vld1q_u32(words);
	uint32_t e = words[4];

	for (; count > 0; count--, blocks += 64) {
		const uint32x4_t before = abcd;
		const uint32_t e_before = e;
		uint32x4_t w[4];

		for (int i = 0; i < 4; i++)
			w[i] = load_big(blocks + 16 * i);
#pragma GCC unroll 20
		for (int i = 0; i < 20; i++) {
			const uint32x4_t sum = vaddq_u32(w[i & 3], vdupq_n_u32(constants[i / 5]));
			const uint32_t next = vsha1h_u32(vgetq_lane_u32(abcd, 0));

			if (i / 5 == 0)
				abcd = vsha1cq_u32(abcd, e, sum);
			else if (i / 5 == 2)
				abcd = vsha1mq_u32(abcd, e, sum);
			else
				abcd = vsha1pq_u32(abcd, e, sum);
			e = next;
			/* The words of sixteen rounds later. */
			if (i < 16)
				w[i & 3] = vsha1su1q_u32(
					vsha1su0q_u32(w[i & 3], w[(i + 1) & 3], w[(i + 2) & 3]),
					w[(i + 3) & 3]);
		}
		abcd = vaddq_u32(abcd, before);
		e += e_before;
	}
	vst1q_u32(words, abcd);
	words[4] = e;
}

void sha256_armv8(struct hash_state *state, const uint8_t *blocks, size_t count)
{
	uint32_t *const words = (uint32_t *)(void *)state->bytes;
	uint32x4_t abcd = vld1q_u32(words), efgh = vld1q_u32(words + 4);

	for (; count > 0; count--, blocks += 64) {
		const uint32x4_t abcd_before = abcd, efgh_before = efgh;
		uint32x4_t w[4];

		for (int i = 0; i < 4; i++)
			w[i] = load_big(blocks + 16 * i);
#pragma GCC unroll 16
		for (int i = 0; i < 16; i++) {
			const uint32x4_t sum =
				vaddq_u32(w[i & 3], vld1q_u32(sha256_constants + 4 * i));
			const uint32x4_t was = abcd;

			abcd = vsha256hq_u32(abcd, efgh, sum);
			efgh = vsha256h2q_u32(efgh, was, sum);
			/* The words of sixteen rounds later. */
			if (i < 12)
				w[i & 3] =
					vsha256su1q_u32(vsha256su0q_u32(w[i & 3], w[(i + 1) & 3]),
						w[(i + 2) & 3], w[(i + 3) & 3]);
		}
		abcd = vaddq_u32(abcd, abcd_before);
		efgh = vaddq_u32(efgh, efgh_before);
	}
	vst1q_u32(words, abcd);
	vst1q_u32(words + 4, efgh);
}
#endif
