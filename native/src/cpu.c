#include "cpu.h"

#if defined(__x86_64__)

uint32_t cpu_features(void)
{
	uint32_t found = 0;

	__builtin_cpu_init();
	if (__builtin_cpu_supports("aes"))
		found |= CPU_X86_AES;
	if (__builtin_cpu_supports("pclmul"))
		found |= CPU_X86_PCLMUL;
	if (__builtin_cpu_supports("sse4.1"))
		found |= CPU_X86_SSE41;
	return found;
}

#elif defined(__aarch64__)

#include <sys/auxv.h>

/* The kernel's names (asm/hwcap.h), which a musl cross toolchain may lack. */
#define HWCAP_BIT_AES   (1ul << 3)
#define HWCAP_BIT_PMULL (1ul << 4)

uint32_t cpu_features(void)
{
	const unsigned long hwcap = getauxval(AT_HWCAP);
	uint32_t found = 0;

	if (hwcap & HWCAP_BIT_AES)
		found |= CPU_ARM_AES;
	if (hwcap & HWCAP_BIT_PMULL)
		found |= CPU_ARM_PMULL;
	return found;
}

#else

uint32_t cpu_features(void)
{
	return 0;
}

#endif
