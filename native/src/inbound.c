/* The inbound worker: datagrams → IKE to the mailbox, ESP opened and written to the TUN device. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "engine.h"

/* A NAT keepalive is one byte (RFC 3948 section 2.3). */
#define KEEPALIVE_BYTE   0xffu
#define IKE_HEADER_BYTES 28u
#define FIRST_SPI        256u

/* What epoll says is ready: a socket by its number, or one of these. */
enum { READY_MAILBOX = OUTER_MAX_SOCKETS, READY_STOP };

static void drop(struct worker *worker, struct sa *sa, enum esp_counter reason)
{
	counter_add(&worker->counters, reason, 1);
	if (sa)
		counter_add_shared(&sa->counters, reason, 1);
}

static void take_ike(struct worker *worker, const struct datagram *datagram, const uint8_t *bytes,
	uint32_t count)
{
	if (count < IKE_HEADER_BYTES)
		drop(worker, NULL, ESP_COUNT_RUNT);
	else if (mailbox_datagram(&worker->engine->mailbox, &datagram->path, bytes, count))
		counter_add(&worker->counters, ESP_COUNT_IKE_IN, 1);
	else
		drop(worker, NULL, ESP_COUNT_MAILBOX_FULL);
}

static bool same_address(const struct esp_address *a, const struct esp_address *b)
{
	return a->family == b->family && a->port == b->port && memcmp(a->ip, b->ip, 16) == 0;
}

/* Protocol 50 has no port to change, so only two datagrams in UDP can differ by it. */
static bool same_origin(const struct path *path, const struct datagram *datagram)
{
	struct esp_address known = path->address.remote;

	if (path->encap == ESP_ENCAP_RAW || datagram->encap == ESP_ENCAP_RAW)
		known.port = datagram->path.remote.port;
	return same_address(&known, &datagram->path.remote);
}

/*
 * The peer's address changed (RFC 7296 section 2.23). Only the newest packet so far says so: one
 * that was overtaken on the old way must not move the child back.
 */
static void note_origin(struct worker *worker, struct sa *sa, const struct datagram *datagram)
{
	const struct esp_address *remote = &datagram->path.remote;

	if (same_origin(atomic_load(&sa->path), datagram)) {
		memset(&sa->moved_to, 0, sizeof(sa->moved_to));
		return;
	}
	if (same_address(remote, &sa->moved_to))
		return;
	if (mailbox_moved(&worker->engine->mailbox, sa->ref, &datagram->path))
		sa->moved_to = *remote;
}

/* The peer has the new keys, so it can open what we seal with them (RFC 7296 section 2.8). */
static void note_use(struct worker *worker, struct sa *sa)
{
	struct esp_engine *engine = worker->engine;

	if (spd_stands_by(sa)) {
		spd_activate(&engine->spd, sa);
		sa->owes_used = true;
	}
	if (sa->owes_used && mailbox_child(&engine->mailbox, ESP_FRAME_USED, sa->ref))
		sa->owes_used = false;
}

static void note_authentic(struct worker *worker, struct sa *sa, const struct datagram *datagram,
	bool newest, uint64_t now_ms)
{
	atomic_store_explicit(&sa->heard_at, now_ms, memory_order_relaxed);
	note_use(worker, sa);
	if (newest)
		note_origin(worker, sa, datagram);
}

static void add(_Atomic uint64_t *number, uint64_t n)
{
	atomic_fetch_add_explicit(number, n, memory_order_relaxed);
}

static void to_tun(
	struct worker *worker, struct sa *sa, const struct packet *packet, const struct flow *flow)
{
	const struct tun *tun = &worker->engine->tun;

	if (tun->count == 0 || write(tun_queue_for(tun, flow), packet->data, packet->bytes) < 0) {
		drop(worker, sa, ESP_COUNT_TUN_FAILED);
		return;
	}
	counter_add(&worker->counters, ESP_COUNT_RX_PACKETS, 1);
}

static void take_esp(
	struct worker *worker, struct datagram *datagram, uint32_t spi, uint64_t now_ms)
{
	struct sa *sa = sa_by_spi(&worker->engine->table, spi);
	struct packet *packet = &datagram->packet;
	struct opened opened;
	enum esp_counter verdict;

