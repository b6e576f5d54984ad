/* Which instructions this processor has, asked once at run time: never assumed from the compiler's
 * flags. */
#ifndef CPU_H
#define CPU_H

#include <stdint.h>

enum cpu_feature {
	CPU_X86_AES = 1u << 0,
	CPU_X86_PCLMUL = 1u << 1,
	CPU_X86_SSE41 = 1u << 2,
	CPU_X86_SSSE3 = 1u << 3,
	CPU_X86_AVX2 = 1u << 4,
	CPU_X86_AVX512VL = 1u << 5,
	CPU_X86_VAES = 1u << 6,
	CPU_X86_VPCLMUL = 1u << 7,
	CPU_X86_SHA = 1u << 8,

	CPU_ARM_NEON = 1u << 0,
	CPU_ARM_AES = 1u << 1,
	CPU_ARM_PMULL = 1u << 2,
	CPU_ARM_SHA1 = 1u << 3,
	CPU_ARM_SHA2 = 1u << 4,

	/* More than any of them. */
	CPU_FEATURES_END = 1u << 9,
};

/* Bits of enum cpu_feature. */
uint32_t cpu_features(void);

#endif
