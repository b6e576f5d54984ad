/* AES-CBC with AES-NI. */
#if defined(__x86_64__)
#pragma GCC target("aes,sse4.1")
#include "unit_x86.h"
#include "cbc_unit.h"

const struct cbc_impl cbc_x86 = {unit_init, unit_encrypt, unit_decrypt};
#endif
