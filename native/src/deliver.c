/* One ESP packet that came: its child, opened, checked, and on to the TUN device. */
#include <string.h>

#include "carry.h"
#include "inbound.h"
#include "limit.h"

/* How often a child may tell that its peer is somewhere else: whoever has two addresses has a new
 * one with every packet, if he likes. */
#define MOVED_MS 1000u

static void count(struct worker *worker, struct sa *sa, enum esp_counter reason)
{
	counter_add(&worker->counters, reason, 1);
	if (sa)
		counter_add_shared(&sa->counters, reason, 1);
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
static void note_origin(
	struct worker *worker, struct sa *sa, const struct datagram *datagram, uint64_t now_ms)
{
	const struct esp_address *remote = &datagram->path.remote;

	if (same_origin(atomic_load(&sa->path), datagram)) {
		memset(&sa->moved_to, 0, sizeof(sa->moved_to));
		return;
	}
	if (same_address(remote, &sa->moved_to) || now_ms < sa->quiet_until)
		return;
	if (!mailbox_moved(&worker->engine->mailbox, sa->ref, &datagram->path))
		return;
	sa->moved_to = *remote;
	sa->quiet_until = now_ms + MOVED_MS;
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
		note_origin(worker, sa, datagram, now_ms);
}

/* What only this thread counts. */
static void add(_Atomic uint64_t *number, uint64_t n)
{
	const uint64_t before = atomic_load_explicit(number, memory_order_relaxed);

	atomic_store_explicit(number, before + n, memory_order_relaxed);
}

void deliver_write(void *context, const struct join_packet *head, const struct iovec *parts,
	uint32_t part_count, uint32_t packets)
{
	struct worker *worker = context;
	struct sa *sa = head->owner;
	const uint32_t skipped = worker->engine->tun.vnet ? 0 : 1;

	if (writev(head->queue, parts + skipped, (int)(part_count - skipped)) >= 0) {
		counter_add(&worker->counters, ESP_COUNT_RX_PACKETS, packets);
		return;
	}
	counter_add(&worker->counters, ESP_COUNT_TUN_FAILED, packets);
	counter_add_shared(&sa->counters, ESP_COUNT_TUN_FAILED, packets);
}

static void to_tun(
	struct worker *worker, struct sa *sa, const struct packet *packet, const struct flow *flow)
{
	struct inbound_batch *batch = worker->batch;
	const struct tun *tun = &worker->engine->tun;
	const int queue = tun->count > 0 ? tun_queue_for(tun, flow) : -1;
	const struct join_packet joined = {sa, queue, packet->data, packet->bytes};

	if (queue < 0)
		count(worker, sa, ESP_COUNT_TUN_FAILED);
	else
		join_take(&batch->joiner, &joined);
}

/* An error about a packet of ours comes from whoever on the way met it, not only from where it was
 * to go (RFC 4301 section 6). */
static bool may_come_out(const struct sa *sa, const uint8_t *packet, const struct flow *flow)
{
	struct flow answered;

	return spd_allows(sa, flow) ||
	       (icmp_about(packet, flow, &answered) && spd_allows(sa, &answered));
}

/* No child has its SPI, or not yet: then the answer that tells of it may be lost. */
static void take_stray(struct worker *worker, const struct datagram *datagram, uint32_t spi)
{
	struct inbound_batch *batch = worker->batch;
	const enum early_verdict kept = early_keep(&batch->early, datagram, spi);

	if (kept == EARLY_FIRST)
		mailbox_child(&worker->engine->mailbox, ESP_FRAME_EARLY, spi);
	count(worker, NULL, kept ? ESP_COUNT_EARLY : ESP_COUNT_UNKNOWN_SPI);
}

/* A dummy wears the keys out as well, and so does what no selector lets through: it was opened. */
static bool keys_last(struct worker *worker, struct sa *sa, uint32_t bytes)
{
	const uint64_t before = sa->opened_bytes;

	sa->opened_bytes += bytes;
	return limit_allows(worker, sa, ++sa->opened_packets, before);
}

void deliver(struct worker *worker, struct datagram *datagram, uint32_t spi, uint64_t now_ms)
{
	struct sa *sa = sa_by_spi(&worker->engine->table, spi);
	struct packet *packet = &datagram->packet;
	struct opened opened;
	enum esp_counter verdict;

	if (!sa) {
		take_stray(worker, datagram, spi);
		return;
	}
	verdict = packet_open(&sa->in, &sa->window, packet, &opened);
	if (opened.authentic && !keys_last(worker, sa, opened.bytes)) {
		count(worker, sa, ESP_COUNT_SEQUENCE_EXHAUSTED);
		return;
	}
	if (opened.authentic)
		note_authentic(worker, sa, datagram, opened.newest, now_ms);
	if (verdict == ESP_COUNT_RX_PACKETS && !may_come_out(sa, packet->data, &opened.flow))
		verdict = ESP_COUNT_INBOUND_POLICY;
	if (verdict == ESP_COUNT_RX_PACKETS && !ip_decapsulate_ecn(packet->data, datagram->tos & 3))
		verdict = ESP_COUNT_ECN;
	if (verdict != ESP_COUNT_RX_PACKETS) {
		count(worker, sa, verdict);
		return;
	}
	if (worker->engine->copy_dscp & ESP_DSCP_IN)
		ip_set_dscp(packet->data, datagram->tos);
	if (opened.padded)
		count(worker, sa, ESP_COUNT_TFC_PADDED);
	carry_clamp(worker, sa, packet->data, &opened.flow);
	add(&sa->rx_packets, 1);
	add(&sa->rx_bytes, packet->bytes);
	to_tun(worker, sa, packet, &opened.flow);
}
