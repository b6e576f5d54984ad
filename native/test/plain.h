/*
 * What must come out of a tunnel for what went in, found out slowly and apart from the code under
 * test: from the RFCs byte by byte, one packet at a time, without batches, tables or offsets kept.
 */
#ifndef PLAIN_H
#define PLAIN_H

#include <stdlib.h>

#include "check_packet.h"

#define PLAIN_MOST 4000u

/* Packets in order. */
struct plain_list {
	uint32_t count;
	struct {
		uint8_t *data;
		uint32_t bytes;
	} packets[PLAIN_MOST];
};

static inline void plain_keep(struct plain_list *list, const uint8_t *data, size_t bytes)
{
	uint8_t *copy = malloc(bytes);

	memcpy(copy, data, bytes);
	if (!CHECK(list->count < PLAIN_MOST))
		abort();
	list->packets[list->count].data = copy;
	list->packets[list->count++].bytes = (uint32_t)bytes;
}

static inline void plain_forget(struct plain_list *list)
{
	while (list->count > 0)
		free(list->packets[--list->count].data);
}

static inline bool plain_is_extension(uint64_t kind)
{
	return kind == 0 || kind == 43 || kind == 44 || kind == 60;
}

/* How long the IP packet says it is, when that can be and its headers are all there; 0: it is none.
 * More than eight extension headers are none either. */
static inline size_t plain_length(const uint8_t *p, size_t bytes)
{
	if (bytes >= 20 && p[0] >> 4 == 4) {
		const size_t header = p[0] % 16 * 4u, total = get_number(p + 2, 2);

		return header >= 20 && header <= total && total <= bytes ? total : 0;
	}
	if (bytes < 40 || p[0] >> 4 != 6 || get_number(p + 4, 2) + 40 > bytes)
		return 0;
	const size_t total = get_number(p + 4, 2) + 40;
	size_t at = 40;
	uint64_t kind = p[6];

	for (int headers = 0; plain_is_extension(kind); headers++) {
		const bool is_fragment = kind == 44;

		if (at + 8 > total)
			return 0;
		const size_t length = is_fragment ? 8 : 8 + 8u * p[at + 1];

		if (at + length > total)
			return 0;
		kind = p[at];
		/* What is behind belongs to another packet. */
		if (is_fragment && get_number(p + at + 2, 2) >= 8)
			return total;
		if (headers == 8)
			return 0;
		at += length;
	}
	return total;
}

/* Cuts a super-packet as the kernel does (Documentation/networking/segmentation-offloads). */
static inline void plain_cut(
	struct plain_list *list, const uint8_t *p, size_t bytes, size_t size, bool is_udp)
{
	static uint8_t one[70000];
	const size_t ip = ip_header_of(p), transport = is_udp ? 8 : p[ip + 12] / 16 * 4u;
	const size_t headers = ip + transport, payload = bytes - headers;

	for (size_t from = 0; from < payload; from += size) {
		const size_t count = payload - from < size ? payload - from : size;
		const bool last = from + size >= payload;

		memcpy(one, p, headers);
		memcpy(one + headers, p + headers + from, count);
		if (p[0] >> 4 == 4) {
			put_number(one + 2, headers + count, 2);
			put_number(one + 4, get_number(p + 4, 2) + from / size, 2);
		} else {
			put_number(one + 4, headers + count - 40, 2);
		}
		if (is_udp) {
			put_number(one + ip + 4, 8 + count, 2);
		} else {
			put_number(one + ip + 4, get_number(p + ip + 4, 4) + from, 4);
			if (from > 0)
				one[ip + 13] &= 0x7f;
			if (!last)
				one[ip + 13] &= 0xf6;
		}
		write_checksums(one, headers + count);
		plain_keep(list, one, headers + count);
	}
}

/* The identification of what cannot be a fragment says nothing (RFC 6864 section 4.1): away with
 * it, and with the checksum where that was right. */
static inline void plain_normalize(uint8_t *p, size_t bytes)
{
	if (bytes < 20 || p[0] != 0x45 || get_number(p + 6, 2) != 0x4000 ||
		plain_fold(plain_sum(p, 20)) != 0xffff)
		return;
	put_number(p + 4, 0, 2);
	put_number(p + 10, 0, 2);
}

/* Protocol and ports where they stand right behind the IP header; else 0. */
static inline uint64_t plain_ports(const uint8_t *p, size_t bytes)
{
	const bool v4 = p[0] >> 4 == 4;
	const size_t header = ip_header_of(p);
	const uint8_t protocol = v4 ? p[9] : p[6];

	if ((protocol != 6 && protocol != 17) || bytes < header + 4 ||
		(v4 && get_number(p + 6, 2) % 0x4000 != 0))
		return 0;
	return (uint64_t)protocol << 32 | get_number(p + header, 4);
}

/* Whether two packets are of one flow, within which the order counts. */
static inline bool plain_same_flow(
	const uint8_t *a, size_t a_bytes, const uint8_t *b, size_t b_bytes)
{
	const bool v4 = a[0] >> 4 == 4;

	if (a[0] >> 4 != b[0] >> 4 || plain_ports(a, a_bytes) != plain_ports(b, b_bytes))
		return false;
	return memcmp(a + (v4 ? 12 : 8), b + (v4 ? 12 : 8), v4 ? 8 : 32) == 0;
}

#endif
