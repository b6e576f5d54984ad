/* Inner headers: what is believed, what is refused, and the marks that a tunnel passes on. */
#include "check.h"
#include "packets.h"

#include "../src/ip.h"

static uint8_t packet[2048];
static struct flow flow;

static void reads_an_ipv4_packet(void)
{
	const size_t bytes = udp4(packet, "10.1.2.3", "10.9.8.7", 100);

	CHECK(ip_parse(packet, bytes, &flow));
	CHECK_EQUAL(flow.version, 4);
	CHECK_EQUAL(flow.protocol, 17);
	CHECK(flow.has_ports);
	CHECK_EQUAL(flow.source_port, 1000);
	CHECK_EQUAL(flow.destination_port, 2000);
	CHECK_EQUAL(flow.source.low, 0x0a010203);
	CHECK_EQUAL(flow.destination.low, 0x0a090807);
	CHECK_EQUAL(flow.source.high, 0);
	CHECK_EQUAL(flow.bytes, 100);
}

static void believes_the_header_about_the_length_only_when_it_fits(void)
{
	const size_t bytes = udp4(packet, "10.1.2.3", "10.9.8.7", 100);

	CHECK(ip_parse(packet, bytes + 50, &flow) && flow.bytes == 100);
	CHECK(!ip_parse(packet, bytes - 1, &flow));
	for (size_t short_by = 1; short_by <= bytes; short_by++)
		CHECK(!ip_parse(packet, bytes - short_by, &flow));
	put16(packet + 2, 19);
	CHECK(!ip_parse(packet, bytes, &flow));
	put16(packet + 2, 101);
	CHECK(!ip_parse(packet, bytes, &flow));
	udp4(packet, "10.1.2.3", "10.9.8.7", 100);
	packet[0] = 0x44;
	CHECK(!ip_parse(packet, bytes, &flow));
	packet[0] = 0x4f;
	put16(packet + 2, 40);
	CHECK(!ip_parse(packet, bytes, &flow));
	packet[0] = 0x55;
	CHECK(!ip_parse(packet, bytes, &flow));
}

static void later_fragments_have_no_ports(void)
{
	const size_t bytes = udp4(packet, "10.1.2.3", "10.9.8.7", 100);

	put16(packet + 6, 0x2000);
	CHECK(ip_parse(packet, bytes, &flow) && flow.has_ports);
	put16(packet + 6, 0x0001);
	CHECK(ip_parse(packet, bytes, &flow) && !flow.has_ports);
}

static void icmp_has_type_and_code_for_ports(void)
{
	const size_t bytes = udp4(packet, "10.1.2.3", "10.9.8.7", 28);

	packet[9] = 1;
	packet[20] = 3;
	packet[21] = 4;
	CHECK(ip_parse(packet, bytes, &flow) && flow.has_ports);
	CHECK_EQUAL(flow.source_port, 0x0304);
	CHECK_EQUAL(flow.destination_port, 0x0304);
}

static void reads_an_ipv6_packet(void)
{
	const size_t bytes = udp6(packet, "fd00::1", "fd00:1::2", 120);

	CHECK(ip_parse(packet, bytes, &flow));
	CHECK_EQUAL(flow.version, 6);
	CHECK_EQUAL(flow.protocol, 17);
	CHECK_EQUAL(flow.destination_port, 2000);
	CHECK_EQUAL(flow.source.high >> 48, 0xfd00);
	CHECK_EQUAL(flow.source.low, 1);
	CHECK_EQUAL(flow.bytes, 120);
	for (size_t less = 0; less < bytes; less++)
		CHECK(!ip_parse(packet, less, &flow));
}

/* Puts an extension header of `bytes` in front of the payload at offset 40. */
static size_t extend(size_t total, uint8_t kind, size_t bytes)
{
	memmove(packet + 40 + bytes, packet + 40, total - 40);
	memset(packet + 40, 0, bytes);
	packet[40] = packet[6];
	packet[41] = (uint8_t)(bytes / 8 - 1);
	packet[6] = kind;
	put16(packet + 4, (unsigned)(total + bytes - 40));
	return total + bytes;
}

