#include "carry.h"

#include <sys/uio.h>

#include "fragment.h"
#include "gso.h"
#include "limit.h"
#include "mss.h"
#include "send.h"

static void drop(struct worker *worker, struct sa *sa, enum esp_counter reason)
{
	counter_add(&worker->counters, reason, 1);
	counter_add_shared(&sa->counters, reason, 1);
}

/* One number for one packet, whatever other lanes do; 0: the child may send no more (RFC 4303
 * section 3.3.3). */
static uint64_t next_sequence(struct worker *worker, struct sa *sa, uint32_t bytes)
{
	const uint64_t sequence =
		atomic_fetch_add_explicit(&sa->sequence, 1, memory_order_relaxed) + 1;
	const uint64_t before =
		atomic_fetch_add_explicit(&sa->sealed_bytes, bytes, memory_order_relaxed);

	return limit_allows(worker, sa, sequence, before) ? sequence : 0;
}

/* RFC 6040 section 4.1: congestion marks go outside as they are. */
static uint8_t outer_tos(const struct worker *worker, const uint8_t *packet)
{
	const uint8_t tos = ip_tos(packet);

	return worker->engine->copy_dscp & ESP_DSCP_OUT ? tos : tos & 3;
}

void carry_fitting(struct worker *worker, struct sa *sa, struct packet *packet)
{
	const uint32_t inner_bytes = packet->bytes;
	const uint8_t tos = outer_tos(worker, packet->data);
	const uint64_t sequence = next_sequence(worker, sa, inner_bytes);

	if (sequence == 0)
		drop(worker, sa, ESP_COUNT_SEQUENCE_EXHAUSTED);
	else if (packet_seal(&sa->out, sequence, packet))
		send_add(worker->batch, sa, packet, inner_bytes, tos);
	else
		drop(worker, sa, ESP_COUNT_TOO_BIG);
}

uint32_t carry_most(const struct worker *worker, const struct sa *sa, uint8_t version)
{
	struct path *const path = atomic_load(&sa->path);

	if (path_is_stale(path, worker->now_ms))
		path_look(path, worker->now_ms);
	return sa_most(sa, path, version);
}

void carry_clamp(struct worker *worker, struct sa *sa, uint8_t *packet, const struct flow *flow)
{
	if (!mss_is_told(packet, flow))
		return;
	const uint32_t path = sa_most(sa, atomic_load(&sa->path), flow->version);
	const uint32_t device = worker->engine->tun.mtu;

	if (!mss_clamp(packet, flow, path < device ? path : device))
		return;
	counter_add(&worker->counters, ESP_COUNT_MSS_CLAMPED, 1);
	counter_add_shared(&sa->counters, ESP_COUNT_MSS_CLAMPED, 1);
}

/* Through the device, as if it came from behind the tunnel. */
static void tell_sender(
	struct worker *worker, const struct packet *packet, const struct flow *flow, uint32_t most)
{
	struct gso_header none = {.type = GSO_NONE};
	const int before = worker->engine->tun.vnet ? 0 : 1;
	uint8_t message[ICMP_BYTES];

	if (worker->queue < 0 ||
		!icmp_allowed(&worker->told, worker->engine->spd.seed, flow, worker->now_ms))
		return;
	const uint32_t bytes = icmp_too_big(packet->data, flow, most, message);
	const struct iovec parts[2] = {{&none, sizeof(none)}, {message, bytes}};

	if (bytes > 0 && writev(worker->queue, parts + before, 2 - before) >= 0)
		counter_add(&worker->counters, ESP_COUNT_TOLD_TOO_BIG, 1);
}

/* The packet stays where it is while its pieces are written behind it. */
static void carry_pieces(struct worker *worker, struct sa *sa, const struct packet *packet,
	const struct fragments *pieces)
{
	struct send_batch *batch = worker->batch;

	send_keep(batch, packet);
	const size_t with_packet = batch->used;

	for (uint32_t i = 0; i < pieces->count; i++) {
		const uint32_t bytes = fragment_bytes(pieces, i);
		struct packet piece;

		if (!send_has_room(batch, bytes))
			send_flush(worker, with_packet);
		piece = send_place(batch);
		fragment_write(pieces, i, piece.data);
		piece.bytes = bytes;
		piece.tailroom -= bytes;
		carry_fitting(worker, sa, &piece);
	}
	counter_add(&worker->counters, ESP_COUNT_FRAGMENTED, 1);
	counter_add_shared(&sa->counters, ESP_COUNT_FRAGMENTED, 1);
}

static void carry_wide(struct worker *worker, struct sa *sa, const struct packet *packet,
	const struct flow *flow, uint32_t most)
{
	struct fragments pieces;

	if (fragment_begin(&pieces, packet->data, flow, most)) {
		carry_pieces(worker, sa, packet, &pieces);
		return;
	}
	tell_sender(worker, packet, flow, most);
	drop(worker, sa, ESP_COUNT_TOO_BIG);
}

void carry(struct worker *worker, struct sa *sa, struct packet *packet, const struct flow *flow)
{
	const uint32_t most = carry_most(worker, sa, flow->version);

	if (packet->bytes > most) {
		carry_wide(worker, sa, packet, flow, most);
		return;
	}
	carry_clamp(worker, sa, packet->data, flow);
	carry_fitting(worker, sa, packet);
}
