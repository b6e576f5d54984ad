/* ChaCha20-Poly1305 for any processor: additions, rotations and multiplications of 32 bits. */
#define LANES        1
#define ROTATE(x, n) ((x) << (n) | (x) >> (32 - (n)))

#include "chacha_common.h"

CHACHA(chacha_soft, "chacha20-poly1305 portable", 0);