static void walks_ipv6_extension_headers(void)
{
	size_t bytes = udp6(packet, "fd00::1", "fd00:1::2", 60);

	bytes = extend(bytes, 60, 16);
	bytes = extend(bytes, 43, 8);
	bytes = extend(bytes, 0, 24);
	CHECK(ip_parse(packet, bytes, &flow));
	CHECK_EQUAL(flow.protocol, 17);
	CHECK_EQUAL(flow.source_port, 1000);
	/* A header that claims more than the packet has. */
	packet[41] = 200;
	CHECK(!ip_parse(packet, bytes, &flow));
	bytes = udp6(packet, "fd00::1", "fd00:1::2", 60);
	for (int i = 0; i < 9; i++)
		bytes = extend(bytes, 60, 8);
	CHECK(!ip_parse(packet, bytes, &flow));
}

static void reads_ipv6_fragments(void)
{
	size_t bytes = extend(udp6(packet, "fd00::1", "fd00:1::2", 60), 44, 8);

	CHECK(ip_parse(packet, bytes, &flow) && flow.has_ports && flow.protocol == 17);
	put16(packet + 42, 8);
	CHECK(ip_parse(packet, bytes, &flow) && !flow.has_ports && flow.protocol == 17);
}

/* RFC 6040 figure 4; rows are the inner marks, columns the outer: Not-ECT, ECT(1), ECT(0), CE. */
static void passes_congestion_marks_in(void)
{
	enum { DROP = 9 };
	static const uint8_t expected[4][4] = {
		{0, 0, 0, DROP},
		{1, 1, 1, 3},
		{2, 1, 2, 3},
		{3, 3, 3, 3},
	};

	for (uint8_t inner = 0; inner < 4; inner++) {
		for (uint8_t outer = 0; outer < 4; outer++) {
			const uint8_t want = expected[inner][outer];

			udp4(packet, "10.1.2.3", "10.9.8.7", 28);
			packet[1] = (uint8_t)(0xb8 | inner);
			put16(packet + 10, 0);
			put16(packet + 10, ip_checksum(packet, 20));
			CHECK_EQUAL(ip_decapsulate_ecn(packet, outer), want != DROP);
			CHECK(want == DROP || ip_ecn(packet) == want);
			CHECK_EQUAL(packet[1] & 0xfc, 0xb8);
			CHECK_EQUAL(ip_checksum(packet, 20), 0);
			udp6(packet, "fd00::1", "fd00:1::2", 48);
			packet[1] = (uint8_t)(0x8a | inner << 4);
			CHECK_EQUAL(ip_decapsulate_ecn(packet, outer), want != DROP);
			CHECK(want == DROP || ip_ecn(packet) == want);
			CHECK_EQUAL(packet[1] & 0xcf, 0x8a);
		}
	}
}

/* Six bits of one header, none of its ECN. */
static void puts_a_dscp_in(void)
{
	for (unsigned tos = 0; tos < 256; tos++) {
		udp4(packet, "10.1.2.3", "10.9.8.7", 28);
		packet[1] = 0x22 | 1;
		put16(packet + 10, 0);
		put16(packet + 10, ip_checksum(packet, 20));
		ip_set_dscp(packet, (uint8_t)tos);
		CHECK_EQUAL(ip_tos(packet), (tos & 0xfc) | 3);
		CHECK_EQUAL(ip_checksum(packet, 20), 0);
		udp6(packet, "fd00::1", "fd00:1::2", 48);
		put16(packet, 0x623a);
		ip_set_dscp(packet, (uint8_t)tos);
		CHECK_EQUAL(ip_tos(packet), (tos & 0xfc) | 3);
		CHECK((packet[0] & 0xf0) == 0x60 && (packet[1] & 0x0f) == 0x0a);
	}
}

int main(void)
{
	RUN(reads_an_ipv4_packet);
	RUN(believes_the_header_about_the_length_only_when_it_fits);
	RUN(later_fragments_have_no_ports);
	RUN(icmp_has_type_and_code_for_ports);
	RUN(reads_an_ipv6_packet);
	RUN(walks_ipv6_extension_headers);
	RUN(reads_ipv6_fragments);
	RUN(passes_congestion_marks_in);
	RUN(puts_a_dscp_in);
	return check_summary("ip");
}
