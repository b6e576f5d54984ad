#include "udp.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

/*
 * When the kernel joins, a whole batch would be 4 MiB and fall out of the cache between reading and
 * writing; a few at a time stay in it.
 */
#define ROUND_BYTES (128u * 1024u)
#define FEW         8u

#define IP_BYTES(family) ((family) == 4 ? 4u : 16u)

static bool is_any(const struct esp_address *address)
{
	static const uint8_t zeros[16];

	return memcmp(address->ip, zeros, IP_BYTES(address->family)) == 0;
}

const struct outer_socket *outer_find(
	const struct udp *udp, const struct esp_address *local, enum esp_encap encap)
{
	const bool raw = encap == ESP_ENCAP_RAW;

	for (uint32_t i = 0; i < udp->count; i++) {
		const struct esp_address *bound = &udp->sockets[i].local;

		if (bound->family != local->family || (udp->sockets[i].kind == OUTER_RAW) != raw)
			continue;
		if (!raw && bound->port != local->port)
			continue;
		if (is_any(bound) || is_any(local) ||
			memcmp(bound->ip, local->ip, IP_BYTES(local->family)) == 0)
			return &udp->sockets[i];
	}
	return NULL;
}

static void prepare(struct udp_batch *batch)
{
	for (uint32_t i = 0; i < BATCH; i++) {
		struct packet *packet = &batch->datagrams[i].packet;

		*packet = arena_packet(&batch->arena, i);
		batch->vectors[i] = (struct iovec){packet->data, ARENA_BYTES};
		batch->messages[i].msg_hdr = (struct msghdr){
			.msg_name = &batch->names[i],
			.msg_namelen = sizeof(batch->names[i]),
			.msg_iov = &batch->vectors[i],
			.msg_iovlen = 1,
			.msg_control = batch->control[i].bytes,
			.msg_controllen = sizeof(batch->control[i].bytes),
		};
	}
}

static void take_control(struct datagram *datagram, struct msghdr *header)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		const uint8_t *data = CMSG_DATA(c);

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, data, sizeof(info));
			memcpy(datagram->path.local.ip, &info.ipi_spec_dst, 4);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, data, sizeof(info));
			memcpy(datagram->path.local.ip, &info.ipi6_addr, 16);
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
			datagram->tos = data[0];
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
			int tclass;

			memcpy(&tclass, data, sizeof(tclass));
			datagram->tos = (uint8_t)tclass;
		} else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
			int bytes;

			memcpy(&bytes, data, sizeof(bytes));
			if (bytes > 0)
				datagram->cut_bytes = (uint32_t)bytes;
		}
	}
}

static void take_name(struct esp_address *remote, uint8_t family, const struct sockaddr_in6 *name)
{
	*remote = (struct esp_address){.family = family, .port = ntohs(name->sin6_port)};
	if (family == 4)
		memcpy(remote->ip, (const uint8_t *)name + offsetof(struct sockaddr_in, sin_addr),
			4);
	else
		memcpy(remote->ip, &name->sin6_addr, 16);
}

int udp_receive(struct udp_batch *batch, const struct outer_socket *from)
{
	prepare(batch);
	const int got = recvmmsg(
		from->fd, batch->messages, batch->most ? batch->most : BATCH, MSG_DONTWAIT, NULL);
	size_t bytes = 0;

	if (got < 0)
		return errno == EBADF || errno == ENOTSOCK ? -1 : 0;
	for (int i = 0; i < got; i++) {
		struct datagram *datagram = &batch->datagrams[i];
		struct msghdr *header = &batch->messages[i].msg_hdr;

		datagram->packet.bytes = batch->messages[i].msg_len;
		bytes += batch->messages[i].msg_len;
		datagram->packet.tailroom -= datagram->packet.bytes;
		datagram->truncated = (header->msg_flags & MSG_TRUNC) != 0;
		datagram->tos = 0;
		datagram->cut_bytes = datagram->packet.bytes;
		datagram->encap = from->kind == OUTER_RAW ? ESP_ENCAP_RAW : ESP_ENCAP_UDP;
		datagram->path.local = from->local;
		take_name(&datagram->path.remote, from->local.family, &batch->names[i]);
		take_control(datagram, header);
	}
	batch->most = bytes > ROUND_BYTES ? FEW : 0;
	return got;
}

bool udp_send_ike(const struct outer_socket *from, const struct esp_path *address,
	const uint8_t *bytes, size_t count, bool marked)
{
	static const uint8_t marker[4];
	struct iovec parts[2] = {
		{(void *)(uintptr_t)marker, sizeof(marker)},
		{(void *)(uintptr_t)bytes, count},
	};
	const bool both = marked && from->kind == OUTER_NATT;
	struct path path;

	path_prepare(&path, address, from);
	const struct msghdr header = {
		.msg_name = &path.remote,
		.msg_namelen = path.remote_bytes,
		.msg_iov = both ? parts : parts + 1,
		.msg_iovlen = both ? 2 : 1,
		.msg_control = path.control.bytes,
		.msg_controllen = path.control.count,
	};

	return sendmsg(from->fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}
