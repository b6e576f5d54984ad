/*
 * A trap: selectors that have no child yet. The first packet that fits is told to JavaScript; it
 * and a few more are kept until esp_trap_release(). Found by the policy database (spd.h).
 */
#ifndef TRAP_H
#define TRAP_H

#include "sa.h"

#define TRAP_PACKETS      4u
#define TRAP_PACKET_BYTES 2048u
/* What is older went to somebody who has given up, or has sent it again. */
#define TRAP_PATIENCE_MS 30000u

struct trap_packet {
	uint64_t kept_at;
	uint32_t bytes;
	uint8_t data[TRAP_PACKET_BYTES];
};

struct trap {
	uint32_t ref;
	/* JavaScript knows, and has not answered. */
	_Atomic uint32_t told;
	/* Places given out; TRAP_PACKETS or more: none is left. */
	_Atomic uint32_t taken;
	/* How many hold a packet, of those that a closed trap has. */
	uint32_t count;
	struct trap_packet kept[TRAP_PACKETS];

	struct trap *next;
	uint32_t local_count, remote_count;
	struct spd_entry *entries;
	/* Ours, then the peer's. */
	struct selector selectors[];
};

/* Makes a trap that is in no table yet. ESP_OK, ESP_BAD_ARGUMENT or ESP_NO_MEMORY. */
enum esp_code trap_create(
	const struct esp_trap *from, const struct esp_selector *selectors, struct trap **out);
/* No thread may hold it; NULL is allowed. */
void trap_destroy(struct trap *trap);

/* Keeps a packet; false: no room. Any thread that the epoch knows of. */
bool trap_keep(struct trap *trap, const uint8_t *packet, uint32_t bytes, uint64_t now_ms);

/* Keeps no more; once no worker is in an epoch before this, kept[0 … count − 1] are whole. */
void trap_close(struct trap *trap);
/* Empty, and ready to tell again. */
void trap_open(struct trap *trap);

#endif
