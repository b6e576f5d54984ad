#include "early.h"

#include <stdlib.h>
#include <string.h>

static uint32_t *place_of(struct early *early, uint32_t spi)
{
	for (uint32_t i = 0; spi != 0 && i < EARLY_SPIS; i++)
		if (early->spis[i] == spi)
			return &early->spis[i];
	return NULL;
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
	uint32_t *place = &early->spis[early->spi_count % EARLY_SPIS];

	if (spi == 0 || place_of(early, spi))
		return;
	early_release(early, *place, forget, NULL);
	*place = spi;
	early->spi_count++;
}

bool early_keep(struct early *early, const struct datagram *datagram, uint32_t spi)
{
	struct early_packet *kept = &early->packets[early->packet_count % EARLY_PACKETS];
	const uint32_t bytes = datagram->packet.bytes;
	uint8_t *data;

	if (bytes > EARLY_PACKET_BYTES || !place_of(early, spi))
		return false;
	data = malloc(bytes);
	if (!data)
		return false;
	memcpy(data, datagram->packet.data, bytes);
	empty(kept);
	kept->spi = spi;
	kept->datagram = *datagram;
	kept->datagram.packet = (struct packet){.data = data, .bytes = bytes};
	early->packet_count++;
	return true;
}

void early_release(struct early *early, uint32_t spi, early_take *take, void *context)
{
	uint32_t *place = place_of(early, spi);

	if (!place)
		return;
	*place = 0;
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
