/* ChaCha20-Poly1305 with NEON, four blocks wide: for routers whose processor has no AES
 * instructions (Raspberry Pi 3 and 4). */
#if defined(__aarch64__)
#include <arm_neon.h>

#include "../cpu.h"

#define LANES 4
/* A shift that inserts saves the OR. */
#define ROTATE(x, n)                                     \
	((n) == 16 ? (lanes)vrev32q_u16((uint16x8_t)(x)) \
		   : (lanes)vsriq_n_u32(                 \
			     vshlq_n_u32((uint32x4_t)(x), n), (uint32x4_t)(x), 32 - (n)))

#define POLY_LANES          2
#define POLY_WIDE           uint64x2_t
#define POLY_FACTOR         uint32x2_t
#define POLY_NARROW(w)      vmovn_u64(w)
#define POLY_MULTIPLY(a, b) vmull_u32(a, b)
#define POLY_ORDER   \
	{            \
		0, 1 \
	}
#define POLY_LOAD(p, low, high)                                                 \
	do {                                                                    \
		const uint64x2_t a_ = vreinterpretq_u64_u8(vld1q_u8(p));        \
		const uint64x2_t b_ = vreinterpretq_u64_u8(vld1q_u8((p) + 16)); \
		low = vzip1q_u64(a_, b_);                                       \
		high = vzip2q_u64(a_, b_);                                      \
	} while (0)

#include "chacha_common.h"

CHACHA(chacha_neon, "chacha20-poly1305 neon", CPU_ARM_NEON);
#endif
