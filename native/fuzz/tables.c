/*
 * The SA table and the policy database, as a program of installations, removals, activations and
 * searches, beside a list that is searched from its beginning to its end.
 *
 *   input   operations: which | of whom | selectors from a small world, so that they meet often
 */
#include "fuzz.h"

#include "../src/cpu.h"
#include "../src/spd.h"

#define MOST 24u

/* Children and traps that there are; a trap has no SA, a child no trap. */
static struct known {
	struct sa *sa;
	struct trap *trap;
	uint32_t local_count, remote_count;
	struct esp_selector selectors[8];
	/* Of a child; 0: it stands by. */
	uint64_t rank;
	uint64_t born;
} known[MOST];

static struct sa_table table;
static struct spd spd;
static uint64_t births, ranks;

/* Few addresses, of which an IPv4 and an IPv6 one are the same number. */
static void put_address(uint8_t family, uint8_t *ip, uint8_t number)
{
	memset(ip, 0, 16);
	if (number & 128)
		ip[0] = 0xff;
	ip[family == 4 ? 3 : 15] = number & 15;
}

static struct esp_selector take_selector(struct input *in)
{
	static const uint8_t protocols[4] = {0, 0, 6, 17};
	static const uint16_t ports[4][2] = {{0, 65535}, {0, 65535}, {1, 2}, {65535, 0}};
	const uint8_t what = take_byte(in), from = take_byte(in), to = take_byte(in);
	struct esp_selector s = {.family = what & 1 ? 6 : 4, .protocol = protocols[what >> 1 & 3]};

	s.port_start = ports[what >> 3 & 3][0];
	s.port_end = ports[what >> 3 & 3][1];
	put_address(s.family, s.start, from);
	put_address(s.family, s.end, what & 32 ? from : to);
	return s;
}

static bool are_sound(const struct known *k)
{
	for (uint32_t i = 0; i < k->local_count + k->remote_count; i++)
		if (memcmp(k->selectors[i].start, k->selectors[i].end, 16) > 0)
			return false;
	return true;
}

static void take_selectors(struct known *k, struct input *in)
{
	const uint8_t counts = take_byte(in);

	k->local_count = 1 + counts % 3;
	k->remote_count = 1 + counts / 4 % 3;
	for (uint32_t i = 0; i < k->local_count + k->remote_count; i++)
		k->selectors[i] = take_selector(in);
}

static void install(struct known *k, uint32_t ref, struct input *in)
{
	struct esp_child child = {.ref = ref,
		.cipher = ESP_AES_GCM_16,
		.encap = ESP_ENCAP_UDP,
		.standby = take_byte(in) & 1,
		.inbound = {.spi = 0x1000 + ref, .encryption_bytes = 20},
		.outbound = {.spi = 0x2000 + ref, .encryption_bytes = 20}};

	child.path.local.family = child.path.remote.family = 4;
	take_selectors(k, in);
	child.local_count = k->local_count;
	child.remote_count = k->remote_count;
	const enum esp_code code = sa_create(&child, k->selectors, cpu_features(), 0, &k->sa);

	EXPECT(code == (are_sound(k) ? ESP_OK : ESP_BAD_ARGUMENT));
	if (code != ESP_OK)
		return;
	sa_publish(&table, k->sa);
	spd_publish(&spd, k->sa);
	k->rank = child.standby ? 0 : ++ranks;
	k->born = ++births;
}

static void set_trap(struct known *k, uint32_t ref, struct input *in)
{
	struct esp_trap trap = {.ref = ref};

	take_selectors(k, in);
	trap.local_count = k->local_count;
	trap.remote_count = k->remote_count;
	const enum esp_code code = trap_create(&trap, k->selectors, &k->trap);

	EXPECT(code == (are_sound(k) ? ESP_OK : ESP_BAD_ARGUMENT));
	if (code != ESP_OK)
		return;
	spd_set_trap(&spd, k->trap);
	k->born = ++births;
}

static void take_away(struct known *k)
{
	if (k->sa) {
		spd_unlink(&spd, k->sa);
		sa_unlink(&table, k->sa);
		sa_destroy(k->sa);
	} else if (k->trap) {
		spd_unset_trap(&spd, k->trap);
		trap_destroy(k->trap);
	}
	*k = (struct known){.sa = NULL};
}

