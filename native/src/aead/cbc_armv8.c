/* AES-CBC with ARMv8's AES. */
#if defined(__aarch64__)
#pragma GCC target("+crypto")
#include "unit_armv8.h"
#include "cbc_unit.h"

const struct cbc_impl cbc_armv8 = {unit_init, unit_encrypt, unit_decrypt};
#endif
