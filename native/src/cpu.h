/* Which instructions this processor has, asked once at run time: never assumed from the compiler's
 * flags. */
#ifndef CPU_H
#define CPU_H

#include <stdint.h>

enum cpu_feature {
	CPU_X86_AES = 1u << 0,
	CPU_X86_PCLMUL = 1u << 1,
	CPU_X86_SSE41 = 1u << 2,
	CPU_ARM_AES = 1u << 8,
	CPU_ARM_PMULL = 1u << 9,
};

/* Bits of enum cpu_feature. */
uint32_t cpu_features(void);

#endif
