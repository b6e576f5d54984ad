/*
 * When a child is gone, its keys are: neither in memory that was given back nor on a stack, in no
 * implementation's form that has them as they came. Portable ChaCha20 left the whole key on the
 * stacks of its threads, which wait there for the next packet as long as it takes.
 */
#include "engines.h"

#include "../src/cpu.h"

#define LOOKED_FOR 16u

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HEAP_IS_OURS false
#else
#define HEAP_IS_OURS true
#endif

/* The searcher's own copy of a key is inverted, else it would find that. */
static uint8_t inverted[LOOKED_FOR];

static void invent_key(uint8_t *key, uint32_t bytes, uint32_t which)
{
	for (uint32_t i = 0; i < bytes; i++)
		key[i] = (uint8_t)(37 * i + 101 * which + 11);
	for (uint32_t i = 0; i < LOOKED_FOR; i++)
		inverted[i] = (uint8_t)~key[i];
}

static bool is_the_key(const uint8_t *at)
{
	for (uint32_t i = 0; i < LOOKED_FOR; i++)
		if ((at[i] ^ inverted[i]) != 0xff)
			return false;
	return true;
}

static uint32_t copies_from(const uint8_t *at, const uint8_t *end)
{
	uint32_t count = 0;

	for (; at + LOOKED_FOR <= end; at++)
		count += is_the_key(at);
	return count;
}

/* In all memory without a file, where heaps and stacks are. */
static uint32_t copies(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	uint32_t count = 0;
	char line[512];

	while (maps && fgets(line, sizeof(line), maps)) {
		uintptr_t from, to;

		if (strstr(line, " rw-p ") && !strchr(line, '/') && !strstr(line, "[v") &&
			sscanf(line, "%lx-%lx", &from, &to) == 2)
			count += copies_from((const uint8_t *)from, (const uint8_t *)to);
	}
	if (maps)
		fclose(maps);
	return count;
}

static void give_keys(struct esp_direction *direction, const struct aead_impl *impl, uint32_t which)
{
	const struct aead_shape *shape = impl->shape;

	direction->encryption_bytes = 32u + shape->salt;
	direction->integrity_bytes = shape->integrity_key;
	invent_key(direction->encryption, 32, which);
}

static void install_and_forget(struct side *side, struct side *to, const struct aead_impl *impl)
{
	struct esp_child child = half(side, to, 1);

	child.cipher = impl->cipher;
	child.integrity = impl->integrity;
	give_keys(&child.inbound, impl, impl->cipher);
	give_keys(&child.outbound, impl, impl->cipher);
	side->engine->cpu_features = impl->cpu_needed;
	CHECK_EQUAL(install(side, to, &child), ESP_OK);
	explicit_bzero(&child, sizeof(child));
}

static bool leaves_nothing(const struct aead_impl *impl)
{
	uint8_t got[2000];
	uint32_t before;

	open_both();
	install_and_forget(&left, &right, impl);
	install_and_forget(&right, &left, impl);
	for (size_t bytes = 60; bytes < 1400; bytes += 300) {
		send_inner(&left, "10.1.0.1", "10.2.0.1", bytes);
		CHECK_EQUAL(receive(right.device, got, sizeof(got)), bytes);
	}
	before = copies();
	CHECK_EQUAL(esp_remove(left.engine, 1), ESP_OK);
	CHECK_EQUAL(esp_remove(right.engine, 1), ESP_OK);
	if (!CHECK_EQUAL(copies(), 0))
		printf("    by %s\n", impl->name);
	close_both();
	return before > 0;
}

static void keys_go_with_their_child(void)
{
	bool found = false;

	for (uint32_t i = 0; aead_impls[i]; i++)
		if ((aead_impls[i]->cpu_needed & ~cpu_features()) == 0)
			found |= leaves_nothing(aead_impls[i]);
	/* Else nothing was looked for. */
	CHECK(found);
}

int main(void)
{
	if (HEAP_IS_OURS)
		RUN(keys_go_with_their_child);
	else
		printf("  skipped: a sanitizer's heap is another\n");
	return check_summary("wiped");
}
