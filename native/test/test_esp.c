/* One packet through ESP: what is sealed opens, and nothing that was touched does. */
#include "check.h"
#include "packets.h"

#include "../src/cpu.h"
#include "../src/packet.h"

#define HEADROOM 64u
#define ROOM     2048u

static uint8_t buffer[HEADROOM + ROOM];
static struct esp_keys keys;
static struct replay window;
static struct opened opened;

static void new_keys_of(const struct aead_impl *aead, uint32_t encryption_bytes, bool esn)
{
	struct esp_direction direction = {.spi = 0x12345678,
		.encryption_bytes = encryption_bytes,
		.integrity_bytes = aead->shape->integrity_key};

	memset(direction.encryption, 0x5a, sizeof(direction.encryption));
	memset(direction.integrity, 0xa5, sizeof(direction.integrity));
	memset(&window, 0, sizeof(window));
	CHECK(esp_keys_init(&keys, aead, esn, &direction));
}

static void new_keys(bool esn)
{
	new_keys_of(aead_pick(ESP_AES_GCM_16, ESP_NO_INTEGRITY, 0), 20, esn);
}

static struct packet fresh(size_t bytes)
{
	return (struct packet){
		buffer + HEADROOM, (uint32_t)bytes, HEADROOM, ROOM - (uint32_t)bytes};
}

static struct packet sealed_udp4(size_t bytes, uint64_t sequence)
{
	struct packet packet = fresh(udp4(buffer + HEADROOM, "10.0.0.1", "10.0.0.2", bytes));

	CHECK(packet_seal(&keys, sequence, &packet));
	return packet;
}

static void a_packet_of_any_length_comes_back(void)
{
	static uint8_t copy[ROOM];

	new_keys(false);
	for (uint32_t bytes = 28; bytes < 1500; bytes++) {
		struct packet packet = sealed_udp4(bytes, bytes);

		CHECK_EQUAL(packet.bytes % 4, 0);
		CHECK(packet.bytes >= bytes + 16 + 2 + 16 && packet.bytes <= bytes + 16 + 5 + 16);
		udp4(copy, "10.0.0.1", "10.0.0.2", bytes);
		CHECK(memcmp(packet.data + 16, copy, 20) != 0);
		CHECK_EQUAL(packet_open(&keys, &window, &packet, &opened), ESP_COUNT_RX_PACKETS);
		CHECK(opened.authentic && opened.newest);
		CHECK_EQUAL(packet.bytes, bytes);
		CHECK(memcmp(packet.data, copy, bytes) == 0);
	}
}

/* Whatever the sizes of IV, block and ICV: and each changed byte is noticed, the IV's too. */
static void a_packet_of_any_length_comes_back_with_every_cipher(void)
{
	static uint8_t copy[ROOM];

	for (uint32_t i = 0; aead_impls[i]; i++) {
		const struct aead_impl *aead = aead_impls[i];
		const struct aead_shape *shape = aead->shape;
		const uint32_t align = shape->block < 4 ? 4 : shape->block;
		const uint32_t least = 8u + shape->iv + 2u + shape->tag;

		if (aead->cpu_needed & ~cpu_features())
			continue;
		for (uint32_t bytes = 28; bytes < 160; bytes++) {
			new_keys_of(aead, 32u + shape->salt, bytes % 2);
			struct packet packet = sealed_udp4(bytes, bytes);
			const struct packet sealed = packet;
			const uint32_t changed = bytes * 7919 % sealed.bytes;

			CHECK_EQUAL((packet.bytes - 8 - shape->iv - shape->tag) % align, 0);
			CHECK(packet.bytes >= bytes + least &&
				packet.bytes < bytes + least + align);
			CHECK(packet_most(&keys, packet.bytes) >= bytes &&
				packet_most(&keys, packet.bytes - 1) < bytes);
			memcpy(copy, packet.data, packet.bytes);
			packet.data[changed] ^= 0x10;
			CHECK(packet_open(&keys, &window, &packet, &opened) !=
				ESP_COUNT_RX_PACKETS);
			packet = sealed;
			memcpy(packet.data, copy, packet.bytes);
			CHECK_EQUAL(packet_open(&keys, &window, &packet, &opened),
				ESP_COUNT_RX_PACKETS);
			udp4(copy, "10.0.0.1", "10.0.0.2", bytes);
			CHECK(packet.bytes == bytes && memcmp(packet.data, copy, bytes) == 0);
		}
	}
}

