/* TCP and UDP packets, and a judge of checksums that shares nothing with the code under test. */
#ifndef CHECK_PACKET_H
#define CHECK_PACKET_H

#include <stdbool.h>
#include <string.h>

#include "check.h"

/* How a test packet is made. */
struct recipe {
	/* 4 or 6; 6 (TCP) or 17 (UDP). */
	uint8_t version, protocol;
	uint8_t host, tos, ttl, flags;
	bool dont_fragment;
	uint16_t port, id, window;
	uint32_t sequence, acknowledged;
	/* Of TCP, a multiple of four, all of this value. */
	uint32_t option_bytes;
	uint8_t option;
	uint32_t payload_bytes;
};

static inline void put_number(uint8_t *p, uint64_t number, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(number >> (8 * (bytes - 1 - i)));
}

static inline uint64_t get_number(const uint8_t *p, int bytes)
{
	uint64_t number = 0;

	for (int i = 0; i < bytes; i++)
		number = number * 256 + p[i];
	return number;
}

/* Byte by byte, as RFC 1071 defines it: each counts 256 in the first place of a word, 1 in the
 * second. */
static inline uint64_t plain_sum(const uint8_t *p, size_t bytes)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < bytes; i++)
		sum += i % 2 ? p[i] : 256u * p[i];
	return sum;
}

static inline uint64_t plain_fold(uint64_t sum)
{
	while (sum > 0xffff)
		sum = sum % 65536 + sum / 65536;
	return sum;
}

static inline size_t ip_header_of(const uint8_t *p)
{
	return p[0] >> 4 == 4 ? 4u * (p[0] % 16) : 40;
}

static inline uint64_t pseudo_sum(const uint8_t *p, size_t bytes)
{
	const bool v4 = p[0] >> 4 == 4;
	const size_t behind = bytes - ip_header_of(p);

	return plain_sum(p + (v4 ? 12 : 8), v4 ? 8 : 32) + (v4 ? p[9] : p[6]) + behind;
}

/* Lengths and checksums as a receiver looks at them. */
static inline bool is_whole(const uint8_t *p, size_t bytes)
{
	const bool v4 = p[0] >> 4 == 4;
	const size_t header = ip_header_of(p);

	if (v4 && (get_number(p + 2, 2) != bytes || plain_fold(plain_sum(p, header)) != 0xffff))
		return false;
	if (!v4 && get_number(p + 4, 2) != bytes - 40)
		return false;
	if ((v4 ? p[9] : p[6]) == 17 && get_number(p + header + 4, 2) != bytes - header)
		return false;
	return plain_fold(pseudo_sum(p, bytes) + plain_sum(p + header, bytes - header)) == 0xffff;
}

static inline void write_checksums(uint8_t *p, size_t bytes)
{
	const size_t header = ip_header_of(p);
	const bool is_udp = (p[0] >> 4 == 4 ? p[9] : p[6]) == 17;
	uint8_t *const at = p + header + (is_udp ? 6 : 16);

	if (p[0] >> 4 == 4) {
		put_number(p + 10, 0, 2);
		put_number(p + 10, 0xffff - plain_fold(plain_sum(p, header)), 2);
	}
	put_number(at, 0, 2);
	const uint64_t sum =
		0xffff - plain_fold(pseudo_sum(p, bytes) + plain_sum(p + header, bytes - header));

	/* In UDP zero is no checksum. */
	put_number(at, sum == 0 && is_udp ? 0xffff : sum, 2);
}

/* Payload bytes go on with the sequence number, so that a stream can be recognized. */
static inline uint8_t payload_byte(uint32_t sequence)
{
	return (uint8_t)(sequence * 2654435761u >> 24);
}

static inline uint32_t ip_into(const struct recipe *r, uint8_t *p, uint32_t behind)
{
	if (r->version == 4) {
		memset(p, 0, 20);
		p[0] = 0x45;
		p[1] = r->tos;
		put_number(p + 2, 20 + behind, 2);
		put_number(p + 4, r->id, 2);
		p[6] = r->dont_fragment ? 0x40 : 0;
		p[8] = r->ttl;
		p[9] = r->protocol;
		put_number(p + 12, 0x0a010001, 4);
		put_number(p + 16, 0x0a020000u + r->host, 4);
		return 20;
	}
	memset(p, 0xfd, 40);
	put_number(p, 0x60000000u | (uint32_t)r->tos << 20 | 0x12345, 4);
	put_number(p + 4, behind, 2);
	p[6] = r->protocol;
	p[7] = r->ttl;
	p[39] = r->host;
	return 40;
}

/* Returns the length. */
static inline uint32_t make_packet(const struct recipe *r, uint8_t *p)
{
	const uint32_t transport = r->protocol == 17 ? 8 : 20 + r->option_bytes;
	const uint32_t ip = ip_into(r, p, transport + r->payload_bytes);
	uint8_t *const t = p + ip;

	memset(t, 0, transport);
	put_number(t, r->port, 2);
	put_number(t + 2, 443, 2);
	if (r->protocol == 17) {
		put_number(t + 4, 8 + r->payload_bytes, 2);
	} else {
		put_number(t + 4, r->sequence, 4);
		put_number(t + 8, r->acknowledged, 4);
		t[12] = (uint8_t)(transport / 4 << 4);
		t[13] = r->flags;
		put_number(t + 14, r->window, 2);
		memset(t + 20, r->option, r->option_bytes);
	}
	for (uint32_t i = 0; i < r->payload_bytes; i++)
		t[transport + i] = payload_byte(r->sequence + i);
	write_checksums(p, ip + transport + r->payload_bytes);
	return ip + transport + r->payload_bytes;
}

/* What most tests begin with. */
static inline struct recipe plain_recipe(uint8_t version, uint8_t protocol)
{
	return (struct recipe){.version = version,
		.protocol = protocol,
		.host = 1,
		.ttl = 64,
		.flags = 16,
		.dont_fragment = true,
		.port = 5000,
		.window = 500,
		.sequence = 0xfffff000u,
		.acknowledged = 77,
		.option_bytes = protocol == 6 ? 12 : 0,
		.option = 1,
		.payload_bytes = 1000};
}

#endif
