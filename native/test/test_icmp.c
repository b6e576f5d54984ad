/* «Too big», who hears it and how often; and what other errors are about. */
#include "check_packet.h"
#include "packets.h"

#include "../src/icmp.h"

static uint8_t packet[2000], message[ICMP_BYTES + 8];
static struct flow flow, about;

static uint32_t told(uint32_t bytes, uint32_t mtu)
{
	CHECK(ip_parse(packet, bytes, &flow));
	return icmp_too_big(packet, &flow, mtu, message);
}

static void tells_the_sender_of_an_ipv4_packet(void)
{
	const uint32_t bytes = (uint32_t)udp4(packet, "10.1.0.1", "10.2.0.1", 1400);
	const uint32_t length = told(bytes, 1216);

	CHECK_EQUAL(length, 576);
	CHECK(memcmp(message + 16, packet + 12, 4) == 0 &&
		memcmp(message + 12, packet + 16, 4) == 0);
	CHECK_EQUAL(plain_fold(plain_sum(message, 20)), 0xffff);
	CHECK_EQUAL(plain_fold(plain_sum(message + 20, length - 20)), 0xffff);
	CHECK_EQUAL(get_number(message + 20, 2), 0x0304);
	CHECK_EQUAL(get_number(message + 26, 2), 1216);
	CHECK(memcmp(message + 28, packet, length - 28) == 0);
	CHECK(ip_parse(message, length, &flow) && flow.bytes == length);
	/* And it is about that packet, with the ends exchanged. */
	CHECK(icmp_about(message, &flow, &about));
	CHECK_EQUAL(about.protocol, 17);
	CHECK_EQUAL(about.source.low, 0x0a020001);
	CHECK_EQUAL(about.destination.low, 0x0a010001);
	CHECK_EQUAL(about.source_port, 2000);
	CHECK_EQUAL(about.destination_port, 1000);
}

static void tells_the_sender_of_an_ipv6_packet(void)
{
	for (uint32_t bytes = 1281; bytes <= 1400; bytes += 119) {
		udp6(packet, "fd00:1::1", "fd00:2::1", bytes);
		const uint32_t length = told(bytes, 1280);

		CHECK_EQUAL(length, 1280);
		CHECK(memcmp(message + 24, packet + 8, 16) == 0);
		CHECK(memcmp(message + 8, packet + 24, 16) == 0);
		CHECK_EQUAL(plain_fold(pseudo_sum(message, length) +
				       plain_sum(message + 40, length - 40)),
			0xffff);
		CHECK_EQUAL(get_number(message + 40, 2), 0x0200);
		CHECK_EQUAL(get_number(message + 44, 4), 1280);
		CHECK(ip_parse(message, length, &flow) && icmp_about(message, &flow, &about));
		CHECK_EQUAL(about.destination_port, 1000);
	}
}

/* RFC 1122 section 3.2.2, RFC 4443 section 2.4 (e). */
static void nobody_is_told_of(void)
{
	static const char *const not_hosts[] = {
		"0.0.0.0", "127.0.0.1", "224.0.0.5", "239.1.1.1", "255.255.255.255"};
	static const uint8_t errors[] = {3, 4, 5, 11, 12}, queries[] = {0, 8, 13};

	for (int i = 0; i < 5; i++) {
		udp4(packet, not_hosts[i], "10.2.0.1", 1400);
		CHECK_EQUAL(told(1400, 1216), 0);
		udp4(packet, "10.1.0.1", not_hosts[i], 1400);
		CHECK_EQUAL(told(1400, 1216), 0);
	}
	udp4(packet, "10.1.0.1", "10.2.0.1", 1400);
	packet[9] = 1;
	for (int i = 0; i < 5; i++) {
		packet[20] = errors[i];
		CHECK_EQUAL(told(1400, 1216), 0);
	}
	for (int i = 0; i < 3; i++) {
		packet[20] = queries[i];
		CHECK(told(1400, 1216) > 0);
	}
	packet[7] = 1;
	CHECK_EQUAL(told(1400, 1216), 0);
	udp6(packet, "::", "fd00::1", 1400);
	CHECK_EQUAL(told(1400, 1280), 0);
	udp6(packet, "fd00::1", "ff02::1", 1400);
	CHECK_EQUAL(told(1400, 1280), 0);
	udp6(packet, "fd00::1", "fd00::2", 1400);
	packet[6] = 58;
	packet[40] = 1;
	CHECK_EQUAL(told(1400, 1280), 0);
	packet[40] = 137;
	CHECK_EQUAL(told(1400, 1280), 0);
	packet[40] = 128;
	CHECK(told(1400, 1280) > 0);
}

