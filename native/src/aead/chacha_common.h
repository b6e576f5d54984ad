/*
 * ChaCha20-Poly1305 (RFC 8439, in ESP RFC 7634), written once. LANES blocks are computed side by
 * side, word i of all of them in vector i. The file that includes it has defined:
 *
 *   LANES            1, 4 or 8
 *   ROTATE(x, n)     each word to the left, by 16, 12, 8 or 7
 *   what poly1305.h wants
 */
#include "aead.h"
#include "little.h"
#include "poly1305.h"

#define CHACHA_BYTES 64
#define BATCH_BYTES  (CHACHA_BYTES * LANES)

#if LANES == 1
typedef uint32_t lanes;
#else
typedef uint32_t lanes __attribute__((vector_size(4 * LANES)));
typedef uint64_t pairs __attribute__((vector_size(4 * LANES)));
#endif

struct __attribute__((may_alias)) chacha_key {
	uint32_t words[8];
};

_Static_assert(sizeof(struct chacha_key) <= AEAD_KEY_BYTES, "a key fits its place");

/* «expand 32-byte k» */
static const uint32_t chacha_constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};

#define QUARTER(a, b, c, d)             \
	a += b;                         \
	d = ROTATE((lanes)(d ^ a), 16); \
	c += d;                         \
	b = ROTATE((lanes)(b ^ c), 12); \
	a += b;                         \
	d = ROTATE((lanes)(d ^ a), 8);  \
	c += d;                         \
	b = ROTATE((lanes)(b ^ c), 7)

/* text ^= words: four of them make sixteen bytes of each block. */
#if LANES == 1
static inline void add_stream(uint8_t *text, const lanes x[16])
{
	for (int i = 0; i < 16; i++)
		for (int j = 0; j < 4; j++)
			text[4 * i + j] ^= (uint8_t)(x[i] >> (8 * j));
}
#else
typedef uint32_t quarter __attribute__((vector_size(16), aligned(1), may_alias));

#if LANES == 4
#define ZIP_LOW(a, b)    __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define ZIP_HIGH(a, b)   __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define ZIP64_LOW(a, b)  (lanes) __builtin_shufflevector((pairs)(a), (pairs)(b), 0, 2)
#define ZIP64_HIGH(a, b) (lanes) __builtin_shufflevector((pairs)(a), (pairs)(b), 1, 3)
#else
#define ZIP_LOW(a, b)    __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define ZIP_HIGH(a, b)   __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define ZIP64_LOW(a, b)  (lanes) __builtin_shufflevector((pairs)(a), (pairs)(b), 0, 4, 2, 6)
#define ZIP64_HIGH(a, b) (lanes) __builtin_shufflevector((pairs)(a), (pairs)(b), 1, 5, 3, 7)
#endif

static inline void add_quarters(uint8_t *text, lanes x)
{
	*(quarter *)text ^= __builtin_shufflevector(x, x, 0, 1, 2, 3);
#if LANES == 8
	*(quarter *)(text + 4 * CHACHA_BYTES) ^= __builtin_shufflevector(x, x, 4, 5, 6, 7);
#endif
}

static inline void add_stream(uint8_t *text, const lanes x[16])
{
#pragma GCC unroll 4
	for (int i = 0; i < 16; i += 4) {
		const lanes a = ZIP_LOW(x[i], x[i + 1]), b = ZIP_HIGH(x[i], x[i + 1]);
		const lanes c = ZIP_LOW(x[i + 2], x[i + 3]), d = ZIP_HIGH(x[i + 2], x[i + 3]);

		add_quarters(text + 4 * i, ZIP64_LOW(a, c));
		add_quarters(text + 4 * i + CHACHA_BYTES, ZIP64_HIGH(a, c));
		add_quarters(text + 4 * i + 2 * CHACHA_BYTES, ZIP64_LOW(b, d));
		add_quarters(text + 4 * i + 3 * CHACHA_BYTES, ZIP64_HIGH(b, d));
	}
}
#endif

/* BATCH_BYTES of text ^= the key stream from block number `counter` on. A function of its own, so
 * that all it leaves on the stack is where chacha_forget() wipes. */
