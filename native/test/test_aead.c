/* What every implementation of every cipher promises, under every mask of CPU features. What they
 * compute is test_vectors.c's affair. */
#include "check.h"

#include "../src/aead/aead.h"
#include "../src/cpu.h"

#define ROOM 1500

/* All that ESP knows: encryption, integrity, and a key length of each kind. */
static const struct {
	enum esp_cipher cipher;
	enum esp_integrity integrity;
	size_t key_bytes[3];
} algorithms[] = {
	{ESP_AES_GCM_16, ESP_NO_INTEGRITY, {16, 24, 32}},
	{ESP_CHACHA20_POLY1305, ESP_NO_INTEGRITY, {32, 32, 32}},
	{ESP_AES_CBC, ESP_HMAC_SHA1_96, {16, 24, 32}},
	{ESP_AES_CBC, ESP_HMAC_SHA2_256_128, {16, 24, 32}},
	{ESP_AES_CBC, ESP_HMAC_SHA2_384_192, {16, 24, 32}},
	{ESP_AES_CBC, ESP_HMAC_SHA2_512_256, {16, 24, 32}},
};
#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

static bool runs_here(const struct aead_impl *impl)
{
	return (impl->cpu_needed & ~cpu_features()) == 0;
}

static size_t key_bytes_of(size_t algorithm, size_t i, const struct aead_impl *impl)
{
	return algorithms[algorithm].key_bytes[i % 3] + impl->shape->integrity_key;
}

/* All subsets of the features of this machine: the pick never needs more than it was given, and is
 * the first that needs no more. */
static void every_mask_of_features_picks_something_that_runs(void)
{
	const uint32_t features = cpu_features();

	for (size_t a = 0; a < ALGORITHMS; a++) {
		const uint32_t cipher = algorithms[a].cipher, integrity = algorithms[a].integrity;
		const struct aead_impl *best = aead_pick(cipher, integrity, features);
		const struct aead_impl *portable = aead_pick(cipher, integrity, 0);

		for (uint32_t mask = 0; mask < CPU_FEATURES_END; mask++) {
			const struct aead_impl *impl =
				aead_pick(cipher, integrity, features & mask);

			if (!CHECK(impl != NULL))
				continue;
			CHECK((impl->cpu_needed & ~(features & mask)) == 0);
			CHECK(impl->cipher == cipher && impl->integrity == integrity);
		}
		CHECK_EQUAL(portable->cpu_needed, 0);
		CHECK(best != portable || features == 0);
	}
	CHECK(aead_pick(ESP_AES_CBC, ESP_NO_INTEGRITY, features) == NULL);
	CHECK(aead_pick(ESP_AES_GCM_16, ESP_HMAC_SHA1_96, features) == NULL);
	CHECK(aead_pick(1000, 0, features) == NULL);
}

/* One length with one key: each against the portable one. */
static void agree(size_t algorithm, size_t bytes, uint64_t *seed)
{
	const struct aead_impl *reference =
		aead_pick(algorithms[algorithm].cipher, algorithms[algorithm].integrity, 0);
	const size_t key_bytes = key_bytes_of(algorithm, bytes, reference);
	/* Any for an AEAD; what ESP has for the others. */
	const size_t aad_bytes = reference->integrity ? 8 + bytes / 16 % 2 * 4 : bytes % 40;
	static uint8_t text[ROOM], copy[ROOM];
	uint8_t key[96], nonce[AEAD_NONCE_BYTES], aad[40];
	uint8_t tag[AEAD_TAG_BYTES], other[AEAD_TAG_BYTES];
	struct aead_key a, b;

	check_fill(seed, key, sizeof(key));
	check_fill(seed, nonce, sizeof(nonce));
	check_fill(seed, aad, sizeof(aad));
	check_fill(seed, text, sizeof(text));
	for (size_t i = 0; aead_impls[i]; i++) {
		const struct aead_impl *impl = aead_impls[i];

		if (impl == reference || !runs_here(impl) || impl->cipher != reference->cipher ||
			impl->integrity != reference->integrity)
			continue;
		memcpy(copy, text, sizeof(copy));
		CHECK(reference->init(&a, key, key_bytes) && impl->init(&b, key, key_bytes));
		reference->seal(&a, nonce, aad, aad_bytes, copy, bytes, tag);
		CHECK(memcmp(copy + bytes, text + bytes, sizeof(text) - bytes) == 0);
		CHECK(impl->open(&b, nonce, aad, aad_bytes, copy, bytes, tag));
		CHECK(memcmp(copy, text, sizeof(text)) == 0);
		impl->seal(&b, nonce, aad, aad_bytes, copy, bytes, other);
		CHECK(memcmp(tag, other, impl->shape->tag) == 0);
		CHECK(memcmp(copy + bytes, text + bytes, sizeof(text) - bytes) == 0);
	}
}

