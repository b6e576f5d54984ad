/* The inbound worker: datagrams → IKE to the mailbox, ESP opened and written to the TUN device. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "inbound.h"
#include "network.h"

#define IKE_HEADER_BYTES 28u
#define FIRST_SPI        256u
/* Changes of the network come in bursts: what follows one that was told waits so long. */
#define BURST_MS 100

/* What epoll says is ready: a socket by its number, or one of these. */
enum { READY_MAILBOX = OUTER_MAX_SOCKETS, READY_STOP, READY_NETWORK };

static void drop(struct worker *worker, enum esp_counter reason)
{
	counter_add(&worker->counters, reason, 1);
}

static void take_ike(struct worker *worker, const struct datagram *datagram, const uint8_t *bytes,
	uint32_t count, uint64_t now_ms)
{
	struct inbound_batch *batch = worker->batch;
	uint8_t answer[DOOR_ANSWER_BYTES];

	if (count < IKE_HEADER_BYTES) {
		drop(worker, ESP_COUNT_RUNT);
		return;
	}
	const enum door_verdict verdict =
		door_judge(&batch->door, &datagram->path.remote, bytes, count, now_ms, answer);

	if (verdict == DOOR_CHALLENGED) {
		const struct outer_socket *from =
			outer_find(&worker->engine->udp, &datagram->path.local, ESP_ENCAP_UDP);

		drop(worker, ESP_COUNT_CHALLENGED);
		if (from)
			udp_send_ike(from, &datagram->path, answer, sizeof(answer), true);
	} else if (verdict == DOOR_CLOSED) {
		drop(worker, ESP_COUNT_TURNED_AWAY);
	} else if (mailbox_datagram(
			   &worker->engine->mailbox, &datagram->path, bytes, count, verdict)) {
		counter_add(&worker->counters, ESP_COUNT_IKE_IN, 1);
	} else {
		drop(worker, ESP_COUNT_MAILBOX_FULL);
	}
}