/* Keys that are too short, too long, or of another algorithm. */
static void keys_of_other_lengths_are_refused(void)
{
	const struct aead_impl *cbc = aead_pick(ESP_AES_CBC, ESP_HMAC_SHA1_96, 0);
	const struct aead_impl *chacha = aead_pick(ESP_CHACHA20_POLY1305, ESP_NO_INTEGRITY, 0);

	for (uint32_t encryption = 0; encryption <= 65; encryption++) {
		struct esp_direction direction = {
			.spi = 256, .encryption_bytes = encryption, .integrity_bytes = 20};
		const bool fits = encryption == 16 || encryption == 24 || encryption == 32;

		CHECK_EQUAL(esp_keys_init(&keys, cbc, false, &direction), fits);
		CHECK(!esp_keys_init(&keys, chacha, false, &direction));
		direction.integrity_bytes = 0;
		CHECK(!esp_keys_init(&keys, cbc, false, &direction));
		CHECK_EQUAL(esp_keys_init(&keys, chacha, false, &direction), encryption == 36);
	}
}

static void ipv6_has_its_own_next_header(void)
{
	new_keys(true);
	struct packet packet = fresh(udp6(buffer + HEADROOM, "fd00::1", "fd00::2", 100));

	CHECK(packet_seal(&keys, 1, &packet));
	CHECK_EQUAL(packet_open(&keys, &window, &packet, &opened), ESP_COUNT_RX_PACKETS);
	CHECK_EQUAL(opened.flow.version, 6);
}

static void every_changed_bit_is_noticed(void)
{
	static uint8_t copy[ROOM];

	new_keys(false);
	const struct packet sealed = sealed_udp4(61, 5);

	memcpy(copy, sealed.data, sealed.bytes);
	for (uint32_t bit = 0; bit < 8 * sealed.bytes; bit++) {
		struct packet packet = sealed;
		enum esp_counter verdict;

		memcpy(packet.data, copy, packet.bytes);
		packet.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		verdict = packet_open(&keys, &window, &packet, &opened);
		CHECK(verdict == (bit < 32 ? ESP_COUNT_UNKNOWN_SPI : ESP_COUNT_BAD_ICV) ||
			(bit / 8 >= 4 && bit / 8 < 8 && verdict == ESP_COUNT_REPLAY));
		CHECK(!opened.authentic);
	}
	for (uint32_t bytes = 0; bytes < sealed.bytes; bytes++) {
		struct packet packet = sealed;

		memcpy(packet.data, copy, packet.bytes);
		packet.bytes = bytes;
		CHECK(packet_open(&keys, &window, &packet, &opened) != ESP_COUNT_RX_PACKETS);
	}
	CHECK_EQUAL(window.top, 0);
}

static void a_repeated_packet_is_dropped_before_it_is_opened(void)
{
	new_keys(false);
	struct packet first = sealed_udp4(100, 7), again = sealed_udp4(100, 7);

	CHECK_EQUAL(packet_open(&keys, &window, &first, &opened), ESP_COUNT_RX_PACKETS);
	again = sealed_udp4(100, 7);
	CHECK_EQUAL(packet_open(&keys, &window, &again, &opened), ESP_COUNT_REPLAY);
	again = sealed_udp4(100, 6);
	CHECK_EQUAL(packet_open(&keys, &window, &again, &opened), ESP_COUNT_RX_PACKETS);
	CHECK(opened.authentic && !opened.newest);
}

/* With ESN the high half is authenticated though it does not travel (pitfall 70: AAD of 12 bytes).
 */
static void extended_numbers_authenticate_their_high_half(void)
{
	const uint64_t number = ((uint64_t)3 << 32) + 100;

	new_keys(true);
	window.top = number - 1;
	struct packet packet = sealed_udp4(100, number);

	CHECK_EQUAL(packet_open(&keys, &window, &packet, &opened), ESP_COUNT_RX_PACKETS);
	CHECK_EQUAL(window.top, number);
	packet = sealed_udp4(100, number + 1);
	window.top = 1;
	CHECK_EQUAL(packet_open(&keys, &window, &packet, &opened), ESP_COUNT_BAD_ICV);
}

/* A payload with an IV and a trailer of our choice, sealed as a peer that lies would. */
static struct packet forged(const uint8_t iv[8], const uint8_t *payload, uint32_t bytes)
{
	struct packet packet = fresh(bytes + 16 + 16);
	uint8_t nonce[12], aad[8] = {0x12, 0x34, 0x56, 0x78, 0, 0, 0, 1};

	memcpy(packet.data, aad, 8);
	memcpy(packet.data + 8, iv, 8);
	memcpy(packet.data + 16, payload, bytes);
	memcpy(nonce, keys.salt, 4);
	memcpy(nonce + 4, packet.data + 8, 8);
	keys.aead->seal(
		&keys.key, nonce, aad, 8, packet.data + 16, bytes, packet.data + 16 + bytes);
	return packet;
}