static bool matches(
	const struct esp_selector *s, const struct flow *flow, const uint8_t *ip, uint16_t port)
{
	const bool any = s->port_start == 0 && s->port_end == 65535;
	const bool opaque = s->port_start == 65535 && s->port_end == 0;

	return s->family == flow->version && memcmp(s->start, ip, 16) <= 0 &&
	       memcmp(ip, s->end, 16) <= 0 && (s->protocol == 0 || s->protocol == flow->protocol) &&
	       (any || (opaque ? !flow->has_ports
			       : flow->has_ports && s->port_start <= port && port <= s->port_end));
}

/* The addresses between two, as 128-bit numbers. */
static unsigned __int128 width_of(const struct esp_selector *s)
{
	unsigned __int128 start = 0, end = 0;

	for (int i = 0; i < (s->family == 4 ? 4 : 16); i++) {
		start = start << 8 | s->start[i];
		end = end << 8 | s->end[i];
	}
	return end - start;
}

/* Which of two that fit goes first: the smaller range, the lower one, the higher rank; a trap after
 * every child, the younger of equals. */
static bool is_better(const struct known *a, const struct esp_selector *ra, const struct known *b,
	const struct esp_selector *rb)
{
	if (width_of(ra) != width_of(rb))
		return width_of(ra) < width_of(rb);
	const int order = memcmp(ra->start, rb->start, 16);

	if (order)
		return order < 0;
	if (!a->sa != !b->sa)
		return a->sa;
	return a->rank != b->rank ? a->rank > b->rank : a->born > b->born;
}

static const struct known *find(
	const struct flow *flow, const uint8_t *source, const uint8_t *destination)
{
	const struct known *best = NULL;
	const struct esp_selector *range = NULL;

	for (uint32_t i = 0; i < MOST; i++) {
		const struct known *k = &known[i];
		bool from_us = false;

		for (uint32_t l = 0; l < k->local_count; l++)
			from_us = from_us ||
				  matches(&k->selectors[l], flow, source, flow->source_port);
		for (uint32_t r = 0; from_us && r < k->remote_count; r++) {
			const struct esp_selector *s = &k->selectors[k->local_count + r];

			if (!matches(s, flow, destination, flow->destination_port) ||
				(best && !is_better(k, s, best, range)))
				continue;
			best = k;
			range = s;
		}
	}
	return best;
}

static void search(struct input *in)
{
	const uint8_t what = take_byte(in), from = take_byte(in), to = take_byte(in);
	uint8_t source[16], destination[16];
	struct flow flow = {.version = what & 1 ? 6 : 4, .protocol = what & 2 ? 6 : 17};

	put_address(flow.version, source, from);
	put_address(flow.version, destination, to);
	flow.source = ip_address_from(flow.version, source);
	flow.destination = ip_address_from(flow.version, destination);
	flow.has_ports = what & 4;
	flow.source_port = flow.has_ports ? what >> 3 & 3 : 0;
	flow.destination_port = flow.has_ports ? what >> 5 & 3 : 0;
	const struct spd_entry *found = spd_find(&spd, &flow);
	const struct known *expected = find(&flow, source, destination);

	EXPECT((found ? found->sa : NULL) == (expected ? expected->sa : NULL));
	EXPECT((found ? found->trap : NULL) == (expected ? expected->trap : NULL));
}

static void everything_is_found(void)
{
	for (uint32_t i = 0; i < MOST; i++) {
		EXPECT(sa_by_ref(&table, i) == known[i].sa);
		EXPECT(sa_by_spi(&table, 0x1000 + i) == known[i].sa);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = {data, bytes};

	births = ranks = 0;
	atomic_store(&spd.rank, 0);
	while (in.left > 0) {
		const uint8_t what = take_byte(&in);
		const uint32_t ref = take_byte(&in) % MOST;
		struct known *const k = &known[ref];
		const bool is_free = !k->sa && !k->trap;

		if (what % 8 < 4)
			search(&in);
		else if (what % 8 == 4 && is_free)
			install(k, ref, &in);
		else if (what % 8 == 5 && is_free)
			set_trap(k, ref, &in);
		else if (what % 8 == 6 && k->sa)
			spd_activate(&spd, k->sa), k->rank = ++ranks;
		else
			take_away(k);
		if (!k->sa && !k->trap)
			*k = (struct known){.sa = NULL};
	}
	everything_is_found();
	for (uint32_t i = 0; i < MOST; i++)
		take_away(&known[i]);
	return 0;
}
