/*
 * ESP packets to a receiver whose key the fuzzer holds, so that it reaches behind the ICV: any text
 * sealed under any number, some spoilt afterwards. A naive receiver beside it says what must come
 * out.
 *
 *   input   cipher | ESN | highest number so far | packets: how | number | length | text
 */
#include "fuzz.h"

#include "../src/cpu.h"
#include "../src/packet.h"

#define SPI      0x1234u
#define PACKETS  64u
#define MOST     512u
#define OVERHEAD (8u + AEAD_BLOCK_BYTES + AEAD_TAG_BYTES)

/* What the naive receiver remembers. */
static struct {
	uint64_t top, seen[PACKETS];
	size_t count;
} memory;

/* The fastest of each algorithm: the others are vectors' affair. */
static const struct aead_impl *choose(uint8_t number)
{
	static const uint32_t algorithms[][2] = {
		{ESP_AES_GCM_16, ESP_NO_INTEGRITY},
		{ESP_CHACHA20_POLY1305, ESP_NO_INTEGRITY},
		{ESP_AES_CBC, ESP_HMAC_SHA1_96},
		{ESP_AES_CBC, ESP_HMAC_SHA2_256_128},
		{ESP_AES_CBC, ESP_HMAC_SHA2_384_192},
		{ESP_AES_CBC, ESP_HMAC_SHA2_512_256},
	};
	const uint32_t *const which = algorithms[number % 6];

	return aead_pick(which[0], which[1], cpu_features());
}

static void make_keys(struct esp_keys *keys, const struct aead_impl *impl, bool esn)
{
	struct esp_direction direction = {.spi = SPI,
		.encryption_bytes =
			impl->shape->salt + (impl->cipher == ESP_CHACHA20_POLY1305 ? 32u : 16u),
		.integrity_bytes = impl->shape->integrity_key};

	memset(direction.encryption, 7, sizeof(direction.encryption));
	memset(direction.integrity, 9, sizeof(direction.integrity));
	EXPECT(esp_keys_init(keys, impl, esn, &direction));
}

/* RFC 4303 appendix A2.2: of the numbers with these low bits the first that the window has not
 * left; 0: it would be none of 64 bits. */
static uint64_t meant(bool esn, uint32_t low)
{
	const __int128 bottom = (__int128)memory.top - (REPLAY_WINDOW - 1);
	const __int128 number = bottom + (uint32_t)(low - (uint32_t)bottom);

	return !esn ? low : number < 0 || number > UINT64_MAX ? 0 : (uint64_t)number;
}

static bool is_new(uint64_t number)
{
	if (number == 0 || (number <= memory.top && memory.top - number >= REPLAY_WINDOW))
		return false;
	for (size_t i = 0; i < memory.count; i++)
		if (memory.seen[i] == number)
			return false;
	return true;
}

static void remember(uint64_t number)
{
	memory.seen[memory.count++] = number;
	if (number > memory.top)
		memory.top = number;
}

/* What is behind the ICV, by RFC 4303 section 2, read from its end. */
static enum esp_counter verdict_on(const uint8_t *text, size_t bytes, uint32_t *inner)
{
	const uint8_t next = text[bytes - 1];
	const size_t pad = text[bytes - 2];
	struct flow flow;

	if (pad > bytes - 2)
		return ESP_COUNT_BAD_PADDING;
	for (size_t i = 0; i < pad; i++)
		if (text[bytes - 2 - pad + i] != i + 1)
			return ESP_COUNT_BAD_PADDING;
	if (next == 59)
		return ESP_COUNT_DUMMY;
	if (next != 4 && next != 41)
		return ESP_COUNT_BAD_NEXT_HEADER;
	if (!ip_parse(text, bytes - 2 - pad, &flow) || flow.version != (next == 4 ? 4 : 6))
		return ESP_COUNT_BAD_INNER;
	*inner = flow.bytes;
	return ESP_COUNT_RX_PACKETS;
}

static void put(uint8_t *out, uint64_t number, int bytes)
{
	for (int i = 0; i < bytes; i++)
		out[i] = (uint8_t)(number >> 8 * (bytes - 1 - i));
}

/* Seals a text with its trailer, whatever that is; returns the packet's length. */
static size_t seal(const struct esp_keys *keys, uint64_t number, const uint8_t *text, size_t bytes,
	uint8_t *out)
{
	const struct aead_shape *const shape = keys->aead->shape;
	const bool high_last = keys->aead->integrity != ESP_NO_INTEGRITY;
	uint8_t nonce[AEAD_NONCE_BYTES], aad[12];

	put(out, SPI, 4);
	put(out + 4, number, 4);
	memset(out + 8, 5, shape->iv);
	memcpy(nonce, keys->salt, shape->salt);
	memcpy(nonce + shape->salt, out + 8, shape->iv);
	put(aad, SPI, 4);
	put(aad + 4, high_last ? number : number >> 32, 4);
	put(aad + 8, high_last ? number >> 32 : number, 4);
	if (!keys->esn)
		put(aad + 4, number, 4);
	memcpy(out + 8 + shape->iv, text, bytes);
	keys->aead->seal(&keys->key, nonce, aad, keys->esn ? 12 : 8, out + 8 + shape->iv, bytes,
		out + 8 + shape->iv + bytes);
	return 8u + shape->iv + bytes + shape->tag;
}

/* Whole blocks, and a trailer that fits more often than by chance: its bytes say nothing new to a
 * receiver that refuses the padding. */
