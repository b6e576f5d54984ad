/*
 * Copies of one peer's ESP packets, sealed as they travel, for whoever looks at them for a while.
 * While nobody does, a batch of packets costs one branch. While somebody does, a packet costs no
 * allocation, a tenth of a second gives away so many bytes, and half of the mailbox stays with IKE.
 */
#ifndef TAP_H
#define TAP_H

#include <stdatomic.h>

#include "esp.h"
#include "udp.h"

struct worker;
struct tap_filter;

struct tap {
	/* Immutable but for what it spent; NULL: nobody looks. */
	_Atomic(struct tap_filter *) filter;
};

/* Under the engine's lock. NULL: nobody looks from here on. ESP_OK, ESP_BAD_ARGUMENT or
 * ESP_NO_MEMORY. */
enum esp_code tap_set(struct esp_engine *engine, const struct esp_tap *wanted);

/* What came, before it is opened in place. */
void tap_came(struct worker *worker, struct tap_filter *filter, const struct outer_socket *on,
	const struct datagram *datagrams, int count);
/* What is about to leave: all of the worker's struct send_batch. */
void tap_leaves(struct worker *worker, struct tap_filter *filter);

#endif
