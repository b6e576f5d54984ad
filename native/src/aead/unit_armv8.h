/* The parts of gcm_unit.h and cbc_unit.h by ARMv8's AES and PMULL. */
#include <arm_neon.h>

#define BLOCK       uint8x16_t
#define LOAD(p)     vld1q_u8(p)
#define STORE(p, b) vst1q_u8(p, b)
#define XOR(a, b)   veorq_u8(a, b)
#define SWAP(b)     vextq_u8(b, b, 8)
#define PAIR(h, l)  vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(l), vcreate_u64(h)))
#define LOW64(b)    vgetq_lane_u64(vreinterpretq_u64_u8(b), 0)
#define HIGH64(b)   vgetq_lane_u64(vreinterpretq_u64_u8(b), 1)

#define UP64(b)   vextq_u8(vdupq_n_u8(0), b, 8)
#define DOWN64(b) vextq_u8(b, vdupq_n_u8(0), 8)
#define MUL_SUM(a, b)                                                               \
	vreinterpretq_u8_p128(vmull_p64(vgetq_lane_p64(vreinterpretq_p64_u8(a), 0), \
		vgetq_lane_p64(vreinterpretq_p64_u8(b), 0)))

/* Of a factor, the low half is the register's high one: so one instruction reverses a block. */
#define REVERSE(b)     vrev64q_u8(b)
#define FACTOR(b)      SWAP(b)
#define NUMBER(h, l)   PAIR(l, h)
#define NUMBER_LOW(b)  HIGH64(b)
#define NUMBER_HIGH(b) LOW64(b)
#define MUL_LOW(a, b) \
	vreinterpretq_u8_p128(vmull_high_p64(vreinterpretq_p64_u8(a), vreinterpretq_p64_u8(b)))
#define MUL_HIGH(a, b) MUL_SUM(a, b)

/* Words in the processor's order; the last one counts. */
#define COUNTER(b) vrev32q_u8(b)
#define COUNT(b, n)           \
	vreinterpretq_u8_u32( \
		vaddq_u32(vreinterpretq_u32_u8(b), vsetq_lane_u32((n), vdupq_n_u32(0), 3)))
#define COUNT_FEW(b, n) \
	vreinterpretq_u8_u32(vaddq_u32(vreinterpretq_u32_u8(b), vld1q_u32(few_numbers() + 4 * (n))))

/* Behind one address: the compiler would else make one for each. */
static inline const uint32_t *few_numbers(void)
{
	static const uint32_t numbers[8][4] = {{0, 0, 0, 0}, {0, 0, 0, 1}, {0, 0, 0, 2},
		{0, 0, 0, 3}, {0, 0, 0, 4}, {0, 0, 0, 5}, {0, 0, 0, 6}, {0, 0, 0, 7}};
	const uint32_t *first = numbers[0];

	__asm__("" : "+r"(first));
	return first;
}

/* AESE adds the key before its S-box; with AESMC behind it on the same register the two fuse. */
#define AES_BEGIN(b, k)    (b)
#define AES_ROUND(b, k, i) vaesmcq_u8(vaeseq_u8(b, (k)[(i)-1]))
#define AES_END(b, k, n)   veorq_u8(vaeseq_u8(b, (k)[(n)-1]), (k)[n])

#define AES_INVERT(k)       vaesimcq_u8(k)
#define AES_UNDO(b, k, i)   vaesimcq_u8(vaesdq_u8(b, (k)[(i)-1]))
#define AES_UNDONE(b, k, n) veorq_u8(vaesdq_u8(b, (k)[(n)-1]), (k)[n])
