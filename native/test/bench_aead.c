/*
 * How fast each implementation seals and opens packets: a new nonce and 8 bytes of additional data
 * for each, the key set up beforehand. OpenSSL's EVP and intel-ipsec-mb run beside them where they
 * are installed, in turns; each figure is the median of the turns, and of a turn the best moment,
 * because other work on the machine only ever makes it slower.
 *
 *   bench_aead [word]    only rows whose name has the word
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../src/aead/aead.h"
#include "../src/cpu.h"
#include "rivals.h"

#define TURNS   7
#define BATCHES 60
#define ROWS    64

static const size_t sizes[] = {64, 256, 1408, 8192};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* One contender with one key length. */
struct row {
	char name[48];
	const struct aead_impl *impl;
	const struct rival *rival;
	size_t key_bytes;
	/* Sealing and opening, in nanoseconds a packet. */
	double spent[2][SIZES][TURNS];
};

static struct row rows[ROWS];
static size_t row_count;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static void add(const struct aead_impl *impl, const struct rival *rival, const char *name,
	size_t key_bytes, const char *wanted)
{
	struct row *const row = &rows[row_count];

	snprintf(row->name, sizeof(row->name), "%s %zu", name, 8 * key_bytes);
	if (row_count == ROWS || (wanted && !strstr(row->name, wanted)))
		return;
	row->impl = impl;
	row->rival = rival;
	row->key_bytes = key_bytes;
	row_count++;
}

static void list_rows(const char *wanted)
{
	for (size_t i = 0; aead_impls[i]; i++)
		if ((aead_impls[i]->cpu_needed & ~cpu_features()) == 0)
			for (size_t bytes = 16; bytes <= 32; bytes += 16)
				if (bytes == 32 || aead_impls[i]->cipher != ESP_CHACHA20_POLY1305)
					add(aead_impls[i], NULL, aead_impls[i]->name, bytes,
						wanted);
	for (size_t i = 0; rivals[i].name; i++)
		if ((rivals[i].cpu_needed & ~cpu_features()) == 0)
			add(NULL, &rivals[i], rivals[i].name, rivals[i].key_bytes, wanted);
}

/* The best of many short moments. */
static double measure(const struct row *row, bool opens, size_t bytes)
{
	static uint8_t text[65536], sealed[65536];
	static struct aead_key key;
	uint8_t secret[96] = {1}, nonce[AEAD_NONCE_BYTES] = {0}, aad[8] = {0};
	uint8_t tag[AEAD_TAG_BYTES] = {0};
	const size_t packets = bytes < 1000 ? 200 : 20;
	const struct aead_impl *const impl = row->impl;
	void *context = row->rival ? row->rival->begin(row->key_bytes, secret) : NULL;
	uint64_t number = 0;
	double best = 1e18;

	if (impl)
		impl->init(&key, secret, row->key_bytes + impl->shape->integrity_key);
	if (impl)
		impl->seal(&key, nonce, aad, sizeof(aad), sealed, bytes, tag);
	else
		row->rival->run(context, false, nonce, aad, sealed, bytes, tag);
	for (int batch = 0; batch < BATCHES; batch++) {
		const double start = now();

		for (size_t i = 0; i < packets; i++, number += !opens) {
			memcpy(nonce, &number, sizeof(number));
			/* Opened is always the same packet: only one that is genuine takes all
			 * steps. */
			if (opens)
				memcpy(text, sealed, bytes);
			if (impl && opens)
				impl->open(&key, nonce, aad, sizeof(aad), text, bytes, tag);
			else if (impl)
				impl->seal(&key, nonce, aad, sizeof(aad), text, bytes, tag);
			else
				row->rival->run(context, opens, nonce, aad, text, bytes, tag);
		}
		const double spent = (now() - start) / (double)packets;

		if (spent < best)
			best = spent;
	}
	if (row->rival)
		row->rival->end(context);
	return best;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void print(const char *what, int opens)
{
	printf("%s, GB/s                        ", what);
	for (size_t s = 0; s < SIZES; s++)
		printf("%7zu B", sizes[s]);
	printf("\n");
	for (size_t i = 0; i < row_count; i++) {
		printf("  %-36s", rows[i].name);
		for (size_t s = 0; s < SIZES; s++) {
			qsort(rows[i].spent[opens][s], TURNS, sizeof(double), compare);
			printf("%9.2f", (double)sizes[s] / rows[i].spent[opens][s][TURNS / 2]);
		}
		printf("\n");
	}
}

int main(int count, char **words)
{
	list_rows(count > 1 ? words[1] : NULL);
	for (int turn = 0; turn < TURNS; turn++)
		for (size_t s = 0; s < SIZES; s++)
			for (size_t i = 0; i < row_count; i++)
				for (int opens = 0; opens < 2; opens++)
					rows[i].spent[opens][s][turn] =
						measure(&rows[i], opens, sizes[s]);
	print("seal", 0);
	print("open", 1);
	return 0;
}
