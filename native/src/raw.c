/*
 * ESP as IP protocol 50, beside UDP (RFC 4303). The kernel hands a copy to every raw socket and,
 * since there is one, sends no «protocol unreachable» to the peer.
 */
#include <netinet/in.h>
#include <unistd.h>

#include "udp.h"

/* IPv4's header comes along, IPv6's does not. */
#define MIN_IPV4_HEADER 20u

static bool open_one(struct udp *udp, struct esp_address local)
{
	const int domain = local.family == 4 ? AF_INET : AF_INET6;
	const int fd = socket(domain, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ESP);

	if (fd < 0)
		return false;
	local.port = 0;
	udp->sockets[udp->count++] =
		(struct outer_socket){.fd = fd, .kind = OUTER_RAW, .local = local};
	return outer_set_options(fd, local.family) && outer_bind(fd, &local) == 0;
}

bool raw_open(struct udp *udp, const struct esp_options *options)
{
	static const struct esp_address all[2] = {{.family = 4}, {.family = 6}};
	const struct esp_address *list = options->listen_count ? options->listen : all;
	const uint32_t count = options->listen_count ? options->listen_count : 2;
	const uint32_t before = udp->count;
	bool good = true;

	for (uint32_t i = 0; good && i < count; i++)
		if (list[i].family == 4 || udp->ipv6)
			good = open_one(udp, list[i]);
	while (!good && udp->count > before)
		close(udp->sockets[--udp->count].fd);
	return good;
}

bool raw_strip(struct datagram *datagram)
{
	struct packet *packet = &datagram->packet;

	if (datagram->path.local.family == 6)
		return true;
	if (packet->bytes < MIN_IPV4_HEADER)
		return false;
	const uint32_t header = 4u * (packet->data[0] & 15u);

	if (header < MIN_IPV4_HEADER || header > packet->bytes)
		return false;
	packet->data += header;
	packet->headroom += header;
	packet->bytes -= header;
	return true;
}