static const uint8_t no_iv[8];

static enum esp_counter verdict_on(const uint8_t *payload, uint32_t bytes)
{
	new_keys(false);
	struct packet packet = forged(no_iv, payload, bytes);
	const enum esp_counter verdict = packet_open(&keys, &window, &packet, &opened);

	CHECK(opened.authentic);
	return verdict;
}

static void a_lying_trailer_is_dropped(void)
{
	uint8_t p[400] = {0};
	const uint32_t inner = 28, total = 32;

	udp4(p, "10.0.0.1", "10.0.0.2", inner);
	p[28] = 1;
	p[29] = 2;
	p[30] = 2;
	p[31] = 4;
	CHECK_EQUAL(verdict_on(p, total), ESP_COUNT_RX_PACKETS);
	p[28] = 0;
	CHECK_EQUAL(verdict_on(p, total), ESP_COUNT_BAD_PADDING);
	p[28] = 1;
	p[30] = 31;
	CHECK_EQUAL(verdict_on(p, total), ESP_COUNT_BAD_PADDING);
	p[30] = 255;
	CHECK_EQUAL(verdict_on(p, total), ESP_COUNT_BAD_PADDING);
	p[30] = 2;
	p[31] = 59;
	CHECK_EQUAL(verdict_on(p, total), ESP_COUNT_DUMMY);
	p[31] = 41;
	CHECK_EQUAL(verdict_on(p, total), ESP_COUNT_BAD_INNER);
	p[31] = 6;
	CHECK_EQUAL(verdict_on(p, total), ESP_COUNT_BAD_NEXT_HEADER);
}

/* The peer chooses its IV, which lies before the payload: read on from there, it is good padding
 * (CVE-2022-27666, class 21). */
