/*
 * A way that is narrower than the device: what becomes of packets that are too wide for it, and
 * what connections are told before they send any. The path's MTU is set by hand here; that the
 * kernel's is taken is tested where there are networks (test/interop/mtu.test.ts).
 */
#include "check_packet.h"
#include "engines.h"

#include "../src/gso.h"

#define NARROW 1280u
/* NARROW less IP 20, UDP 8, ESP 8, IV 8, ICV 16: 1,220, which is whole words; less 2. */
#define MOST 1218u

static uint8_t sent[70000], came[70000];

static void narrow(struct side *side)
{
	struct path *path = atomic_load(&sa_by_ref(&side->engine->table, 1)->path);

	atomic_store(&path->mtu, NARROW);
	atomic_store(&path->look_at, UINT64_MAX);
}

static void open_narrow(bool vnet)
{
	open_side_with(&left, UINT32_MAX, vnet);
	open_side_with(&right, UINT32_MAX, vnet);
	connect_both(1);
	narrow(&left);
	narrow(&right);
}

static uint64_t of_child(const struct side *side, enum esp_counter which)
{
	struct esp_stats stats;

	CHECK_EQUAL(esp_stats(side->engine, 1, &stats), ESP_OK);
	CHECK_EQUAL(stats.path_mtu, NARROW);
	CHECK_EQUAL(stats.inner_mtu, MOST);
	return stats.counters[which];
}

/* From 10.1.0.1 to 10.2.0.1, perhaps not to be cut. */
static void send_udp(uint32_t bytes, bool dont)
{
	udp4(sent, "10.1.0.1", "10.2.0.1", bytes);
	sent[6] = dont ? 0x40 : 0;
	write_checksums(sent, bytes);
	CHECK_EQUAL(send(left.device, sent, bytes, 0), bytes);
}

static void what_may_not_be_cut_is_told_to_its_sender(void)
{
	open_narrow(false);
	send_udp(MOST, true);
	CHECK_EQUAL(receive(right.device, came, sizeof(came)), MOST);
	send_udp(MOST + 1, true);
	const size_t bytes = receive(left.device, came, sizeof(came));

	CHECK_EQUAL(bytes, 576);
	CHECK_EQUAL(get_number(came + 12, 4), 0x0a020001);
	CHECK_EQUAL(get_number(came + 16, 4), 0x0a010001);
	CHECK_EQUAL(get_number(came + 20, 2), 0x0304);
	CHECK_EQUAL(get_number(came + 26, 2), MOST);
	CHECK(memcmp(came + 28, sent, bytes - 28) == 0);
	/* A flood of them is not answered by a flood. */
	for (int i = 0; i < 50; i++)
		send_udp(MOST + 1, true);
	wait_for_count(&left, ESP_COUNT_TOO_BIG, 51);
	CHECK_EQUAL(of_child(&left, ESP_COUNT_TOO_BIG), 51);
	CHECK(counter(&left, ESP_COUNT_TOLD_TOO_BIG) < 30);
	close_both();
}

static void what_may_be_cut_comes_in_pieces(void)
{
	open_narrow(false);
	send_udp(1400, false);
	CHECK_EQUAL(receive(right.device, came, sizeof(came)), 20 + 1192);
	CHECK_EQUAL(get_number(came + 6, 2), 0x2000);
	CHECK_EQUAL(receive(right.device, came, sizeof(came)), 20 + 188);
	CHECK_EQUAL(get_number(came + 6, 2), 1192 / 8);
	for (int i = 0; i < 3; i++) {
		uint32_t payload = 0;

		send_udp(60000, false);
		while (payload < 59980) {
			const size_t bytes = receive(right.device, came, sizeof(came));

			if (!CHECK(bytes > 20 && bytes <= MOST))
				break;
			CHECK_EQUAL(8 * (get_number(came + 6, 2) & 0x1fff), payload);
			payload += (uint32_t)bytes - 20;
		}
		CHECK_EQUAL(payload, 59980);
	}
	CHECK_EQUAL(of_child(&left, ESP_COUNT_FRAGMENTED), 4);
	CHECK_EQUAL(counter(&left, ESP_COUNT_TOO_BIG), 0);
	close_both();
}

