/*
 * The mailbox: frames to and from JavaScript over a stream socket (esp.h describes them). Sending
 * never blocks: what the socket does not take waits in a bounded buffer, and IKE messages that find
 * it full are refused. Events keep a reserve in it.
 */
#ifndef MAILBOX_H
#define MAILBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "door.h"
#include "esp.h"
#include "ip.h"

/* A NAT keepalive (RFC 3948 section 2.3); no IKE message is so short. */
#define KEEPALIVE_BYTE 0xffu

struct mailbox {
	int fd;
	/* Guards what is outgoing; events come from every thread. */
	pthread_mutex_t lock;
	uint8_t *out;
	size_t out_bytes;
	/* Only the thread that receives. */
	uint8_t *in;
	size_t in_bytes;
};

/* What becomes of frames from JavaScript. */
struct mailbox_orders {
	/* An IKE message to send, or a keepalive, which is the one byte KEEPALIVE_BYTE; `bytes`
	 * NULL: a frame that does not parse. */
	void (*send)(
		void *context, const struct esp_path *path, const uint8_t *bytes, size_t count);
	/* ESP_FRAME_EXPECT or ESP_FRAME_SETTLE. */
	void (*early)(void *context, enum esp_frame kind, uint32_t spi);
	/* ESP_FRAME_ADMIT; 8 bytes. */
	void (*admit)(void *context, const uint8_t *ike_spi);
	void *context;
};

/* `theirs` is the other end, for the caller. */
enum esp_code mailbox_open(struct mailbox *mailbox, int *theirs);
void mailbox_close(struct mailbox *mailbox);

/* False: no room now, which for one out of a crowd is as soon as JavaScript is behind. */
bool mailbox_datagram(struct mailbox *mailbox, const struct esp_path *path, const uint8_t *bytes,
	size_t count, enum door_verdict verdict);
bool mailbox_moved(struct mailbox *mailbox, uint32_t child, const struct esp_path *path);
bool mailbox_child(struct mailbox *mailbox, enum esp_frame kind, uint32_t child);
/* The flow of a packet that fits a trap. */
bool mailbox_trapped(struct mailbox *mailbox, uint32_t trap, const struct flow *flow);
bool mailbox_network(struct mailbox *mailbox);

/* An ESP packet that is told of with ESP_FRAME_TAPPED. */
struct tapped {
	bool leaves;
	uint8_t encap;
	uint8_t tos;
	/* Since 1970. */
	uint64_t at_us;
	const struct esp_path *path;
	/* Of the whole packet. */
	uint32_t bytes;
};
/* Its first `count` bytes. */
bool mailbox_tapped(
	struct mailbox *mailbox, const struct tapped *about, const uint8_t *bytes, size_t count);
bool mailbox_failed(struct mailbox *mailbox, const char *why);

/* The socket can take more. */
void mailbox_flush(struct mailbox *mailbox);
/* Takes all frames that have come; false: the other end is closed or out of step. */
bool mailbox_receive(struct mailbox *mailbox, const struct mailbox_orders *orders);

#endif
