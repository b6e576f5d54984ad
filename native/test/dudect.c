/*
 * Whether time tells anything of a secret: two classes of input in random order, and Welch's t-test
 * on how long each took (Reparaz, Balasch, Verbauwhede, «Dude, is my code constant time?»). What is
 * slow for another reason than the input is cut off at several percentiles of all. Run by
 * `make dudect` on a quiet machine; not a part of `make test`, because a busy one proves nothing.
 */
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "../src/aead/aead.h"
#include "../src/cpu.h"

#define SAMPLES 40000
/* Enough where one takes microseconds. */
#define FEWER_SAMPLES 10000
/* Of one class against the other; above it the classes differ beyond doubt. */
#define MOST_T 10.0

static double ticks[SAMPLES], sorted[SAMPLES];
static int class_of[SAMPLES];

static double now(void)
{
#if defined(__x86_64__)
	return (double)__builtin_ia32_rdtsc();
#else
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
#endif
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Welch's t of what is below a limit. */
static double welch(int samples, double limit)
{
	double count[2] = {0, 0}, mean[2] = {0, 0}, squares[2] = {0, 0};

	for (int i = 0; i < samples; i++) {
		const int c = class_of[i];
		double difference;

		if (ticks[i] > limit)
			continue;
		count[c]++;
		difference = ticks[i] - mean[c];
		mean[c] += difference / count[c];
		squares[c] += difference * (ticks[i] - mean[c]);
	}
	if (count[0] < 100 || count[1] < 100)
		return 0;
	const double a = squares[0] / (count[0] - 1) / count[0];
	const double b = squares[1] / (count[1] - 1) / count[1];

	return a + b > 0 ? fabs(mean[0] - mean[1]) / sqrt(a + b) : 0;
}

/* The largest t over what is kept. */
static double judge(int samples)
{
	static const double kept[] = {0.3, 0.5, 0.7, 0.8, 0.9, 0.95};
	double most = 0;

	memcpy(sorted, ticks, sizeof(sorted));
	qsort(sorted, (size_t)samples, sizeof(double), compare);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const double t = welch(samples, sorted[(int)(kept[i] * (samples - 1))]);

		most = t > most ? t : most;
	}
	return most;
}

static uint64_t seed = 0x1234567;

/* Made beforehand: what has just been written is read more slowly, here or there. */
static uint8_t pairs[256][2][AEAD_TAG_BYTES];

/* Pairs that differ in the first byte, and in the last. */
static void make_pairs(void)
{
	for (size_t i = 0; i < 256; i++) {
		check_fill(&seed, pairs[i][0], AEAD_TAG_BYTES);
		memcpy(pairs[i][1], pairs[i][0], AEAD_TAG_BYTES);
		pairs[i][1][i % 2 ? AEAD_TAG_BYTES - 1 : 0] ^= 1;
	}
}

static bool stops_early(const uint8_t *a, const uint8_t *b, size_t bytes)
{
	volatile size_t same = 0;

	while (same < bytes && a[same] == b[same])
		same++;
	return same == bytes;
}

/* How much the time of a comparison tells of the place where tags differ. */
static double leaks(bool (*equal)(const uint8_t *, const uint8_t *, size_t))
{
	volatile bool verdict;

	make_pairs();
	for (int i = 0; i < SAMPLES; i++) {
		const size_t pair = check_random(&seed) % 256;

		class_of[i] = pair % 2;
		const double start = now();

		for (int again = 0; again < 20; again++)
			verdict = equal(pairs[pair][0], pairs[pair][1], AEAD_TAG_BYTES);
		ticks[i] = now() - start;
		(void)verdict;
	}
	return judge(SAMPLES);
}

static void comparing_tags_takes_the_same_time_wherever_they_differ(void)
{
	const double t = leaks(aead_tags_equal);

	printf("  tags: t = %.1f\n", t);
	CHECK(t < MOST_T);
	/* The judge himself. */
	CHECK(leaks(stops_early) > MOST_T);
}

/* One key and text over and over against others each time, written in the same place. */
static void seals_in_the_same_time_whatever_key_and_text(const struct aead_impl *impl)
{
	const size_t key_bytes = 32u + impl->shape->integrity_key;
	static struct aead_key key;
	uint8_t secret[96], text[64], tag[AEAD_TAG_BYTES], nonce[AEAD_NONCE_BYTES] = {1};
	uint8_t aad[8] = {2};

	for (int i = 0; i < FEWER_SAMPLES; i++) {
		class_of[i] = (int)(check_random(&seed) & 1);
		check_fill(&seed, secret, sizeof(secret));
		check_fill(&seed, text, sizeof(text));
		for (size_t j = 0; j < sizeof(secret); j++)
			secret[j] &= (uint8_t)-class_of[i];
		for (size_t j = 0; j < sizeof(text); j++)
			text[j] &= (uint8_t)-class_of[i];
		impl->init(&key, secret, key_bytes);
		const double start = now();

		impl->seal(&key, nonce, aad, sizeof(aad), text, sizeof(text), tag);
		ticks[i] = now() - start;
	}
	const double t = judge(FEWER_SAMPLES);

	printf("  %s: t = %.1f\n", impl->name, t);
	CHECK(t < MOST_T);
}

int main(void)
{
	RUN(comparing_tags_takes_the_same_time_wherever_they_differ);
	for (size_t i = 0; aead_impls[i]; i++)
		if ((aead_impls[i]->cpu_needed & ~cpu_features()) == 0)
			seals_in_the_same_time_whatever_key_and_text(aead_impls[i]);
	return check_summary("dudect");
}
