/* Where a child's ESP packets go, with everything that sendmsg() wants prepared once. */
#ifndef PATH_H
#define PATH_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "esp.h"

/* Control messages: the local address to send from, the outer DSCP and ECN, and how to cut. */
struct path_control {
	_Alignas(struct cmsghdr)
		uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int)) +
			      CMSG_SPACE(sizeof(uint16_t))];
	uint32_t count;
};

struct path {
	struct esp_path address;
	enum esp_encap encap;
	int fd;
	/* Of the outer IP and UDP headers. */
	uint32_t overhead;
	/* The kernel may cut: where it can; until it refuses, or the path becomes another. */
	bool can_segment;
	_Atomic bool segments;
	/* The largest outer packet, as far as the kernel knows; when it is asked next. */
	_Atomic uint32_t mtu;
	_Atomic uint64_t look_at;
	/* The largest packet that lately asked the network for its MTU, and until when it counts.
	 */
	_Atomic uint32_t asked;
	_Atomic uint64_t asked_until;
	/* The rest is immutable. */
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} remote;
	socklen_t remote_bytes;
	/* Of a datagram that is neither marked nor cut. */
	struct path_control control;
};

struct outer_socket;

/* From this socket, in its form. */
void path_prepare(
	struct path *path, const struct esp_path *address, const struct outer_socket *from);

/*
 * How narrow the way is. The kernel knows the MTU of the device and what routers have told it (RFC
 * 1191, RFC 8201), and forgets that in time; it is asked once a second, by any thread. Routers tell
 * only of packets that they may not cut. In IPv6 these are all; in IPv4 the first of each size that
 * leaves, every ten seconds, and the others are cut where it is narrow: so nothing is lost but one
 * packet now and then where routers do not tell.
 */
void path_look(struct path *path, uint64_t now_ms);

static inline bool path_is_stale(const struct path *path, uint64_t now_ms)
{
	return now_ms >= atomic_load_explicit(&path->look_at, memory_order_relaxed);
}

/* Whether an ESP packet of this size is to ask; notes that it does. */
bool path_asks(struct path *path, uint32_t bytes);

/* Has the routers tell, or cut, what leaves by this socket from here on; of IPv4. */
void path_set_asking(int fd, bool asking);

/* Has the outer header carry this DSCP and ECN. */
void path_mark(const struct path *path, struct path_control *control, int tos);
/* Has the kernel cut the datagram into packets of `size` (UDP_SEGMENT). */
void path_cut(struct path_control *control, uint16_t size);

#endif
