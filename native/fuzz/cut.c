/*
 * Cutting: a super-packet, honest or not, with a header that may lie. Whatever it says, nothing is
 * read or written beside it, and segments hold its payload once. Those of an honest one are whole,
 * and joined again they are what they were cut from.
 *
 *   input   virtio header | how | a packet as flows.h has it, or bytes
 */
#include "flows.h"

#include "../src/ip.h"
#include "../src/join.h"

static struct gso_header take_header(struct input *in)
{
	struct gso_header header = {.flags = take_byte(in) & 1, .type = take_byte(in)};

	header.header_bytes = (uint16_t)take_number(in, 2);
	header.size = (uint16_t)take_number(in, 2);
	header.checksum_start = take_byte(in);
	header.checksum_offset = take_byte(in);
	return header;
}

/* What a kernel may give us: IP without extensions and no fragment, then TCP or UDP, and lengths
 * that are true. */
static bool is_super(const uint8_t *p, size_t bytes)
{
	const unsigned version = bytes > 40 ? p[0] >> 4 : 0;

	if (version != 4 && version != 6)
		return false;
	if (version == 4 && get_number(p + 6, 2) % 0x4000)
		return false;
	const size_t header = ip_header_of(p);
	const uint8_t protocol = version == 4 ? p[9] : p[6];
	const size_t transport = protocol == 17        ? 8
				 : bytes < header + 20 ? 0
						       : 4u * (p[header + 12] >> 4);

	return header >= 20 && (protocol == 17 || (protocol == 6 && transport >= 20)) &&
	       header + transport < bytes && is_whole(p, bytes);
}

/* What the kernel would say of this packet. */
static void be_honest(struct gso_header *header, const uint8_t *p)
{
	const bool is_udp = (p[0] >> 4 == 4 ? p[9] : p[6]) == 17;

	header->flags = GSO_NEEDS_CHECKSUM;
	header->type = is_udp ? GSO_UDP : p[0] >> 4 == 4 ? GSO_TCP4 : GSO_TCP6;
	header->checksum_start = (uint16_t)ip_header_of(p);
	header->checksum_offset = is_udp ? 6 : 16;
}

/* Where a joiner writes to. */
static struct {
	uint8_t bytes[66000];
	uint32_t count, writes;
} joined;

static void collect(void *context, const struct join_packet *head, const struct iovec *parts,
	uint32_t part_count, uint32_t packets)
{
	(void)context, (void)head, (void)packets;
	joined.count = 0;
	joined.writes++;
	for (uint32_t i = 1; i < part_count; i++) {
		EXPECT(joined.count + parts[i].iov_len <= sizeof(joined.bytes));
		memcpy(joined.bytes + joined.count, parts[i].iov_base, parts[i].iov_len);
		joined.count += (uint32_t)parts[i].iov_len;
	}
}

/* All but what the kernel finishes itself: the checksum of the transport. */
static void is_joined_to(const struct gso *gso, uint8_t *packet, uint32_t bytes)
{
	const uint32_t at = gso->ip_bytes + (gso->protocol == 17 ? 6u : 16u);

	EXPECT(joined.writes == 1 && joined.count == bytes);
	memset(joined.bytes + at, 0, 2);
	memset(packet + at, 0, 2);
	EXPECT(memcmp(joined.bytes, packet, bytes) == 0);
}

static uint8_t *segment_of(const struct gso *gso, uint32_t i)
{
	const uint32_t bytes = gso_segment_bytes(gso, i);
	uint8_t *const out = malloc(bytes);

	EXPECT(out != NULL && bytes > gso->header_bytes);
	gso_segment(gso, i, out);
	EXPECT(memcmp(out + gso->header_bytes,
		       gso->packet + gso->header_bytes + (size_t)i * gso->size,
		       bytes - gso->header_bytes) == 0);
	return out;
}

/* What join.c joins: no IP options, and none but ordinary flags. */
static bool can_be_joined(const struct gso *gso)
{
	const uint8_t *const p = gso->packet;
	const bool is_udp = gso->protocol == 17;

	return gso->count > 1 && gso->count <= JOIN_SEGMENTS && (p[0] == 0x45 || p[0] >> 4 == 6) &&
	       (is_udp || (p[gso->ip_bytes + 13] & ~(TCP_PSH | TCP_FIN | TCP_ECE)) == TCP_ACK);
}

static void cut(struct gso *gso, uint8_t *packet, uint32_t bytes, bool is_honest)
{
	static uint8_t *segments[4096];
	static struct joiner joiner;
	const uint32_t count = gso->count < 4096 ? gso->count : 4096;
	uint32_t payload = 0;

	joined.writes = 0;
	join_start(&joiner, true, true, collect, NULL);
	for (uint32_t i = 0; i < count; i++) {
		const struct join_packet segment = {
			&joined, 0, segments[i] = segment_of(gso, i), gso_segment_bytes(gso, i)};

		payload += segment.bytes - gso->header_bytes;
		if (is_honest)
			EXPECT(is_whole(segment.data, segment.bytes));
		if (is_honest && can_be_joined(gso))
			join_take(&joiner, &segment);
	}
	EXPECT(gso->count > 4096 || payload == bytes - gso->header_bytes);
	join_flush(&joiner);
	if (is_honest && can_be_joined(gso) && ip_ecn(packet) != 3)
		is_joined_to(gso, packet, bytes);
	for (uint32_t i = 0; i < count; i++)
		free(segments[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static uint8_t made[2048];
	struct input in = {data, bytes};
	struct gso_header header = take_header(&in);
	const uint8_t how = take_byte(&in);
	struct input rest = in;
	struct flows flows;
	struct gso gso;
	size_t count = in.left;

	if (how & 1) {
		flows_begin(&flows);
		count = next_packet(&flows, &in, made);
		rest = (struct input){made, count};
	}
	uint8_t *const packet = take_copy(&rest, &count);
	const bool is_honest = how & 1 && is_super(packet, count);

	if (is_honest)
		be_honest(&header, packet);
	if (gso_begin(&gso, &header, packet, (uint32_t)count))
		cut(&gso, packet, (uint32_t)count, is_honest);
	gso_finish_checksum(&header, packet, (uint32_t)count);
	free(packet);
	return 0;
}
