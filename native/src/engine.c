#include "engine.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cpu.h"
#include "network.h"

uint64_t engine_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void engine_failed(struct esp_engine *engine, const char *why)
{
	if (atomic_exchange(&engine->failed, 1) == 0)
		mailbox_failed(&engine->mailbox, why);
}

void engine_settle(struct esp_engine *engine)
{
	struct reader *readers[ESP_MAX_WORKERS + 1];

	for (uint32_t i = 0; i < engine->started; i++)
		readers[i] = &engine->workers[i]->reader;
	epoch_wait(&engine->epoch, readers, engine->started);
}

/* One thread for each direction at least; with more cores, more queues of the TUN device. */
static uint32_t queues_for(const struct esp_options *options)
{
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t workers = options->workers;

	if (options->device[0] == 0)
		return 0;
	if (workers == 0)
		workers = cores > 0 ? (uint32_t)cores : 1;
	if (workers > ESP_MAX_WORKERS)
		workers = ESP_MAX_WORKERS;
	return workers <= 2 ? 1 : workers - 1;
}

static struct worker *make_worker(struct esp_engine *engine, int queue)
{
	struct worker *worker = aligned_alloc(64, (sizeof(*worker) + 63) / 64 * 64);

	if (!worker)
		return NULL;
	memset(worker, 0, sizeof(*worker));
	worker->engine = engine;
	worker->queue = queue;
	return worker;
}

struct worker *engine_releaser(struct esp_engine *engine)
{
	struct worker *worker = engine->releaser;

	if (worker)
		return worker;
	worker = make_worker(engine, -1);
	if (worker)
		worker->batch = outbound_batch();
	if (worker && !worker->batch) {
		free(worker);
		worker = NULL;
	}
	engine->releaser = worker;
	return worker;
}

static struct worker *add_worker(struct esp_engine *engine, int queue)
{
	struct worker *worker = make_worker(engine, queue);

	if (!worker)
		return NULL;
	worker->batch = queue < 0 ? inbound_batch(worker) : outbound_batch();
	engine->workers[engine->worker_count++] = worker;
	return worker->batch ? worker : NULL;
}

/* Signals are the main thread's. */
static enum esp_code start(struct esp_engine *engine, struct worker *worker)
{
	char name[16];
	sigset_t all, before;
	const uint32_t number = engine->started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	const int error = pthread_create(
		&worker->thread, NULL, number == 0 ? inbound_run : outbound_run, worker);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		return ESP_NO_MEMORY;
	engine->started++;
	snprintf(name, sizeof(name), number == 0 ? "esp-in" : "esp-out-%u", number);
	pthread_setname_np(worker->thread, name);
	return ESP_OK;
}

static enum esp_code start_all(struct esp_engine *engine)
{
	if (!add_worker(engine, -1))
		return ESP_NO_MEMORY;
	for (uint32_t i = 0; i < engine->tun.count; i++)
		if (!add_worker(engine, engine->tun.queues[i]))
			return ESP_NO_MEMORY;
	for (uint32_t i = 0; i < engine->worker_count; i++)
		if (start(engine, engine->workers[i]) != ESP_OK)
			return ESP_NO_MEMORY;
	return ESP_OK;
}

static struct esp_engine *allocate(uint32_t cpu_mask)
{
	struct esp_engine *engine = aligned_alloc(64, (sizeof(*engine) + 63) / 64 * 64);

	if (!engine)
		return NULL;
	memset(engine, 0, sizeof(*engine));
	engine->cpu_features = cpu_features() & cpu_mask;
	engine->mailbox.fd = -1;
	engine->stop_fd = -1;
	engine->network_fd = -1;
	epoch_start(&engine->epoch);
	pthread_mutex_init(&engine->lock, NULL);
	if (!past_open(&engine->past)) {
		free(engine);
		return NULL;
	}
	if (getrandom(&engine->spd.seed, sizeof(engine->spd.seed), 0) < 0)
		engine->spd.seed = engine_now_ms();
	return engine;
}

static enum esp_code build(
	struct esp_engine *engine, const struct esp_options *options, struct esp_opened *opened)
{
	enum esp_code code = mailbox_open(&engine->mailbox, &opened->mailbox);

	engine->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (code != ESP_OK || engine->stop_fd < 0) {
		snprintf(opened->why, sizeof(opened->why), "mailbox: %s", strerror(errno));
		return code == ESP_OK ? ESP_SYSTEM : code;
	}
	code = udp_open(&engine->udp, options, opened->why, sizeof(opened->why));
	if (code != ESP_OK)
		return code;
	engine->udp.raw = raw_open(&engine->udp, options);
	if (options->watch_network)
		engine->network_fd = network_open();
	return start_all(engine);
}

