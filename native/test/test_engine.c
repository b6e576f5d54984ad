/*
 * Two whole engines back to back over loopback, without a TUN device: a socketpair stands in for
 * it, which keeps packets apart as well. Run under ThreadSanitizer too.
 *
 *   test ── left «TUN» ── left ══ UDP 127.0.0.1 ══ right ── right «TUN» ── test
 */
#include "check.h"
#include "packets.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../src/engine.h"

struct side {
	struct esp_engine *engine;
	struct esp_opened opened;
	/* Our end of what the engine takes for its device. */
	int device;
};

static struct side left, right;

static void open_side(struct side *side)
{
	struct esp_options options = {.version = ESP_ABI_VERSION, .cpu_mask = UINT32_MAX};
	struct tun tun = {.count = 1};
	int ends[2];

	options.listen_count = 1;
	options.listen[0] = address_of(4, "127.0.0.1", 0);
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	tun.queues[0] = ends[1];
	side->device = ends[0];
	side->opened = (struct esp_opened){.mailbox = -1};
	if (!CHECK_EQUAL(engine_open_with(&options, &tun, &side->opened, &side->engine), ESP_OK))
		printf("    %s\n", side->opened.why);
}

static void close_side(struct side *side)
{
	esp_close(side->engine);
	close(side->opened.mailbox);
	close(side->device);
}

static void open_both(void)
{
	open_side(&left);
	open_side(&right);
}

static void close_both(void)
{
	close_side(&left);
	close_side(&right);
}

/* Both halves of a tunnel: 10.1.0.<ref> behind the left, 10.2.0.<ref> behind the right. */
static struct esp_child half(const struct side *from, const struct side *to, uint32_t ref)
{
	const uint32_t to_left = 0x10000 + ref, to_right = 0x20000 + ref;
	const bool is_left = from == &left;
	struct esp_child child =
		child_of(ref, is_left ? to_left : to_right, is_left ? to_right : to_left);

	memset(child.inbound.encryption, (int)(child.inbound.spi >> 16), 20);
	memset(child.outbound.encryption, (int)(child.outbound.spi >> 16), 20);
	child.path.local = address_of(4, "127.0.0.1", from->opened.natt_port);
	child.path.remote = address_of(4, "127.0.0.1", to->opened.natt_port);
	return child;
}

static int install(struct side *from, const struct side *to, const struct esp_child *child)
{
	char ours[20], theirs[20];

	snprintf(ours, sizeof(ours), "10.%d.0.%u", from == &left ? 1 : 2, child->ref);
	snprintf(theirs, sizeof(theirs), "10.%d.0.%u", to == &left ? 1 : 2, child->ref);
	const struct esp_selector selectors[2] = {
		range_of(4, ours, ours), range_of(4, theirs, theirs)};

	return esp_install(from->engine, child, selectors);
}

static void connect_both(uint32_t ref)
{
	const struct esp_child l = half(&left, &right, ref), r = half(&right, &left, ref);

	CHECK_EQUAL(install(&left, &right, &l), ESP_OK);
	CHECK_EQUAL(install(&right, &left, &r), ESP_OK);
}

static void send_inner(const struct side *side, const char *from, const char *to, size_t bytes)
{
	static uint8_t packet[2000];

	udp4(packet, from, to, bytes);
	CHECK_EQUAL(send(side->device, packet, bytes, 0), bytes);
}

/* What comes out of a descriptor within a second; 0: nothing. */
static size_t receive(int fd, uint8_t *out, size_t room)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	if (poll(&wait, 1, 1000) <= 0)
		return 0;
	const ssize_t got = recv(fd, out, room, 0);

	return got > 0 ? (size_t)got : 0;
}

static uint64_t counter(const struct side *side, enum esp_counter which)
{
	uint64_t all[ESP_COUNTER_COUNT];

	esp_counters(side->engine, all);
	return all[which];
}

static void wait_for_count(const struct side *side, enum esp_counter which, uint64_t count)
{
	for (int i = 0; i < 1000 && counter(side, which) < count; i++)
		poll(NULL, 0, 1);
	CHECK_EQUAL(counter(side, which), count);
}

