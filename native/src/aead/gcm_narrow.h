/* WIDE of gcm_unit.h for processors whose registers hold one block. */
#define WIDE  BLOCK
#define LANES 1

#define W_LOAD(p)            LOAD((const uint8_t *)(p))
#define W_STORE(p, b)        STORE(p, b)
#define W_XOR(a, b)          XOR(a, b)
#define W_REVERSE(b)         REVERSE(b)
#define W_SWAP(b)            SWAP(b)
#define W_MUL_LOW(a, b)      MUL_LOW(a, b)
#define W_MUL_HIGH(a, b)     MUL_HIGH(a, b)
#define W_BROADCAST(b)       (b)
#define W_FIRST(b)           (b)
#define W_ZERO               PAIR(0, 0)
#define W_COUNTER(b)         COUNTER(b)
#define W_COUNT(counter, n)  COUNT_FEW(counter, n)
#define W_FOLD(b)            (b)
#define W_AES_BEGIN(b, k)    AES_BEGIN(b, k)
#define W_AES_ROUND(b, k, i) AES_ROUND(b, k, i)
#define W_AES_END(b, k, n)   AES_END(b, k, n)
