#include "send.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine.h"

/* In front of a packet: the ESP header, or what the TUN device says of it; on a cache line. */
#define HEADROOM 64u
#define TAILROOM 64u
/* Of UDP payload in one datagram, whatever the IP version adds. */
#define MOST_BYTES 65000u
/* What the kernel cuts one datagram into: UDP_MAX_SEGMENTS before Linux 6.9. */
#define MOST_SEGMENTS 64u
/* How long a full socket may hold up the queue; meanwhile the kernel's own queue absorbs the
 * packets. */
#define SEND_WAIT_MS 20

_Static_assert(ESP_TRAILER_BYTES <= TAILROOM && ESP_HEADER_BYTES <= HEADROOM, "it can be sealed");
_Static_assert(SEND_ROUND_BYTES + 3 * (SEND_READ_BYTES + HEADROOM + TAILROOM) <= SEND_REGION_BYTES,
	"a round's last read fits, scattered or in one piece with a segment and a piece of that");

struct send_batch *send_open(void)
{
	struct send_batch *batch = calloc(1, sizeof(*batch));
	void *base;

	if (!batch)
		return NULL;
	base = mmap(NULL, SEND_REGION_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		-1, 0);
	if (base == MAP_FAILED) {
		free(batch);
		return NULL;
	}
	batch->base = base;
	return batch;
}

void send_close(struct send_batch *batch)
{
	if (!batch)
		return;
	munmap(batch->base, SEND_REGION_BYTES);
	free(batch);
}

bool send_has_room(const struct send_batch *batch, uint32_t bytes)
{
	return batch->count < SEND_PACKETS &&
	       batch->used + 2 * (HEADROOM + bytes + TAILROOM) <= SEND_REGION_BYTES;
}

struct packet send_place(const struct send_batch *batch)
{
	return (struct packet){
		.data = batch->base + batch->used + HEADROOM,
		.headroom = HEADROOM,
		.tailroom = (uint32_t)(SEND_REGION_BYTES - batch->used - HEADROOM),
	};
}

void send_keep(struct send_batch *batch, const struct packet *packet)
{
	const size_t end = (size_t)(packet->data - batch->base) + packet->bytes;

	batch->used = (end + 63) / 64 * 64;
}

void send_add(struct send_batch *batch, struct sa *sa, const struct packet *packet,
	uint32_t inner_bytes, uint8_t tos)
{
	const uint32_t i = batch->count++;
	struct path *path = atomic_load(&sa->path);
	const bool asks = path_asks(path, packet->bytes);

	batch->packets[i] = (struct send_packet){sa, path, inner_bytes, tos, asks};
	batch->vectors[i] = (struct iovec){packet->data, packet->bytes};
	send_keep(batch, packet);
}

/* How many packets from `first` on can leave as one datagram: equal in size, but for the last. */
static uint32_t run_from(const struct send_batch *batch, uint32_t first)
{
	const struct send_packet *head = &batch->packets[first];
	const size_t size = batch->vectors[first].iov_len;
	size_t total = size;
	uint32_t n = 1;

	if (head->asks || !atomic_load_explicit(&head->path->segments, memory_order_relaxed))
		return 1;
	for (; first + n < batch->count && n < MOST_SEGMENTS; n++) {
		const struct send_packet *packet = &batch->packets[first + n];
		const size_t bytes = batch->vectors[first + n].iov_len;

		total += bytes;
		if (packet->asks || packet->path != head->path || packet->tos != head->tos ||
			bytes > size || batch->vectors[first + n - 1].iov_len != size ||
			total > MOST_BYTES)
			break;
	}
	return n;
}

/* One message for `n` packets. */
static struct msghdr message_of(struct send_batch *batch, uint32_t first, uint32_t n)
{
	const struct send_packet *packet = &batch->packets[first];
	struct path *path = packet->path;
	struct path_control *control = &path->control;

	if (n > 1 || packet->tos) {
		batch->controls[first] = *control;
		control = &batch->controls[first];
	}
	if (packet->tos)
		path_mark(path, control, packet->tos);
	if (n > 1)
		path_cut(control, (uint16_t)batch->vectors[first].iov_len);
	return (struct msghdr){
		.msg_name = &path->remote,
		.msg_namelen = path->remote_bytes,
		.msg_iov = &batch->vectors[first],
		.msg_iovlen = n,
		.msg_control = control->bytes,
		.msg_controllen = control->count,
	};
}

static void prepare(struct send_batch *batch)
{
	batch->runs = 0;
	for (uint32_t first = 0; first < batch->count;) {
		const uint32_t n = run_from(batch, first), run = batch->runs++;

		batch->messages[run].msg_hdr = message_of(batch, first, n);
		batch->firsts[run] = first;
		first += n;
	}
	batch->firsts[batch->runs] = batch->count;
}