static void padding_does_not_begin_before_the_payload(void)
{
	static const uint8_t iv[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	uint8_t p[32];

	for (uint8_t i = 0; i < 30; i++)
		p[i] = (uint8_t)(9 + i);
	p[30] = 38;
	p[31] = 59;
	new_keys(false);
	struct packet packet = forged(iv, p, sizeof(p));

	CHECK_EQUAL(packet_open(&keys, &window, &packet, &opened), ESP_COUNT_BAD_PADDING);
}

static void a_lying_inner_length_is_dropped(void)
{
	uint8_t p[400] = {0};

	udp4(p, "10.0.0.1", "10.0.0.2", 28);
	p[28] = 1;
	p[29] = 2;
	p[30] = 2;
	p[31] = 4;
	put16(p + 2, 29);
	CHECK_EQUAL(verdict_on(p, 32), ESP_COUNT_BAD_INNER);
	put16(p + 2, 65535);
	CHECK_EQUAL(verdict_on(p, 32), ESP_COUNT_BAD_INNER);
	put16(p + 2, 0);
	CHECK_EQUAL(verdict_on(p, 32), ESP_COUNT_BAD_INNER);
	/* Nothing inside at all. */
	p[0] = 1;
	p[1] = 2;
	p[2] = 2;
	p[3] = 4;
	CHECK_EQUAL(verdict_on(p, 4), ESP_COUNT_BAD_INNER);
}

/* Bytes behind the inner packet hide its length (RFC 4303 section 2.7) and are thrown away. */
static void padding_for_confidentiality_is_discarded(void)
{
	uint8_t p[400] = {0};

	udp4(p, "10.0.0.1", "10.0.0.2", 28);
	memset(p + 28, 0xee, 200);
	p[230] = 0;
	p[231] = 4;
	new_keys(false);
	struct packet packet = forged(no_iv, p, 232);

	CHECK_EQUAL(packet_open(&keys, &window, &packet, &opened), ESP_COUNT_RX_PACKETS);
	CHECK_EQUAL(packet.bytes, 28);
	CHECK(opened.padded);
	packet = sealed_udp4(100, 2);
	CHECK_EQUAL(packet_open(&keys, &window, &packet, &opened), ESP_COUNT_RX_PACKETS);
	CHECK(!opened.padded);
}

static void refuses_to_seal_without_room(void)
{
	new_keys(false);
	struct packet packet = fresh(udp4(buffer + HEADROOM, "10.0.0.1", "10.0.0.2", 100));

	packet.headroom = 15;
	CHECK(!packet_seal(&keys, 1, &packet));
	packet.headroom = 16;
	packet.tailroom = 19;
	CHECK(!packet_seal(&keys, 1, &packet));
	packet.tailroom = 20;
	CHECK(packet_seal(&keys, 1, &packet));
	CHECK_EQUAL(packet.headroom, 0);
	CHECK_EQUAL(packet.tailroom, 0);
}

/* draft-mcgrew-gcm-test-01, its first ESP packet with a 128-bit key: byte for byte what others
 * make. */
static void opens_a_published_packet(void)
{
	static const uint8_t secret[20] = {0x4c, 0x80, 0xcd, 0xef, 0xbb, 0x5d, 0x10, 0xda, 0x90,
		0x6a, 0xc7, 0x3c, 0x36, 0x13, 0xa6, 0x34, 0x2e, 0x44, 0x3b, 0x68};
	static const uint8_t aad[12] = {0x00, 0x00, 0x43, 0x21, 0x87, 0x65, 0x43, 0x21, 0, 0, 0, 0};
	static const uint8_t iv[8] = {0x49, 0x56, 0xed, 0x7e, 0x3b, 0x24, 0x4c, 0xfe};
	static const uint8_t plain[72] = {0x45, 0x00, 0x00, 0x48, 0x69, 0x9a, 0x00, 0x00, 0x80,
		0x11, 0x4d, 0xb7, 0xc0, 0xa8, 0x01, 0x02, 0xc0, 0xa8, 0x01, 0x01, 0x0a, 0x9b, 0xf1,
		0x56, 0x38, 0xd3, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04,
		0x5f, 0x73, 0x69, 0x70, 0x04, 0x5f, 0x75, 0x64, 0x70, 0x03, 0x73, 0x69, 0x70, 0x09,
		0x63, 0x79, 0x62, 0x65, 0x72, 0x63, 0x69, 0x74, 0x79, 0x02, 0x64, 0x6b, 0x00, 0x00,
		0x21, 0x00, 0x01, 0x01, 0x02, 0x02, 0x01};
	static const uint8_t sealed[88] = {0xfe, 0xcf, 0x53, 0x7e, 0x72, 0x9d, 0x5b, 0x07, 0xdc,
		0x30, 0xdf, 0x52, 0x8d, 0xd2, 0x2b, 0x76, 0x8d, 0x1b, 0x98, 0x73, 0x66, 0x96, 0xa6,
		0xfd, 0x34, 0x85, 0x09, 0xfa, 0x13, 0xce, 0xac, 0x34, 0xcf, 0xa2, 0x43, 0x6f, 0x14,
		0xa3, 0xf3, 0xcf, 0x65, 0x92, 0x5b, 0xf1, 0xf4, 0xa1, 0x3c, 0x5d, 0x15, 0xb2, 0x1e,
		0x18, 0x84, 0xf5, 0xff, 0x62, 0x47, 0xae, 0xab, 0xb7, 0x86, 0xb9, 0x3b, 0xce, 0x61,
		0xbc, 0x17, 0xd7, 0x68, 0xfd, 0x97, 0x32, 0x45, 0x90, 0x18, 0x14, 0x8f, 0x6c, 0xbe,
		0x72, 0x2f, 0xd0, 0x47, 0x96, 0x56, 0x2d, 0xfd, 0xb4};
	uint8_t nonce[12], text[72], tag[16];

	struct esp_direction direction = {.spi = 0x4321, .encryption_bytes = sizeof(secret)};

	memcpy(direction.encryption, secret, sizeof(secret));
	CHECK(esp_keys_init(
		&keys, aead_pick(ESP_AES_GCM_16, ESP_NO_INTEGRITY, 0), true, &direction));
	memcpy(nonce, keys.salt, 4);
	memcpy(nonce + 4, iv, 8);
	memcpy(text, plain, 72);
	keys.aead->seal(&keys.key, nonce, aad, 12, text, 72, tag);
	CHECK(memcmp(text, sealed, 72) == 0 && memcmp(tag, sealed + 72, 16) == 0);
}

int main(void)
{
	RUN(a_packet_of_any_length_comes_back);
	RUN(a_packet_of_any_length_comes_back_with_every_cipher);
	RUN(keys_of_other_lengths_are_refused);
	RUN(ipv6_has_its_own_next_header);
	RUN(every_changed_bit_is_noticed);
	RUN(a_repeated_packet_is_dropped_before_it_is_opened);
	RUN(extended_numbers_authenticate_their_high_half);
	RUN(a_lying_trailer_is_dropped);
	RUN(padding_does_not_begin_before_the_payload);
	RUN(a_lying_inner_length_is_dropped);
	RUN(padding_for_confidentiality_is_discarded);
	RUN(refuses_to_seal_without_room);
	RUN(opens_a_published_packet);
	return check_summary("esp");
}