static void packets_cross_in_both_directions(void)
{
	uint8_t got[2000], expected[2000];
	struct esp_stats stats;

	open_both();
	connect_both(1);
	for (size_t bytes = 28; bytes < 1500; bytes += 91) {
		send_inner(&left, "10.1.0.1", "10.2.0.1", bytes);
		CHECK_EQUAL(receive(right.device, got, sizeof(got)), bytes);
		udp4(expected, "10.1.0.1", "10.2.0.1", bytes);
		CHECK(memcmp(got, expected, bytes) == 0);
		send_inner(&right, "10.2.0.1", "10.1.0.1", bytes);
		CHECK_EQUAL(receive(left.device, got, sizeof(got)), bytes);
	}
	/* A packet may arrive before its sender has counted it. */
	wait_for_count(&right, ESP_COUNT_TX_PACKETS, 17);
	CHECK_EQUAL(esp_stats(right.engine, 1, &stats), ESP_OK);
	CHECK_EQUAL(stats.rx_packets, 17);
	CHECK_EQUAL(stats.tx_packets, 17);
	CHECK_EQUAL(stats.rx_bytes, 17 * 28 + 91 * 16 * 17 / 2);
	CHECK(stats.idle_ms < 5000);
	send_inner(&left, "10.1.0.1", "10.2.0.9", 100);
	wait_for_count(&left, ESP_COUNT_NO_SA, 1);
	CHECK_EQUAL(esp_stats(right.engine, 2, &stats), ESP_NO_CHILD);
	close_both();
}

/* The next frame of the mailbox. */
static size_t next_frame(const struct side *side, uint8_t *out, size_t room)
{
	uint8_t length[4];

	if (receive(side->opened.mailbox, length, 4) != 4)
		return 0;
	const size_t bytes = (size_t)(length[2] << 8 | length[3]);

	CHECK(bytes <= room);
	return receive(side->opened.mailbox, out, bytes);
}

/* Pitfall 67: only a new authentic packet moves a child, and it is told once. */
static void a_new_address_is_told_once_and_not_believed(void)
{
	struct side third;
	uint8_t frame[200], packet[200];
	struct esp_path path;

	open_both();
	connect_both(1);
	open_side(&third);
	/* The third socket now sends with the left one's keys, as if a NAT had given a new port. */
	struct esp_child child = half(&left, &right, 1);

	child.path.local.port = third.opened.natt_port;
	CHECK_EQUAL(install(&third, &right, &child), ESP_OK);
	for (int i = 0; i < 3; i++)
		send_inner(&third, "10.2.0.1", "10.2.0.1", 60);
	wait_for_count(&right, ESP_COUNT_INBOUND_POLICY, 3);
	CHECK_EQUAL(next_frame(&right, frame, sizeof(frame)), 19);
	CHECK_EQUAL(frame[0], ESP_FRAME_MOVED);
	CHECK_EQUAL(frame[4], 1);
	CHECK_EQUAL(frame[13] << 8 | frame[14], third.opened.natt_port);
	/* Until esp_move() the answers go where they went. */
	send_inner(&right, "10.2.0.1", "10.1.0.1", 60);
	CHECK_EQUAL(receive(left.device, packet, sizeof(packet)), 60);
	path.local = address_of(4, "127.0.0.1", right.opened.natt_port);
	path.remote = address_of(4, "127.0.0.1", third.opened.natt_port);
	CHECK_EQUAL(esp_move(right.engine, 1, &path), ESP_OK);
	send_inner(&right, "10.2.0.1", "10.1.0.1", 60);
	/* There it is authentic, but not for the addresses that the third has. */
	wait_for_count(&third, ESP_COUNT_INBOUND_POLICY, 1);
	/* Told once in all. */
	CHECK(recv(right.opened.mailbox, frame, sizeof(frame), MSG_DONTWAIT) < 0);
	close_side(&third);
	close_both();
}

/* Pitfall 63: the soft limit is told once, the hard one stops sending. */
static void limits_are_told_and_kept(void)
{
	struct esp_child child;
	uint8_t frame[100];

	open_both();
	child = half(&left, &right, 1);
	child.soft_packets = 5;
	child.hard_packets = 8;
	CHECK_EQUAL(install(&left, &right, &child), ESP_OK);
	for (int i = 0; i < 12; i++)
		send_inner(&left, "10.1.0.1", "10.2.0.1", 60);
	wait_for_count(&left, ESP_COUNT_SEQUENCE_EXHAUSTED, 4);
	wait_for_count(&left, ESP_COUNT_TX_PACKETS, 8);
	CHECK_EQUAL(next_frame(&left, frame, sizeof(frame)), 5);
	CHECK_EQUAL(frame[0], ESP_FRAME_SOFT_LIMIT);
	CHECK_EQUAL(next_frame(&left, frame, sizeof(frame)), 5);
	CHECK_EQUAL(frame[0], ESP_FRAME_HARD_LIMIT);
	wait_for_count(&right, ESP_COUNT_UNKNOWN_SPI, 8);
	close_both();
}

