#include "path.h"

#include <netinet/udp.h>
#include <string.h>

#include "udp.h"

static struct cmsghdr *append(struct path_control *control, int level, int type, size_t bytes)
{
	struct cmsghdr *header = (struct cmsghdr *)(void *)(control->bytes + control->count);

	header->cmsg_level = level;
	header->cmsg_type = type;
	header->cmsg_len = CMSG_LEN(bytes);
	control->count += (uint32_t)CMSG_SPACE(bytes);
	return header;
}

/* A raw socket takes the port for a protocol, and refuses any other than its own. */
static in_port_t remote_port(const struct path *path)
{
	return path->encap == ESP_ENCAP_RAW ? 0 : htons(path->address.remote.port);
}

static void prepare_v4(struct path *path, const struct esp_path *address)
{
	struct in_pktinfo info = {0};

	path->remote.v4.sin_family = AF_INET;
	path->remote.v4.sin_port = remote_port(path);
	memcpy(&path->remote.v4.sin_addr, address->remote.ip, 4);
	path->remote_bytes = sizeof(path->remote.v4);
	memcpy(&info.ipi_spec_dst, address->local.ip, 4);
	for (int ecn = 0; ecn < 4; ecn++) {
		struct path_control *control = &path->control[ecn];

		memcpy(CMSG_DATA(append(control, IPPROTO_IP, IP_PKTINFO, sizeof(info))), &info,
			sizeof(info));
		if (ecn)
			memcpy(CMSG_DATA(append(control, IPPROTO_IP, IP_TOS, sizeof(ecn))), &ecn,
				sizeof(ecn));
	}
}

static void prepare_v6(struct path *path, const struct esp_path *address)
{
	struct in6_pktinfo info = {0};

	path->remote.v6.sin6_family = AF_INET6;
	path->remote.v6.sin6_port = remote_port(path);
	memcpy(&path->remote.v6.sin6_addr, address->remote.ip, 16);
	path->remote_bytes = sizeof(path->remote.v6);
	memcpy(&info.ipi6_addr, address->local.ip, 16);
	for (int ecn = 0; ecn < 4; ecn++) {
		struct path_control *control = &path->control[ecn];

		memcpy(CMSG_DATA(append(control, IPPROTO_IPV6, IPV6_PKTINFO, sizeof(info))), &info,
			sizeof(info));
		if (ecn)
			memcpy(CMSG_DATA(append(control, IPPROTO_IPV6, IPV6_TCLASS, sizeof(ecn))),
				&ecn, sizeof(ecn));
	}
}

void path_cut(struct path_control *control, uint16_t size)
{
	memcpy(CMSG_DATA(append(control, IPPROTO_UDP, UDP_SEGMENT, sizeof(size))), &size,
		sizeof(size));
}

void path_prepare(
	struct path *path, const struct esp_path *address, const struct outer_socket *from)
{
	*path = (struct path){
		.address = *address,
		.encap = from->kind == OUTER_RAW ? ESP_ENCAP_RAW : ESP_ENCAP_UDP,
		.fd = from->fd,
	};
	atomic_init(&path->segments, from->segments);
	if (address->local.family == 4)
		prepare_v4(path, address);
	else
		prepare_v6(path, address);
}
