/* An outbound worker: packets from one queue of the TUN device → cut where they are many in one →
 * their child → sealed → sent in batches. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "carry.h"
#include "gso.h"
#include "send.h"

/* How many a round reads at most. */
#define ROUND_READS 64u

static void drop(struct worker *worker, enum esp_counter reason)
{
	counter_add(&worker->counters, reason, 1);
}

/* Keeps the packet first: it must be there when JavaScript answers. */
static void spring(struct worker *worker, struct trap *trap, const struct flow *flow,
	const uint8_t *packet, uint32_t bytes)
{
	struct mailbox *const mailbox = &worker->engine->mailbox;
	const bool kept = packet && trap_keep(trap, packet, bytes, engine_now_ms());

	counter_add(&worker->counters, kept ? ESP_COUNT_TRAPPED : ESP_COUNT_TRAP_DROPPED, 1);
	if (atomic_load(&trap->told) || atomic_exchange(&trap->told, 1))
		return;
	if (!mailbox_trapped(mailbox, trap->ref, flow))
		atomic_store(&trap->told, 0);
}

/* An error about a packet that came through a child goes back through it, whoever sends it (RFC
 * 4301 section 6). */
static const struct spd_entry *entry_for(
	struct worker *worker, const uint8_t *packet, const struct flow *flow)
{
	struct spd *const spd = &worker->engine->spd;
	const struct spd_entry *entry = spd_find(spd, flow);
	struct flow answered;

	if (!entry && icmp_about(packet, flow, &answered))
		entry = spd_find(spd, &answered);
	return entry;
}

/*
 * The child for a packet, or for all that a super-packet holds; NULL: it went elsewhere. A trap
 * keeps packets that are whole: who sends many at once sends them again.
 */
static struct sa *child_for(struct worker *worker, const uint8_t *packet, uint32_t bytes,
	bool is_whole, struct flow *flow)
{
	const struct spd_entry *entry;

	if (!ip_parse(packet, bytes, flow)) {
		drop(worker, ESP_COUNT_NOT_IP);
		return NULL;
	}
	entry = entry_for(worker, packet, flow);
	if (!entry)
		drop(worker, ESP_COUNT_NO_SA);
	else if (!entry->sa)
		spring(worker, entry->trap, flow, is_whole ? packet : NULL, bytes);
	return entry ? entry->sa : NULL;
}

static struct scatter *scatter_of(const struct worker *worker)
{
	return &((struct send_batch *)worker->batch)->scatter;
}

static void take_whole(
	struct worker *worker, const struct gso_header *header, struct packet *packet)
{
	struct scatter *scatter = scatter_of(worker);
	struct flow flow;
	struct sa *sa;

	scatter_gather(scatter, packet->bytes);
	scatter_expect(scatter, NULL);
	if (!gso_finish_checksum(header, packet->data, packet->bytes)) {
		drop(worker, ESP_COUNT_NOT_IP);
		return;
	}
	sa = child_for(worker, packet->data, packet->bytes, true, &flow);
	if (sa)
		carry(worker, sa, packet, &flow);
}

/* One of a super-packet; a datagram of UDP may be wider than its way. */
static void take_segment(struct worker *worker, struct sa *sa, struct packet *packet, uint32_t most)
{
	struct flow flow;

	if (packet->bytes <= most)
		carry_fitting(worker, sa, packet);
	else if (ip_parse(packet->data, packet->bytes, &flow))
		carry(worker, sa, packet, &flow);
}

/* Its payloads are in their places; the headers, which are the first one's, are written to all. */
static void take_scattered(struct worker *worker, struct sa *sa, struct gso gso)
{
	struct send_batch *batch = worker->batch;
	const size_t kept = batch->used;
	uint8_t headers[SCATTER_HEADER];

	memcpy(headers, gso.packet, gso.header_bytes);
	gso.packet = headers;
	for (uint32_t i = 0; i < gso.count; i++) {
		struct packet segment = scatter_place(&batch->scatter, i);

		segment.bytes = gso_segment_bytes(&gso, i);
		segment.tailroom -= segment.bytes;
		if (!send_has_room(batch, segment.bytes))
			send_flush(worker, kept);
		gso_head(&gso, i, segment.data);
		carry_fitting(worker, sa, &segment);
	}
}