static void references_and_spis_are_taken_once(void)
{
	struct esp_child child;

	open_both();
	connect_both(1);
	child = half(&left, &right, 1);
	CHECK_EQUAL(install(&left, &right, &child), ESP_CHILD_EXISTS);
	child.ref = 2;
	CHECK_EQUAL(install(&left, &right, &child), ESP_CHILD_EXISTS);
	child.inbound.spi++;
	child.path.local.port = 1;
	CHECK_EQUAL(install(&left, &right, &child), ESP_NO_SOCKET);
	CHECK_EQUAL(esp_remove(left.engine, 3), ESP_NO_CHILD);
	CHECK_EQUAL(esp_move(left.engine, 3, &child.path), ESP_NO_CHILD);
	CHECK_EQUAL(esp_remove(left.engine, 1), ESP_OK);
	CHECK_EQUAL(esp_remove(left.engine, 1), ESP_NO_CHILD);
	close_both();
}

static void a_device_that_goes_is_told(void)
{
	uint8_t frame[200];

	open_both();
	close(left.device);
	const size_t bytes = next_frame(&left, frame, sizeof(frame));

	CHECK(bytes > 1 && frame[0] == ESP_FRAME_FAILED);
	left.device = -1;
	close_both();
}

static _Atomic uint32_t pumping;

/* Traffic both ways as fast as it goes, whatever becomes of it. */
static void *pump(void *argument)
{
	uint8_t there[200], back[200], sink[2000];

	(void)argument;
	for (uint32_t i = 0; atomic_load(&pumping); i++) {
		char l[20], r[20];

		snprintf(l, sizeof(l), "10.1.0.%u", 1 + i % 8);
		snprintf(r, sizeof(r), "10.2.0.%u", 1 + i % 8);
		udp4(there, l, r, sizeof(there));
		udp4(back, r, l, sizeof(back));
		if (send(left.device, there, sizeof(there), 0) < 0 ||
			send(right.device, back, sizeof(back), 0) < 0)
			poll(NULL, 0, 1);
		while (recv(left.device, sink, sizeof(sink), 0) > 0)
			;
		while (recv(right.device, sink, sizeof(sink), 0) > 0)
			;
	}
	return NULL;
}

static void children_come_and_go_while_packets_flow(void)
{
	pthread_t thread;
	uint64_t state = 11;

	open_both();
	atomic_store(&pumping, 1);
	pthread_create(&thread, NULL, pump, NULL);
	connect_both(1);
	for (int i = 0; i < 3000; i++) {
		const uint32_t ref = 2 + (uint32_t)check_random(&state) % 7;
		const struct esp_child l = half(&left, &right, ref), r = half(&right, &left, ref);
		struct esp_stats stats;

		if (esp_remove(left.engine, ref) != ESP_OK)
			CHECK_EQUAL(install(&left, &right, &l), ESP_OK);
		if (esp_remove(right.engine, ref) != ESP_OK)
			CHECK_EQUAL(install(&right, &left, &r), ESP_OK);
		CHECK_EQUAL(esp_move(left.engine, 1, &l.path), ESP_OK);
		CHECK_EQUAL(esp_stats(right.engine, 1, &stats), ESP_OK);
	}
	for (int i = 0; i < 2000 && counter(&right, ESP_COUNT_RX_PACKETS) < 100; i++)
		poll(NULL, 0, 1);
	CHECK(counter(&right, ESP_COUNT_RX_PACKETS) >= 100);
	CHECK_EQUAL(counter(&right, ESP_COUNT_BAD_ICV), 0);
	CHECK_EQUAL(counter(&left, ESP_COUNT_BAD_ICV), 0);
	atomic_store(&pumping, 0);
	pthread_join(thread, NULL);
	close_both();
}

int main(void)
{
	RUN(packets_cross_in_both_directions);
	RUN(a_new_address_is_told_once_and_not_believed);
	RUN(limits_are_told_and_kept);
	RUN(references_and_spis_are_taken_once);
	RUN(a_device_that_goes_is_told);
	RUN(children_come_and_go_while_packets_flow);
	return check_summary("engine");
}
