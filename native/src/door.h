/*
 * Who of those that knock gets to JavaScript while more knock than it can hear. Strangers prove
 * their address by a cookie of this file then (RFC 7296 section 2.6, RFC 8019), which costs a
 * microsecond and no memory; whoever has an IKE SA goes past them. While few knock, all go in.
 *
 * Only the inbound thread.
 */
#ifndef DOOR_H
#define DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aead/hmac.h"
#include "esp.h"

#define DOOR_SPIS         4096u
#define DOOR_SOURCES      4096u
#define DOOR_ANSWER_BYTES 69u

struct door_source {
	/* Milliseconds of patience that it has left, and when that was so. */
	uint32_t left;
	uint64_t at_ms;
};

/* IKE SPIs of ours, as messages of ours showed them, and what each has left; a newer one may take
 * the place of another. */
struct door_sas {
	uint64_t spis[DOOR_SPIS];
	struct door_source left[DOOR_SPIS];
	/* Where what showed it went to: the place of that address among `beginners`. */
	uint32_t begun_by[DOOR_SPIS];
};

struct door {
	/* The first counts; the other is as good until it changes again. A cookie begins with 0,
	 * and those of JavaScript do not. */
	struct hmac_key secrets[2];
	uint64_t changed_ms;
	uint64_t salt;
	/* Of who is inside, and of who may be on his way in: these take no place of those. */
	struct door_sas inside, coming;
	/* Proven sources by address and port, and by address alone. */
	struct door_source ends[DOOR_SOURCES], hosts[DOOR_SOURCES];
	/* Addresses with handshakes under way. */
	struct door_source beginners[DOOR_SOURCES];
	/* How many strangers knocked since then, and whether that were many the last time. */
	uint64_t since_ms;
	uint32_t strangers;
	bool crowded;
};

enum door_verdict {
	/* As if there were no door. */
	DOOR_OPEN,
	/* It has an SPI of ours: it must not wait behind others. */
	DOOR_KNOWN,
	/* IKE_SA_INIT with a cookie of ours. */
	DOOR_PROVEN,
	/* `answer` is to be sent back. */
	DOOR_CHALLENGED,
	DOOR_CLOSED,
};

/* `door` is zeros: most of it never takes memory where few knock. False: no randomness. */
bool door_open(struct door *door);
void door_wipe(struct door *door);

/* Judges an IKE message of at least a header. */
enum door_verdict door_judge(struct door *door, const struct esp_address *from,
	const uint8_t *bytes, size_t count, uint64_t now_ms, uint8_t answer[DOOR_ANSWER_BYTES]);
/* Learns our SPI from a message of ours that goes `to` somebody. */
void door_learn(
	struct door *door, const struct esp_address *to, const uint8_t *bytes, size_t count);
/* An SPI of ours, 8 bytes, whose SA stands before any message of ours shows it. */
void door_admit(struct door *door, const uint8_t *spi);

#endif
