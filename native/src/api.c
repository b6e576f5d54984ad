/* The exported functions: checks arguments, takes the lock, calls inward. */
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "text.h"

#define EXPORT __attribute__((visibility("default")))

/* IPv6 needs it (RFC 8200 section 5). */
#define MIN_MTU 1280u

static bool is_sound(const struct esp_options *options)
{
	const bool has_device = options->device[0] != 0;

	if (memchr(options->device, 0, sizeof(options->device)) == NULL)
		return false;
	if (has_device && (options->mtu < MIN_MTU || options->mtu > UINT16_MAX))
		return false;
	if (options->port != 0 && options->port == options->natt_port)
		return false;
	if (options->listen_count > ESP_MAX_LISTEN)
		return false;
	for (uint32_t i = 0; i < options->listen_count; i++)
		if (options->listen[i].family != 4 && options->listen[i].family != 6)
			return false;
	return true;
}

EXPORT int esp_open(
	const struct esp_options *options, struct esp_opened *opened, struct esp_engine **engine)
{
	if (!options || !opened || !engine)
		return ESP_BAD_ARGUMENT;
	memset(opened, 0, sizeof(*opened));
	opened->mailbox = -1;
	*engine = NULL;
	if (options->version != ESP_ABI_VERSION)
		return ESP_BAD_VERSION;
	if (!is_sound(options))
		return ESP_BAD_ARGUMENT;
	return (int)engine_open(options, opened, engine);
}

EXPORT void esp_close(struct esp_engine *engine)
{
	if (engine)
		engine_close(engine);
}

/* The path as it will be sent on. ESP_OK, ESP_UNSUPPORTED or ESP_NO_SOCKET. */
static enum esp_code lay(const struct esp_engine *engine, const struct esp_path *address,
	enum esp_encap encap, struct path *path)
{
	const struct outer_socket *from = outer_find(&engine->udp, &address->local, encap);

	if (encap == ESP_ENCAP_RAW && !engine->udp.raw)
		return ESP_UNSUPPORTED;
	if (!from || address->remote.family != address->local.family)
		return ESP_NO_SOCKET;
	path_prepare(path, address, from);
	path_look(path, engine_now_ms());
	return ESP_OK;
}

/* Where these keys were here before, their numbers go on. */
static void go_on(struct esp_engine *engine, const struct esp_child *child, struct sa *sa)
{
	sa->name_in = past_name_of(&engine->past, &child->inbound);
	sa->name_out = past_name_of(&engine->past, &child->outbound);
	const uint64_t came = past_number(&engine->past, sa->name_in);

	if (came > 0)
		replay_begin(&sa->window, came);
	atomic_store(&sa->sequence, past_number(&engine->past, sa->name_out));
}

static enum esp_code publish(
	struct esp_engine *engine, const struct esp_child *child, struct sa *sa)
{
	enum esp_code code;

	if (sa_by_ref(&engine->table, sa->ref) || sa_by_spi(&engine->table, sa->in.spi))
		return ESP_CHILD_EXISTS;
	code = lay(engine, &child->path, (enum esp_encap)child->encap, atomic_load(&sa->path));
	if (code != ESP_OK)
		return code;
	go_on(engine, child, sa);
	sa_publish(&engine->table, sa);
	spd_publish(&engine->spd, sa);
	return ESP_OK;
}

EXPORT int esp_install(struct esp_engine *engine, const struct esp_child *child,
	const struct esp_selector *selectors)
{
	struct sa *sa;
	enum esp_code code;

	if (!engine || !child || !selectors)
		return ESP_BAD_ARGUMENT;
	code = sa_create(child, selectors, engine->cpu_features, engine_now_ms(), &sa);
	if (code != ESP_OK)
		return (int)code;
	pthread_mutex_lock(&engine->lock);
	code = publish(engine, child, sa);
	pthread_mutex_unlock(&engine->lock);
	if (code != ESP_OK)
		sa_destroy(sa);
	return (int)code;
}

