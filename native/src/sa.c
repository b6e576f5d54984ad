#include "sa.h"

#include <stdlib.h>
#include <string.h>

/* Without ESN the last number is 2^32−1, and it must not wrap (RFC 4303 section 3.3.3). */
#define LAST_SHORT 0xffffffffu
#define SOFT_SHORT 0xc0000000u
/* With ESN the peer's and our memory end before the numbers do; 2^48 packets are centuries. */
#define LAST_LONG ((uint64_t)1 << 63)
#define SOFT_LONG ((uint64_t)1 << 48)

#define FIRST_SPI 256u

#define IPV6_LEAST 1280u

static uint32_t bucket_of(uint32_t number)
{
	return number * 0x9e3779b1u >> 20;
}

static uint64_t limit(uint64_t wanted, uint64_t most)
{
	return wanted && wanted < most ? wanted : most;
}

static bool is_address(const struct esp_address *address)
{
	return address->family == 4 || address->family == 6;
}

static bool is_sound(const struct esp_child *child)
{
	return child->inbound.spi >= FIRST_SPI && child->outbound.spi >= FIRST_SPI &&
	       child->inbound.encryption_bytes <= sizeof(child->inbound.encryption) &&
	       child->outbound.encryption_bytes <= sizeof(child->outbound.encryption) &&
	       child->inbound.integrity_bytes <= sizeof(child->inbound.integrity) &&
	       child->outbound.integrity_bytes <= sizeof(child->outbound.integrity) &&
	       child->local_count > 0 && child->local_count <= ESP_MAX_SELECTORS &&
	       child->remote_count > 0 && child->remote_count <= ESP_MAX_SELECTORS &&
	       is_address(&child->path.local) && is_address(&child->path.remote) &&
	       child->path.local.family == child->path.remote.family;
}

static enum esp_code fill(struct sa *sa, const struct esp_child *child,
	const struct esp_selector *selectors, uint32_t cpu_features)
{
	const struct aead_impl *aead = aead_pick(child->cipher, child->integrity, cpu_features);

	if (!aead || (child->encap != ESP_ENCAP_UDP && child->encap != ESP_ENCAP_RAW))
		return ESP_UNSUPPORTED;
	if (!esp_keys_init(&sa->in, aead, child->esn, &child->inbound) ||
		!esp_keys_init(&sa->out, aead, child->esn, &child->outbound))
		return ESP_UNSUPPORTED;
	for (uint32_t i = 0; i < child->local_count + child->remote_count; i++)
		if (!selector_from(&selectors[i], &sa->selectors[i]))
			return ESP_BAD_ARGUMENT;
	return ESP_OK;
}

enum esp_code sa_create(const struct esp_child *child, const struct esp_selector *selectors,
	uint32_t cpu_features, uint64_t now_ms, struct sa **out)
{
	if (!is_sound(child))
		return ESP_BAD_ARGUMENT;
	const size_t bytes = sizeof(struct sa) +
			     (child->local_count + child->remote_count) * sizeof(struct selector);
	struct sa *sa = aligned_alloc(64, (bytes + 63) / 64 * 64);

	if (!sa)
		return ESP_NO_MEMORY;
	memset(sa, 0, bytes);
	sa->ref = child->ref;
	sa->local_count = child->local_count;
	sa->remote_count = child->remote_count;
	sa->hard_packets = limit(child->hard_packets, child->esn ? LAST_LONG : LAST_SHORT);
	sa->soft_packets = limit(child->soft_packets, child->esn ? SOFT_LONG : SOFT_SHORT);
	sa->hard_bytes = limit(child->hard_bytes, UINT64_MAX);
	sa->soft_bytes = limit(child->soft_bytes, UINT64_MAX);
	sa->entries = calloc(child->remote_count, sizeof(*sa->entries));
	atomic_init(&sa->path, malloc(sizeof(struct path)));
	atomic_init(&sa->rank, !child->standby);
	atomic_init(&sa->heard_at, now_ms);
	enum esp_code code = ESP_NO_MEMORY;

	if (sa->entries && atomic_load(&sa->path))
		code = fill(sa, child, selectors, cpu_features);
	if (code == ESP_OK)
		*out = sa;
	else
		sa_destroy(sa);
	return code;
}

void sa_destroy(struct sa *sa)
{
	if (!sa)
		return;
	free(sa->entries);
	free(atomic_load(&sa->path));
	explicit_bzero(sa, sizeof(*sa));
	free(sa);
}

/* IPv6 goes below its least only in pieces, and those are made outside (RFC 8200 section 5). */
uint32_t sa_most(const struct sa *sa, const struct path *path, uint8_t version)
{
	const uint32_t mtu = atomic_load_explicit(&path->mtu, memory_order_relaxed);
	const uint32_t most = packet_most(&sa->out, mtu - path->overhead);

	return version == 6 && most < IPV6_LEAST ? IPV6_LEAST : most;
}

struct sa *sa_by_ref(const struct sa_table *table, uint32_t ref)
{
	struct sa *sa = table->by_ref[bucket_of(ref)];

	while (sa && sa->ref != ref)
		sa = sa->next_by_ref;
	return sa;
}

struct sa *sa_by_spi(struct sa_table *table, uint32_t spi)
{
	struct sa *sa = atomic_load(&table->by_spi[bucket_of(spi)]);

	while (sa && sa->in.spi != spi)
		sa = atomic_load(&sa->next_by_spi);
	return sa;
}

void sa_publish(struct sa_table *table, struct sa *sa)
{
	_Atomic(struct sa *) *const by_spi = &table->by_spi[bucket_of(sa->in.spi)];
	struct sa **const by_ref = &table->by_ref[bucket_of(sa->ref)];

	sa->next_by_ref = *by_ref;
	*by_ref = sa;
	atomic_store(&sa->next_by_spi, atomic_load(by_spi));
	atomic_store(by_spi, sa);
}

/* The child keeps its own link, so that a reader standing on it finds the rest of the chain. */
void sa_unlink(struct sa_table *table, struct sa *sa)
{
	_Atomic(struct sa *) *by_spi = &table->by_spi[bucket_of(sa->in.spi)];
	struct sa **by_ref = &table->by_ref[bucket_of(sa->ref)];

	while (atomic_load(by_spi) != sa)
		by_spi = &atomic_load(by_spi)->next_by_spi;
	atomic_store(by_spi, atomic_load(&sa->next_by_spi));
	while (*by_ref != sa)
		by_ref = &(*by_ref)->next_by_ref;
	*by_ref = sa->next_by_ref;
}
