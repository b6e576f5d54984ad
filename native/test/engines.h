/*
 * Two whole engines back to back over loopback, without a TUN device: a socketpair stands in for
 * it, which keeps packets apart as well.
 *
 *   test ── left «TUN» ── left ══ UDP 127.0.0.1 ══ right ── right «TUN» ── test
 */
#ifndef ENGINES_H
#define ENGINES_H

#include "check.h"
#include "packets.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../src/engine.h"

struct side {
	/* Where it listens. */
	uint8_t family;
	const char *ip;
	struct esp_engine *engine;
	struct esp_opened opened;
	/* Our end of what the engine takes for its device. */
	int device;
};

static struct side left, right;

/* `offloads` of the sockets; `vnet`: the device has super-packets. */
static inline void open_end(
	struct side *side, uint8_t family, const char *ip, uint32_t offloads, bool vnet)
{
	struct esp_options options = {
		.version = ESP_ABI_VERSION, .cpu_mask = UINT32_MAX, .offload_mask = offloads};
	struct tun tun = {.count = 1, .mtu = 65535, .vnet = vnet, .tcp = vnet, .udp = vnet};
	int ends[2];

	options.listen_count = 1;
	side->family = family;
	side->ip = ip;
	options.listen[0] = address_of(family, ip, 0);
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	tun.queues[0] = ends[1];
	side->device = ends[0];
	side->opened = (struct esp_opened){.mailbox = -1};
	if (!CHECK_EQUAL(engine_open_with(&options, &tun, &side->opened, &side->engine), ESP_OK))
		printf("    %s\n", side->opened.why);
}

static inline void open_side_at(struct side *side, uint8_t family, const char *ip)
{
	open_end(side, family, ip, UINT32_MAX, false);
}

static inline void open_side_with(struct side *side, uint32_t offloads, bool vnet)
{
	open_end(side, 4, "127.0.0.1", offloads, vnet);
}

static inline void open_side(struct side *side)
{
	open_side_at(side, 4, "127.0.0.1");
}

static inline void close_side(struct side *side)
{
	esp_close(side->engine);
	close(side->opened.mailbox);
	close(side->device);
}

static inline void open_both(void)
{
	open_side(&left);
	open_side(&right);
}

static inline void close_both(void)
{
	close_side(&left);
	close_side(&right);
}

/* Both halves of a tunnel: 10.1.0.<ref> behind the left, 10.2.0.<ref> behind the right. */
static inline struct esp_child half(const struct side *from, const struct side *to, uint32_t ref)
{
	const uint32_t to_left = 0x10000 + ref, to_right = 0x20000 + ref;
	const bool is_left = from == &left;
	struct esp_child child =
		child_of(ref, is_left ? to_left : to_right, is_left ? to_right : to_left);

	memset(child.inbound.encryption, (int)(child.inbound.spi >> 16), 20);
	memset(child.outbound.encryption, (int)(child.outbound.spi >> 16), 20);
	child.path.local = address_of(from->family, from->ip, from->opened.natt_port);
	child.path.remote = address_of(to->family, to->ip, to->opened.natt_port);
	return child;
}

/* For 10.1.0.<host> and 10.2.0.<host>. */
static inline int install_for(
	struct side *from, const struct side *to, const struct esp_child *child, uint32_t host)
{
	char ours[20], theirs[20];

	snprintf(ours, sizeof(ours), "10.%d.0.%u", from == &left ? 1 : 2, host);
	snprintf(theirs, sizeof(theirs), "10.%d.0.%u", to == &left ? 1 : 2, host);
	const struct esp_selector selectors[2] = {
		range_of(4, ours, ours), range_of(4, theirs, theirs)};

	return esp_install(from->engine, child, selectors);
}

static inline int install(struct side *from, const struct side *to, const struct esp_child *child)
{
	return install_for(from, to, child, child->ref);
}

static inline void connect_both(uint32_t ref)
{
	const struct esp_child l = half(&left, &right, ref), r = half(&right, &left, ref);

	CHECK_EQUAL(install(&left, &right, &l), ESP_OK);
	CHECK_EQUAL(install(&right, &left, &r), ESP_OK);
}

static inline void send_inner(
	const struct side *side, const char *from, const char *to, size_t bytes)
{
	static uint8_t packet[2000];

	udp4(packet, from, to, bytes);
	CHECK_EQUAL(send(side->device, packet, bytes, 0), bytes);
}

/* What comes out of a descriptor within five seconds, which only a busy machine needs; 0: nothing.
 */
static inline size_t receive(int fd, uint8_t *out, size_t room)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	if (poll(&wait, 1, 5000) <= 0)
		return 0;
	const ssize_t got = recv(fd, out, room, 0);

	return got > 0 ? (size_t)got : 0;
}

static inline uint64_t counter(const struct side *side, enum esp_counter which)
{
	uint64_t all[ESP_COUNTER_COUNT];

	esp_counters(side->engine, all);
	return all[which];
}

static inline void wait_for_count(const struct side *side, enum esp_counter which, uint64_t count)
{
	for (int i = 0; i < 5000 && counter(side, which) < count; i++)
		poll(NULL, 0, 1);
	CHECK_EQUAL(counter(side, which), count);
}

/* The next frame of the mailbox. */
static inline size_t next_frame(const struct side *side, uint8_t *out, size_t room)
{
	uint8_t length[4];

	if (receive(side->opened.mailbox, length, 4) != 4)
		return 0;
	const size_t bytes = (size_t)(length[2] << 8 | length[3]);

	CHECK(bytes <= room);
	return receive(side->opened.mailbox, out, bytes);
}

#endif