static size_t finish(
	const struct esp_keys *keys, uint8_t *text, size_t bytes, bool is_honest, uint8_t next)
{
	const size_t align = keys->shape.block < 4 ? 4 : keys->shape.block;
	const size_t whole = (bytes + 2 + align - 1) / align * align;

	for (size_t i = bytes; i < whole; i++)
		text[i] = is_honest ? (uint8_t)(i - bytes + 1) : next;
	if (is_honest) {
		text[whole - 2] = (uint8_t)(whole - bytes - 2);
		text[whole - 1] = next;
	}
	return whole;
}

static void open_spoilt(const struct esp_keys *keys, struct replay *window, uint8_t *data,
	size_t bytes, struct input *in)
{
	const struct replay before = *window;
	struct packet packet = {.data = data};
	struct opened opened;
	const size_t at = take_number(in, 2) % bytes;

	/* Cut, or changed. */
	if (take_byte(in) & 1)
		bytes = at;
	else
		data[at] ^= (uint8_t)(1u << (take_byte(in) & 7));
	packet.data = malloc(bytes ? bytes : 1);
	packet.bytes = (uint32_t)bytes;
	memcpy(packet.data, data, bytes);
	uint8_t *const block = packet.data;

	EXPECT(packet_open(keys, window, &packet, &opened) != ESP_COUNT_RX_PACKETS);
	EXPECT(!opened.authentic && !opened.newest);
	EXPECT(memcmp(window, &before, sizeof(before)) == 0);
	free(block);
}

static void open_whole(const struct esp_keys *keys, struct replay *window, const uint8_t *sealed,
	size_t bytes, uint64_t number, const uint8_t *text, size_t text_bytes)
{
	const uint64_t inferred = meant(keys->esn, (uint32_t)number);
	const bool fits = inferred == (keys->esn ? number : (uint32_t)number);
	const uint64_t top = memory.top;
	uint8_t *const block = malloc(bytes);
	struct packet packet = {.data = block, .bytes = (uint32_t)bytes};
	struct opened opened;
	uint32_t inner = 0;

	memcpy(block, sealed, bytes);
	const enum esp_counter verdict = packet_open(keys, window, &packet, &opened);

	if (!is_new(inferred)) {
		EXPECT(verdict == ESP_COUNT_REPLAY && !opened.authentic);
	} else if (!fits) {
		EXPECT(verdict == ESP_COUNT_BAD_ICV && !opened.authentic);
	} else {
		EXPECT(opened.authentic && opened.newest == (inferred > top));
		EXPECT(verdict == verdict_on(text, text_bytes, &inner));
		remember(inferred);
	}
	if (verdict == ESP_COUNT_RX_PACKETS)
		EXPECT(packet.bytes == inner && memcmp(packet.data, text, inner) == 0);
	free(block);
}

static uint64_t choose_number(struct input *in, bool esn)
{
	const int16_t step = (int16_t)take_number(in, 2);
	uint64_t number = memory.top + (uint64_t)(int64_t)step;

	/* Far ahead or behind, where only the high half tells. */
	if (step % 16 == 15)
		number += take_number(in, 8);
	return esn ? number : number & 0xffffffff;
}

static void one_packet(const struct esp_keys *keys, struct replay *window, struct input *in)
{
	static uint8_t text[MOST + 32], sealed[MOST + 32 + OVERHEAD];
	const uint8_t how = take_byte(in);
	const uint64_t number = choose_number(in, keys->esn);
	size_t bytes = take_number(in, 2) % MOST;
	uint8_t *const taken = take_copy(in, &bytes);

	memcpy(text, taken, bytes);
	free(taken);
	const uint8_t next = how & 4 ? 4 : how & 8 ? 41 : how & 16 ? 59 : take_byte(in);
	const size_t whole = finish(keys, text, bytes, how & 1, next);
	const size_t count = seal(keys, number, text, whole, sealed);

	if (how & 2)
		open_spoilt(keys, window, sealed, count, in);
	else
		open_whole(keys, window, sealed, count, number, text, whole);
}

/* What our own sender makes of a text comes out of our own receiver. */
static void there_and_back(const struct esp_keys *keys, struct input *in)
{
	const uint32_t headroom = take_byte(in) % 32, tailroom = take_byte(in) % 64;
	const uint64_t number = 1 + (take_number(in, 4) & 0x7ffffffe);
	struct replay window = {.top = 0};
	struct opened opened;
	size_t bytes = take_number(in, 2) % MOST;
	uint8_t *const text = take_copy(in, &bytes);
	struct flow flow;

	uint8_t *const block = malloc(headroom + bytes + tailroom + 1);

	memcpy(block + headroom, text, bytes);
	struct packet packet = {block + headroom, (uint32_t)bytes, headroom, tailroom};

	if (packet_seal(keys, number, &packet)) {
		const enum esp_counter verdict = packet_open(keys, &window, &packet, &opened);

		EXPECT(opened.authentic && opened.newest && window.top == number);
		EXPECT((verdict == ESP_COUNT_RX_PACKETS) == ip_parse(text, bytes, &flow));
		if (verdict == ESP_COUNT_RX_PACKETS)
			EXPECT(packet.bytes == flow.bytes &&
				memcmp(packet.data, text, flow.bytes) == 0);
	}
	free(block);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = {data, bytes};
	static struct esp_keys keys;
	struct replay window = {.top = 0};

	memory.count = 0;
	const struct aead_impl *const impl = choose(take_byte(&in));
	const bool esn = take_byte(&in) & 1;

	make_keys(&keys, impl, esn);
	memory.top = take_number(&in, 8);
	if (!esn)
		memory.top &= 0xffffffff;
	window.top = memory.top;
	there_and_back(&keys, &in);
	for (unsigned i = 0; i < PACKETS && in.left > 0; i++)
		one_packet(&keys, &window, &in);
	EXPECT(window.top == memory.top);
	return 0;
}
