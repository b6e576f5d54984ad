#include "path.h"

#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#include "udp.h"

#define LOOK_MS  1000u
#define ASKED_MS 10000u
/* Whoever tells of less is not believed: what is larger leaves in pieces then. Also the size from
 * which on it is worth asking. */
#define LEAST 576u
/* Where nobody knows. */
#define MOST 65535u
/* Any; nothing is sent there. */
#define SOME_PORT 4500u

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
	memcpy(CMSG_DATA(append(&path->control, IPPROTO_IP, IP_PKTINFO, sizeof(info))), &info,
		sizeof(info));
}

static void prepare_v6(struct path *path, const struct esp_path *address)
{
	struct in6_pktinfo info = {0};

	path->remote.v6.sin6_family = AF_INET6;
	path->remote.v6.sin6_port = remote_port(path);
	memcpy(&path->remote.v6.sin6_addr, address->remote.ip, 16);
	path->remote_bytes = sizeof(path->remote.v6);
	memcpy(&info.ipi6_addr, address->local.ip, 16);
	memcpy(CMSG_DATA(append(&path->control, IPPROTO_IPV6, IPV6_PKTINFO, sizeof(info))), &info,
		sizeof(info));
}

void path_mark(const struct path *path, struct path_control *control, int tos)
{
	const bool v4 = path->address.local.family == 4;

	memcpy(CMSG_DATA(append(control, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TOS : IPV6_TCLASS,
		       sizeof(tos))),
		&tos, sizeof(tos));
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
		.overhead = (address->local.family == 4 ? 20u : 40u) +
			    (from->kind == OUTER_RAW ? 0u : 8u),
		.can_segment = from->segments,
	};
	/* An initializer clears no more of a union than its first member. */
	memset(&path->remote, 0, sizeof(path->remote));
	atomic_init(&path->segments, from->segments);
	atomic_init(&path->mtu, MOST);
	if (address->local.family == 4)
		prepare_v4(path, address);
	else
		prepare_v6(path, address);
}

/* A socket of its own asks, since what the kernel answers is about where a socket is connected to.
 */
static uint32_t ask_kernel(const struct path *path)
{
	const bool v4 = path->address.local.family == 4;
	struct esp_address local = path->address.local;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} remote;
	int mtu = 0;
	socklen_t bytes = sizeof(mtu);
	const int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return 0;
	memcpy(&remote, &path->remote, sizeof(remote));
	/* Both families have it in the same place; a raw path has none. */
	remote.v4.sin_port = htons(SOME_PORT);
	local.port = 0;
	if (outer_bind(fd, &local) < 0 || connect(fd, &remote.any, path->remote_bytes) < 0 ||
		getsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &mtu,
			&bytes) < 0)
		mtu = 0;
	close(fd);
	return mtu > 0 ? (uint32_t)mtu : 0;
}

static uint32_t within(uint32_t mtu)
{
	if (mtu < LEAST)
		return LEAST;
	return mtu > MOST ? MOST : mtu;
}

void path_look(struct path *path, uint64_t now_ms)
{
	const uint32_t told = ask_kernel(path);

	atomic_store(&path->look_at, now_ms + LOOK_MS);
	if (now_ms >= atomic_load(&path->asked_until)) {
		atomic_store(&path->asked_until, now_ms + ASKED_MS);
		atomic_store(&path->asked, LEAST);
	}
	if (told == 0 || within(told) == atomic_load(&path->mtu))
		return;
	atomic_store(&path->mtu, within(told));
	atomic_store(&path->segments, path->can_segment);
}

bool path_asks(struct path *path, uint32_t bytes)
{
	if (bytes <= atomic_load_explicit(&path->asked, memory_order_relaxed) ||
		path->address.local.family != 4)
		return false;
	atomic_store_explicit(&path->asked, bytes, memory_order_relaxed);
	return true;
}

void path_set_asking(int fd, bool asking)
{
	const int how = asking ? IP_PMTUDISC_WANT : IP_PMTUDISC_DONT;

	setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &how, sizeof(how));
}