/* A host unreachable from 10.2.9.9 about a packet from 10.1.0.1 to 10.2.0.1, `quoted` bytes of it.
 */
static uint32_t unreachable(uint32_t quoted)
{
	memset(packet, 0, sizeof(packet));
	udp4(packet, "10.2.9.9", "10.1.0.1", 28 + quoted);
	packet[9] = 1;
	packet[20] = 3;
	packet[21] = 1;
	udp4(message, "10.1.0.1", "10.2.0.1", 1000);
	memcpy(packet + 28, message, quoted);
	return 28 + quoted;
}

static bool is_about(uint32_t bytes)
{
	return ip_parse(packet, bytes, &flow) && icmp_about(packet, &flow, &about);
}

static void an_error_is_about_the_packet_that_it_quotes(void)
{
	CHECK(is_about(unreachable(28)));
	CHECK(about.has_ports && about.source.low == 0x0a020001);
	/* Without the ports it is about no port. */
	CHECK(is_about(unreachable(20)) && !about.has_ports);
	for (uint32_t quoted = 0; quoted < 20; quoted++)
		CHECK(!is_about(unreachable(quoted)));
	/* To somebody else than the sender. */
	unreachable(28);
	packet[19] = 2;
	CHECK(!is_about(56));
	/* No error, or one that is not believed. */
	static const uint8_t types[] = {0, 4, 5, 8};

	for (int i = 0; i < 4; i++) {
		unreachable(28);
		packet[20] = types[i];
		CHECK(!is_about(56));
	}
	unreachable(28);
	packet[28] = 0x60;
	CHECK(!is_about(56));
	unreachable(28);
	packet[9] = 17;
	CHECK(!is_about(56));
}

/*
 * The other version's ICMP was taken for an error, too. No host believes it, so nobody quotes a
 * packet of his with it: but by it a guest's packet with any source came out of the tunnel, and
 * whoever it was to told that source that he knows no such protocol.
 */
static void the_other_versions_icmp_is_no_error(void)
{
	unreachable(28);
	CHECK(is_about(56));
	packet[9] = 58;
	packet[20] = 1;
	CHECK(!is_about(56));
	udp6(packet, "fd00:2::9", "fd00:1::1", 96);
	udp6(packet + 48, "fd00:1::1", "fd00:2::1", 48);
	packet[6] = 58;
	packet[40] = 3;
	CHECK(is_about(96));
	packet[6] = 1;
	CHECK(!is_about(96));
}

/* Nothing behind the end is read (under ASan). */
static void quotes_of_any_kind_are_safe(void)
{
	uint64_t state = 5;

	for (int i = 0; i < 20000; i++) {
		uint8_t tight[120];
		const uint32_t bytes = 28 + (uint32_t)(check_random(&state) % 92);

		udp4(tight, "10.2.9.9", "10.1.0.1", bytes);
		tight[9] = 1;
		tight[20] = 3;
		check_fill(&state, tight + 28, bytes - 28);
		if (bytes > 28)
			tight[28] = (uint8_t)(check_random(&state) % 2 ? 0x45 : 0x60);
		CHECK(ip_parse(tight, bytes, &flow));
		icmp_about(tight, &flow, &about);
	}
}

static void a_flow_is_told_ten_times_a_second(void)
{
	static struct icmp_limit limit;
	uint32_t passed = 0;

	udp4(packet, "10.1.0.1", "10.2.0.1", 1400);
	CHECK(ip_parse(packet, 1400, &flow));
	for (uint64_t now = 5000; now < 6000; now++)
		passed += icmp_allowed(&limit, 7, &flow, now);
	CHECK_EQUAL(passed, 10);
	/* Whoever sends to the whole world has no more than the table has places. */
	passed = 0;
	for (uint32_t i = 0; i < 100000; i++) {
		flow.destination.low = i;
		passed += icmp_allowed(&limit, 7, &flow, 9000);
	}
	CHECK_EQUAL(passed, 256);
}

int main(void)
{
	RUN(tells_the_sender_of_an_ipv4_packet);
	RUN(tells_the_sender_of_an_ipv6_packet);
	RUN(nobody_is_told_of);
	RUN(an_error_is_about_the_packet_that_it_quotes);
	RUN(the_other_versions_icmp_is_no_error);
	RUN(quotes_of_any_kind_are_safe);
	RUN(a_flow_is_told_ten_times_a_second);
	return check_summary("icmp");
}
