/*
 * AES-GCM with ARMv8's AES and PMULL. Built for plain ARMv8: the instructions are enabled here
 * only, because routers without them exist (Raspberry Pi 3 and 4).
 */
#if defined(__aarch64__)
#pragma GCC target("+crypto")
#include "unit_armv8.h"
#include "gcm_narrow.h"
#include "gcm_unit.h"
#include "gcm_common.h"
#include "../cpu.h"

const struct aead_impl gcm_armv8 = {
	.name = "aes-gcm armv8+pmull",
	.cipher = ESP_AES_GCM_16,
	.cpu_needed = CPU_ARM_AES | CPU_ARM_PMULL,
	.shape = &gcm_shape,
	.init = gcm_init,
	.seal = gcm_seal,
	.open = gcm_open,
};
#endif
