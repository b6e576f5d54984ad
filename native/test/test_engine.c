/* Two whole engines: packets cross, children come, move and go. Run under ThreadSanitizer too. */
#include "engines.h"

#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "../src/inbound.h"

static bool can_read(const char *path)
{
	char byte;
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	const bool can = fd >= 0 && read(fd, &byte, 1) == 1;

	if (fd >= 0)
		close(fd);
	return can;
}

/*
 * The memory of a process with tunnels holds their keys. A limit of no bytes keeps a core from a
 * disk, but where cores go to a program (core_pattern with «|») the kernel does not ask for it, and
 * gave them there. What we read of ourselves, and what root does, is readable all the same.
 */
static void no_core_is_left(void)
{
	struct rlimit limit;
	int status = 0;

	open_both();
	CHECK(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0);
	CHECK_EQUAL(prctl(PR_GET_DUMPABLE), 0);
	CHECK(can_read("/proc/self/status") && can_read("/proc/self/maps"));
	CHECK(can_read("/proc/thread-self/stat"));
	CHECK(can_read("/proc/self/net/udp"));
	/* Whoever may look at a process of others' still may at this one. */
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)getpid());
	const pid_t child = fork();

	if (child == 0)
		_exit(can_read("/proc/1/maps") && !can_read(path));
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	close_both();
}

/* Nobody can be answered at port 0, which to JavaScript is raw ESP, nor at a link-local address
 * without its link: a tunnel that moved there would be dead. */
static void what_nobody_could_answer_is_dropped(void)
{
	struct datagram datagram = {.cut_bytes = 100, .encap = ESP_ENCAP_UDP};
	static uint8_t bytes[100];

	open_both();
	struct worker *worker = left.engine->workers[0];
	const uint64_t before = counter_read(&worker->counters, ESP_COUNT_UNANSWERABLE);

	for (enum outer_kind kind = OUTER_IKE; kind <= OUTER_RAW; kind++) {
		datagram.packet = (struct packet){.data = bytes, .bytes = sizeof(bytes)};
		datagram.path.remote = kind == OUTER_RAW ? address_of(6, "fe80::1", 0)
							 : address_of(4, "192.0.2.1", 0);
		inbound_take(worker, kind, &datagram, 0);
	}
	CHECK_EQUAL(counter_read(&worker->counters, ESP_COUNT_UNANSWERABLE), before + 3);
	close_both();
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
	CHECK_EQUAL(esp_move(right.engine, 1, &path, ESP_ENCAP_UDP), ESP_OK);
	send_inner(&right, "10.2.0.1", "10.1.0.1", 60);
	/* There it is authentic, but not for the addresses that the third has. */
	wait_for_count(&third, ESP_COUNT_INBOUND_POLICY, 1);
	/* Told once in all. */
	CHECK(recv(right.opened.mailbox, frame, sizeof(frame), MSG_DONTWAIT) < 0);
	close_side(&third);
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
	CHECK_EQUAL(esp_move(left.engine, 3, &child.path, ESP_ENCAP_UDP), ESP_NO_CHILD);
	CHECK_EQUAL(esp_activate(left.engine, 3), ESP_NO_CHILD);
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
		CHECK_EQUAL(esp_move(left.engine, 1, &l.path, ESP_ENCAP_UDP), ESP_OK);
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

/* The loopback device of a namespace of our own comes and goes. */
static void set_loopback(int fd, bool up)
{
	struct ifreq request = {.ifr_name = "lo"};

	request.ifr_flags = up ? IFF_UP | IFF_RUNNING : 0;
	CHECK(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
}

static void a_changed_network_is_told_and_a_burst_of_changes_not_often(void)
{
	const struct esp_options options = {.version = ESP_ABI_VERSION,
		.cpu_mask = UINT32_MAX,
		.mtu = 1400,
		.watch_network = 1};
	struct side side = {.device = -1, .opened = {.mailbox = -1}};
	uint8_t frame[200];
	uint32_t told = 0;

	if (unshare(CLONE_NEWNET) < 0) {
		printf("    skipped: no namespace of our own without root\n");
		return;
	}
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	CHECK_EQUAL(esp_open(&options, &side.opened, &side.engine), ESP_OK);
	const uint64_t from = engine_now_ms();

	for (int i = 0; i < 100; i++)
		set_loopback(fd, i % 2 == 0);
	CHECK_EQUAL(next_frame(&side, frame, sizeof(frame)), 1);
	CHECK_EQUAL(frame[0], ESP_FRAME_NETWORK);
	/* What changes after that is told as well, however close it comes behind. */
	for (int i = 0; i < 100; i++)
		set_loopback(fd, i % 2 == 0);
	CHECK_EQUAL(next_frame(&side, frame, sizeof(frame)), 1);
	CHECK_EQUAL(frame[0], ESP_FRAME_NETWORK);
	poll(NULL, 0, 300);
	while (recv(side.opened.mailbox, frame, 5, MSG_DONTWAIT) == 5)
		told++;
	CHECK(told <= (engine_now_ms() - from) / 100 + 2);
	set_loopback(fd, true);
	CHECK_EQUAL(next_frame(&side, frame, sizeof(frame)), 1);
	CHECK_EQUAL(frame[0], ESP_FRAME_NETWORK);
	esp_close(side.engine);
	close(side.opened.mailbox);
	close(fd);
}

int main(void)
{
	RUN(no_core_is_left);
	RUN(what_nobody_could_answer_is_dropped);
	RUN(packets_cross_in_both_directions);
	RUN(a_new_address_is_told_once_and_not_believed);
	RUN(references_and_spis_are_taken_once);
	RUN(a_device_that_goes_is_told);
	RUN(children_come_and_go_while_packets_flow);
	RUN(a_changed_network_is_told_and_a_burst_of_changes_not_often); /* leaves this network */
	return check_summary("engine");
}
