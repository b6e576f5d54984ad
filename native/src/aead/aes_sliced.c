#include "aes_sliced.h"

#include <string.h>

#include "little.h"

/* Elements of GF(2^2) = GF(2)[w]/(w²+w+1) and of GF(2^4) = GF(2^2)[z]/(z²+z+w), a bit a plane. */
struct gf4 {
	plane high, low;
};
struct gf16 {
	struct gf4 high, low;
};

static inline struct gf4 add4(struct gf4 a, struct gf4 b)
{
	return (struct gf4){a.high ^ b.high, a.low ^ b.low};
}

static inline struct gf4 multiply4(struct gf4 a, struct gf4 b)
{
	const plane low = a.low & b.low;

	return (struct gf4){((a.high ^ a.low) & (b.high ^ b.low)) ^ low, (a.high & b.high) ^ low};
}

/* The square, which is the inverse as well. */
static inline struct gf4 square4(struct gf4 a)
{
	return (struct gf4){a.high, a.high ^ a.low};
}

static inline struct gf4 times_w(struct gf4 a)
{
	return (struct gf4){a.high ^ a.low, a.high};
}

static inline struct gf16 add16(struct gf16 a, struct gf16 b)
{
	return (struct gf16){add4(a.high, b.high), add4(a.low, b.low)};
}

static inline struct gf16 multiply16(struct gf16 a, struct gf16 b)
{
	const struct gf4 high = multiply4(a.high, b.high), low = multiply4(a.low, b.low);
	const struct gf4 cross = multiply4(add4(a.high, a.low), add4(b.high, b.low));

	return (struct gf16){add4(cross, low), add4(low, times_w(high))};
}

static inline struct gf16 square16(struct gf16 a)
{
	const struct gf4 high = square4(a.high);

	return (struct gf16){high, add4(square4(a.low), times_w(high))};
}

static inline struct gf16 inverse16(struct gf16 a)
{
	const struct gf4 norm =
		add4(times_w(square4(a.high)), add4(multiply4(a.high, a.low), square4(a.low)));
	const struct gf4 inverse = square4(norm);

	return (struct gf16){multiply4(a.high, inverse), multiply4(add4(a.high, a.low), inverse)};
}

/* By w·z, the constant of GF(2^8) = GF(2^4)[Y]/(Y²+Y+w·z). */
static inline struct gf16 times_wz(struct gf16 a)
{
	const struct gf4 high = times_w(add4(a.high, a.low));

	return (struct gf16){high, times_w(times_w(a.high))};
}

/*
 * The S-box without its constant 0x63, which is in the round keys. The two linear maps are the
 * change of basis to the tower (x of AES becomes the element 0x7a) and the way back with the affine
 * map of FIPS 197 section 5.1.1 behind it; this tower and root need the fewest additions.
 */
static inline void sub_bytes(plane x[8])
{
	const plane t8 = x[1] ^ x[6], t9 = x[2] ^ x[5], t10 = x[7] ^ t8, t11 = x[4] ^ t8;
	const plane t12 = x[5] ^ x[7], t13 = x[1] ^ t12, t14 = x[5] ^ t11, t15 = t9 ^ t11;
	const struct gf16 high = {{t12, x[3] ^ t15}, {t14, t13}};
	const struct gf16 low = {{x[3] ^ t10, t9}, {t10, x[0] ^ x[2]}};

	const struct gf16 sum = add16(high, low);
	const struct gf16 inverse = inverse16(
		add16(times_wz(square16(high)), add16(multiply16(high, low), square16(low))));
	const struct gf16 h = multiply16(high, inverse), l = multiply16(sum, inverse);

	const plane u0 = l.low.low, u1 = l.low.high, u2 = l.high.low, u3 = l.high.high;
	const plane u4 = h.low.low, u5 = h.low.high, u6 = h.high.low, u7 = h.high.high;
	const plane v8 = u4 ^ u5, v9 = u2 ^ v8, v10 = u0 ^ u1, v11 = u4 ^ u6, v12 = u0 ^ v9;
	const plane v15 = u0 ^ u3;

	x[0] = v12;
	x[1] = u2 ^ v10;
	x[2] = v10;
	x[3] = u6 ^ v12;
	x[4] = v8 ^ v15;
	x[5] = u3 ^ v9;
	x[6] = u7 ^ v11;
	x[7] = u2 ^ v11;
}

