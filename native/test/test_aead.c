/* Every implementation of AES-GCM, under every mask of CPU features, against published vectors and
 * the others. */
#include "check.h"

#include <stdlib.h>

#include "../src/aead/aead.h"
#include "../src/aead/aes_sliced.h"
#include "../src/cpu.h"

#ifndef VECTORS
#define VECTORS "test/aes_gcm.txt"
#endif

struct vector {
	char name[64];
	uint8_t key[32], nonce[12], aad[1024], text[1024], sealed[1024], tag[16];
	size_t key_bytes, nonce_bytes, aad_bytes, text_bytes, sealed_bytes, tag_bytes;
	bool valid;
};

static size_t from_hex(const char *hex, uint8_t *out, size_t room)
{
	size_t bytes = 0;

	if (strcmp(hex, "-") == 0)
		return 0;
	for (; hex[0] && hex[1] && bytes < room; hex += 2, bytes++) {
		unsigned value;

		if (sscanf(hex, "%2x", &value) != 1)
			break;
		out[bytes] = (uint8_t)value;
	}
	return hex[0] ? SIZE_MAX : bytes;
}

static bool parse_vector(char *line, struct vector *v)
{
	char *word[8], *rest = NULL;

	for (int i = 0; i < 8; i++) {
		word[i] = strtok_r(i ? NULL : line, " \n", &rest);
		if (!word[i])
			return false;
	}
	snprintf(v->name, sizeof(v->name), "%s", word[0]);
	v->key_bytes = from_hex(word[1], v->key, sizeof(v->key));
	v->nonce_bytes = from_hex(word[2], v->nonce, sizeof(v->nonce));
	v->aad_bytes = from_hex(word[3], v->aad, sizeof(v->aad));
	v->text_bytes = from_hex(word[4], v->text, sizeof(v->text));
	v->sealed_bytes = from_hex(word[5], v->sealed, sizeof(v->sealed));
	v->tag_bytes = from_hex(word[6], v->tag, sizeof(v->tag));
	v->valid = strcmp(word[7], "valid") == 0;
	return v->nonce_bytes == 12 && v->tag_bytes == 16 && v->text_bytes == v->sealed_bytes &&
	       v->text_bytes != SIZE_MAX && v->aad_bytes != SIZE_MAX;
}

static void holds_for(const struct aead_impl *impl, const struct vector *v)
{
	struct aead_key key;
	uint8_t text[1024], tag[16];

	if (!CHECK(impl->init(&key, v->key, v->key_bytes)))
		return;
	memcpy(text, v->sealed, v->sealed_bytes);
	if (!CHECK(impl->open(&key, v->nonce, v->aad, v->aad_bytes, text, v->sealed_bytes,
			   v->tag) == v->valid))
		printf("    %s: %s\n", impl->name, v->name);
	if (!v->valid)
		return;
	CHECK(memcmp(text, v->text, v->text_bytes) == 0);
	impl->seal(&key, v->nonce, v->aad, v->aad_bytes, text, v->text_bytes, tag);
	if (!CHECK(memcmp(text, v->sealed, v->text_bytes) == 0 && memcmp(tag, v->tag, 16) == 0))
		printf("    %s: %s\n", impl->name, v->name);
}

static void every_implementation_agrees_with_published_vectors(void)
{
	FILE *file = fopen(VECTORS, "r");
	static char line[16384];
	static struct vector v;
	unsigned vectors = 0;

	if (!CHECK(file != NULL))
		return;
	while (fgets(line, sizeof(line), file)) {
		if (line[0] == '#')
			continue;
		if (!CHECK(parse_vector(line, &v)))
			continue;
		vectors++;
		for (uint32_t i = 0; aead_impls[i]; i++)
			if ((aead_impls[i]->cpu_needed & ~cpu_features()) == 0)
				holds_for(aead_impls[i], &v);
	}
	fclose(file);
	CHECK(vectors > 200);
}

/* All subsets of the features of this machine: the pick never needs more than it was given. */
static void every_mask_of_features_picks_something_that_runs(void)
{
	const uint32_t features = cpu_features();
	const struct aead_impl *seen = NULL;
	unsigned different = 0;

	for (uint32_t mask = 0; mask < 1u << 10; mask++) {
		const struct aead_impl *impl = aead_pick(AEAD_AES_GCM_16, features & mask);

		if (!CHECK(impl != NULL))
			continue;
		CHECK((impl->cpu_needed & ~(features & mask)) == 0);
		if (impl != seen)
			different++;
		seen = impl;
	}
	CHECK(aead_pick(AEAD_AES_GCM_16, 0)->cpu_needed == 0);
	CHECK(different > 1 || features == 0);
}

