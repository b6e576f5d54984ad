/* A thousand rekeys while packets flow both ways: none is lost, none comes twice, none finds no SA.
 */
#include "engines.h"

#include <pthread.h>
#include <stdatomic.h>

#define HOST   1u
#define REKEYS 1000u
/* What may be under way at once; a real path loses beyond its buffers, this one must not. */
#define IN_FLIGHT 64u
#define NUMBER_AT 28u

/* One direction of the traffic; each packet carries its number. */
struct stream {
	struct side *from, *to;
	const char *source, *destination;
	uint64_t sent, received, highest, sum;
	uint64_t most_behind;
};

static _Atomic uint32_t pumping;

static void send_more(struct stream *stream)
{
	uint8_t packet[200];

	while (stream->sent - stream->received < IN_FLIGHT) {
		udp4(packet, stream->source, stream->destination, sizeof(packet));
		memcpy(packet + NUMBER_AT, &stream->sent, 8);
		if (send(stream->from->device, packet, sizeof(packet), 0) < 0)
			return;
		stream->sent++;
	}
}

static void take_all(struct stream *stream)
{
	uint8_t packet[200];
	uint64_t number;

	while (recv(stream->to->device, packet, sizeof(packet), 0) == sizeof(packet)) {
		memcpy(&number, packet + NUMBER_AT, 8);
		stream->received++;
		stream->sum += number;
		if (number > stream->highest)
			stream->highest = number;
		else if (stream->highest - number > stream->most_behind)
			stream->most_behind = stream->highest - number;
	}
}

static bool is_quiet(const struct stream *streams)
{
	return streams[0].sent == streams[0].received && streams[1].sent == streams[1].received;
}

/* Keeps both directions full; then waits a while for what is still under way. */
static void *pump(void *argument)
{
	struct stream *streams = argument;

	for (int late = 0; late < 2000 && (atomic_load(&pumping) || !is_quiet(streams));) {
		struct pollfd wait[2] = {{.fd = left.device, .events = POLLIN},
			{.fd = right.device, .events = POLLIN}};

		for (int i = 0; i < 2; i++) {
			if (atomic_load(&pumping))
				send_more(&streams[i]);
			take_all(&streams[i]);
		}
		if (poll(wait, 2, 1) == 0 && !atomic_load(&pumping))
			late++;
	}
	return NULL;
}

/* Whether all that one side has sent on a child has come out at the other. */
static bool is_drained(const struct side *from, const struct side *to, uint32_t ref)
{
	struct esp_stats sent, came;

	CHECK_EQUAL(esp_stats(from->engine, ref, &sent), ESP_OK);
	CHECK_EQUAL(esp_stats(to->engine, ref, &came), ESP_OK);
	return sent.tx_packets == came.rx_packets;
}

static void remove_when_drained(uint32_t ref)
{
	int tries = 0;

	while (tries++ < 5000 &&
		!(is_drained(&left, &right, ref) && is_drained(&right, &left, ref)))
		poll(NULL, 0, 1);
	CHECK(tries < 5000);
	CHECK_EQUAL(esp_remove(left.engine, ref), ESP_OK);
	CHECK_EQUAL(esp_remove(right.engine, ref), ESP_OK);
}

static void expect_used(const struct side *side, uint32_t ref)
{
	uint8_t frame[200];

	CHECK_EQUAL(next_frame(side, frame, sizeof(frame)), 5);
	CHECK_EQUAL(frame[0], ESP_FRAME_USED);
	CHECK_EQUAL(frame[3] << 8 | frame[4], ref);
}

/*
 * The peer that stands by must not send before the other has shown that it has the child. In turns:
 * the initiator sends at once, it is told to, the responder is told to (as after a DELETE).
 */
