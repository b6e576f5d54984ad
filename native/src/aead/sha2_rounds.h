/*
 * SHA-2's compression (FIPS 180-4 sections 6.2.2 and 6.4.2), written once for words of 32 and of 64
 * bits. The file that includes it defines, and takes away again:
 *
 *   COMPRESS WORD ROUNDS CONSTANTS
 *   SUM0 SUM1        three rotations each (Σ)
 *   SIGMA0 SIGMA1    two rotations and a shift each (σ)
 */
#define ROTATE(x, n)          ((x) >> (n) | (x) << (8 * sizeof(WORD) - (n)))
#define SUM(x, a, b, c)       (ROTATE(x, a) ^ ROTATE(x, b) ^ ROTATE(x, c))
#define SIGMA(x, a, b, shift) (ROTATE(x, a) ^ ROTATE(x, b) ^ (x) >> (shift))
#define CALL(f, ...)          f(__VA_ARGS__)

void COMPRESS(struct hash_state *state, const uint8_t *blocks, size_t count)
{
	WORD h[8], w[16];

	memcpy(h, state->bytes, sizeof(h));
	for (; count > 0; count--, blocks += sizeof(w)) {
		WORD s[8];

		memcpy(s, h, sizeof(s));
		for (size_t i = 0; i < 16; i++)
			w[i] = LOAD_BIG(blocks + i * sizeof(WORD));
		for (size_t i = 0; i < ROUNDS; i += 16) {
#pragma GCC unroll 16
			for (size_t j = 0; j < 16; j++) {
				/* The state stands still, and its names move on. */
				WORD *const a = &s[(16 - j) & 7], *const d = &s[(19 - j) & 7];
				WORD *const e = &s[(20 - j) & 7], *const last = &s[(23 - j) & 7];
				const WORD b = s[(17 - j) & 7], c = s[(18 - j) & 7];
				const WORD f = s[(21 - j) & 7], g = s[(22 - j) & 7];
				WORD *const word = &w[j];

				const WORD t = *last + CALL(SUM, *e, SUM1) + (g ^ (*e & (f ^ g))) +
					       CONSTANTS[i + j] + *word;
				*d += t;
				*last = t + CALL(SUM, *a, SUM0) + ((*a & b) | (c & (*a | b)));
				/* The word of sixteen rounds later. */
				*word += CALL(SIGMA, w[(j + 1) & 15], SIGMA0) + w[(j + 9) & 15] +
					 CALL(SIGMA, w[(j + 14) & 15], SIGMA1);
			}
		}
		for (size_t i = 0; i < 8; i++)
			h[i] += s[i];
	}
	memcpy(state->bytes, h, sizeof(h));
}

#undef ROTATE
#undef SUM
#undef SIGMA
#undef CALL
#undef COMPRESS
#undef WORD
#undef ROUNDS
#undef CONSTANTS
#undef LOAD_BIG
#undef SUM0
#undef SUM1
#undef SIGMA0
#undef SIGMA1