static uint8_t offloads_of(const struct esp_engine *engine)
{
	return (uint8_t)((engine->tun.tcp ? ESP_OFFLOAD_TUN_TCP : 0) |
			 (engine->tun.udp ? ESP_OFFLOAD_TUN_UDP : 0) |
			 (engine->udp.segments ? ESP_OFFLOAD_SEND : 0) |
			 (engine->udp.gro ? ESP_OFFLOAD_RECEIVE : 0));
}

static void describe(const struct esp_engine *engine, struct esp_opened *opened)
{
	opened->workers = engine->started;
	opened->port = engine->udp.port;
	opened->natt_port = engine->udp.natt_port;
	opened->ipv6 = engine->udp.ipv6;
	opened->raw = engine->udp.raw;
	opened->offloads = offloads_of(engine);
	const struct aead_impl *gcm =
		aead_pick(ESP_AES_GCM_16, ESP_NO_INTEGRITY, engine->cpu_features);
	const struct aead_impl *chacha =
		aead_pick(ESP_CHACHA20_POLY1305, ESP_NO_INTEGRITY, engine->cpu_features);

	/* A bitsliced AES is slower by far than any ChaCha20. */
	opened->aes_unit = gcm->cpu_needed != 0;
	snprintf(opened->aead, sizeof(opened->aead), "%s",
		opened->aes_unit ? gcm->name : chacha->name);
}

/*
 * What a crash leaves on a disk would hold every key, and so would what a program gets that the
 * kernel hands cores to, which no limit stops. Nor may anybody without root's rights look into this
 * process, or at where its memory lies.
 */
static void keep_memory_secret(void)
{
	setrlimit(RLIMIT_CORE, &(const struct rlimit){0, 0});
	prctl(PR_SET_DUMPABLE, 0);
}

enum esp_code engine_open_with(const struct esp_options *options, const struct tun *tun,
	struct esp_opened *opened, struct esp_engine **out)
{
	struct esp_engine *engine = allocate(options->cpu_mask);
	struct tun device = *tun;

	if (!engine) {
		tun_close(&device);
		return ESP_NO_MEMORY;
	}
	keep_memory_secret();
	engine->tun = device;
	engine->copy_dscp = options->copy_dscp;
	const enum esp_code code = build(engine, options, opened);

	if (code == ESP_OK) {
		describe(engine, opened);
		*out = engine;
		return ESP_OK;
	}
	engine_close(engine);
	if (opened->mailbox >= 0)
		close(opened->mailbox);
	opened->mailbox = -1;
	return code;
}

enum esp_code engine_open(
	const struct esp_options *options, struct esp_opened *opened, struct esp_engine **engine)
{
	const uint32_t queues = queues_for(options);
	struct tun tun = {.count = 0};

	if (queues > 0) {
		const enum esp_code code =
			tun_open(&tun, options, queues, opened->why, sizeof(opened->why));

		if (code != ESP_OK) {
			tun_close(&tun);
			return code;
		}
	}
	return engine_open_with(options, &tun, opened, engine);
}

static void destroy_children(struct esp_engine *engine)
{
	for (uint32_t i = 0; i < SA_BUCKETS; i++) {
		struct sa *sa = engine->table.by_ref[i];

		while (sa) {
			struct sa *next = sa->next_by_ref;

			sa_destroy(sa);
			sa = next;
		}
	}
}

static void destroy_traps(struct esp_engine *engine)
{
	while (engine->traps) {
		struct trap *trap = engine->traps;

		engine->traps = trap->next;
		trap_destroy(trap);
	}
	if (engine->releaser)
		outbound_batch_free(engine->releaser->batch);
	free(engine->releaser);
}

void engine_close(struct esp_engine *engine)
{
	const uint64_t one = 1;

	if (engine->stop_fd >= 0 && write(engine->stop_fd, &one, sizeof(one)) < 0)
		abort();
	for (uint32_t i = 0; i < engine->started; i++)
		pthread_join(engine->workers[i]->thread, NULL);
	for (uint32_t i = 0; i < engine->worker_count; i++) {
		if (i == 0)
			inbound_batch_free(engine->workers[i]->batch);
		else
			outbound_batch_free(engine->workers[i]->batch);
		free(engine->workers[i]);
	}
	destroy_children(engine);
	past_close(&engine->past);
	destroy_traps(engine);
	udp_close(&engine->udp);
	tun_close(&engine->tun);
	mailbox_close(&engine->mailbox);
	free(atomic_load(&engine->tap.filter));
	if (engine->network_fd >= 0)
		close(engine->network_fd);
	if (engine->stop_fd >= 0)
		close(engine->stop_fd);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
}
