#include "packet.h"

#include <string.h>

#include "bytes.h"

/* RFC 4106 section 3.1, RFC 7634 section 2. */
#define SALTED_IV_BYTES 8

enum { NEXT_IPV4 = 4, NEXT_IPV6 = 41, NEXT_NONE = 59 };

bool esp_keys_init(struct esp_keys *keys, const struct aead_impl *aead, bool esn,
	const struct esp_direction *direction)
{
	const struct aead_shape *const shape = aead->shape;
	uint8_t bytes[sizeof(direction->encryption) + sizeof(direction->integrity)];
	const uint32_t encryption = direction->encryption_bytes - shape->salt;

	if (direction->encryption_bytes < shape->salt ||
		direction->encryption_bytes > sizeof(direction->encryption) ||
		direction->integrity_bytes != shape->integrity_key)
		return false;
	memcpy(bytes, direction->encryption, encryption);
	memcpy(bytes + encryption, direction->integrity, direction->integrity_bytes);
	const bool known = aead->init(&keys->key, bytes, encryption + direction->integrity_bytes);

	explicit_bzero(bytes, sizeof(bytes));
	memcpy(keys->salt, direction->encryption + encryption, shape->salt);
	keys->aead = aead;
	keys->shape = *shape;
	keys->spi = direction->spi;
	keys->esn = esn;
	return known;
}

/* Of lengths that the compiler knows: else each is a call. */
static void make_nonce(const struct esp_keys *keys, const uint8_t *iv, uint8_t *nonce)
{
	if (keys->shape.salt == 0) {
		memcpy(nonce, iv, AEAD_NONCE_BYTES);
		return;
	}
	memcpy(nonce, keys->salt, sizeof(keys->salt));
	memcpy(nonce + sizeof(keys->salt), iv, SALTED_IV_BYTES);
}

/*
 * The SPI and the sequence number, of which ESN has 64 bits, not 32. Where the cipher
 * authenticates, in their order (RFC 4106 section 5); elsewhere the high half comes behind all (RFC
 * 4303 section 2.2.1).
 */
static size_t make_aad(const struct esp_keys *keys, uint64_t sequence, uint8_t aad[12])
{
	const bool high_last = keys->aead->integrity != ESP_NO_INTEGRITY;

	store32(aad, keys->spi);
	store32(aad + 4, (uint32_t)sequence);
	if (!keys->esn)
		return 8;
	store32(aad + (high_last ? 8 : 4), (uint32_t)(sequence >> 32));
	store32(aad + (high_last ? 4 : 8), (uint32_t)sequence);
	return 12;
}

/* The sequence number never repeats under a key, so it is the IV where that may be foreseen (RFC
 * 4106 section 3.1). */
static void make_iv(const struct esp_keys *keys, uint64_t sequence, uint8_t *iv)
{
	if (keys->aead->iv) {
		keys->aead->iv(&keys->key, sequence, iv);
		return;
	}
	store32(iv, (uint32_t)(sequence >> 32));
	store32(iv + 4, (uint32_t)sequence);
}

/* RFC 4303 section 2.4: whole blocks of the cipher, and of four bytes. A power of two. */
static uint32_t alignment(const struct esp_keys *keys)
{
	return keys->shape.block < 4 ? 4 : keys->shape.block;
}

uint32_t packet_most(const struct esp_keys *keys, uint32_t bytes)
{
	const uint32_t align = alignment(keys), around = 8u + keys->shape.iv + keys->shape.tag;

	return bytes < around + align ? 0 : (bytes - around) / align * align - 2;
}