	if (!sa) {
		drop(worker, NULL, ESP_COUNT_UNKNOWN_SPI);
		return;
	}
	verdict = packet_open(&sa->in, &sa->window, packet, &opened);
	if (opened.authentic)
		note_authentic(worker, sa, datagram, opened.newest, now_ms);
	if (verdict == ESP_COUNT_RX_PACKETS && !spd_allows(sa, &opened.flow))
		verdict = ESP_COUNT_INBOUND_POLICY;
	if (verdict == ESP_COUNT_RX_PACKETS && !ip_decapsulate_ecn(packet->data, datagram->ecn))
		verdict = ESP_COUNT_ECN;
	if (verdict != ESP_COUNT_RX_PACKETS) {
		drop(worker, sa, verdict);
		return;
	}
	add(&sa->rx_packets, 1);
	add(&sa->rx_bytes, packet->bytes);
	to_tun(worker, sa, packet, &opened.flow);
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
		drop(worker, NULL, ESP_COUNT_KEEPALIVE);
		return;
	}
	if (bytes < 4) {
		drop(worker, NULL, ESP_COUNT_RUNT);
		return;
	}
	const uint32_t spi = spi_of(data);

	if (spi == 0)
		take_ike(worker, datagram, data + 4, bytes - 4);
	else if (spi < FIRST_SPI)
		drop(worker, NULL, ESP_COUNT_BAD_SPI);
	else
		take_esp(worker, datagram, spi, now_ms);
}

static void take_raw(struct worker *worker, struct datagram *datagram, uint64_t now_ms)
{
	if (!raw_strip(datagram) || datagram->packet.bytes < 4) {
		drop(worker, NULL, ESP_COUNT_RUNT);
		return;
	}
	const uint32_t spi = spi_of(datagram->packet.data);

	if (spi < FIRST_SPI)
		drop(worker, NULL, ESP_COUNT_BAD_SPI);
	else
		take_esp(worker, datagram, spi, now_ms);
}

static void take_datagram(
	struct worker *worker, enum outer_kind kind, struct datagram *datagram, uint64_t now_ms)
{
	if (datagram->truncated)
		drop(worker, NULL, ESP_COUNT_TRUNCATED);
	else if (kind == OUTER_NATT)
		take_natt(worker, datagram, now_ms);
	else if (kind == OUTER_RAW)
		take_raw(worker, datagram, now_ms);
	else
		take_ike(worker, datagram, datagram->packet.data, datagram->packet.bytes);
}

static void take_batch(struct worker *worker, const struct outer_socket *from)
{
	struct esp_engine *engine = worker->engine;
	struct udp_batch *batch = worker->batch;
	const int got = udp_receive(batch, from);
	const uint64_t now_ms = engine_now_ms();

	if (got < 0) {
		engine_failed(engine, "a socket is broken");
		return;
	}
	reader_enter(&engine->epoch, &worker->reader);
	for (int i = 0; i < got; i++)
		take_datagram(worker, from->kind, &batch->datagrams[i], now_ms);
	reader_leave(&worker->reader);
}

static void send_ike(void *context, const struct esp_path *path, const uint8_t *bytes, size_t count)
{
	struct worker *worker = context;
	const struct outer_socket *from;

	if (!bytes) {
		drop(worker, NULL, ESP_COUNT_MAILBOX_BAD);
		return;
	}
	from = outer_find(&worker->engine->udp, &path->local, ESP_ENCAP_UDP);
	if (!from)
		drop(worker, NULL, ESP_COUNT_IKE_NO_SOCKET);
	else if (udp_send_ike(from, path, bytes, count))
		counter_add(&worker->counters, ESP_COUNT_IKE_OUT, 1);
	else
		drop(worker, NULL, ESP_COUNT_IKE_SEND_FAILED);
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

	for (uint32_t i = 0; good && i < engine->udp.count; i++)
		good = watch(epoll, engine->udp.sockets[i].fd, EPOLLIN, i);
	if (!good)
		engine_failed(engine, "the kernel refused to watch the sockets");
	return epoll;
}

static void mailbox_ready(struct worker *worker, int epoll)
{
	struct mailbox *mailbox = &worker->engine->mailbox;

	mailbox_flush(mailbox);
	if (!mailbox_receive(mailbox, send_ike, worker))
		epoll_ctl(epoll, EPOLL_CTL_DEL, mailbox->fd, NULL);
}

void *inbound_run(void *argument)
{
	struct worker *worker = argument;
	struct esp_engine *engine = worker->engine;
	struct epoll_event ready[OUTER_MAX_SOCKETS + 2];
	const int epoll = watch_all(engine);
	bool stopping = epoll < 0;

	while (!stopping) {
		const int count = epoll_wait(epoll, ready, OUTER_MAX_SOCKETS + 2, -1);

		for (int i = 0; i < count; i++) {
			const uint32_t which = ready[i].data.u32;

			if (which == READY_STOP)
				stopping = true;
			else if (which == READY_MAILBOX)
				mailbox_ready(worker, epoll);
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

void *inbound_batch(void)
{
	struct udp_batch *batch = calloc(1, sizeof(*batch));

	if (batch && arena_open(&batch->arena))
		return batch;
	free(batch);
	return NULL;
}

void inbound_batch_free(void *argument)
{
	struct udp_batch *batch = argument;

	if (!batch)
		return;
	arena_close(&batch->arena);
	free(batch);
}