/* Lengths around every boundary of the implementations; each against the portable one. */
static void all_implementations_agree_on_random_input(void)
{
	const struct aead_impl *reference = aead_pick(AEAD_AES_GCM_16, 0);
	static const size_t key_sizes[] = {16, 24, 32};
	uint64_t seed = 0x1234567;
	struct aead_key a, b;
	uint8_t key[32], nonce[12], aad[40], text[700], copy[700], tag[16], other[16];

	for (size_t bytes = 0; bytes <= sizeof(text); bytes += bytes < 300 ? 1 : 37) {
		const size_t key_bytes = key_sizes[bytes % 3], aad_bytes = bytes % sizeof(aad);

		check_fill(&seed, key, sizeof(key));
		check_fill(&seed, nonce, sizeof(nonce));
		check_fill(&seed, aad, sizeof(aad));
		check_fill(&seed, text, sizeof(text));
		for (size_t i = 0; aead_impls[i]; i++) {
			const struct aead_impl *impl = aead_impls[i];

			if (impl == reference || (impl->cpu_needed & ~cpu_features()))
				continue;
			memcpy(copy, text, sizeof(copy));
			reference->init(&a, key, key_bytes);
			impl->init(&b, key, key_bytes);
			reference->seal(&a, nonce, aad, aad_bytes, copy, bytes, tag);
			CHECK(memcmp(copy + bytes, text + bytes, sizeof(text) - bytes) == 0);
			CHECK(impl->open(&b, nonce, aad, aad_bytes, copy, bytes, tag));
			CHECK(memcmp(copy, text, sizeof(text)) == 0);
			impl->seal(&b, nonce, aad, aad_bytes, copy, bytes, other);
			CHECK(memcmp(tag, other, 16) == 0);
		}
	}
}

static void a_forged_text_is_refused_and_zeroed(void)
{
	for (size_t i = 0; aead_impls[i]; i++) {
		const struct aead_impl *impl = aead_impls[i];
		struct aead_key key;
		uint8_t secret[16] = {1}, nonce[12] = {2}, text[200], tag[16];

		if (impl->cpu_needed & ~cpu_features())
			continue;
		impl->init(&key, secret, sizeof(secret));
		for (size_t bit = 0; bit < 8 * sizeof(text); bit += 13) {
			memset(text, 7, sizeof(text));
			impl->seal(&key, nonce, nonce, 12, text, sizeof(text), tag);
			text[bit / 8] ^= (uint8_t)(1 << bit % 8);
			CHECK(!impl->open(&key, nonce, nonce, 12, text, sizeof(text), tag));
			CHECK(text[0] == 0 && memcmp(text, text + 1, sizeof(text) - 1) == 0);
		}
		CHECK(!impl->init(&key, secret, 15));
	}
}

/* FIPS 197 section 5.1.1, by its definition: the inverse, then the affine map. */
static uint8_t sbox_by_definition(uint8_t x)
{
	uint8_t inverse = 0, out = 0x63;

	for (unsigned y = 1; y < 256; y++) {
		unsigned a = x, b = y, product = 0;

		for (; b; b >>= 1, a = a << 1 ^ (a >> 7) * 0x11b)
			product ^= (b & 1) * a;
		if (product == 1)
			inverse = (uint8_t)y;
	}
	for (unsigned i = 0; i < 5; i++)
		out ^= (uint8_t)(inverse << i | inverse >> (8 - i));
	return out;
}

static void the_tower_field_gives_the_s_box(void)
{
	for (uint32_t x = 0; x < 256; x++) {
		const uint32_t s = sbox_by_definition((uint8_t)x);

		CHECK_EQUAL(sliced_sub_word(x | x << 16), s | 0x6300u | s << 16 | 0x63000000u);
	}
}

int main(void)
{
	RUN(the_tower_field_gives_the_s_box);
	RUN(every_implementation_agrees_with_published_vectors);
	RUN(every_mask_of_features_picks_something_that_runs);
	RUN(all_implementations_agree_on_random_input);
	RUN(a_forged_text_is_refused_and_zeroed);
	for (size_t i = 0; aead_impls[i]; i++)
		if ((aead_impls[i]->cpu_needed & ~cpu_features()) == 0)
			printf("  ran: %s\n", aead_impls[i]->name);
	return check_summary("aead");
}
