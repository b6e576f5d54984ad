#include "trap.h"

#include <stdlib.h>
#include <string.h>

static bool is_sound(const struct esp_trap *trap)
{
	return trap->local_count > 0 && trap->local_count <= ESP_MAX_SELECTORS &&
	       trap->remote_count > 0 && trap->remote_count <= ESP_MAX_SELECTORS;
}

enum esp_code trap_create(
	const struct esp_trap *from, const struct esp_selector *selectors, struct trap **out)
{
	const size_t count = (size_t)from->local_count + from->remote_count;
	struct trap *trap;

	if (!is_sound(from))
		return ESP_BAD_ARGUMENT;
	trap = calloc(1, sizeof(*trap) + count * sizeof(struct selector));
	if (!trap)
		return ESP_NO_MEMORY;
	trap->ref = from->ref;
	trap->local_count = from->local_count;
	trap->remote_count = from->remote_count;
	trap->entries = calloc(from->remote_count, sizeof(*trap->entries));
	enum esp_code code = trap->entries ? ESP_OK : ESP_NO_MEMORY;

	for (size_t i = 0; i < count && code == ESP_OK; i++)
		if (!selector_from(&selectors[i], &trap->selectors[i]))
			code = ESP_BAD_ARGUMENT;
	if (code == ESP_OK)
		*out = trap;
	else
		trap_destroy(trap);
	return code;
}

void trap_destroy(struct trap *trap)
{
	if (!trap)
		return;
	free(trap->entries);
	free(trap);
}

bool trap_keep(struct trap *trap, const uint8_t *packet, uint32_t bytes, uint64_t now_ms)
{
	struct trap_packet *place;
	uint32_t i;

	/* Asked first, so that the number grows by one a worker at the most once it is full. */
	if (bytes > TRAP_PACKET_BYTES || atomic_load(&trap->taken) >= TRAP_PACKETS)
		return false;
	i = atomic_fetch_add(&trap->taken, 1);
	if (i >= TRAP_PACKETS)
		return false;
	place = &trap->kept[i];
	memcpy(place->data, packet, bytes);
	place->bytes = bytes;
	place->kept_at = now_ms;
	return true;
}

void trap_close(struct trap *trap)
{
	const uint32_t taken = atomic_exchange(&trap->taken, TRAP_PACKETS);

	trap->count = taken < TRAP_PACKETS ? taken : TRAP_PACKETS;
}

void trap_open(struct trap *trap)
{
	trap->count = 0;
	atomic_store(&trap->taken, 0);
	atomic_store(&trap->told, 0);
}
