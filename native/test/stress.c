/*
 * Children installed, activated, moved and removed while every worker is busy, through real sockets
 * and two real TUN devices: by `make stress` under the sanitizers, in a network
 * namespace of its own. STRESS_SECONDS says how long.
 *
 *   sockets ─ kernel ─ stress-l ═ left ══ UDP 127.0.0.1 ══ right ═ stress-r ─ kernel ─ sockets
 *
 * What comes out of the far device has no host there and is dropped: the engines have counted it.
 */
#include "engines.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "../src/bytes.h"

#define SLOTS 24u
#define BURST 32u

static atomic_bool blasting = true;
static _Atomic uint64_t blasted;
static uint64_t seed = 0x5eed;

/* One that is installed on both sides, if it is. */
static struct {
	uint32_t ref;
	bool is_there;
} slots[SLOTS];

static uint32_t roll(uint32_t n)
{
	return (uint32_t)(check_random(&seed) >> 33) % n;
}

/* Every third child without UDP, where there are raw sockets. */
static uint8_t encap_of(uint32_t number)
{
	const bool raw = left.opened.raw && right.opened.raw && number % 3 == 1;

	return raw ? ESP_ENCAP_RAW : ESP_ENCAP_UDP;
}

static bool open_device(struct side *side, const char *name)
{
	struct esp_options options = {.version = ESP_ABI_VERSION,
		.workers = 4,
		.mtu = 1400,
		.cpu_mask = UINT32_MAX,
		.offload_mask = UINT32_MAX,
		.watch_network = 1,
		.listen_count = 1};

	options.listen[0] = address_of(4, "127.0.0.1", 0);
	side->family = 4;
	side->ip = "127.0.0.1";
	side->opened = (struct esp_opened){.mailbox = -1};
	snprintf(options.device, sizeof(options.device), "%s", name);
	const int code = esp_open(&options, &side->opened, &side->engine);

	if (code != ESP_OK)
		printf("    %s\n", side->opened.why);
	return code == ESP_OK;
}

union host {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* A host behind a side, by its slot. */
static union host host_behind(int side, uint8_t family, uint32_t slot)
{
	union host to = {.v6 = {.sin6_port = htons(9)}};
	char ip[20];

	snprintf(ip, sizeof(ip), family == 4 ? "10.%d.0.%u" : "fd00:%d::%x", side, slot);
	to.any.sa_family = family == 4 ? AF_INET : AF_INET6;
	if (family == 4)
		inet_pton(AF_INET, ip, &to.v4.sin_addr);
	else
		inet_pton(AF_INET6, ip, &to.v6.sin6_addr);
	return to;
}

/* Sends to hosts behind a side, whether there is a tunnel for them or not. */
static void *blast(void *side)
{
	static const uint8_t payload[1200];
	const int fds[2] = {socket(AF_INET, SOCK_DGRAM, 0), socket(AF_INET6, SOCK_DGRAM, 0)};
	uint64_t own = (uint64_t)(uintptr_t)side;

	while (atomic_load(&blasting)) {
		const uint8_t family = check_random(&own) >> 40 & 1 ? 4 : 6;
		union host to = host_behind(
			(int)(uintptr_t)side, family, (uint32_t)(check_random(&own) >> 33) % SLOTS);
		struct iovec part = {(void *)(uintptr_t)payload, 40 + check_random(&own) % 1100};
		struct mmsghdr messages[BURST];

		for (uint32_t i = 0; i < BURST; i++)
			messages[i].msg_hdr = (struct msghdr){.msg_name = &to,
				.msg_namelen = family == 4 ? sizeof(to.v4) : sizeof(to.v6),
				.msg_iov = &part,
				.msg_iovlen = 1};
		const int sent = sendmmsg(fds[family == 6], messages, BURST, 0);

		atomic_fetch_add(&blasted, sent > 0 ? (uint64_t)sent : 0);
	}
	close(fds[0]);
	close(fds[1]);
	return NULL;
}

static struct esp_selector one_of(uint8_t family, const char *format, int side, uint32_t slot)
{
	char ip[40];

