/*
 * The outer end: UDP sockets on the IKE port and the NAT-T port of both families, raw ones for ESP
 * as protocol 50 (raw.c), batches of datagrams with the addresses at both ends.
 */
#ifndef UDP_H
#define UDP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "arena.h"
#include "path.h"

/* Two ports and protocol 50; all addresses of two families, or a list. */
#define OUTER_MAX_SOCKETS (3u * ESP_MAX_LISTEN)

enum outer_kind {
	OUTER_IKE,
	/* Where ESP and IKE share a socket (RFC 3948). */
	OUTER_NATT,
	/* IP protocol 50; it has no port. */
	OUTER_RAW,
};

struct outer_socket {
	int fd;
	enum outer_kind kind;
	/* The kernel cuts what is sent here (UDP_SEGMENT). */
	bool segments;
	/* An address of zeros: all. */
	struct esp_address local;
};

struct udp {
	struct outer_socket sockets[OUTER_MAX_SOCKETS];
	uint32_t count;
	uint16_t port, natt_port;
	bool ipv6, raw;
	/* Whether all NAT-T sockets cut what is sent, and get many datagrams as one. */
	bool segments, gro;
};

/* One datagram that came, or many of equal size as one, the last perhaps shorter. */
struct datagram {
	struct packet packet;
	struct esp_path path;
	/* Of the outer header. */
	uint8_t tos;
	bool truncated;
	/* Of each. */
	uint32_t cut_bytes;
	/* How it came. */
	enum esp_encap encap;
};

/* What recvmmsg() fills; one a worker, too large for a stack. */
struct udp_batch {
	struct arena arena;
	/* How many the next round takes; 0: all. */
	uint32_t most;
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

/* Opens a raw socket beside every UDP address. False: none is open; ESP goes in UDP alone then. */
bool raw_open(struct udp *udp, const struct esp_options *options);
/* Leaves the ESP packet of what came on a raw socket; false: it is none. */
bool raw_strip(struct datagram *datagram);

/* What sockets of all kinds have in common. */
bool outer_set_options(int fd, uint8_t family);
int outer_bind(int fd, const struct esp_address *local);

/*
 * The socket to send from at this local address; its port matters where there is one. An address of
 * zeros finds any of its family.
 */
const struct outer_socket *outer_find(
	const struct udp *udp, const struct esp_address *local, enum esp_encap encap);

/* How many datagrams came, 0…BATCH; -1: the socket is broken. Never blocks. */
int udp_receive(struct udp_batch *batch, const struct outer_socket *from);

/* One IKE message, after the non-ESP marker where the socket is the NAT-T port's; or, not `marked`,
 * bytes as they are. */
bool udp_send_ike(const struct outer_socket *from, const struct esp_path *path,
	const uint8_t *bytes, size_t count, bool marked);

#endif