bool packet_seal(const struct esp_keys *keys, uint64_t sequence, struct packet *packet)
{
	const uint32_t align = alignment(keys), before = 8u + keys->shape.iv;
	const uint32_t pad = (0u - (packet->bytes + 2)) & (align - 1);
	const uint32_t behind = pad + 2 + keys->shape.tag;
	uint8_t *const text = packet->data, *const header = text - before;
	uint8_t *trailer = text + packet->bytes;
	uint8_t nonce[AEAD_NONCE_BYTES], aad[12];

	if (packet->headroom < before || packet->tailroom < behind || packet->bytes == 0)
		return false;
	const uint8_t next = text[0] >> 4 == 4 ? NEXT_IPV4 : NEXT_IPV6;

	for (uint32_t i = 1; i <= pad; i++)
		*trailer++ = (uint8_t)i;
	*trailer++ = (uint8_t)pad;
	*trailer++ = next;
	store32(header, keys->spi);
	store32(header + 4, (uint32_t)sequence);
	make_iv(keys, sequence, header + 8);
	make_nonce(keys, header + 8, nonce);
	keys->aead->seal(&keys->key, nonce, aad, make_aad(keys, sequence, aad), text,
		packet->bytes + pad + 2, trailer);
	packet->data = header;
	packet->bytes += before + behind;
	packet->headroom -= before;
	packet->tailroom -= behind;
	return true;
}

/* What the authenticated payload is; on success the packet is the inner one. */
static enum esp_counter unwrap(struct packet *packet, struct opened *opened)
{
	struct flow *const flow = &opened->flow;
	const uint8_t *const end = packet->data + packet->bytes;
	const uint32_t pad = end[-2];
	const uint8_t next = end[-1];

	if (pad + 2 > packet->bytes)
		return ESP_COUNT_BAD_PADDING;
	for (uint32_t i = 1; i <= pad; i++)
		if (end[(int32_t)i - (int32_t)pad - 3] != i)
			return ESP_COUNT_BAD_PADDING;
	opened->bytes -= pad + 2;
	if (next == NEXT_NONE)
		return ESP_COUNT_DUMMY;
	if (next != NEXT_IPV4 && next != NEXT_IPV6)
		return ESP_COUNT_BAD_NEXT_HEADER;
	if (!ip_parse(packet->data, opened->bytes, flow) ||
		flow->version != (next == NEXT_IPV4 ? 4 : 6))
		return ESP_COUNT_BAD_INNER;
	/* What else is behind is for traffic flow confidentiality (RFC 4303 section 2.7). */
	opened->padded = flow->bytes < opened->bytes;
	packet->tailroom += packet->bytes - flow->bytes;
	packet->bytes = flow->bytes;
	return ESP_COUNT_RX_PACKETS;
}

enum esp_counter packet_open(const struct esp_keys *keys, struct replay *window,
	struct packet *packet, struct opened *opened)
{
	const uint8_t *const header = packet->data;
	const uint32_t align = alignment(keys), before = 8u + keys->shape.iv, tag = keys->shape.tag;
	uint8_t nonce[AEAD_NONCE_BYTES], aad[12];

	opened->authentic = opened->newest = opened->padded = false;
	/* The ciphertext holds at least pad length and next header. */
	if (packet->bytes < before + align + tag || ((packet->bytes - before - tag) & (align - 1)))
		return ESP_COUNT_RUNT;
	const uint64_t sequence = replay_infer(window, keys->esn, load32(header + 4));

	if (load32(header) != keys->spi)
		return ESP_COUNT_UNKNOWN_SPI;
	if (!replay_allows(window, sequence))
		return ESP_COUNT_REPLAY;
	packet->data += before;
	packet->headroom += before;
	packet->bytes -= before + tag;
	packet->tailroom += tag;
	make_nonce(keys, header + 8, nonce);
	if (!keys->aead->open(&keys->key, nonce, aad, make_aad(keys, sequence, aad), packet->data,
		    packet->bytes, packet->data + packet->bytes))
		return ESP_COUNT_BAD_ICV;
	opened->authentic = true;
	opened->bytes = packet->bytes;
	opened->newest = replay_note(window, sequence);
	return unwrap(packet, opened);
}
