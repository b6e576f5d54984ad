/* AES-GCM with AES-NI, PCLMULQDQ and SSE4.1. AVX's encoding of the same gains 3 %: not worth a
 * second build. */
#if defined(__x86_64__)
#pragma GCC target("aes,pclmul,sse4.1")
#include "unit_x86.h"
#include "gcm_narrow.h"
#include "gcm_unit.h"
#include "gcm_common.h"
#include "../cpu.h"

const struct aead_impl gcm_x86 = {
	.name = "aes-gcm aes-ni+pclmul",
	.cipher = ESP_AES_GCM_16,
	.cpu_needed = CPU_X86_AES | CPU_X86_PCLMUL | CPU_X86_SSE41,
	.shape = &gcm_shape,
	.init = gcm_init,
	.seal = gcm_seal,
	.open = gcm_open,
};
#endif
