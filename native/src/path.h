/* Where a child's ESP packets go, with everything that sendmsg() wants prepared once. */
#ifndef PATH_H
#define PATH_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "esp.h"

/* Control messages: the local address to send from, the outer ECN bits, and how to cut. */
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
	/* The kernel may cut; cleared for good when it refuses. The rest is immutable. */
	_Atomic bool segments;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} remote;
	socklen_t remote_bytes;
	/* By the outer ECN bits. */
	struct path_control control[4];
};

struct outer_socket;

/* From this socket, in its form. */
void path_prepare(
	struct path *path, const struct esp_path *address, const struct outer_socket *from);

/* Has the kernel cut the datagram into packets of `size` (UDP_SEGMENT). */
void path_cut(struct path_control *control, uint16_t size);

#endif