static __attribute__((noinline)) void chacha_batch(
	const struct chacha_key *key, const uint8_t *nonce, uint32_t counter, uint8_t *text)
{
	lanes start[16], x[16];

#pragma GCC unroll 8
	for (int i = 0; i < 8; i++) {
		if (i < 4)
			start[i] = (lanes){0} + chacha_constants[i];
		start[4 + i] = (lanes){0} + key->words[i];
	}
	start[12] = (lanes){0} + counter;
#if LANES == 4
	start[12] += (lanes){0, 1, 2, 3};
#elif LANES == 8
	start[12] += (lanes){0, 1, 2, 3, 4, 5, 6, 7};
#endif
	for (int i = 0; i < 3; i++)
		start[13 + i] = (lanes){0} + load32_little(nonce + 4 * i);
#pragma GCC unroll 16
	for (int i = 0; i < 16; i++)
		x[i] = start[i];
	for (int i = 0; i < 10; i++) {
		QUARTER(x[0], x[4], x[8], x[12]);
		QUARTER(x[1], x[5], x[9], x[13]);
		QUARTER(x[2], x[6], x[10], x[14]);
		QUARTER(x[3], x[7], x[11], x[15]);
		QUARTER(x[0], x[5], x[10], x[15]);
		QUARTER(x[1], x[6], x[11], x[12]);
		QUARTER(x[2], x[7], x[8], x[13]);
		QUARTER(x[3], x[4], x[9], x[14]);
	}
#pragma GCC unroll 16
	for (int i = 0; i < 16; i++)
		x[i] += start[i];
	add_stream(text, x);
}

/*
 * The key in the form that the rounds begin with, which stood on the stack of a thread until its
 * next packet, and that may be long after the child is gone. Wider than a batch's frame with any
 * registers.
 */
static __attribute__((noinline)) void chacha_forget(size_t bytes)
{
	uint8_t frame[640];

	/* The pair of blocks stays in registers. */
	if (LANES < 8 || bytes > CHACHA_BYTES)
		explicit_bzero(frame, sizeof(frame));
}

static bool chacha_init(struct aead_key *where, const uint8_t *bytes, size_t count)
{
	struct chacha_key *key = (struct chacha_key *)where->bytes;

	if (count != 32)
		return false;
	for (int i = 0; i < 8; i++)
		key->words[i] = load32_little(bytes + 4 * i);
	return true;
}

#if LANES == 8
/* Each half is a row of a block: turned, diagonals become columns. */
#define TURN(x, a, b, c, d) __builtin_shufflevector(x, x, a, b, c, d, 4 + a, 4 + b, 4 + c, 4 + d)
/* clang-format off */
#define ROWS(x) {(x)[0], (x)[1], (x)[2], (x)[3], (x)[0], (x)[1], (x)[2], (x)[3]}
/* clang-format on */

/*
 * The first two blocks, a row of each in a vector: all that a short text needs, sooner than a batch
 * of eight.
 */
static void chacha_pair(const struct chacha_key *key, const uint8_t *nonce, uint8_t *out)
{
	const uint32_t number[4] = {
		0, load32_little(nonce), load32_little(nonce + 4), load32_little(nonce + 8)};
	const lanes start[4] = {ROWS(chacha_constants), ROWS(key->words), ROWS(key->words + 4),
		(lanes)ROWS(number) + (lanes){0, 0, 0, 0, 1, 0, 0, 0}};
	lanes a = start[0], b = start[1], c = start[2], d = start[3];

	for (int i = 0; i < 10; i++) {
		QUARTER(a, b, c, d);
		b = TURN(b, 1, 2, 3, 0);
		c = TURN(c, 2, 3, 0, 1);
		d = TURN(d, 3, 0, 1, 2);
		QUARTER(a, b, c, d);
		b = TURN(b, 3, 0, 1, 2);
		c = TURN(c, 2, 3, 0, 1);
		d = TURN(d, 1, 2, 3, 0);
	}
	const lanes rows[4] = {a + start[0], b + start[1], c + start[2], d + start[3]};

	for (int i = 0; i < 4; i++) {
		*(quarter *)(out + 16 * i) = __builtin_shufflevector(rows[i], rows[i], 0, 1, 2, 3);
		*(quarter *)(out + CHACHA_BYTES + 16 * i) =
			__builtin_shufflevector(rows[i], rows[i], 4, 5, 6, 7);
	}
}
#endif

/* Block 0 is the key of Poly1305; behind it is the beginning of the stream, one block of it for a
 * text that needs no more. */
