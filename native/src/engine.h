/*
 * The engine: one thread for what comes in (sockets → TUN device, and the mailbox), one or more for
 * what goes out (a queue of the TUN device → sockets). The tables are shared; each worker has its
 * own buffers and counters.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include <pthread.h>

#include "epoch.h"
#include "icmp.h"
#include "mailbox.h"
#include "past.h"
#include "sa.h"
#include "spd.h"
#include "tap.h"
#include "tun.h"
#include "udp.h"

struct esp_engine;

struct worker {
	struct reader reader;
	struct counters counters;
	struct esp_engine *engine;
	pthread_t thread;
	/* Outbound: the queue of the TUN device. */
	int queue;
	/* struct inbound_batch or struct send_batch. */
	void *batch;
	/* When its batch began. */
	uint64_t now_ms;
	/* Outbound: who was told lately that a packet is too big. */
	struct icmp_limit told;
};

struct esp_engine {
	struct epoch epoch;
	struct sa_table table;
	struct spd spd;
	struct udp udp;
	struct tun tun;
	struct mailbox mailbox;
	struct tap tap;
	/* Readable when the host's network changed; -1: nobody wants to know. */
	int network_fd;
	/* Readable from esp_close() on. */
	int stop_fd;
	uint32_t cpu_features;
	/* enum esp_dscp. */
	uint32_t copy_dscp;
	/* Guards writers of the tables. */
	pthread_mutex_t lock;
	/* What no worker counts. */
	struct counters counters;
	/* Under the lock, too: how far children that are gone have counted; all traps, and who
	 * sends what they kept; NULL before the first. */
	struct past past;
	struct trap *traps;
	struct worker *releaser;
	_Atomic uint32_t failed;
	/* The first is the inbound one. */
	uint32_t worker_count, started;
	struct worker *workers[ESP_MAX_WORKERS + 1];
};

/* Opens all that the options ask for and starts the threads; what failed is in opened->why. */
enum esp_code engine_open(
	const struct esp_options *options, struct esp_opened *opened, struct esp_engine **engine);
/* The same with a device that is open already; takes it over in any case. */
enum esp_code engine_open_with(const struct esp_options *options, const struct tun *tun,
	struct esp_opened *opened, struct esp_engine **engine);
void engine_close(struct esp_engine *engine);

/* For a thread of the caller's that holds the lock: a worker without a queue; NULL: no memory. */
struct worker *engine_releaser(struct esp_engine *engine);

/* Tells JavaScript, once, that the engine cannot go on. */
void engine_failed(struct esp_engine *engine, const char *why);

/* Waits until no worker holds what was unlinked from the tables. */
void engine_settle(struct esp_engine *engine);

/* Milliseconds of the monotonic clock, to a few milliseconds. */
uint64_t engine_now_ms(void);

/* What the threads run; `worker` is theirs. */
void *inbound_run(void *worker);
void *outbound_run(void *worker);
/* Sends what a closed trap kept, or drops it. */
void outbound_release(struct worker *worker, const struct trap *trap);
/* Its buffers; NULL: no memory. */
void *inbound_batch(struct worker *worker);
void *outbound_batch(void);
void inbound_batch_free(void *batch);
void outbound_batch_free(void *batch);

#endif
