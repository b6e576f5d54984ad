/*
 * The UDP end: sockets on the IKE port and the NAT-T port of both families, batches of datagrams
 * with the addresses at both ends.
 */
#ifndef UDP_H
#define UDP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "arena.h"
#include "path.h"

/* Two ports; all addresses of two families, or a list. */
#define UDP_MAX_SOCKETS (2u * ESP_MAX_LISTEN)

struct udp_socket {
	int fd;
	/* On the NAT-T port, where ESP and IKE share a socket (RFC 3948). */
	bool natt;
	/* An address of zeros: all. */
	struct esp_address local;
};

struct udp {
	struct udp_socket sockets[UDP_MAX_SOCKETS];
	uint32_t count;
	uint16_t port, natt_port;
	bool ipv6;
};

/* One datagram that came. */
struct datagram {
	struct packet packet;
	struct esp_path path;
	/* Of the outer header. */
	uint8_t ecn;
	bool truncated;
};

/* What recvmmsg() fills; one a worker, too large for a stack. */
struct udp_batch {
	struct arena arena;
	struct datagram datagrams[BATCH];
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	struct sockaddr_in6 names[BATCH];
	union {
		struct cmsghdr align;
		uint8_t bytes[128];
	} control[BATCH];
};

/* On failure `why` names the port or address; what was opened is for udp_close(). */
enum esp_code udp_open(
	struct udp *udp, const struct esp_options *options, char *why, size_t why_bytes);
void udp_close(struct udp *udp);

/* The socket that has this local address and port; an address of zeros finds any of its family. */
const struct udp_socket *udp_find(const struct udp *udp, const struct esp_address *local);

/* How many datagrams came, 0…BATCH; -1: the socket is broken. Never blocks. */
int udp_receive(struct udp_batch *batch, const struct udp_socket *from);

/* One IKE message, with the non-ESP marker where the socket is the NAT-T port's. */
bool udp_send_ike(const struct udp_socket *from, const struct esp_path *path, const uint8_t *bytes,
	size_t count);

#endif