static void rekey(uint32_t ref)
{
	struct esp_child l = half(&left, &right, ref), r = half(&right, &left, ref);
	struct side *const teller = ref % 3 == 2 ? &right : &left;

	r.standby = 1;
	l.standby = ref % 3 != 0;
	CHECK_EQUAL(install_for(&right, &left, &r, HOST), ESP_OK);
	CHECK_EQUAL(install_for(&left, &right, &l, HOST), ESP_OK);
	if (l.standby)
		CHECK_EQUAL(esp_activate(teller->engine, ref), ESP_OK);
	expect_used(teller == &left ? &right : &left, ref);
	/* It sends on the new one already; this says when the last packet on the old one has left.
	 */
	CHECK_EQUAL(esp_activate(left.engine, ref), ESP_OK);
	CHECK_EQUAL(esp_activate(right.engine, ref), ESP_OK);
	remove_when_drained(ref - 1);
}

static void check_stream(const struct stream *stream)
{
	static const enum esp_counter reasons[] = {ESP_COUNT_NO_SA, ESP_COUNT_UNKNOWN_SPI,
		ESP_COUNT_REPLAY, ESP_COUNT_BAD_ICV, ESP_COUNT_INBOUND_POLICY,
		ESP_COUNT_SEND_FAILED, ESP_COUNT_TUN_FAILED};

	CHECK(stream->sent > REKEYS);
	CHECK_EQUAL(stream->received, stream->sent);
	CHECK_EQUAL(stream->sum, stream->sent * (stream->sent - 1) / 2);
	CHECK(stream->most_behind < REPLAY_WINDOW);
	wait_for_count(stream->from, ESP_COUNT_TX_PACKETS, stream->sent);
	CHECK_EQUAL(counter(stream->to, ESP_COUNT_RX_PACKETS), stream->sent);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		CHECK_EQUAL(counter(stream->to, reasons[i]), 0);
}

/* Pitfall 57. */
static void a_thousand_rekeys_lose_no_packet(void)
{
	struct stream streams[2] = {
		{.from = &left, .to = &right, .source = "10.1.0.1", .destination = "10.2.0.1"},
		{.from = &right, .to = &left, .source = "10.2.0.1", .destination = "10.1.0.1"},
	};
	uint8_t frame[200];
	pthread_t thread;

	open_both();
	connect_both(HOST);
	atomic_store(&pumping, 1);
	pthread_create(&thread, NULL, pump, streams);
	for (uint32_t i = 1; i <= REKEYS; i++)
		rekey(HOST + i);
	atomic_store(&pumping, 0);
	pthread_join(thread, NULL);
	check_stream(&streams[0]);
	check_stream(&streams[1]);
	printf("  %u rekeys, %llu packets, at most %llu behind another\n", REKEYS,
		(unsigned long long)(streams[0].sent + streams[1].sent),
		(unsigned long long)(streams[0].most_behind + streams[1].most_behind));
	/* Each first use was told once. */
	CHECK(recv(left.opened.mailbox, frame, sizeof(frame), MSG_DONTWAIT) < 0);
	CHECK(recv(right.opened.mailbox, frame, sizeof(frame), MSG_DONTWAIT) < 0);
	close_both();
}

/* A child installed to stand by alone carries what there is: no other can. */
static void a_child_that_stands_by_alone_sends(void)
{
	struct esp_child l, r;
	uint8_t packet[200];

	open_both();
	l = half(&left, &right, HOST);
	r = half(&right, &left, HOST);
	l.standby = r.standby = 1;
	CHECK_EQUAL(install(&left, &right, &l), ESP_OK);
	CHECK_EQUAL(install(&right, &left, &r), ESP_OK);
	send_inner(&left, "10.1.0.1", "10.2.0.1", 100);
	CHECK_EQUAL(receive(right.device, packet, sizeof(packet)), 100);
	expect_used(&right, HOST);
	close_both();
}

int main(void)
{
	RUN(a_child_that_stands_by_alone_sends);
	RUN(a_thousand_rekeys_lose_no_packet);
	return check_summary("rekey");
}