/* The affine map of FIPS 197 section 5.1.1, undone (section 5.3.2), without its constant. */
static inline void unmap(plane x[8])
{
	plane y[8];

	for (int i = 0; i < 8; i++)
		y[i] = x[(i + 2) & 7] ^ x[(i + 5) & 7] ^ x[(i + 7) & 7];
	for (int i = 0; i < 8; i++)
		x[i] = y[i];
}

/* sub_bytes() is the map behind the inverse; its own inverse is the inverse behind the unmap. */
static inline void unsub_bytes(plane x[8])
{
	unmap(x);
	sub_bytes(x);
	unmap(x);
}

/* Byte 4c+r goes to column c−r: row r is a rotation of the word by 16·r bits under a mask. */
static inline plane shift_rows(plane x)
{
	const uint64_t row = 0x000f000f000f000f;

	return (x & row) | ((x >> 16 | x << 48) & (row << 4)) | ((x >> 32 | x << 32) & (row << 8)) |
	       ((x >> 48 | x << 16) & (row << 12));
}

/* The same rotations the other way round. */
static inline plane unshift_rows(plane x)
{
	const uint64_t row = 0x000f000f000f000f;

	return (x & row) | ((x << 16 | x >> 48) & (row << 4)) | ((x >> 32 | x << 32) & (row << 8)) |
	       ((x << 48 | x >> 16) & (row << 12));
}

/* Rows r+1 and r+2 of the same column in the place of row r. */
static inline plane next_row(plane x)
{
	return (x >> 4 & 0x0fff0fff0fff0fff) | (x << 12 & 0xf000f000f000f000);
}

static inline plane second_row(plane x)
{
	return (x >> 8 & 0x00ff00ff00ff00ff) | (x << 8 & 0xff00ff00ff00ff00);
}

/* With a = the byte and b = the one below: 2·(a+b) + b + the two below them (FIPS 197
 * section 5.1.3). */
static inline void mix_columns(plane x[8])
{
	plane below[8], sum[8];

	for (int i = 0; i < 8; i++) {
		below[i] = next_row(x[i]);
		sum[i] = x[i] ^ below[i];
	}
	for (int i = 0; i < 8; i++) {
		plane twice = i ? sum[i - 1] : sum[7];

		if (i == 1 || i == 3 || i == 4)
			twice ^= sum[7];
		x[i] = twice ^ below[i] ^ second_row(sum[i]);
	}
}

/* The fourth power of MixColumns is the identity. */
static inline void unmix_columns(plane x[8])
{
	for (int i = 0; i < 3; i++)
		mix_columns(x);
}

static inline void add_key(plane x[8], const struct sliced_key *key)
{
	for (int i = 0; i < 8; i++)
		x[i] ^= key->plane[i];
}

/* Collects the even bytes of a word in its low half. */
static inline uint64_t even_bytes(uint64_t x)
{
	x &= 0x00ff00ff00ff00ff;
	x = (x | x >> 8) & 0x0000ffff0000ffff;
	return (x | x >> 16) & 0x00000000ffffffff;
}

static inline uint64_t spread_bytes(uint64_t x)
{
	x = (x | x << 16) & 0x0000ffff0000ffff;
	return (x | x << 8) & 0x00ff00ff00ff00ff;
}

/* Exchanges the bits of `a` under mask<<shift with those of `b` under mask. */
static inline void swap_bits(plane *a, plane *b, int shift, uint64_t mask)
{
	const plane t = ((*a >> shift) ^ *b) & mask;

	*b ^= t;
	*a ^= t << shift;
}

/* Eight words of bytes become eight planes; its own inverse. Words differ in (block, block, odd
 * byte). */
