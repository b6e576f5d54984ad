/*
 * Joining: whatever packets come, what the kernel cuts of the super-packets is what came, in its
 * order. Only an identification that means nothing (RFC 6864) may be another.
 *
 *   input   what the device takes | packets as flows.h has them
 */
#include "flows.h"

#include "../src/ip.h"
#include "../test/joined.h"

/* Of atomic datagrams alone, whose header is sound. */
static void forget_identification(uint8_t *p)
{
	if (p[0] == 0x45 && get_number(p + 6, 2) == 0x4000 &&
		plain_fold(plain_sum(p, 20)) == 0xffff)
		put_number(p + 4, 0, 2), put_number(p + 10, 0, 2);
}

/* Addresses, protocol and ports of what may be joined; of anything else the addresses alone. */
static uint32_t flow_key(const uint8_t *p, uint32_t bytes, uint8_t key[64])
{
	const bool v4 = p[0] >> 4 == 4;
	const uint32_t header = v4 ? 20 : 40, addresses = v4 ? 8 : 32;
	const uint8_t protocol = v4 ? p[9] : p[6];
	const bool is_plain = (protocol == 6 || protocol == 17) && bytes >= header + 4 &&
			      (!v4 || (p[0] == 0x45 && get_number(p + 6, 2) % 0x4000 == 0));

	memcpy(key, p + (v4 ? 12 : 8), addresses);
	key[addresses] = p[0] >> 4;
	if (!is_plain)
		return addresses + 1;
	key[addresses + 1] = protocol;
	memcpy(key + addresses + 2, p + header, 4);
	return addresses + 6;
}

/* Whether two packets must stay in order: of one flow, or where either may be of any between its
 * addresses. */
static bool in_order(const struct list *list, uint32_t i, uint32_t j)
{
	uint8_t a[64] = {0}, b[64] = {0};
	const uint32_t bytes = flow_key(list->packets[i].data, list->packets[i].bytes, a);
	const uint32_t other = flow_key(list->packets[j].data, list->packets[j].bytes, b);

	return memcmp(a, b, bytes < other ? bytes : other) == 0;
}

static bool same(uint32_t i, uint32_t k)
{
	return came.packets[i].bytes == left.packets[k].bytes &&
	       memcmp(came.packets[i].data, left.packets[k].data, came.packets[i].bytes) == 0;
}

/* Each came out once as it came; equal ones count in the order in which they came. */
static void check_order(void)
{
	static uint32_t place[MOST];
	static bool used[MOST];

	memset(used, 0, sizeof(used));
	EXPECT(left.count == came.count);
	for (uint32_t i = 0; i < came.count; i++) {
		uint32_t k = 0;

		while (k < left.count && (used[k] || !same(i, k)))
			k++;
		EXPECT(k < left.count);
		used[k] = true;
		place[i] = k;
		for (uint32_t j = 0; j < i; j++)
			EXPECT(place[j] < k || !in_order(&came, i, j));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static uint8_t packet[2048];
	void *const owners[2] = {&came, &left};
	struct input in = {data, bytes};
	const uint8_t device = take_byte(&in);
	struct flows flows;
	struct flow flow;

	flows_begin(&flows);
	checks_failed = 0;
	begin_with(!(device & 4), !(device & 2));
	while (in.left > 0 && came.count < 100) {
		const uint32_t count = next_packet(&flows, &in, packet);

		/* What the receiver lets through, and as long as it says. */
		if (ip_parse(packet, count, &flow))
			take_bytes_of(owners[device & came.count & 1], packet, flow.bytes);
	}
	join_flush(&joiner);
	for (uint32_t i = 0; i < came.count; i++)
		forget_identification(came.packets[i].data);
	for (uint32_t i = 0; i < left.count; i++)
		forget_identification(left.packets[i].data);
	check_order();
	EXPECT(checks_failed == 0);
	return 0;
}