/* Of neighbours that share a child at once: other threads count there, too. */
static void note_sent(
	struct worker *worker, const struct send_batch *batch, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to;) {
		struct sa *const sa = batch->packets[i].sa;
		uint64_t packets = 0, bytes = 0;

		for (; i < to && batch->packets[i].sa == sa; i++, packets++)
			bytes += batch->packets[i].inner_bytes;
		atomic_fetch_add_explicit(&sa->tx_packets, packets, memory_order_relaxed);
		atomic_fetch_add_explicit(&sa->tx_bytes, bytes, memory_order_relaxed);
	}
	counter_add(&worker->counters, ESP_COUNT_TX_PACKETS, to - from);
}

static void drop(struct worker *worker, const struct send_batch *batch, uint32_t from, uint32_t to)
{
	counter_add(&worker->counters, ESP_COUNT_SEND_FAILED, to - from);
	for (uint32_t i = from; i < to; i++)
		counter_add_shared(&batch->packets[i].sa->counters, ESP_COUNT_SEND_FAILED, 1);
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

/* The route leads over a device that cannot cut, or its MTU is less than a segment. */
static bool is_refusal_to_cut(int error)
{
	return error == EIO || error == EINVAL || error == EMSGSIZE || error == EOPNOTSUPP;
}

/* One by one, and on this path from here on. */
static void send_singly(struct worker *worker, struct send_batch *batch, uint32_t run)
{
	struct path *path = batch->packets[batch->firsts[run]].path;

	atomic_store_explicit(&path->segments, false, memory_order_relaxed);
	/* Perhaps it has become narrower. */
	atomic_store_explicit(&path->look_at, 0, memory_order_relaxed);
	for (uint32_t i = batch->firsts[run]; i < batch->firsts[run + 1]; i++) {
		const struct msghdr message = message_of(batch, i, 1);

		if (sendmsg(path->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			drop(worker, batch, i, i + 1);
		else
			note_sent(worker, batch, i, i + 1);
	}
}

static int fd_of(const struct send_batch *batch, uint32_t run)
{
	return batch->packets[batch->firsts[run]].path->fd;
}

/* What becomes of the first of these runs after an error; returns the next to try. */
static uint32_t send_failed(
	struct worker *worker, struct send_batch *batch, uint32_t run, uint32_t to)
{
	const int error = errno;
	const uint32_t first = batch->firsts[run], behind = batch->firsts[run + 1];

	if (error == EINTR)
		return run;
	if (error == EAGAIN) {
		if (wait_for_room(worker, fd_of(batch, run)))
			return run;
		/* Whoever waits for this batch must not wait once a packet. */
		drop(worker, batch, first, batch->firsts[to]);
		return to;
	}
	if (behind - first > 1 && is_refusal_to_cut(error))
		send_singly(worker, batch, run);
	else
		/* The error is the first message's; those behind it may go elsewhere. */
		drop(worker, batch, first, behind);
	return run + 1;
}

static bool asks(const struct send_batch *batch, uint32_t run)
{
	return batch->packets[batch->firsts[run]].asks;
}

/* What other threads send by this socket meanwhile asks as well, which does no harm. */
static void send_asking(struct worker *worker, struct send_batch *batch, uint32_t run)
{
	const uint32_t i = batch->firsts[run];
	const int fd = fd_of(batch, run);

	path_set_asking(fd, true);
	const ssize_t sent =
		sendmsg(fd, &batch->messages[run].msg_hdr, MSG_DONTWAIT | MSG_NOSIGNAL);

	path_set_asking(fd, false);
	if (sent < 0)
		drop(worker, batch, i, i + 1);
	else
		note_sent(worker, batch, i, i + 1);
}

/* Runs from `run` on that leave by one socket; returns the first that does not. */
static uint32_t send_by_socket(struct worker *worker, struct send_batch *batch, uint32_t run)
{
	const int fd = fd_of(batch, run);
	uint32_t to = run + 1;

	if (asks(batch, run)) {
		send_asking(worker, batch, run);
		return to;
	}
	while (to < batch->runs && fd_of(batch, to) == fd && !asks(batch, to))
		to++;
	while (run < to) {
		const int sent =
			sendmmsg(fd, &batch->messages[run], to - run, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent > 0) {
			note_sent(worker, batch, batch->firsts[run],
				batch->firsts[run + (uint32_t)sent]);
			run += (uint32_t)sent;
		} else {
			run = send_failed(worker, batch, run, to);
		}
	}
	return to;
}

void send_flush(struct worker *worker, size_t kept)
{
	struct send_batch *batch = worker->batch;
	struct tap_filter *const tap = atomic_load(&worker->engine->tap.filter);

	if (tap)
		tap_leaves(worker, tap);
	prepare(batch);
	for (uint32_t run = 0; run < batch->runs;)
		run = send_by_socket(worker, batch, run);
	batch->count = 0;
	batch->used = kept;
}