static inline void transpose(plane x[8])
{
	for (int i = 0; i < 8; i += 2)
		swap_bits(&x[i], &x[i + 1], 1, 0x5555555555555555);
	for (int i = 0; i < 8; i += 4) {
		swap_bits(&x[i], &x[i + 2], 2, 0x3333333333333333);
		swap_bits(&x[i + 1], &x[i + 3], 2, 0x3333333333333333);
	}
	for (int i = 0; i < 4; i++)
		swap_bits(&x[i], &x[i + 4], 4, 0x0f0f0f0f0f0f0f0f);
}

/* The number of the word with byte i odd or even of a block: bits of the index move into the
 * planes. */
static inline int word_of(int block, int odd)
{
	return block + 4 * odd;
}

static void slice(plane x[8], const uint8_t *bytes)
{
	for (int lane = 0; lane < 2; lane++) {
		for (int block = 0; block < 4; block++, bytes += 16) {
			const uint64_t low = load64_little(bytes), high = load64_little(bytes + 8);

			x[word_of(block, 0)][lane] = even_bytes(low) | even_bytes(high) << 32;
			x[word_of(block, 1)][lane] = even_bytes(low >> 8) | even_bytes(high >> 8)
										    << 32;
		}
	}
	transpose(x);
}

static void unslice(uint8_t *bytes, plane x[8])
{
	transpose(x);
	for (int lane = 0; lane < 2; lane++) {
		for (int block = 0; block < 4; block++, bytes += 16) {
			const uint64_t even = x[word_of(block, 0)][lane];
			const uint64_t odd = x[word_of(block, 1)][lane];

			store64_little(bytes, spread_bytes(even & 0xffffffff) |
						      spread_bytes(odd & 0xffffffff) << 8);
			store64_little(
				bytes + 8, spread_bytes(even >> 32) | spread_bytes(odd >> 32) << 8);
		}
	}
}

void sliced_round_key(struct sliced_key *key, uint32_t number, const uint8_t *bytes)
{
	uint8_t blocks[16 * SLICED_BLOCKS];
	plane x[8];

	for (int i = 0; i < SLICED_BLOCKS; i++)
		memcpy(blocks + 16 * i, bytes, 16);
	/* The S-box's constant: ShiftRows and MixColumns leave sixteen equal bytes alone. */
	for (uint32_t i = 0; number > 0 && i < sizeof(blocks); i++)
		blocks[i] ^= 0x63;
	slice(x, blocks);
	for (int i = 0; i < 8; i++)
		key->plane[i] = x[i][0];
	explicit_bzero(blocks, sizeof(blocks));
	explicit_bzero(x, sizeof(x));
}

void sliced_encrypt(
	const struct sliced_key *keys, uint32_t rounds, uint8_t blocks[16 * SLICED_BLOCKS])
{
	plane x[8];

	slice(x, blocks);
	add_key(x, &keys[0]);
	for (uint32_t round = 1; round <= rounds; round++) {
		sub_bytes(x);
		for (int i = 0; i < 8; i++)
			x[i] = shift_rows(x[i]);
		if (round < rounds)
			mix_columns(x);
		add_key(x, &keys[round]);
	}
	unslice(blocks, x);
}

void sliced_decrypt(
	const struct sliced_key *keys, uint32_t rounds, uint8_t blocks[16 * SLICED_BLOCKS])
{
	plane x[8];

	slice(x, blocks);
	for (uint32_t round = rounds; round >= 1; round--) {
		add_key(x, &keys[round]);
		if (round < rounds)
			unmix_columns(x);
		for (int i = 0; i < 8; i++)
			x[i] = unshift_rows(x[i]);
		unsub_bytes(x);
	}
	add_key(x, &keys[0]);
	unslice(blocks, x);
}

uint32_t sliced_sub_word(uint32_t word)
{
	uint8_t blocks[16 * SLICED_BLOCKS] = {0};
	plane x[8];

	store64_little(blocks, word);
	slice(x, blocks);
	sub_bytes(x);
	unslice(blocks, x);
	word = (uint32_t)load64_little(blocks) ^ 0x63636363;
	explicit_bzero(blocks, sizeof(blocks));
	explicit_bzero(x, sizeof(x));
	return word;
}
