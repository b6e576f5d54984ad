/*
 * One packet through ESP (RFC 4303), in place and without a descriptor:
 * esp.c seals and opens, this is what it works on.
 */
#ifndef PACKET_H
#define PACKET_H

#include "aead/aead.h"
#include "esp.h"
#include "ip.h"
#include "replay.h"

/* In front of an inner packet at most: SPI, sequence number, IV. */
#define ESP_HEADER_BYTES (8u + AEAD_BLOCK_BYTES)
/* Behind it at most: padding to whole blocks, its length, next header, ICV. */
#define ESP_TRAILER_BYTES (AEAD_BLOCK_BYTES - 1u + 2u + AEAD_TAG_BYTES)

/* Bytes with the room around them that may be written. */
struct packet {
	uint8_t *data;
	uint32_t bytes;
	uint32_t headroom;
	uint32_t tailroom;
};

/* What the two directions of a child have each for itself. */
struct esp_keys {
	const struct aead_impl *aead;
	/* Of it, where every packet needs it. */
	struct aead_shape shape;
	uint32_t spi;
	bool esn;
	uint8_t salt[4];
	struct aead_key key;
};

/* False: no such keys. */
bool esp_keys_init(struct esp_keys *keys, const struct aead_impl *aead, bool esn,
	const struct esp_direction *direction);

/* The inner packet becomes an ESP packet. False: no room around it. */
bool packet_seal(const struct esp_keys *keys, uint64_t sequence, struct packet *packet);

/* The largest inner packet whose ESP packet has at most so many bytes; 0: none has. */
uint32_t packet_most(const struct esp_keys *keys, uint32_t bytes);

struct opened {
	/* It is the peer's and new, whatever is inside. */
	bool authentic;
	/* No packet with a higher number came before. */
	bool newest;
	/* Of an authentic one: all but ESP's own padding and trailer. */
	uint32_t bytes;
	/* There was padding for traffic flow confidentiality behind it. */
	bool padded;
	/* What the inner header says; only when the verdict is RX_PACKETS. */
	struct flow flow;
};

/*
 * An ESP packet becomes its inner packet, trimmed to the length that the inner IP header claims.
 * Anything but RX_PACKETS is the reason to drop it.
 */
enum esp_counter packet_open(const struct esp_keys *keys, struct replay *window,
	struct packet *packet, struct opened *opened);

#endif
