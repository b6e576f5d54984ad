/*
 * Packets as fast as they go, and how many of them arrive; for measuring.
 *
 *   blast send ADDRESS PORT BYTES SECONDS    prints how many were sent
 *   blast take PORT                          prints, once nothing came for half a second, how many
 *                                            came, and in how many microseconds
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH      64
#define MOST_BYTES 2048
#define QUIET_MS   500
/* How long the first packet may take. */
#define PATIENCE_MS 10000

static uint8_t bytes[BATCH][MOST_BYTES];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void prepare(size_t count)
{
	for (int i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){bytes[i], count};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
	}
}

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int blast(int fd, const struct sockaddr_in *to, size_t count, double seconds)
{
	const int64_t end = now_us() + (int64_t)(seconds * 1e6);
	long sent = 0;

	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0)
		return fail("connect");
	prepare(count);
	while (now_us() < end) {
		const int n = sendmmsg(fd, messages, BATCH, 0);

		if (n > 0)
			sent += n;
		else if (errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED)
			return fail("sendmmsg");
	}
	printf("%ld\n", sent);
	return 0;
}

static int take(int fd, const struct sockaddr_in *at)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	const int room = 4 << 20;
	int64_t first = 0, last = 0;
	long taken = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (bind(fd, (const struct sockaddr *)at, sizeof(*at)) < 0)
		return fail("bind");
	printf("listening\n");
	fflush(stdout);
	prepare(MOST_BYTES);
	while (poll(&ready, 1, first ? QUIET_MS : PATIENCE_MS) > 0) {
		const int n = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);

		if (n <= 0)
			continue;
		last = now_us();
		if (!first)
			first = last;
		taken += n;
	}
	printf("%ld %lld\n", taken, (long long)(last - first));
	return 0;
}

int main(int count, char **words)
{
	struct sockaddr_in name = {.sin_family = AF_INET};
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fail("socket");
	if (count == 3 && strcmp(words[1], "take") == 0) {
		name.sin_port = htons((uint16_t)atoi(words[2]));
		return take(fd, &name);
	}
	if (count != 6 || strcmp(words[1], "send") != 0 ||
		inet_pton(AF_INET, words[2], &name.sin_addr) != 1 || atoi(words[4]) > MOST_BYTES) {
		fprintf(stderr, "blast send ADDRESS PORT BYTES SECONDS | blast take PORT\n");
		return 2;
	}
	name.sin_port = htons((uint16_t)atoi(words[3]));
	return blast(fd, &name, (size_t)atoi(words[4]), atof(words[5]));
}