	snprintf(ip, sizeof(ip), format, side, slot);
	return range_of(family, ip, ip);
}

/* Its own hosts, one of the other side's, and the address that the kernel sends from there. */
static int install_slot(struct side *from, const struct side *to, uint32_t ref, uint32_t slot)
{
	struct esp_child child = half(from, to, ref);
	const int ours = from == &left ? 1 : 2, theirs = 3 - ours;

	child.standby = ref % 3 == 0;
	child.encap = encap_of(ref);
	child.local_count = 2;
	child.remote_count = 4;
	const struct esp_selector selectors[6] = {
		ours == 1 ? range_of(4, "10.1.0.0", "10.1.255.255")
			  : range_of(4, "10.2.0.0", "10.2.255.255"),
		ours == 1 ? range_of(6, "fd00:1::", "fd00:1::ffff")
			  : range_of(6, "fd00:2::", "fd00:2::ffff"),
		one_of(4, "10.%d.0.%u", theirs, slot),
		one_of(4, "10.%d.255.1", theirs, 0),
		one_of(6, "fd00:%d::%x", theirs, slot),
		one_of(6, "fd00:%d::ffff", theirs, 0),
	};

	return esp_install(from->engine, &child, selectors);
}

/* What is in the way then is lost, as it would be for JavaScript. */
static void tell(const struct side *side, enum esp_frame kind, uint32_t spi)
{
	uint8_t frame[9] = {0, 0, 0, 5, (uint8_t)kind};

	store32(frame + 5, spi);
	CHECK(send(side->opened.mailbox, frame, sizeof(frame), MSG_NOSIGNAL) > 0 ||
		errno == EAGAIN);
}

/* In half of the cases one side sends before the other knows of it, which keeps what comes. */
static void put_in(uint32_t slot)
{
	static uint32_t refs;
	struct side *const first = roll(2) ? &left : &right;
	struct side *const second = first == &left ? &right : &left;
	const uint32_t ref = ++refs, spi = half(second, first, ref).inbound.spi;
	const bool expects = roll(2);

	slots[slot].ref = ref;
	slots[slot].is_there = true;
	if (expects)
		tell(second, ESP_FRAME_EXPECT, spi);
	CHECK_EQUAL(install_slot(first, second, ref, slot), ESP_OK);
	CHECK_EQUAL(install_slot(second, first, ref, slot), ESP_OK);
	if (expects)
		tell(second, ESP_FRAME_SETTLE, spi);
}

/* Somebody looks, or looks away. */
static void tap(const struct side *side, uint32_t slot)
{
	struct esp_tap wanted = {
		.snap_bytes = 1 + roll(2000), .most_bytes = 100000, .spi_count = 1};

	wanted.spis[0] = half(side, side == &left ? &right : &left, slots[slot].ref).inbound.spi;
	wanted.address_count = roll(2);
	wanted.addresses[0] = address_of(4, "127.0.0.1", 0);
	CHECK_EQUAL(esp_tap_set(side->engine, roll(3) ? &wanted : NULL), ESP_OK);
}

static void take_out(uint32_t slot)
{
	slots[slot].is_there = false;
	CHECK_EQUAL(esp_remove(left.engine, slots[slot].ref), ESP_OK);
	CHECK_EQUAL(esp_remove(right.engine, slots[slot].ref), ESP_OK);
}

static void move(const struct side *side, const struct side *to, uint32_t ref)
{
	const struct esp_child child = half(side, to, ref);

	CHECK_EQUAL(esp_move(side->engine, ref, &child.path, encap_of(roll(3))), ESP_OK);
}

static void trap(const struct side *side, uint32_t slot)
{
	const struct esp_trap from = {.ref = slot, .local_count = 1, .remote_count = 1};
	char theirs[20];

	snprintf(theirs, sizeof(theirs), "10.%d.0.%u", side == &left ? 2 : 1, slot);
	const struct esp_selector selectors[2] = {
		range_of(4, "0.0.0.0", "255.255.255.255"), range_of(4, theirs, theirs)};

	CHECK_EQUAL(esp_trap_set(side->engine, &from, selectors), ESP_OK);
	CHECK_EQUAL(esp_trap_release(side->engine, slot), ESP_OK);
	CHECK_EQUAL(esp_trap_remove(side->engine, slot), ESP_OK);
}

static void read_mailbox(const struct side *side)
{
	static uint8_t bytes[65536];

	while (recv(side->opened.mailbox, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

static void churn(void)
{
	const uint32_t slot = roll(SLOTS);
	struct side *const side = roll(2) ? &left : &right;
	struct esp_stats stats;

	if (!slots[slot].is_there) {
		if (roll(4) == 0)
			trap(side, slot);
		put_in(slot);
		return;
	}
	switch (roll(6)) {
	case 0:
		take_out(slot);
		break;
	case 1:
		move(side, side == &left ? &right : &left, slots[slot].ref);
		break;
	case 2:
		CHECK_EQUAL(esp_activate(side->engine, slots[slot].ref), ESP_OK);
		break;
	case 3:
		CHECK_EQUAL(esp_stats(side->engine, slots[slot].ref, &stats), ESP_OK);
		break;
	case 4:
		tap(side, slot);
		break;
	default:
		/* A rekey: the new one takes over, the old one goes. */
		slots[slot].is_there = false;
		const uint32_t old = slots[slot].ref;

		put_in(slot);
		CHECK_EQUAL(esp_remove(left.engine, old), ESP_OK);
		CHECK_EQUAL(esp_remove(right.engine, old), ESP_OK);
	}
	read_mailbox(&left);
	read_mailbox(&right);
}

static void expect_honest(const struct side *side)
{
	static const enum esp_counter never[] = {ESP_COUNT_BAD_ICV, ESP_COUNT_BAD_PADDING,
		ESP_COUNT_BAD_NEXT_HEADER, ESP_COUNT_BAD_INNER, ESP_COUNT_BAD_SPI, ESP_COUNT_RUNT,
		ESP_COUNT_INBOUND_POLICY};

	CHECK(counter(side, ESP_COUNT_RX_PACKETS) > 0);
	CHECK(counter(side, ESP_COUNT_TX_PACKETS) > 0);
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		CHECK_EQUAL(counter(side, never[i]), 0);
}

static void children_come_and_go_under_traffic(void)
{
	const char *const text = getenv("STRESS_SECONDS");
	const time_t end = time(NULL) + (text ? atoi(text) : 5);
	pthread_t threads[2];
	uint64_t turns = 0;

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, blast, (void *)(uintptr_t)(1 + i));
	for (; time(NULL) < end; turns++)
		churn();
	expect_honest(&left);
	expect_honest(&right);
	printf("  %llu kept until their child came, %llu copied\n",
		(unsigned long long)(counter(&left, ESP_COUNT_EARLY) +
				     counter(&right, ESP_COUNT_EARLY)),
		(unsigned long long)(counter(&left, ESP_COUNT_TAPPED) +
				     counter(&right, ESP_COUNT_TAPPED)));
	printf("  %llu turns, %llu packets in, %llu and %llu came through\n",
		(unsigned long long)turns, (unsigned long long)atomic_load(&blasted),
		(unsigned long long)counter(&right, ESP_COUNT_RX_PACKETS),
		(unsigned long long)counter(&left, ESP_COUNT_RX_PACKETS));
	/* They end while packets still come. */
	esp_close(left.engine);
	esp_close(right.engine);
	atomic_store(&blasting, false);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	close(left.opened.mailbox);
	close(right.opened.mailbox);
}

int main(void)
{
	if (unshare(CLONE_NEWNET) < 0 || access("/dev/net/tun", R_OK | W_OK) < 0) {
		printf("stress: skipped, because %s\n", strerror(errno));
		return 0;
	}
	CHECK(system("ip link set lo up") == 0);
	if (!CHECK(open_device(&left, "stress-l") && open_device(&right, "stress-r")))
		return check_summary("stress");
	CHECK(system("ip address add 10.1.255.1/32 dev stress-l") == 0);
	CHECK(system("ip address add 10.2.255.1/32 dev stress-r") == 0);
	CHECK(system("ip route add 10.2.0.0/24 dev stress-l src 10.1.255.1") == 0);
	CHECK(system("ip route add 10.1.0.0/24 dev stress-r src 10.2.255.1") == 0);
	CHECK(system("ip address add fd00:1::ffff/128 dev stress-l nodad") == 0);
	CHECK(system("ip address add fd00:2::ffff/128 dev stress-r nodad") == 0);
	CHECK(system("ip route add fd00:2::/120 dev stress-l src fd00:1::ffff") == 0);
	CHECK(system("ip route add fd00:1::/120 dev stress-r src fd00:2::ffff") == 0);
	RUN(children_come_and_go_under_traffic);
	return check_summary("stress");
}