static uint32_t super_packet(uint8_t protocol, uint32_t size, uint32_t count, bool dont)
{
	struct recipe r = plain_recipe(4, protocol);
	struct gso_header header = {.flags = GSO_NEEDS_CHECKSUM,
		.type = protocol == 6 ? GSO_TCP4 : GSO_UDP,
		.size = (uint16_t)size,
		.checksum_start = 20,
		.checksum_offset = protocol == 6 ? 16 : 6};
	const uint32_t at = sizeof(header);

	r.payload_bytes = size * count;
	r.dont_fragment = dont;
	const uint32_t bytes = make_packet(&r, sent + at);

	memcpy(sent, &header, at);
	return at + bytes;
}

/* A stream has no places where it must be cut, so nothing of it is lost. */
static void a_tcp_super_packet_is_cut_smaller(void)
{
	uint32_t next = 0xfffff000u, payload = 0;

	open_narrow(true);
	/* So that it comes out as it went over the wire. */
	right.engine->tun.tcp = false;
	const uint32_t bytes = super_packet(6, 1348, 30, true);

	CHECK_EQUAL(send(left.device, sent, bytes, 0), bytes);
	while (payload < 30 * 1348) {
		const size_t got = receive(right.device, came, sizeof(came));

		if (!CHECK(got > 62))
			break;
		struct gso_header header;

		memcpy(&header, came, sizeof(header));
		/* Joined again, perhaps; then of segments that fit. */
		CHECK(header.type == GSO_NONE ? got - 10 <= MOST : header.size + 52u <= MOST);
		CHECK_EQUAL(get_number(came + 10 + 24, 4), next);
		next += (uint32_t)got - 62;
		payload += (uint32_t)got - 62;
	}
	CHECK_EQUAL(payload, 30 * 1348);
	CHECK_EQUAL(counter(&left, ESP_COUNT_TOO_BIG), 0);
	close_both();
}

static void datagrams_of_a_super_packet_stay_what_they_are(void)
{
	open_narrow(true);
	uint32_t bytes = super_packet(17, 1300, 10, false), pieces = 0;

	CHECK_EQUAL(send(left.device, sent, bytes, 0), bytes);
	for (; pieces < 20; pieces++)
		if (!CHECK(receive(right.device, came, sizeof(came)) > 0))
			break;
	wait_for_count(&left, ESP_COUNT_FRAGMENTED, 10);
	bytes = super_packet(17, 1300, 10, true);
	CHECK_EQUAL(send(left.device, sent, bytes, 0), bytes);
	wait_for_count(&left, ESP_COUNT_TOO_BIG, 10);
	CHECK_EQUAL(receive(left.device, came, sizeof(came)), 10 + 576);
	CHECK_EQUAL(get_number(came + 10 + 20, 2), 0x0304);
	close_both();
}

/* A SYN with a segment size of 1,460, to the right or back. */
static uint32_t syn(bool to_right)
{
	static const uint8_t option[4] = {2, 4, 0x05, 0xb4};
	struct recipe r = plain_recipe(4, 6);

	r.flags = 2;
	r.option_bytes = 4;
	r.payload_bytes = 0;
	const uint32_t bytes = make_packet(&r, sent);

	put_number(sent + 12, to_right ? 0x0a010001 : 0x0a020001, 4);
	put_number(sent + 16, to_right ? 0x0a020001 : 0x0a010001, 4);
	memcpy(sent + 40, option, 4);
	write_checksums(sent, bytes);
	return bytes;
}

/* Each end lowers what it sees, whichever way it goes; here one of them knows of the narrow way. */
static void both_ends_of_a_connection_are_told_before_they_send(void)
{
	open_both();
	connect_both(1);
	narrow(&left);
	for (int to_right = 0; to_right < 2; to_right++) {
		const uint32_t bytes = syn(to_right);

		CHECK_EQUAL(send((to_right ? left : right).device, sent, bytes, 0), bytes);
		CHECK_EQUAL(receive((to_right ? right : left).device, came, sizeof(came)), bytes);
		CHECK_EQUAL(get_number(came + 42, 2), MOST - 40);
		CHECK(is_whole(came, bytes));
	}
	CHECK_EQUAL(of_child(&left, ESP_COUNT_MSS_CLAMPED), 2);
	CHECK_EQUAL(counter(&right, ESP_COUNT_MSS_CLAMPED), 0);
	close_both();
}

int main(void)
{
	RUN(what_may_not_be_cut_is_told_to_its_sender);
	RUN(what_may_be_cut_comes_in_pieces);
	RUN(a_tcp_super_packet_is_cut_smaller);
	RUN(datagrams_of_a_super_packet_stay_what_they_are);
	RUN(both_ends_of_a_connection_are_told_before_they_send);
	return check_summary("carry");
}
