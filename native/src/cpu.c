#include "cpu.h"

#if defined(__x86_64__)

#include <cpuid.h>

uint32_t cpu_features(void)
{
	uint32_t found = 0, eax, ebx, ecx, edx;

	/* The builtin asks whether the kernel keeps the wide registers, too. */
	__builtin_cpu_init();
	if (__builtin_cpu_supports("aes"))
		found |= CPU_X86_AES;
	if (__builtin_cpu_supports("pclmul"))
		found |= CPU_X86_PCLMUL;
	if (__builtin_cpu_supports("sse4.1"))
		found |= CPU_X86_SSE41;
	if (__builtin_cpu_supports("ssse3"))
		found |= CPU_X86_SSSE3;
	if (__builtin_cpu_supports("avx512vl"))
		found |= CPU_X86_AVX512VL;
	/* Compilers differ in whether the builtin knows these: Intel's manual, volume 2A, CPUID. */
	if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
		return found;
	if (ebx & 1u << 29)
		found |= CPU_X86_SHA;
	if (!__builtin_cpu_supports("avx2"))
		return found;
	found |= CPU_X86_AVX2;
	if (ecx & 1u << 9)
		found |= CPU_X86_VAES;
	if (ecx & 1u << 10)
		found |= CPU_X86_VPCLMUL;
	return found;
}

#elif defined(__aarch64__)

#include <sys/auxv.h>

/* The kernel's names (asm/hwcap.h), which a musl cross toolchain may lack. */
#define HWCAP_BIT_ASIMD (1ul << 1)
#define HWCAP_BIT_AES   (1ul << 3)
#define HWCAP_BIT_PMULL (1ul << 4)
#define HWCAP_BIT_SHA1  (1ul << 5)
#define HWCAP_BIT_SHA2  (1ul << 6)

uint32_t cpu_features(void)
{
	const unsigned long hwcap = getauxval(AT_HWCAP);
	uint32_t found = 0;

	if (hwcap & HWCAP_BIT_ASIMD)
		found |= CPU_ARM_NEON;
	if (hwcap & HWCAP_BIT_SHA1)
		found |= CPU_ARM_SHA1;
	if (hwcap & HWCAP_BIT_SHA2)
		found |= CPU_ARM_SHA2;
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