static uint32_t spi_of(const uint8_t *data)
{
	return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

/* On the NAT-T port: four zeros are IKE, one 0xff a keepalive, all else begins with an SPI (RFC
 * 3948). */
static void take_natt(struct worker *worker, struct datagram *datagram, uint64_t now_ms)
{
	const uint8_t *data = datagram->packet.data;
	const uint32_t bytes = datagram->packet.bytes;

	if (bytes == 1 && data[0] == KEEPALIVE_BYTE) {
		drop(worker, ESP_COUNT_KEEPALIVE);
		return;
	}
	if (bytes < 4) {
		drop(worker, ESP_COUNT_RUNT);
		return;
	}
	const uint32_t spi = spi_of(data);

	if (spi == 0)
		take_ike(worker, datagram, data + 4, bytes - 4, now_ms);
	else if (spi < FIRST_SPI)
		drop(worker, ESP_COUNT_BAD_SPI);
	else
		deliver(worker, datagram, spi, now_ms);
}

static void take_raw(struct worker *worker, struct datagram *datagram, uint64_t now_ms)
{
	if (!raw_strip(datagram) || datagram->packet.bytes < 4) {
		drop(worker, ESP_COUNT_RUNT);
		return;
	}
	const uint32_t spi = spi_of(datagram->packet.data);

	if (spi < FIRST_SPI)
		drop(worker, ESP_COUNT_BAD_SPI);
	else
		deliver(worker, datagram, spi, now_ms);
}

/* Port 0 is no port, and to JavaScript it means protocol 50; a link-local address means nothing
 * without its link. */
static bool is_answerable(enum outer_kind kind, const struct esp_address *remote)
{
	const bool is_local =
		remote->family == 6 && remote->ip[0] == 0xfe && (remote->ip[1] & 0xc0) == 0x80;

	return !is_local && (kind == OUTER_RAW || remote->port != 0);
}

static void take_datagram(
	struct worker *worker, enum outer_kind kind, struct datagram *datagram, uint64_t now_ms)
{
	if (datagram->truncated)
		drop(worker, ESP_COUNT_TRUNCATED);
	else if (!is_answerable(kind, &datagram->path.remote))
		drop(worker, ESP_COUNT_UNANSWERABLE);
	else if (kind == OUTER_NATT)
		take_natt(worker, datagram, now_ms);
	else if (kind == OUTER_RAW)
		take_raw(worker, datagram, now_ms);
	else
		take_ike(worker, datagram, datagram->packet.data, datagram->packet.bytes, now_ms);
}

/* What was cut off belongs to none. */
void inbound_take(
	struct worker *worker, enum outer_kind kind, const struct datagram *many, uint64_t now_ms)
{
	const uint32_t total = many->packet.bytes, each = many->cut_bytes;
	uint32_t at = 0;

	do {
		const uint32_t bytes = total - at < each ? total - at : each;
		struct datagram one = *many;

		one.packet.data += at;
		one.packet.headroom += at;
		one.packet.bytes = bytes;
		one.packet.tailroom += total - at - bytes;
		at += bytes;
		one.truncated = many->truncated && at == total;
		take_datagram(worker, kind, &one, now_ms);
	} while (at < total);
}

static void take_batch(struct worker *worker, const struct outer_socket *from)
{
	struct esp_engine *engine = worker->engine;
	struct udp_batch *batch = &((struct inbound_batch *)worker->batch)->udp;
	struct joiner *joiner = &((struct inbound_batch *)worker->batch)->joiner;
	const int got = udp_receive(batch, from);
	const uint64_t now_ms = engine_now_ms();

	if (got < 0) {
		engine_failed(engine, "a socket is broken");
		return;
	}
	reader_enter(&engine->epoch, &worker->reader);
	struct tap_filter *const tap = atomic_load(&engine->tap.filter);

	if (tap)
		tap_came(worker, tap, from, batch->datagrams, got);
	for (int i = 0; i < got; i++)
		inbound_take(worker, from->kind, &batch->datagrams[i], now_ms);
	join_flush(joiner);
	reader_leave(&worker->reader);
}

static void send_ike(void *context, const struct esp_path *path, const uint8_t *bytes, size_t count)
{
	struct worker *worker = context;
	struct inbound_batch *batch = worker->batch;
	const struct outer_socket *from;

	if (!bytes) {
		drop(worker, ESP_COUNT_MAILBOX_BAD);
		return;
	}
	const bool keepalive = count == 1 && bytes[0] == KEEPALIVE_BYTE;

	door_learn(&batch->door, &path->remote, bytes, count);
	from = outer_find(&worker->engine->udp, &path->local, ESP_ENCAP_UDP);
	if (!from)
		drop(worker, ESP_COUNT_IKE_NO_SOCKET);
	else if (udp_send_ike(from, path, bytes, count, !keepalive))
		counter_add(&worker->counters,
			keepalive ? ESP_COUNT_KEEPALIVE_OUT : ESP_COUNT_IKE_OUT, 1);
	else
		drop(worker, ESP_COUNT_IKE_SEND_FAILED);
}

static void take_early(void *context, struct datagram *datagram, uint32_t spi)
{
	struct worker *worker = context;
	struct inbound_batch *batch = worker->batch;

	reader_enter(&worker->engine->epoch, &worker->reader);
	deliver(worker, datagram, spi, engine_now_ms());
	join_flush(&batch->joiner);
	reader_leave(&worker->reader);
}

static void heed_early(void *context, enum esp_frame kind, uint32_t spi)
{
	struct worker *worker = context;
	struct inbound_batch *batch = worker->batch;

	if (kind == ESP_FRAME_EXPECT)
		early_expect(&batch->early, spi);
	else
		early_release(&batch->early, spi, take_early, worker);
}

static void admit(void *context, const uint8_t *ike_spi)
{
	struct worker *worker = context;

	door_admit(&((struct inbound_batch *)worker->batch)->door, ike_spi);
}

static bool watch(int epoll, int fd, uint32_t events, uint32_t number)
{
	struct epoll_event event = {.events = events, .data.u32 = number};

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static int watch_all(struct esp_engine *engine)
{
	const int epoll = epoll_create1(EPOLL_CLOEXEC);
	bool good = epoll >= 0 && watch(epoll, engine->stop_fd, EPOLLIN, READY_STOP) &&
		    watch(epoll, engine->mailbox.fd, EPOLLIN | EPOLLOUT | EPOLLET, READY_MAILBOX);

	if (good && engine->network_fd >= 0)
		good = watch(epoll, engine->network_fd, EPOLLIN | EPOLLONESHOT, READY_NETWORK);
	for (uint32_t i = 0; good && i < engine->udp.count; i++)
		good = watch(epoll, engine->udp.sockets[i].fd, EPOLLIN, i);
	if (!good)
		engine_failed(engine, "the kernel refused to watch the sockets");
	return epoll;
}

static void mailbox_ready(struct worker *worker, int epoll)
{
	struct mailbox *mailbox = &worker->engine->mailbox;
	const struct mailbox_orders orders = {send_ike, heed_early, admit, worker};

	mailbox_flush(mailbox);
	if (!mailbox_receive(mailbox, &orders))
		epoll_ctl(epoll, EPOLL_CTL_DEL, mailbox->fd, NULL);
}

/* A change that is not there any more when we look is one as well: what is told is to look. */
static uint64_t network_ready(struct esp_engine *engine)
{
	network_drain(engine->network_fd);
	mailbox_network(&engine->mailbox);
	return engine_now_ms() + BURST_MS;
}

/* How long epoll may wait; when the rest is over, changes are listened for again. */
static int rest(const struct esp_engine *engine, int epoll, uint64_t *until)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLONESHOT,
		.data.u32 = READY_NETWORK,
	};
	const uint64_t now = *until ? engine_now_ms() : 0;

	if (now < *until)
		return (int)(*until - now);
	if (*until)
		epoll_ctl(epoll, EPOLL_CTL_MOD, engine->network_fd, &event);
	*until = 0;
	return -1;
}

