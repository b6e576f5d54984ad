/*
 * Several outbound workers and one child: four queues of the device, a flow on each, all through
 * one SA at once. One counter gives out its sequence numbers, and the window at the other end takes
 * them in whatever order the workers send; within a flow nothing is overtaken.
 */
#include "check_packet.h"
#include "engines.h"

#define LANES 4u
#define EACH  5000u
/* So many may be under way in all, that no socket is full. */
#define UNDER_WAY 120

static int devices[LANES];
static _Atomic uint32_t given, taken;

static void open_lanes(struct side *side)
{
	struct esp_options options = {
		.version = ESP_ABI_VERSION, .cpu_mask = UINT32_MAX, .offload_mask = UINT32_MAX};
	struct tun tun = {.count = LANES, .mtu = 65535};

	options.listen_count = 1;
	options.listen[0] = address_of(4, "127.0.0.1", 0);
	side->family = 4;
	side->ip = "127.0.0.1";
	side->opened = (struct esp_opened){.mailbox = -1};
	for (uint32_t i = 0; i < LANES; i++) {
		int ends[2];

		CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) ==
			0);
		tun.queues[i] = ends[1];
		devices[i] = ends[0];
	}
	side->device = devices[0];
	CHECK_EQUAL(engine_open_with(&options, &tun, &side->opened, &side->engine), ESP_OK);
	CHECK_EQUAL(side->opened.workers, 1 + LANES);
}

/* Numbers the packets of one flow, whose port says which it is. */
static void *give(void *argument)
{
	const uint32_t lane = (uint32_t)(uintptr_t)argument;
	uint8_t packet[1200];

	for (uint32_t i = 0; i < EACH; i++) {
		const uint32_t bytes = 40 + i * 37 % 1100;

		udp4(packet, "10.1.0.1", "10.2.0.1", bytes);
		put_number(packet + 20, lane, 2);
		put_number(packet + 28, i, 4);
		while ((int32_t)(atomic_load(&given) - atomic_load(&taken)) > UNDER_WAY)
			poll(NULL, 0, 1);
		atomic_fetch_add(&given, 1);
		if (send(devices[lane], packet, bytes, 0) != (ssize_t)bytes)
			break;
	}
	return NULL;
}

static void take_all(uint32_t next[LANES])
{
	uint8_t packet[1200];

	for (uint32_t i = 0; i < LANES * EACH; i++) {
		const size_t bytes = receive(right.device, packet, sizeof(packet));

		if (!CHECK(bytes >= 40))
			return;
		const uint32_t lane = (uint32_t)get_number(packet + 20, 2);

		if (!CHECK(lane < LANES))
			return;
		CHECK_EQUAL(get_number(packet + 28, 4), next[lane]);
		next[lane]++;
		atomic_fetch_add(&taken, 1);
	}
}

static void flows_stay_in_order_over_several_workers(void)
{
	uint32_t next[LANES] = {0};
	pthread_t threads[LANES];
	struct esp_stats stats;

	open_lanes(&left);
	open_side(&right);
	connect_both(1);
	for (uint32_t i = 0; i < LANES; i++)
		pthread_create(&threads[i], NULL, give, (void *)(uintptr_t)i);
	take_all(next);
	/* Whoever still waits for room finds some. */
	atomic_fetch_add(&taken, LANES * EACH);
	for (uint32_t i = 0; i < LANES; i++) {
		pthread_join(threads[i], NULL);
		CHECK_EQUAL(next[i], EACH);
	}
	wait_for_count(&left, ESP_COUNT_TX_PACKETS, LANES * EACH);
	CHECK_EQUAL(counter(&right, ESP_COUNT_REPLAY), 0);
	CHECK_EQUAL(counter(&right, ESP_COUNT_BAD_ICV), 0);
	/* Each number was given out once. */
	CHECK_EQUAL(atomic_load(&sa_by_ref(&left.engine->table, 1)->sequence), LANES * EACH);
	CHECK_EQUAL(sa_by_ref(&right.engine->table, 1)->window.top, LANES * EACH);
	CHECK_EQUAL(esp_stats(right.engine, 1, &stats), ESP_OK);
	CHECK_EQUAL(stats.rx_packets, LANES * EACH);
	for (uint32_t i = 1; i < LANES; i++)
		close(devices[i]);
	close_both();
}

int main(void)
{
	RUN(flows_stay_in_order_over_several_workers);
	return check_summary("lanes");
}
