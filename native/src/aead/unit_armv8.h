/* The parts of gcm_unit.h and cbc_unit.h by ARMv8's AES and PMULL. */
#include <arm_neon.h>

#define BLOCK       uint8x16_t
#define LOAD(p)     vld1q_u8(p)
#define STORE(p, b) vst1q_u8(p, b)
#define XOR(a, b)   veorq_u8(a, b)
#define REVERSE(b)  SWAP(vrev64q_u8(b))
#define SWAP(b)     vextq_u8(b, b, 8)
#define UP64(b)     vextq_u8(vdupq_n_u8(0), b, 8)
#define DOWN64(b)   vextq_u8(b, vdupq_n_u8(0), 8)
#define ADD32(b, n)           \
	vreinterpretq_u8_u32( \
		vaddq_u32(vreinterpretq_u32_u8(b), vsetq_lane_u32((n), vdupq_n_u32(0), 0)))
#define PAIR(h, l) vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(l), vcreate_u64(h)))
#define LOW64(b)   vgetq_lane_u64(vreinterpretq_u64_u8(b), 0)
#define HIGH64(b)  vgetq_lane_u64(vreinterpretq_u64_u8(b), 1)
#define MUL_LOW(a, b)                                                               \
	vreinterpretq_u8_p128(vmull_p64(vgetq_lane_p64(vreinterpretq_p64_u8(a), 0), \
		vgetq_lane_p64(vreinterpretq_p64_u8(b), 0)))
#define MUL_HIGH(a, b) \
	vreinterpretq_u8_p128(vmull_high_p64(vreinterpretq_p64_u8(a), vreinterpretq_p64_u8(b)))

/* AESE adds the key before its S-box; with AESMC behind it on the same register the two fuse. */
#define AES_BEGIN(b, k)    (b)
#define AES_ROUND(b, k, i) vaesmcq_u8(vaeseq_u8(b, (k)[(i)-1]))
#define AES_END(b, k, n)   veorq_u8(vaeseq_u8(b, (k)[(n)-1]), (k)[n])

#define AES_INVERT(k)       vaesimcq_u8(k)
#define AES_UNDO(b, k, i)   vaesimcq_u8(vaesdq_u8(b, (k)[(i)-1]))
#define AES_UNDONE(b, k, n) veorq_u8(vaesdq_u8(b, (k)[(n)-1]), (k)[n])