/* Lengths around every boundary of the implementations. */
static void all_implementations_agree_on_random_input(void)
{
	uint64_t seed = 0x1234567;

	for (size_t a = 0; a < ALGORITHMS; a++) {
		const size_t step = algorithms[a].integrity ? 16 : 1;

		for (size_t bytes = 0; bytes <= ROOM; bytes += bytes < 600 ? step : 37 * step)
			agree(a, bytes, &seed);
	}
}

static void a_forged_text_is_refused_and_zeroed(void)
{
	for (size_t i = 0; aead_impls[i]; i++) {
		const struct aead_impl *impl = aead_impls[i];
		struct aead_key key;
		uint8_t secret[96] = {1}, nonce[AEAD_NONCE_BYTES] = {2}, text[208];
		uint8_t tag[AEAD_TAG_BYTES];

		if (!runs_here(impl))
			continue;
		CHECK(impl->init(&key, secret, 32u + impl->shape->integrity_key));
		for (size_t bit = 0; bit < 8 * (sizeof(text) + impl->shape->tag); bit += 13) {
			const size_t byte = bit / 8;

			memset(text, 7, sizeof(text));
			impl->seal(&key, nonce, nonce, 12, text, sizeof(text), tag);
			if (byte < sizeof(text))
				text[byte] ^= (uint8_t)(1 << bit % 8);
			else
				tag[byte - sizeof(text)] ^= (uint8_t)(1 << bit % 8);
			CHECK(!impl->open(&key, nonce, nonce, 12, text, sizeof(text), tag));
			CHECK(text[0] == 0 && memcmp(text, text + 1, sizeof(text) - 1) == 0);
		}
		CHECK(!impl->init(&key, secret, 15u + impl->shape->integrity_key));
		CHECK(!impl->init(&key, secret, 0));
	}
}

/* The cipher that is none, for measuring, must never be in a library that is installed. */
static void every_implementation_hides_the_text(void)
{
	for (size_t i = 0; aead_impls[i]; i++) {
		const struct aead_impl *impl = aead_impls[i];
		uint8_t secret[96] = {1}, nonce[AEAD_NONCE_BYTES] = {2}, text[64] = {0};
		uint8_t tag[AEAD_TAG_BYTES] = {0};
		const uint8_t zeros[64] = {0};
		struct aead_key key;

		if (!runs_here(impl))
			continue;
		CHECK(impl->init(&key, secret, 32u + impl->shape->integrity_key));
		impl->seal(&key, nonce, nonce, 8, text, sizeof(text), tag);
		for (size_t at = 0; at < sizeof(text); at += 16)
			CHECK(memcmp(text + at, zeros, 16) != 0);
		CHECK(memcmp(tag, zeros, impl->shape->tag) != 0);
	}
}

/* RFC 3602 section 3: neither the number nor anything else that shows it. */
static void an_iv_of_cbc_cannot_be_foreseen_and_differs_from_packet_to_packet(void)
{
	for (size_t i = 0; aead_impls[i]; i++) {
		const struct aead_impl *impl = aead_impls[i];
		uint8_t secret[96] = {1}, iv[64][AEAD_BLOCK_BYTES], again[AEAD_BLOCK_BYTES];
		uint8_t other[AEAD_BLOCK_BYTES];
		struct aead_key key;

		CHECK_EQUAL(impl->iv != NULL, impl->shape->iv == AEAD_BLOCK_BYTES);
		if (!runs_here(impl) || !impl->iv)
			continue;
		CHECK(impl->init(&key, secret, 16u + impl->shape->integrity_key));
		for (uint32_t n = 0; n < 64; n++) {
			unsigned ones = 0;

			impl->iv(&key, n, iv[n]);
			for (uint32_t before = 0; before < n; before++) {
				ones = 0;
				for (size_t j = 0; j < AEAD_BLOCK_BYTES; j++)
					ones += (unsigned)__builtin_popcount(
						iv[n][j] ^ iv[before][j]);
				CHECK(ones > 30 && ones < 98);
			}
		}
		impl->iv(&key, 5, again);
		CHECK(memcmp(again, iv[5], sizeof(again)) == 0);
		secret[0] = 2;
		CHECK(impl->init(&key, secret, 16u + impl->shape->integrity_key));
		impl->iv(&key, 5, other);
		CHECK(memcmp(again, other, sizeof(again)) != 0);
	}
}

int main(void)
{
	RUN(every_mask_of_features_picks_something_that_runs);
	RUN(all_implementations_agree_on_random_input);
	RUN(a_forged_text_is_refused_and_zeroed);
	RUN(every_implementation_hides_the_text);
	RUN(an_iv_of_cbc_cannot_be_foreseen_and_differs_from_packet_to_packet);
	for (size_t i = 0; aead_impls[i]; i++)
		if (runs_here(aead_impls[i]))
			printf("  ran: %s\n", aead_impls[i]->name);
	return check_summary("aead");
}
