/* Where a child's ESP packets go, with everything that sendmsg() wants prepared once. Immutable. */
#ifndef PATH_H
#define PATH_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "esp.h"

/* Control messages: the local address to send from, and the outer ECN bits. */
struct path_control {
	_Alignas(struct cmsghdr)
		uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
	uint32_t count;
};

struct path {
	struct esp_path address;
	enum esp_encap encap;
	int fd;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} remote;
	socklen_t remote_bytes;
	/* By the outer ECN bits. */
	struct path_control control[4];
};

void path_prepare(struct path *path, const struct esp_path *address, int fd, enum esp_encap encap);

#endif
