/* An outbound worker: packets from one queue of the TUN device → their child → sealed → sent in
 * batches. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine.h"

/* How long a full socket may hold up the queue; meanwhile the kernel's own queue absorbs the
 * packets. */
#define SEND_WAIT_MS 20

/* What sendmmsg() takes; one a worker, too large for a stack. */
struct send_batch {
	struct arena arena;
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	/* To whom each belongs, and its inner length. */
	struct sa *owners[BATCH];
	uint32_t inner_bytes[BATCH];
	int fds[BATCH];
	uint32_t count;
};

static void drop(struct worker *worker, struct sa *sa, enum esp_counter reason)
{
	counter_add(&worker->counters, reason, 1);
	if (sa)
		counter_add_shared(&sa->counters, reason, 1);
}

/* Tells JavaScript once; again with the next packet if the mailbox has no room. */
static void tell_limit(
	struct worker *worker, struct sa *sa, _Atomic uint32_t *told, enum esp_frame kind)
{
	if (atomic_load_explicit(told, memory_order_relaxed) || atomic_exchange(told, 1))
		return;
	if (!mailbox_child(&worker->engine->mailbox, kind, sa->ref))
		atomic_store(told, 0);
}

/* One number for one packet, whatever other lanes do; 0: the child may send no more (RFC 4303
 * section 3.3.3). */
static uint64_t next_sequence(struct worker *worker, struct sa *sa)
{
	const uint64_t sequence =
		atomic_fetch_add_explicit(&sa->sequence, 1, memory_order_relaxed) + 1;

	if (sequence >= sa->soft_limit)
		tell_limit(worker, sa, &sa->soft_told, ESP_FRAME_SOFT_LIMIT);
	if (sequence <= sa->hard_limit)
		return sequence;
	tell_limit(worker, sa, &sa->hard_told, ESP_FRAME_HARD_LIMIT);
	return 0;
}

static void enqueue(struct send_batch *batch, struct sa *sa, const struct packet *packet,
	uint32_t inner_bytes, uint8_t ecn)
{
	struct path *path = atomic_load(&sa->path);
	const uint32_t i = batch->count++;

	batch->vectors[i] = (struct iovec){packet->data, packet->bytes};
	batch->messages[i].msg_hdr = (struct msghdr){
		.msg_name = &path->remote,
		.msg_namelen = path->remote_bytes,
		.msg_iov = &batch->vectors[i],
		.msg_iovlen = 1,
		.msg_control = path->control[ecn].bytes,
		.msg_controllen = path->control[ecn].count,
	};
	batch->owners[i] = sa;
	batch->inner_bytes[i] = inner_bytes;
	batch->fds[i] = path->fd;
}

static void take_packet(struct worker *worker, struct packet *packet)
{
	struct esp_engine *engine = worker->engine;
	const uint32_t inner_bytes = packet->bytes;
	struct flow flow;
	struct sa *sa;

	if (!ip_parse(packet->data, packet->bytes, &flow)) {
		drop(worker, NULL, ESP_COUNT_NOT_IP);
		return;
	}
	sa = spd_find(&engine->spd, &flow);
	if (!sa) {
		drop(worker, NULL, ESP_COUNT_NO_SA);
		return;
	}
	const uint64_t sequence = next_sequence(worker, sa);
	/* RFC 6040 section 4.1: the marks go outside as they are; the rest of the outer TOS is 0.
	 */
	const uint8_t ecn = ip_ecn(packet->data);

	if (sequence == 0)
		drop(worker, sa, ESP_COUNT_SEQUENCE_EXHAUSTED);
	else if (packet_seal(&sa->out, sequence, packet))
		enqueue(worker->batch, sa, packet, inner_bytes, ecn);
	else
		drop(worker, sa, ESP_COUNT_TOO_BIG);
}

static void note_sent(struct worker *worker, uint32_t from, uint32_t to)
{
	struct send_batch *batch = worker->batch;

	for (uint32_t i = from; i < to; i++) {
		struct sa *sa = batch->owners[i];

		atomic_fetch_add_explicit(&sa->tx_packets, 1, memory_order_relaxed);
		atomic_fetch_add_explicit(
			&sa->tx_bytes, batch->inner_bytes[i], memory_order_relaxed);
	}
	counter_add(&worker->counters, ESP_COUNT_TX_PACKETS, to - from);
}

/* Whether a full socket took heart again. */
static bool wait_for_room(const struct worker *worker, int fd)
{
	struct pollfd wait[2] = {
		{.fd = fd, .events = POLLOUT},
		{.fd = worker->engine->stop_fd, .events = POLLIN},
	};

	return poll(wait, 2, SEND_WAIT_MS) > 0 && (wait[0].revents & POLLOUT);
}

/* Messages from `from` on that leave by one socket; returns the first that does not. */
static uint32_t send_run(struct worker *worker, uint32_t from)
{
	struct send_batch *batch = worker->batch;
	const int fd = batch->fds[from];
	uint32_t to = from + 1;

	while (to < batch->count && batch->fds[to] == fd)
		to++;
	while (from < to) {
		const int sent = sendmmsg(
			fd, &batch->messages[from], to - from, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent > 0) {
			note_sent(worker, from, from + (uint32_t)sent);
			from += (uint32_t)sent;
		} else if (errno == EAGAIN && !wait_for_room(worker, fd)) {
			/* Whoever waits for this batch must not wait once a packet. */
			for (; from < to; from++)
				drop(worker, batch->owners[from], ESP_COUNT_SEND_FAILED);
		} else if (errno != EAGAIN && errno != EINTR) {
			/* The error is the first message's; those behind it may go elsewhere. */
			drop(worker, batch->owners[from++], ESP_COUNT_SEND_FAILED);
		}
	}
	return to;
}

/* False: the device is gone. */
static bool take_batch(struct worker *worker)
{
	struct send_batch *batch = worker->batch;
	bool alive = true;

	batch->count = 0;
	for (uint32_t i = 0; i < BATCH; i++) {
		struct packet packet = arena_packet(&batch->arena, i);
		const ssize_t got = read(worker->queue, packet.data, ARENA_BYTES);

		if (got <= 0) {
			alive = got < 0 && (errno == EAGAIN || errno == EINTR);
			break;
		}
		packet.bytes = (uint32_t)got;
		packet.tailroom -= packet.bytes;
		take_packet(worker, &packet);
	}
	for (uint32_t i = 0; i < batch->count;)
		i = send_run(worker, i);
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

void *outbound_batch(void)
{
	struct send_batch *batch = calloc(1, sizeof(*batch));

	if (batch && arena_open(&batch->arena))
		return batch;
	free(batch);
	return NULL;
}

void outbound_batch_free(void *argument)
{
	struct send_batch *batch = argument;

	if (!batch)
		return;
	arena_close(&batch->arena);
	free(batch);
}
