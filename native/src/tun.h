/* The TUN device: made here, gone with the process; one queue a thread, chosen by flow. */
#ifndef TUN_H
#define TUN_H

#include "esp.h"
#include "ip.h"

struct tun {
	int queues[ESP_MAX_WORKERS];
	/* 0: there is no device. */
	uint32_t count;
	/* In bytes. */
	uint32_t mtu;
	/* A gso_header stands before every packet. */
	bool vnet;
	/* Which super-packets it takes and gives. */
	bool tcp, udp;
};

/* Makes the device with that many queues, sets its MTU and brings it up. */
enum esp_code tun_open(struct tun *tun, const struct esp_options *options, uint32_t queues,
	char *why, size_t why_bytes);
void tun_close(struct tun *tun);

/*
 * The queue to write a packet to. The kernel sends the answers of a flow to the queue that its
 * packets were written to, so both directions must choose alike.
 */
static inline int tun_queue_for(const struct tun *tun, const struct flow *flow)
{
	const uint64_t mixed = flow->source.high ^ flow->source.low ^ flow->destination.high ^
			       flow->destination.low ^ flow->source_port ^ flow->destination_port;

	return tun->queues[(mixed * 0x9e3779b97f4a7c15u >> 32) % tun->count];
}

#endif
