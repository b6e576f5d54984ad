/* Every implementation of every cipher against published vectors: of the whole, and of its parts.
 */
#include "check.h"

#include <stdlib.h>

#include "../src/aead/aead.h"
#include "../src/aead/aes_sliced.h"
#include "../src/aead/cbc.h"
#include "../src/aead/hmac.h"
#include "../src/cpu.h"

#define ROOM 1024

/* A field of a line: bytes in hexadecimal, «-» is empty. */
struct field {
	uint8_t bytes[ROOM];
	size_t count;
};

#define WORDS 8

/* A line cut into words; false: it has others. */
static bool cut(char *line, char *word[WORDS], int count)
{
	char *rest = NULL;

	for (int i = 0; i < count; i++) {
		word[i] = strtok_r(i ? NULL : line, " \n", &rest);
		if (!word[i])
			return false;
	}
	return strtok_r(NULL, " \n", &rest) == NULL;
}

static bool parse(const char *hex, struct field *field)
{
	field->count = 0;
	if (strcmp(hex, "-") == 0)
		return true;
	for (; hex[0] && hex[1] && field->count < ROOM; hex += 2) {
		unsigned value;

		if (sscanf(hex, "%2x", &value) != 1)
			return false;
		field->bytes[field->count++] = (uint8_t)value;
	}
	return !hex[0];
}

/* Calls `check` with the words of each line that is no comment; how many there were. */
static unsigned each_line(const char *path, int words, void (*check_line)(char *word[WORDS]))
{
	FILE *file = fopen(path, "r");
	static char line[32768];
	char *word[WORDS];
	unsigned lines = 0;

	if (!CHECK(file != NULL))
		return 0;
	while (fgets(line, sizeof(line), file)) {
		if (line[0] == '#')
			continue;
		lines++;
		if (CHECK(cut(line, word, words)))
			check_line(word);
	}
	fclose(file);
	return lines;
}

struct vector {
	const char *name;
	struct field key, nonce, aad, text, sealed, tag;
	bool valid;
};

static bool runs_here(const struct aead_impl *impl)
{
	return (impl->cpu_needed & ~cpu_features()) == 0;
}

static void holds_for(const struct aead_impl *impl, const struct vector *v)
{
	struct aead_key key;
	uint8_t text[ROOM], tag[AEAD_TAG_BYTES];
	const size_t bytes = v->sealed.count;

	if (!CHECK(impl->init(&key, v->key.bytes, v->key.count)))
		return;
	memcpy(text, v->sealed.bytes, bytes);
	if (!CHECK(impl->open(&key, v->nonce.bytes, v->aad.bytes, v->aad.count, text, bytes,
			   v->tag.bytes) == v->valid))
		printf("    %s: %s\n", impl->name, v->name);
	if (!v->valid)
		return;
	CHECK(memcmp(text, v->text.bytes, bytes) == 0);
	impl->seal(&key, v->nonce.bytes, v->aad.bytes, v->aad.count, text, bytes, tag);
	if (!CHECK(memcmp(text, v->sealed.bytes, bytes) == 0 &&
		    memcmp(tag, v->tag.bytes, impl->shape->tag) == 0))
		printf("    %s: %s\n", impl->name, v->name);
}

static enum esp_cipher cipher;

static void check_sealed(char *word[WORDS])
{
	static struct vector v;

	v.name = word[0];
	v.valid = strcmp(word[7], "valid") == 0;
	if (!CHECK(parse(word[1], &v.key) && parse(word[2], &v.nonce) && parse(word[3], &v.aad) &&
		    parse(word[4], &v.text) && parse(word[5], &v.sealed) && parse(word[6], &v.tag)))
		return;
	CHECK(v.nonce.count == 12 && v.tag.count == 16 && v.text.count == v.sealed.count);
	for (uint32_t i = 0; aead_impls[i]; i++)
		if (aead_impls[i]->cipher == cipher && runs_here(aead_impls[i]))
			holds_for(aead_impls[i], &v);
}

static void every_aes_gcm_agrees_with_published_vectors(void)
{
	cipher = ESP_AES_GCM_16;
	CHECK(each_line("test/aes_gcm.txt", 8, check_sealed) > 200);
}

static void every_chacha20_poly1305_agrees_with_published_vectors(void)
{
	cipher = ESP_CHACHA20_POLY1305;
	CHECK(each_line("test/chacha20_poly1305.txt", 8, check_sealed) > 300);
}