void *inbound_run(void *argument)
{
	struct worker *worker = argument;
	struct esp_engine *engine = worker->engine;
	struct epoll_event ready[OUTER_MAX_SOCKETS + 3];
	const int epoll = watch_all(engine);
	uint64_t resting_until = 0;
	bool stopping = epoll < 0;

	while (!stopping) {
		const int timeout = rest(engine, epoll, &resting_until);
		const int count = epoll_wait(epoll, ready, OUTER_MAX_SOCKETS + 3, timeout);

		for (int i = 0; i < count; i++) {
			const uint32_t which = ready[i].data.u32;

			if (which == READY_STOP)
				stopping = true;
			else if (which == READY_MAILBOX)
				mailbox_ready(worker, epoll);
			else if (which == READY_NETWORK)
				resting_until = network_ready(engine);
			else
				take_batch(worker, &engine->udp.sockets[which]);
		}
		if (count < 0 && errno != EINTR)
			stopping = true;
	}
	if (epoll >= 0)
		close(epoll);
	return NULL;
}

void *inbound_batch(struct worker *worker)
{
	const struct tun *tun = &worker->engine->tun;
	struct inbound_batch *batch = calloc(1, sizeof(*batch));

	if (!batch || !door_open(&batch->door) || !arena_open(&batch->udp.arena)) {
		free(batch);
		return NULL;
	}
	join_start(&batch->joiner, tun->tcp, tun->udp, deliver_write, worker);
	return batch;
}

void inbound_batch_free(void *argument)
{
	struct inbound_batch *batch = argument;

	if (!batch)
		return;
	early_close(&batch->early);
	door_wipe(&batch->door);
	arena_close(&batch->udp.arena);
	free(batch);
}