static enum esp_code move(struct esp_engine *engine, uint32_t ref, const struct esp_path *address,
	enum esp_encap encap)
{
	struct sa *sa = sa_by_ref(&engine->table, ref);
	struct path *path;
	enum esp_code code;

	if (!sa)
		return ESP_NO_CHILD;
	path = malloc(sizeof(*path));
	if (!path)
		return ESP_NO_MEMORY;
	code = lay(engine, address, encap, path);
	if (code == ESP_OK) {
		path = atomic_exchange(&sa->path, path);
		engine_settle(engine);
	}
	free(path);
	return code;
}

EXPORT int esp_move(
	struct esp_engine *engine, uint32_t ref, const struct esp_path *path, uint32_t encap)
{
	enum esp_code code;

	if (!engine || !path || (encap != ESP_ENCAP_UDP && encap != ESP_ENCAP_RAW))
		return ESP_BAD_ARGUMENT;
	pthread_mutex_lock(&engine->lock);
	code = move(engine, ref, path, (enum esp_encap)encap);
	pthread_mutex_unlock(&engine->lock);
	return (int)code;
}

EXPORT int esp_activate(struct esp_engine *engine, uint32_t ref)
{
	struct sa *sa;

	if (!engine)
		return ESP_BAD_ARGUMENT;
	pthread_mutex_lock(&engine->lock);
	sa = sa_by_ref(&engine->table, ref);
	if (sa) {
		spd_activate(&engine->spd, sa);
		engine_settle(engine);
	}
	pthread_mutex_unlock(&engine->lock);
	return sa ? ESP_OK : ESP_NO_CHILD;
}

EXPORT int esp_remove(struct esp_engine *engine, uint32_t ref)
{
	struct sa *sa;

	if (!engine)
		return ESP_BAD_ARGUMENT;
	pthread_mutex_lock(&engine->lock);
	sa = sa_by_ref(&engine->table, ref);
	const bool found = sa != NULL;

	if (found) {
		spd_unlink(&engine->spd, sa);
		sa_unlink(&engine->table, sa);
		engine_settle(engine);
		past_note(&engine->past, sa->name_in, sa->window.top);
		past_note(&engine->past, sa->name_out, atomic_load(&sa->sequence));
	}
	pthread_mutex_unlock(&engine->lock);
	sa_destroy(sa);
	return found ? ESP_OK : ESP_NO_CHILD;
}

static struct trap **trap_by_ref(struct esp_engine *engine, uint32_t ref)
{
	struct trap **at = &engine->traps;

	while (*at && (*at)->ref != ref)
		at = &(*at)->next;
	return at;
}

static enum esp_code set_trap(struct esp_engine *engine, struct trap *trap)
{
	if (*trap_by_ref(engine, trap->ref))
		return ESP_TRAP_EXISTS;
	if (!engine_releaser(engine))
		return ESP_NO_MEMORY;
	trap->next = engine->traps;
	engine->traps = trap;
	spd_set_trap(&engine->spd, trap);
	return ESP_OK;
}

EXPORT int esp_trap_set(struct esp_engine *engine, const struct esp_trap *from,
	const struct esp_selector *selectors)
{
	struct trap *trap;
	enum esp_code code;

	if (!engine || !from || !selectors)
		return ESP_BAD_ARGUMENT;
	code = trap_create(from, selectors, &trap);
	if (code != ESP_OK)
		return (int)code;
	pthread_mutex_lock(&engine->lock);
	code = set_trap(engine, trap);
	pthread_mutex_unlock(&engine->lock);
	if (code != ESP_OK)
		trap_destroy(trap);
	return (int)code;
}

EXPORT int esp_trap_release(struct esp_engine *engine, uint32_t ref)
{
	struct trap *trap;

	if (!engine)
		return ESP_BAD_ARGUMENT;
	pthread_mutex_lock(&engine->lock);
	trap = *trap_by_ref(engine, ref);
	if (trap) {
		trap_close(trap);
		engine_settle(engine);
		outbound_release(engine->releaser, trap);
		trap_open(trap);
	}
	pthread_mutex_unlock(&engine->lock);
	return trap ? ESP_OK : ESP_NO_TRAP;
}