static void check_cbc(char *word[WORDS])
{
	static struct field key, iv, plain, sealed;
	const struct {
		const struct cbc_impl *impl;
		bool runs;
	} ways[] = {
		{&cbc_soft, true},
#if defined(__x86_64__)
		{&cbc_x86, (~cpu_features() & (CPU_X86_AES | CPU_X86_SSE41)) == 0},
#elif defined(__aarch64__)
		{&cbc_armv8, (~cpu_features() & CPU_ARM_AES) == 0},
#endif
	};

	if (!CHECK(parse(word[1], &key) && parse(word[2], &iv) && parse(word[3], &plain) &&
		    parse(word[4], &sealed) && iv.count == 16 && plain.count == sealed.count))
		return;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct cbc_key expanded;
		uint8_t text[ROOM];

		if (!ways[i].runs || !CHECK(ways[i].impl->init(&expanded, key.bytes, key.count)))
			continue;
		memcpy(text, plain.bytes, plain.count);
		ways[i].impl->encrypt(&expanded, iv.bytes, text, plain.count);
		if (!CHECK(memcmp(text, sealed.bytes, sealed.count) == 0))
			printf("    way %zu encrypts %s\n", i, word[0]);
		ways[i].impl->decrypt(&expanded, iv.bytes, text, plain.count);
		if (!CHECK(memcmp(text, plain.bytes, plain.count) == 0))
			printf("    way %zu decrypts %s\n", i, word[0]);
	}
}

static void every_aes_cbc_agrees_with_published_vectors(void)
{
	CHECK(each_line("test/aes_cbc.txt", 5, check_cbc) > 60);
}

static const struct {
	const char *name;
	const struct hash *hash;
	hash_compress *compress;
	uint32_t cpu_needed;
} hashes[] = {
	{"sha1", &hash_sha1, sha1_soft, 0},
	{"sha256", &hash_sha256, sha256_soft, 0},
	{"sha384", &hash_sha384, sha512_soft, 0},
	{"sha512", &hash_sha512, sha512_soft, 0},
#if defined(__x86_64__)
	{"sha1", &hash_sha1, sha1_x86, CPU_X86_SHA | CPU_X86_SSE41},
	{"sha256", &hash_sha256, sha256_x86, CPU_X86_SHA | CPU_X86_SSE41},
#elif defined(__aarch64__)
	{"sha1", &hash_sha1, sha1_armv8, CPU_ARM_SHA1},
	{"sha256", &hash_sha256, sha256_armv8, CPU_ARM_SHA2},
#endif
};

static void check_mac(char *word[WORDS])
{
	static struct field key, message, tag;
	const bool valid = strcmp(word[5], "valid") == 0;
	unsigned ways = 0;

	if (!CHECK(parse(word[2], &key) && parse(word[3], &message) && parse(word[4], &tag)))
		return;
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		if (strcmp(hashes[i].name, word[1]) != 0 ||
			(hashes[i].cpu_needed & ~cpu_features()))
			continue;
		ways++;
		/* In one piece, and in pieces that meet the blocks anywhere. */
		for (size_t piece = 1; piece <= message.count + 1; piece += 1 + message.count / 7) {
			struct hmac_key expanded;
			struct hmac hmac;
			uint8_t digest[HASH_DIGEST_BYTES];

			hmac_init(&expanded, hashes[i].hash, hashes[i].compress, key.bytes,
				key.count);
			hmac_begin(&hmac, &expanded);
			for (size_t at = 0; at < message.count; at += piece)
				hmac_add(&hmac, message.bytes + at,
					message.count - at < piece ? message.count - at : piece);
			hmac_end(&hmac, digest);
			if (!CHECK((memcmp(digest, tag.bytes, tag.count) == 0) == valid))
				printf("    %s %s\n", word[0], word[1]);
		}
	}
	CHECK(ways > 0);
}

static void every_hash_agrees_with_published_macs(void)
{
	CHECK(each_line("test/hmac.txt", 6, check_mac) > 300);
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
	RUN(every_aes_gcm_agrees_with_published_vectors);
	RUN(every_chacha20_poly1305_agrees_with_published_vectors);
	RUN(every_aes_cbc_agrees_with_published_vectors);
	RUN(every_hash_agrees_with_published_macs);
	return check_summary("vectors");
}
