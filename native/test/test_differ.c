/*
 * The real path beside a plain one (plain.h): whole segments, super-packets of TCP and UDP,
 * options, extension headers, fragments and malformed packets go into one engine and come out of
 * another, and what comes out is what the plain one says, in each flow in the same order. First
 * random traffic, then what test/recorded.pcap holds, or the file that DIFFER_PCAP names (Ethernet
 * or raw IP). DIFFER_ROUNDS: how many bursts of random traffic. DIFFER_KEEP: where a pcap of it is
 * left.
 */
#include "engines.h"
#include "plain.h"

#include "../src/gso.h"

/* What the sockets in the devices' place hold in any case. */
#define BURST_BYTES   40000u
#define BURST_PACKETS 90u

static struct plain_list expected, arrived;
static uint32_t supers_in, supers_out, malformed;
static uint64_t seed = 2026;
static FILE *keep;

static uint32_t upto(uint32_t n)
{
	return (uint32_t)(check_random(&seed) >> 20) % n;
}

static bool has_room(uint32_t bytes)
{
	return bytes < BURST_BYTES && expected.count < BURST_PACKETS;
}

static void open_for_all(void)
{
	const struct esp_selector all[4] = {
		range_of(4, "0.0.0.0", "255.255.255.255"),
		range_of(6, "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
		range_of(4, "0.0.0.0", "255.255.255.255"),
		range_of(6, "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
	};
	struct esp_child l, r;

	open_side_with(&left, UINT32_MAX, true);
	open_side_with(&right, UINT32_MAX, true);
	l = half(&left, &right, 1);
	r = half(&right, &left, 1);
	l.local_count = l.remote_count = r.local_count = r.remote_count = 2;
	CHECK_EQUAL(esp_install(left.engine, &l, all), ESP_OK);
	CHECK_EQUAL(esp_install(right.engine, &r, all), ESP_OK);
}

/* A record of LINKTYPE_RAW. */
static void record(const uint8_t *packet, uint32_t bytes)
{
	const uint32_t head[4] = {0, 0, bytes, bytes};

	if (!keep)
		return;
	fwrite(head, sizeof(head), 1, keep);
	fwrite(packet, bytes, 1, keep);
}

/* Into the left device, with what the kernel would say of it; returns its length. */
static uint32_t put_in(const struct gso_header *header, const uint8_t *packet, uint32_t bytes)
{
	static uint8_t sent[70000];

	record(packet, bytes);
	memcpy(sent, header, sizeof(*header));
	memcpy(sent + sizeof(*header), packet, bytes);
	CHECK_EQUAL(send(left.device, sent, sizeof(*header) + bytes, 0), sizeof(*header) + bytes);
	return bytes;
}

static uint32_t put_in_whole(const uint8_t *packet, uint32_t bytes)
{
	const struct gso_header none = {.type = GSO_NONE};
	const size_t length = plain_length(packet, bytes);

	if (length > 0)
		plain_keep(&expected, packet, length);
	else
		malformed++;
	return put_in(&none, packet, bytes);
}

/* Takes one write to the right device apart. */
static void take_out(void)
{
	static uint8_t got[70000];
	struct gso_header header;
	uint8_t *const packet = got + sizeof(header);
	const size_t bytes = receive(right.device, got, sizeof(got));

	if (!CHECK(bytes > sizeof(header)))
		return;
	memcpy(&header, got, sizeof(header));
	if (header.type == GSO_NONE) {
		plain_keep(&arrived, packet, bytes - sizeof(header));
		return;
	}
	supers_out++;
	CHECK(gso_finish_checksum(&header, packet, (uint32_t)(bytes - sizeof(header))));
	CHECK(is_whole(packet, bytes - sizeof(header)));
	plain_cut(&arrived, packet, bytes - sizeof(header), header.size, header.type == GSO_UDP);
}

/* All that was put in has to come out, and nothing else. */
static void compare(void)
{
	static bool used[PLAIN_MOST];
	const unsigned failed = checks_failed;

	while (arrived.count < expected.count && checks_failed == failed)
		take_out();
	if (!CHECK_EQUAL(arrived.count, expected.count)) {
		for (uint32_t i = 0; i < ESP_COUNTER_COUNT; i++)
			if (counter(&left, i) || counter(&right, i))
				printf("    %s: %llu in, %llu out\n", esp_counter_name(i),
					(unsigned long long)counter(&left, i),
					(unsigned long long)counter(&right, i));
	}
	memset(used, 0, sizeof(used));
	for (uint32_t i = 0; i < expected.count && checks_failed == failed; i++) {
		const uint8_t *wanted = expected.packets[i].data;
		const uint32_t bytes = expected.packets[i].bytes;
		uint32_t k = 0;

		while (k < arrived.count &&
			(used[k] || !plain_same_flow(arrived.packets[k].data,
					    arrived.packets[k].bytes, wanted, bytes)))
			k++;
		if (!CHECK(k < arrived.count))
			break;
		used[k] = true;
		plain_normalize(arrived.packets[k].data, arrived.packets[k].bytes);
		plain_normalize(expected.packets[i].data, bytes);
		CHECK_EQUAL(arrived.packets[k].bytes, bytes);
		CHECK(memcmp(arrived.packets[k].data, wanted, bytes) == 0);
	}
	plain_forget(&expected);
	plain_forget(&arrived);
}

/* One of a few flows that go on from packet to packet; each has addresses of its own. */
static struct recipe flows[12];

static void begin_flows(void)
{
	for (uint32_t i = 0; i < 12; i++) {
		flows[i] = plain_recipe(i % 2 ? 6 : 4, i % 3 == 2 ? 17 : 6);
		flows[i].host = (uint8_t)(1 + i);
		flows[i].option_bytes = flows[i].protocol == 6 ? 4 * (i % 11) : 0;
		flows[i].dont_fragment = i % 4 != 0;
	}
}

/* As streams are: mostly full, sometimes with a flag, again, too early, or with other options. */
static void go_on(struct recipe *r)
{
	static const uint8_t flags[] = {
		16, 16, 16, 16, 24, 17, 16 | 64, 16 | 128, 16 | 32, 2, 4, 0};

	r->sequence += r->payload_bytes;
	r->id++;
	r->payload_bytes = upto(8) ? 1000 : upto(1400);
	r->flags = upto(4) ? 16 : flags[upto(sizeof(flags))];
	if (upto(20) == 0)
		r->sequence -= upto(5000);
	if (upto(20) == 0)
		r->id = (uint16_t)upto(65536);
	if (upto(20) == 0)
		r->option = (uint8_t)upto(256);
	if (upto(30) == 0)
		r->tos = (uint8_t)upto(256);
	if (upto(30) == 0)
		r->acknowledged += upto(3000);
}

/* Puts an extension header into an IPv6 packet, or options into an IPv4 one; its sums are the
 * caller's. Returns the new length. */
static uint32_t widen(uint8_t *p, uint32_t bytes)
{
	static const uint8_t kinds[] = {0, 43, 44, 60};
	const bool v4 = p[0] >> 4 == 4;
	const uint32_t at = v4 ? 20 : 40, more = v4 ? 4 * (1 + upto(5)) : 8;

	if (v4 && p[0] != 0x45)
		return bytes;
	memmove(p + at + more, p + at, bytes - at);
	memset(p + at, 1, more);
	if (v4) {
		p[0] = (uint8_t)(0x45 + more / 4);
		put_number(p + 2, bytes + more, 2);
		put_number(p + 10, 0, 2);
		put_number(p + 10, 0xffff - plain_fold(plain_sum(p, at + more)), 2);
		return bytes + more;
	}
	memset(p + at, 0, more);
	p[at] = p[6];
	p[6] = kinds[upto(4)];
	if (p[6] == 44)
		put_number(p + at + 2, upto(3) ? 0 : upto(65536), 2);
	put_number(p + 4, get_number(p + 4, 2) + more, 2);
	return bytes + more;
}

static uint32_t put_in_segment(struct recipe *r)
{
	static uint8_t packet[70000];
	uint32_t bytes;

	go_on(r);
	bytes = make_packet(r, packet);
	for (uint32_t n = upto(10) ? 0 : 1 + upto(10); n > 0; n--)
		bytes = widen(packet, bytes);
	/* A fragment, of which the others may never come. */
	if (upto(15) == 0 && packet[0] >> 4 == 4)
		put_number(packet + 6, upto(2) ? 0x2000 : upto(0x4000), 2);
	/* Damage anywhere in the headers, or an end that is missing. */
	if (upto(12) == 0)
		packet[upto(bytes < 70 ? bytes : 70)] ^= (uint8_t)(1 + upto(255));
	if (upto(25) == 0)
		bytes = 1 + upto(bytes);
	return put_in_whole(packet, bytes);
}

static uint32_t put_in_super(struct recipe *r)
{
	static uint8_t packet[70000];
	const bool is_udp = r->protocol == 17;
	const uint32_t size = 500 + upto(900), ip = r->version == 4 ? 20 : 40;

	go_on(r);
	r->payload_bytes = size + 1 + upto(20000);
	r->flags = 16 | (upto(3) ? 0 : 8) | (upto(9) ? 0 : 1) | (upto(9) ? 0 : 128);
	const uint32_t bytes = make_packet(r, packet);
	const struct gso_header header = {
		.flags = GSO_NEEDS_CHECKSUM,
		.type = is_udp            ? GSO_UDP
			: r->version == 4 ? GSO_TCP4
					  : GSO_TCP6,
		.size = (uint16_t)size,
		.checksum_start = (uint16_t)ip,
		.checksum_offset = is_udp ? 6 : 16,
	};

	plain_cut(&expected, packet, bytes, size, is_udp);
	/* The kernel only begins the checksum. */
	put_number(packet + ip + header.checksum_offset, plain_fold(pseudo_sum(packet, bytes)), 2);
	supers_in++;
	return put_in(&header, packet, bytes);
}

static void random_traffic_comes_out_as_it_went_in(void)
{
	const char *const wanted = getenv("DIFFER_ROUNDS");
	const int rounds = wanted ? atoi(wanted) : 400;
	uint64_t total = 0;

	open_for_all();
	begin_flows();
	for (int i = 0; i < rounds && checks_failed == 0; i++) {
		uint32_t flow = upto(12);

		for (uint32_t bytes = 0; has_room(bytes) && upto(40);) {
			if (upto(3) == 0)
				flow = upto(12);
			bytes += upto(12) ? put_in_segment(&flows[flow])
					  : put_in_super(&flows[flow]);
		}
		total += expected.count;
		compare();
	}
	/* What was malformed was dropped on the way in, and nothing else was. */
	wait_for_count(&left, ESP_COUNT_NOT_IP, malformed);
	wait_for_count(&right, ESP_COUNT_RX_PACKETS, total);
	printf("  %llu packets, %u super-packets in, %u out, %u malformed\n",
		(unsigned long long)total, supers_in, supers_out, malformed);
	CHECK(checks_failed > 0 || rounds < 100 || (supers_out > 100 && malformed > 100));
	close_both();
}

/* Returns the bytes of the next record; 0: that was the last. */
static uint32_t next_record(FILE *file, uint8_t *out, uint32_t room)
{
	uint32_t head[4];

	if (fread(head, sizeof(head), 1, file) != 1 || !CHECK(head[2] <= room))
		return 0;
	return fread(out, 1, head[2], file) == head[2] ? head[2] : 0;
}

static void recorded_traffic_comes_out_as_it_went_in(void)
{
	enum { MAGIC = 0xa1b2c3d4, ETHERNET = 1, RAW = 101 };
	static uint8_t packet[70000];
	const char *const wanted = getenv("DIFFER_PCAP");
	FILE *file = fopen(wanted ? wanted : "test/recorded.pcap", "rb");
	uint32_t head[6], total = 0, bytes, length = 0;

	if (!CHECK(file != NULL))
		return;
	CHECK(fread(head, sizeof(head), 1, file) == 1 && head[0] == MAGIC);
	const uint32_t before = head[5] == RAW ? 0 : 14;

	CHECK(head[5] == RAW || head[5] == ETHERNET);
	open_for_all();
	supers_out = 0;
	do {
		for (bytes = 0; has_room(bytes); bytes += length) {
			length = next_record(file, packet, sizeof(packet));
			if (length <= before)
				break;
			put_in_whole(packet + before, length - before);
		}
		total += expected.count;
		compare();
	} while (length > before && checks_failed == 0);
	printf("  %u recorded packets, %u super-packets out\n", total, supers_out);
	CHECK(total > 0);
	fclose(file);
	close_both();
}

int main(void)
{
	const uint32_t head[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 101};
	const char *const name = getenv("DIFFER_KEEP");

	keep = name ? fopen(name, "wb") : NULL;
	if (keep)
		fwrite(head, sizeof(head), 1, keep);
	RUN(random_traffic_comes_out_as_it_went_in);
	RUN(recorded_traffic_comes_out_as_it_went_in);
	if (keep)
		fclose(keep);
	return check_summary("differ");
}