/* The super-packet stays where it was read while its segments are written behind it. */
static void take_gathered(struct worker *worker, struct sa *sa, const struct packet *packet,
	const struct gso *gso, uint32_t most)
{
	struct send_batch *batch = worker->batch;

	send_keep(batch, packet);
	const size_t kept = batch->used;

	for (uint32_t i = 0; i < gso->count; i++) {
		const uint32_t bytes = gso_segment_bytes(gso, i);
		struct packet segment;

		if (!send_has_room(batch, bytes))
			send_flush(worker, kept);
		segment = send_place(batch);
		gso_segment(gso, i, segment.data);
		segment.bytes = bytes;
		segment.tailroom -= bytes;
		take_segment(worker, sa, &segment, most);
	}
}

static void take_super(
	struct worker *worker, const struct gso_header *header, const struct packet *packet)
{
	struct scatter *scatter = scatter_of(worker);
	struct flow flow;
	struct gso gso;
	struct sa *sa;

	/* Then not all of them are in the first place. */
	if (header->checksum_start > SCATTER_HEADER)
		scatter_gather(scatter, packet->bytes);
	if (!gso_begin(&gso, header, packet->data, packet->bytes)) {
		drop(worker, ESP_COUNT_NOT_IP);
		return;
	}
	sa = child_for(worker, packet->data, packet->bytes, false, &flow);
	if (!sa)
		return;
	const uint32_t most = carry_most(worker, sa, flow.version);

	gso_narrow(&gso, most);
	/* What would be cut in pieces has them written where the next segment lies. */
	if (scatter_fits(scatter, &gso) && gso_segment_bytes(&gso, 0) <= most) {
		take_scattered(worker, sa, gso);
		return;
	}
	scatter_gather(scatter, packet->bytes);
	scatter_expect(scatter, &gso);
	take_gathered(worker, sa, packet, &gso, most);
}

/* Reads one packet; false: there is none now, or the device is gone. */
static bool take_next(struct worker *worker, bool *alive)
{
	struct packet packet = send_place(worker->batch);
	struct gso_header header = {.type = GSO_NONE};
	const uint32_t before = worker->engine->tun.vnet ? sizeof(header) : 0;
	const ssize_t got = scatter_read(
		scatter_of(worker), worker->queue, &header, before, packet.data, SEND_READ_BYTES);

	if (got <= 0) {
		*alive = got < 0 && (errno == EAGAIN || errno == EINTR);
		return false;
	}
	if ((size_t)got <= before) {
		drop(worker, ESP_COUNT_NOT_IP);
		return true;
	}
	packet.bytes = (uint32_t)got - before;
	packet.tailroom -= packet.bytes;
	if (header.type == GSO_NONE)
		take_whole(worker, &header, &packet);
	else
		take_super(worker, &header, &packet);
	return true;
}

/* False: the device is gone. */
static bool take_batch(struct worker *worker)
{
	const struct send_batch *batch = worker->batch;
	bool alive = true;

	worker->now_ms = engine_now_ms();
	for (uint32_t i = 0; i < ROUND_READS && batch->used < SEND_ROUND_BYTES; i++) {
		if (batch->count == SEND_PACKETS || !take_next(worker, &alive))
			break;
	}
	send_flush(worker, 0);
	return alive;
}

void *outbound_run(void *argument)
{
	struct worker *worker = argument;
	struct esp_engine *engine = worker->engine;
	struct pollfd ready[2] = {
		{.fd = worker->queue, .events = POLLIN},
		{.fd = engine->stop_fd, .events = POLLIN},
	};

	for (;;) {
		if (poll(ready, 2, -1) < 0 && errno != EINTR)
			break;
		if (ready[1].revents)
			break;
		reader_enter(&engine->epoch, &worker->reader);
		const bool alive = take_batch(worker);

		reader_leave(&worker->reader);
		if (!alive) {
			engine_failed(engine, "the TUN device is gone");
			break;
		}
	}
	return NULL;
}

void outbound_release(struct worker *worker, const struct trap *trap)
{
	worker->now_ms = engine_now_ms();
	for (uint32_t i = 0; i < trap->count; i++) {
		const struct trap_packet *kept = &trap->kept[i];
		struct packet packet = send_place(worker->batch);
		const struct spd_entry *entry = NULL;
		struct flow flow;

		memcpy(packet.data, kept->data, kept->bytes);
		packet.bytes = kept->bytes;
		packet.tailroom -= kept->bytes;
		if (worker->now_ms - kept->kept_at < TRAP_PATIENCE_MS &&
			ip_parse(packet.data, packet.bytes, &flow))
			entry = spd_find(&worker->engine->spd, &flow);
		if (entry && entry->sa)
			carry(worker, entry->sa, &packet, &flow);
		else
			drop(worker, ESP_COUNT_TRAP_DROPPED);
	}
	send_flush(worker, 0);
}

void *outbound_batch(void)
{
	return send_open();
}

void outbound_batch_free(void *batch)
{
	send_close(batch);
}