EXPORT int esp_trap_remove(struct esp_engine *engine, uint32_t ref)
{
	struct trap **at, *trap;

	if (!engine)
		return ESP_BAD_ARGUMENT;
	pthread_mutex_lock(&engine->lock);
	at = trap_by_ref(engine, ref);
	trap = *at;
	if (trap) {
		*at = trap->next;
		spd_unset_trap(&engine->spd, trap);
		trap_close(trap);
		engine_settle(engine);
		counter_add(&engine->counters, ESP_COUNT_TRAP_DROPPED, trap->count);
	}
	pthread_mutex_unlock(&engine->lock);
	trap_destroy(trap);
	return trap ? ESP_OK : ESP_NO_TRAP;
}

EXPORT int esp_tap_set(struct esp_engine *engine, const struct esp_tap *tap)
{
	enum esp_code code;

	if (!engine)
		return ESP_BAD_ARGUMENT;
	pthread_mutex_lock(&engine->lock);
	code = tap_set(engine, tap);
	pthread_mutex_unlock(&engine->lock);
	return (int)code;
}

static uint64_t read_number(const _Atomic uint64_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

static void take_stats(const struct sa *sa, struct esp_stats *stats)
{
	const uint64_t now = engine_now_ms(), heard = read_number(&sa->heard_at);
	const struct path *path = atomic_load(&sa->path);

	memset(stats, 0, sizeof(*stats));
	stats->rx_packets = read_number(&sa->rx_packets);
	stats->rx_bytes = read_number(&sa->rx_bytes);
	stats->tx_packets = read_number(&sa->tx_packets);
	stats->tx_bytes = read_number(&sa->tx_bytes);
	stats->idle_ms = now > heard ? now - heard : 0;
	stats->path_mtu = atomic_load(&path->mtu);
	stats->inner_mtu = sa_most(sa, path, 4);
	for (uint32_t i = 0; i < ESP_COUNTER_COUNT; i++)
		stats->counters[i] = counter_read(&sa->counters, i);
}

EXPORT int esp_stats(struct esp_engine *engine, uint32_t ref, struct esp_stats *stats)
{
	const struct sa *sa;

	if (!engine || !stats)
		return ESP_BAD_ARGUMENT;
	pthread_mutex_lock(&engine->lock);
	sa = sa_by_ref(&engine->table, ref);
	if (sa)
		take_stats(sa, stats);
	pthread_mutex_unlock(&engine->lock);
	return sa ? ESP_OK : ESP_NO_CHILD;
}

EXPORT int esp_counters(struct esp_engine *engine, uint64_t *counters)
{
	const struct worker *releaser;

	if (!engine || !counters)
		return ESP_BAD_ARGUMENT;
	pthread_mutex_lock(&engine->lock);
	releaser = engine->releaser;
	pthread_mutex_unlock(&engine->lock);
	for (uint32_t i = 0; i < ESP_COUNTER_COUNT; i++) {
		counters[i] = counter_read(&engine->counters, i);
		if (releaser)
			counters[i] += counter_read(&releaser->counters, i);
		for (uint32_t w = 0; w < engine->worker_count; w++)
			counters[i] += counter_read(&engine->workers[w]->counters, i);
	}
	return ESP_OK;
}

EXPORT const char *esp_counter_name(uint32_t counter)
{
	static const char *const names[] = {
#define ESP_COUNTER_TEXT(constant, name) name,
		ESP_COUNTERS(ESP_COUNTER_TEXT)
#undef ESP_COUNTER_TEXT
	};

	return counter < ESP_COUNTER_COUNT ? names[counter] : NULL;
}

EXPORT void esp_unmap_text(void)
{
	text_unmap();
}
