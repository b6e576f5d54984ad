#include "tap.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine.h"
#include "send.h"

#define WINDOW_MS 100u
#define FIRST_SPI 256u
/* What a copy costs whoever reads it, beside its bytes. */
#define FRAME_COST 96u

struct tap_filter {
	struct esp_tap wanted;
	/* Which tenth of a second it is, and the bytes that were given away in it. */
	_Atomic uint64_t window;
	_Atomic uint32_t spent;
};

static bool is_sound(const struct esp_tap *wanted)
{
	if (wanted->snap_bytes == 0 || wanted->snap_bytes > UINT16_MAX)
		return false;
	if (wanted->address_count > ESP_MAX_TAP_ADDRESSES || wanted->spi_count > ESP_MAX_TAP_SPIS)
		return false;
	for (uint32_t i = 0; i < wanted->address_count; i++)
		if (wanted->addresses[i].family != 4 && wanted->addresses[i].family != 6)
			return false;
	return true;
}

/* What was spent of this tenth of a second, another filter goes on with. */
static struct tap_filter *filter_for(const struct esp_tap *wanted, const struct tap_filter *old)
{
	struct tap_filter *filter = calloc(1, sizeof(*filter));

	if (!filter)
		return NULL;
	filter->wanted = *wanted;
	if (old) {
		atomic_store(&filter->window, atomic_load(&old->window));
		atomic_store(&filter->spent, atomic_load(&old->spent));
	}
	return filter;
}

enum esp_code tap_set(struct esp_engine *engine, const struct esp_tap *wanted)
{
	struct tap_filter *next = NULL, *old = atomic_load(&engine->tap.filter);

	if (wanted && !is_sound(wanted))
		return ESP_BAD_ARGUMENT;
	if (wanted)
		next = filter_for(wanted, old);
	if (wanted && !next)
		return ESP_NO_MEMORY;
	atomic_store(&engine->tap.filter, next);
	engine_settle(engine);
	free(old);
	return ESP_OK;
}

static bool is_wanted(const struct esp_tap *wanted, const struct esp_address *remote, uint32_t spi)
{
	for (uint32_t i = 0; i < wanted->address_count; i++) {
		const struct esp_address *one = &wanted->addresses[i];

		if (one->family == remote->family && memcmp(one->ip, remote->ip, 16) == 0)
			return true;
	}
	for (uint32_t i = 0; i < wanted->spi_count; i++)
		if (wanted->spis[i] == spi)
			return true;
	return false;
}

/* Two threads may begin a window at once, which gives away a little more. */
static bool affords(struct tap_filter *filter, uint32_t bytes)
{
	const uint64_t window = engine_now_ms() / WINDOW_MS;

	if (atomic_load_explicit(&filter->window, memory_order_relaxed) != window) {
		atomic_store_explicit(&filter->window, window, memory_order_relaxed);
		atomic_store_explicit(&filter->spent, 0, memory_order_relaxed);
	}
	const uint32_t before =
		atomic_fetch_add_explicit(&filter->spent, bytes, memory_order_relaxed);

	return before + bytes <= filter->wanted.most_bytes;
}

static void copy(struct worker *worker, struct tap_filter *filter, const struct tapped *about,
	const uint8_t *bytes)
{
	const uint32_t snap = filter->wanted.snap_bytes;
	const uint32_t kept = about->bytes < snap ? about->bytes : snap;
	const bool fits = affords(filter, kept + FRAME_COST) &&
			  mailbox_tapped(&worker->engine->mailbox, about, bytes, kept);

	counter_add(&worker->counters, fits ? ESP_COUNT_TAPPED : ESP_COUNT_TAP_DROPPED, 1);
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* 0: it is no ESP, or too short to tell. */
static uint32_t spi_of(const uint8_t *data, uint32_t bytes)
{
	if (bytes < 4)
		return 0;
	return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

static void copy_one(struct worker *worker, struct tap_filter *filter,
	const struct datagram *datagram, const uint8_t *data, uint32_t bytes, uint64_t at_us)
{
	const struct tapped about = {
		.encap = (uint8_t)datagram->encap,
		.tos = datagram->tos,
		.at_us = at_us,
		.path = &datagram->path,
		.bytes = bytes,
	};
	const uint32_t spi = spi_of(data, bytes);

	if (spi >= FIRST_SPI && is_wanted(&filter->wanted, &datagram->path.remote, spi))
		copy(worker, filter, &about, data);
}

void tap_came(struct worker *worker, struct tap_filter *filter, const struct outer_socket *on,
	const struct datagram *datagrams, int count)
{
	const uint64_t at_us = now_us();

	for (int i = 0; i < count && on->kind != OUTER_IKE; i++) {
		struct datagram one = datagrams[i];
		uint32_t bytes;

		if (one.truncated || (on->kind == OUTER_RAW && !raw_strip(&one)))
			continue;
		bytes = on->kind == OUTER_RAW ? one.packet.bytes : one.cut_bytes;
		for (uint32_t at = 0; at < one.packet.bytes; at += bytes) {
			const uint32_t left = one.packet.bytes - at;

			copy_one(worker, filter, &one, one.packet.data + at,
				left < bytes ? left : bytes, at_us);
		}
	}
}

void tap_leaves(struct worker *worker, struct tap_filter *filter)
{
	const struct send_batch *batch = worker->batch;
	const uint64_t at_us = now_us();

	for (uint32_t i = 0; i < batch->count; i++) {
		const struct send_packet *packet = &batch->packets[i];
		const struct path *path = packet->path;
		const struct tapped about = {
			.leaves = true,
			.encap = (uint8_t)path->encap,
			.tos = packet->tos,
			.at_us = at_us,
			.path = &path->address,
			.bytes = (uint32_t)batch->vectors[i].iov_len,
		};

		if (is_wanted(&filter->wanted, &path->address.remote, packet->sa->in.spi))
			copy(worker, filter, &about, batch->vectors[i].iov_base);
	}
}
