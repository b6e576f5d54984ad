/*
 * How far the numbers of keys went that are in use no more. A child that is installed again with
 * the keys it had goes on where it stopped: no sequence number is used twice under a key (RFC 4303
 * section 3.3.3), and nothing that came before comes again. Under the engine's lock.
 */
#ifndef PAST_H
#define PAST_H

#include <stdbool.h>

#include "aead/hmac.h"
#include "esp.h"

/* Of more, the oldest is forgotten. */
#define PAST_DIRECTIONS 2048u

/* What stands for an SPI with its keys, without telling of them. */
typedef uint64_t past_name;

struct past {
	/* Drawn at start, wiped at the end. */
	struct hmac_key secret;
	uint32_t count;
	struct {
		past_name name;
		uint64_t number;
	} directions[PAST_DIRECTIONS];
};

/* False: the system has no randomness. */
bool past_open(struct past *past);
void past_close(struct past *past);

past_name past_name_of(const struct past *past, const struct esp_direction *direction);
/* The highest number that was used; 0: none is known. */
uint64_t past_number(const struct past *past, past_name name);
void past_note(struct past *past, past_name name, uint64_t number);

#endif
