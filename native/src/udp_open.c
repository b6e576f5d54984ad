/* Opening the sockets: which addresses, which ports, and an error that a person understands. */
#include <errno.h>
#include <netinet/udp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <unistd.h>

#include "udp.h"

/* A burst of a gigabit line in the milliseconds that a worker may be off its core. */
#define SOCKET_BUFFER_BYTES (4 * 1024 * 1024)
/* Tries to find a free port for both families. */
#define PORT_TRIES 32

/* The opening in progress, with the place for its error. */
struct attempt {
	struct udp *udp;
	uint32_t offload_mask;
	char *why;
	size_t why_bytes;
};

__attribute__((format(printf, 3, 4))) static enum esp_code fail(
	const struct attempt *attempt, enum esp_code code, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(attempt->why, attempt->why_bytes, format, list);
	va_end(list);
	return code;
}

static enum esp_code bind_failed(const struct attempt *attempt, const struct esp_address *local)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(local->family == 4 ? AF_INET : AF_INET6, local->ip, text, sizeof(text));
	switch (errno) {
	case EADDRINUSE:
		return fail(attempt, ESP_PORT_IN_USE, "UDP port %u is in use", local->port);
	case EACCES:
	case EPERM:
		return fail(attempt, ESP_PERMISSION, "no permission for UDP port %u", local->port);
	case EADDRNOTAVAIL:
		return fail(attempt, ESP_ADDRESS, "the address %s is not on this machine", text);
	default:
		return fail(attempt, ESP_SYSTEM, "UDP port %u on %s: %s", local->port, text,
			strerror(errno));
	}
}

static bool set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

/* The local address and the ECN bits of each datagram; fragments rather than lost packets outside.
 */
bool outer_set_options(int fd, uint8_t family)
{
	/* Beyond the kernel's maximum with CAP_NET_ADMIN, else up to it: either is good. */
	if (!set(fd, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER_BYTES))
		set(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER_BYTES);
	if (!set(fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER_BYTES))
		set(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER_BYTES);
	if (family == 4)
		return set(fd, IPPROTO_IP, IP_PKTINFO, 1) && set(fd, IPPROTO_IP, IP_RECVTOS, 1) &&
		       set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
	return set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
	       set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1) &&
	       set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
}

int outer_bind(int fd, const struct esp_address *local)
{
	if (local->family == 4) {
		struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(local->port)};

		memcpy(&name.sin_addr, local->ip, 4);
		return bind(fd, (const struct sockaddr *)&name, sizeof(name));
	}
	struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_port = htons(local->port)};

	memcpy(&name.sin6_addr, local->ip, 16);
	return bind(fd, (const struct sockaddr *)&name, sizeof(name));
}

static uint16_t bound_port(int fd)
{
	struct sockaddr_in6 name = {0};
	socklen_t bytes = sizeof(name);

	/* Both families have the port in the same place. */
	getsockname(fd, (struct sockaddr *)&name, &bytes);
	return ntohs(name.sin6_port);
}

/* What the kernel does not know it does without. */
static void use_offloads(const struct attempt *attempt, struct outer_socket *natt)
{
	struct udp *udp = attempt->udp;
	const uint32_t mask = attempt->offload_mask;

	natt->segments = (mask & ESP_OFFLOAD_SEND) && set(natt->fd, IPPROTO_UDP, UDP_SEGMENT, 0);
	udp->segments = udp->segments && natt->segments;
	if (!(mask & ESP_OFFLOAD_RECEIVE) || !set(natt->fd, IPPROTO_UDP, UDP_GRO, 1))
		udp->gro = false;
}

static enum esp_code open_one(
	const struct attempt *attempt, struct esp_address local, enum outer_kind kind)
{
	const int domain = local.family == 4 ? AF_INET : AF_INET6;
	const int fd = socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 && errno == EAFNOSUPPORT)
		return fail(attempt, ESP_ADDRESS, "this kernel has no IPv%u", local.family);
	if (fd < 0)
		return fail(attempt, ESP_SYSTEM, "UDP socket: %s", strerror(errno));
	struct udp *udp = attempt->udp;

	udp->sockets[udp->count++] = (struct outer_socket){.fd = fd, .kind = kind, .local = local};
	/* Else an IPv6 socket takes the IPv4 port too. */
	if (local.family == 6 && !set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1))
		return fail(attempt, ESP_SYSTEM, "UDP socket options: %s", strerror(errno));
	if (!outer_set_options(fd, local.family))
		return fail(attempt, ESP_SYSTEM, "UDP socket options: %s", strerror(errno));
	if (outer_bind(fd, &local) < 0)
		return bind_failed(attempt, &local);
	udp->sockets[udp->count - 1].local.port = bound_port(fd);
	if (kind == OUTER_NATT)
		use_offloads(attempt, &udp->sockets[udp->count - 1]);
	return ESP_OK;
}

static void close_from(struct udp *udp, uint32_t first)
{
	while (udp->count > first)
		close(udp->sockets[--udp->count].fd);
}

/* Where nobody asked for IPv6 by name, a kernel without it serves IPv4 alone. */
static bool no_ipv6(enum esp_code code, const struct esp_options *options, uint8_t family)
{
	return code == ESP_ADDRESS && family == 6 && options->listen_count == 0;
}

/* One port on all addresses; port 0 becomes whatever the first socket got. */
static enum esp_code open_port(const struct attempt *attempt, const struct esp_options *options,
	uint16_t *port, enum outer_kind kind)
{
	static const struct esp_address all[2] = {{.family = 4}, {.family = 6}};
	const struct esp_address *list = options->listen_count ? options->listen : all;
	const uint32_t count = options->listen_count ? options->listen_count : 2;
	struct udp *udp = attempt->udp;

	for (uint32_t i = 0; i < count; i++) {
		struct esp_address local = list[i];
		const uint32_t before = udp->count;

		local.port = *port;
		const enum esp_code code = open_one(attempt, local, kind);

		if (no_ipv6(code, options, local.family)) {
			close_from(udp, before);
			udp->ipv6 = false;
			continue;
		}
		if (code != ESP_OK)
			return code;
		*port = udp->sockets[udp->count - 1].local.port;
	}
	return ESP_OK;
}

/* A port that one family finds free may be taken in the other: then any other port will do. */
static enum esp_code open_any_port(const struct attempt *attempt, const struct esp_options *options,
	uint16_t *port, enum outer_kind kind)
{
	const uint16_t wanted = *port;
	const uint32_t before = attempt->udp->count;
	enum esp_code code = open_port(attempt, options, port, kind);

	for (int i = 0; i < PORT_TRIES && wanted == 0 && code == ESP_PORT_IN_USE; i++) {
		close_from(attempt->udp, before);
		*port = 0;
		code = open_port(attempt, options, port, kind);
	}
	return code;
}

enum esp_code udp_open(
	struct udp *udp, const struct esp_options *options, char *why, size_t why_bytes)
{
	const struct attempt attempt = {udp, options->offload_mask, why, why_bytes};

	*udp = (struct udp){.port = options->port,
		.natt_port = options->natt_port,
		.ipv6 = true,
		.segments = true,
		.gro = true};
	const enum esp_code code = open_any_port(&attempt, options, &udp->port, OUTER_IKE);

	if (code != ESP_OK)
		return code;
	return open_any_port(&attempt, options, &udp->natt_port, OUTER_NATT);
}

void udp_close(struct udp *udp)
{
	close_from(udp, 0);
}
