/*
 * One multiplication of Poly1305, written once for one lane and for many. Numbers are in five limbs
 * of 26 bits. The file that includes it defines, and takes away again:
 *
 *   NAME(x)                   the names of what is made here
 *   WIDE                      64 bits for each lane, with C's operators
 *   FACTOR NARROW(w)          the low 32 bits of each lane
 *   MULTIPLY(a, b)            two FACTORs to a WIDE
 */

/* A factor, and five times it: what overflows 130 bits comes back five times (2^130 = 5). */
struct NAME(factor) {
	FACTOR limb[5], five[5];
};

/* Limbs that grew a little over 26 bits back to about that. Two chains, so that neither waits long.
 */
static inline __attribute__((always_inline)) void NAME(carry)(WIDE d[5])
{
	const WIDE mask = (WIDE){0} + 0x3ffffff;
	WIDE carry;

#define CARRY(from, to)        \
	carry = d[from] >> 26; \
	d[from] &= mask;       \
	d[to] += carry
	CARRY(0, 1);
	CARRY(3, 4);
	CARRY(1, 2);
	carry = d[4] >> 26;
	d[4] &= mask;
	d[0] += carry + (carry << 2);
	CARRY(2, 3);
	CARRY(0, 1);
	CARRY(3, 4);
#undef CARRY
}

/* h = h·r: limbs of h below 2^28 and of r below 2^27 keep every sum below 2^60. */
static inline __attribute__((always_inline)) void NAME(multiply)(
	WIDE h[5], const struct NAME(factor) * r)
{
	FACTOR a[5];

#pragma GCC unroll 5
	for (int i = 0; i < 5; i++)
		a[i] = NARROW(h[i]);
#pragma GCC unroll 5
	for (int i = 0; i < 5; i++) {
		WIDE sum = MULTIPLY(a[0], r->limb[i]);

#pragma GCC unroll 4
		for (int j = 1; j < 5; j++)
			sum += MULTIPLY(
				a[j], j <= i ? r->limb[(i - j) & 7] : r->five[(5 + i - j) % 5]);
		h[i] = sum;
	}
	NAME(carry)(h);
}

#undef NAME
#undef WIDE
#undef FACTOR
#undef NARROW
#undef MULTIPLY
