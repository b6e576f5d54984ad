#include "early.h"

#include <stdlib.h>
#include <string.h>

/* EARLY_SPIS: nobody expects it. */
static uint32_t place_of(const struct early *early, uint32_t spi)
{
	uint32_t place = spi == 0 ? EARLY_SPIS : 0;

	while (place < EARLY_SPIS && early->spis[place] != spi)
		place++;
	return place;
}

static void empty(struct early_packet *kept)
{
	free(kept->datagram.packet.data);
	memset(kept, 0, sizeof(*kept));
}

static void forget(void *context, struct datagram *datagram, uint32_t spi)
{
	(void)context;
	(void)datagram;
	(void)spi;
}

void early_expect(struct early *early, uint32_t spi)
{
	const uint32_t place = early->spi_count % EARLY_SPIS;

	if (spi == 0 || place_of(early, spi) < EARLY_SPIS)
		return;
	early_release(early, early->spis[place], forget, NULL);
	early->spis[place] = spi;
	early->seen[place] = false;
	early->spi_count++;
}

enum early_verdict early_keep(struct early *early, const struct datagram *datagram, uint32_t spi)
{
	const uint32_t place = place_of(early, spi);
	struct early_packet *kept = &early->packets[early->packet_count % EARLY_PACKETS];
	const uint32_t bytes = datagram->packet.bytes;
	uint8_t *data;

	if (bytes > EARLY_PACKET_BYTES || place == EARLY_SPIS)
		return EARLY_REFUSED;
	data = malloc(bytes);
	if (!data)
		return EARLY_REFUSED;
	memcpy(data, datagram->packet.data, bytes);
	empty(kept);
	kept->spi = spi;
	kept->datagram = *datagram;
	kept->datagram.packet = (struct packet){.data = data, .bytes = bytes};
	early->packet_count++;
	if (early->seen[place])
		return EARLY_ANOTHER;
	early->seen[place] = true;
	return EARLY_FIRST;
}

void early_release(struct early *early, uint32_t spi, early_take *take, void *context)
{
	const uint32_t place = place_of(early, spi);

	if (place == EARLY_SPIS)
		return;
	early->spis[place] = 0;
	for (uint32_t i = 0; i < EARLY_PACKETS; i++) {
		struct early_packet *kept =
			&early->packets[(early->packet_count + i) % EARLY_PACKETS];
		/* It is opened in place, which moves `data`. */
		struct datagram datagram = kept->datagram;

		if (kept->spi != spi)
			continue;
		take(context, &datagram, spi);
		empty(kept);
	}
}

void early_close(struct early *early)
{
	for (uint32_t i = 0; i < EARLY_PACKETS; i++)
		empty(&early->packets[i]);
}