static void chacha_first(const struct chacha_key *key, const uint8_t *nonce, size_t bytes,
	struct poly *poly, uint8_t *stream)
{
#if LANES == 8
	if (bytes <= CHACHA_BYTES) {
		chacha_pair(key, nonce, stream);
		poly_begin(poly, stream);
		return;
	}
#else
	(void)bytes;
#endif
	memset(stream, 0, BATCH_BYTES);
	chacha_batch(key, nonce, 0, stream);
	poly_begin(poly, stream);
}

/* text ^= stream, in words: wider loads would have to wait for what stored the stream. */
static inline void chacha_add(uint8_t *text, const uint8_t *stream, size_t bytes)
{
	size_t i = 0;

	for (; i + 8 <= bytes; i += 8) {
		uint64_t a, b;

		memcpy(&a, text + i, 8);
		memcpy(&b, stream + i, 8);
		a ^= b;
		memcpy(text + i, &a, 8);
		/* Else the compiler makes wide ones of the loop. */
		__asm__ volatile("" ::: "memory");
	}
	for (; i < bytes; i++)
		text[i] ^= stream[i];
}

static void chacha_crypt(const struct chacha_key *key, const uint8_t *nonce, const uint8_t *first,
	uint8_t *text, size_t bytes)
{
	const size_t ready = BATCH_BYTES - CHACHA_BYTES, early = bytes < ready ? bytes : ready;
	uint8_t tail[BATCH_BYTES];
	uint32_t counter = LANES;

	chacha_add(text, first + CHACHA_BYTES, early);
	text += early;
	bytes -= early;
	for (; bytes >= BATCH_BYTES; text += BATCH_BYTES, bytes -= BATCH_BYTES, counter += LANES)
		chacha_batch(key, nonce, counter, text);
	if (bytes == 0)
		return;
	memcpy(tail, text, bytes);
	memset(tail + bytes, 0, sizeof(tail) - bytes);
	chacha_batch(key, nonce, counter, tail);
	memcpy(text, tail, bytes);
}

static void authenticate(struct poly *poly, const uint8_t *aad, size_t aad_bytes,
	const uint8_t *text, size_t bytes, uint8_t *tag)
{
	poly_add(poly, aad, aad_bytes);
	poly_add(poly, text, bytes);
	poly_words(poly, aad_bytes, bytes);
	poly_end(poly, tag);
}

static void chacha_seal(const struct aead_key *where, const uint8_t *nonce, const uint8_t *aad,
	size_t aad_bytes, uint8_t *text, size_t bytes, uint8_t *tag)
{
	const struct chacha_key *key = (const struct chacha_key *)where->bytes;
	_Alignas(32) uint8_t first[BATCH_BYTES];
	struct poly poly;

	chacha_first(key, nonce, bytes, &poly, first);
	chacha_crypt(key, nonce, first, text, bytes);
	chacha_forget(bytes);
	authenticate(&poly, aad, aad_bytes, text, bytes, tag);
}

static bool chacha_open(const struct aead_key *where, const uint8_t *nonce, const uint8_t *aad,
	size_t aad_bytes, uint8_t *text, size_t bytes, const uint8_t *tag)
{
	const struct chacha_key *key = (const struct chacha_key *)where->bytes;
	_Alignas(32) uint8_t first[BATCH_BYTES];
	uint8_t expected[16];
	struct poly poly;

	chacha_first(key, nonce, bytes, &poly, first);
	authenticate(&poly, aad, aad_bytes, text, bytes, expected);
	const bool good = aead_tags_equal(expected, tag, sizeof(expected));

	if (good)
		chacha_crypt(key, nonce, first, text, bytes);
	else
		memset(text, 0, bytes);
	chacha_forget(bytes);
	return good;
}

/* RFC 7634 section 2. */
static const struct aead_shape chacha_shape = {.salt = 4, .iv = 8, .block = 1, .tag = 16};

/* One implementation of it all. */
#define CHACHA(constant, label, features)        \
	const struct aead_impl constant = {      \
		.name = label,                   \
		.cipher = ESP_CHACHA20_POLY1305, \
		.cpu_needed = (features),        \
		.shape = &chacha_shape,          \
		.init = chacha_init,             \
		.seal = chacha_seal,             \
		.open = chacha_open,             \
	}
