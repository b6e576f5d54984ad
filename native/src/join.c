#include "join.h"

#include <string.h>

#include "bytes.h"
#include "checksum.h"

#define IPV4_BYTES 20u
#define IPV6_BYTES 40u
#define LONGEST    65535u
#define VALID_SUM  0xffffu
#define FRAGMENT   0x3fffu
#define DONT       0x4000u
#define CONGESTED  3u
/* With any other flag a segment stays alone. */
#define PLAIN_FLAGS (TCP_ACK | TCP_PSH | TCP_FIN | TCP_ECE)
/* These end a run. */
#define ENDING_FLAGS (TCP_PSH | TCP_FIN)

static bool is_v4(const uint8_t *ip)
{
	return ip[0] >> 4 == 4;
}

/* Neither options nor fragments nor congestion marks, which must each arrive as they are. */
static bool parse_ip(const uint8_t *ip, uint32_t bytes, struct join_segment *s)
{
	if (!is_v4(ip)) {
		s->ip_bytes = IPV6_BYTES;
		s->protocol = ip[6];
		return bytes > IPV6_BYTES && (ip[1] >> 4 & 3u) != CONGESTED;
	}
	s->ip_bytes = IPV4_BYTES;
	s->protocol = ip[9];
	s->identification = load16(ip + 4);
	return bytes > IPV4_BYTES && ip[0] == 0x45 && (load16(ip + 6) & FRAGMENT) == 0 &&
	       (ip[1] & 3u) != CONGESTED &&
	       checksum_fold(checksum_add(0, ip, IPV4_BYTES)) == VALID_SUM;
}

static bool parse_transport(const uint8_t *transport, uint32_t bytes, struct join_segment *s)
{
	uint32_t header = 8;

	if (s->protocol == GSO_PROTOCOL_UDP) {
		/* A checksum of zero is none; the kernel would make one. */
		if (bytes <= header || load16(transport + 4) != bytes || load16(transport + 6) == 0)
			return false;
	} else {
		header = bytes < 20 ? 0 : 4u * (transport[12] >> 4);
		if (header < 20 || header >= bytes)
			return false;
		s->flags = transport[13];
		s->sequence = load32(transport + 4);
		if ((s->flags & ~PLAIN_FLAGS) || !(s->flags & TCP_ACK))
			return false;
	}
	s->header_bytes = s->ip_bytes + header;
	s->payload_bytes = bytes - header;
	return true;
}

/* Whether it may be joined at all. A wrong checksum must stay wrong, so it must stay alone. */
static bool parse(
	const struct joiner *joiner, const struct join_packet *packet, struct join_segment *s)
{
	const uint8_t *const ip = packet->data;

	*s = (struct join_segment){.protocol = 0};
	if (!parse_ip(ip, packet->bytes, s))
		return false;
	if (!(s->protocol == GSO_PROTOCOL_TCP && joiner->tcp) &&
		!(s->protocol == GSO_PROTOCOL_UDP && joiner->udp))
		return false;
	return parse_transport(ip + s->ip_bytes, packet->bytes - s->ip_bytes, s) &&
	       checksum_fold(checksum_packet(ip, s->protocol, packet->bytes)) == VALID_SUM;
}

static bool same_addresses(const uint8_t *a, const uint8_t *b)
{
	if (is_v4(a) != is_v4(b))
		return false;
	return is_v4(a) ? memcmp(a + 12, b + 12, 8) == 0 : memcmp(a + 8, b + 8, 32) == 0;
}

static bool same_flow(const struct join_run *run, const uint8_t *ip, const struct join_segment *s)
{
	return run->first.protocol == s->protocol && same_addresses(run->head.data, ip) &&
	       memcmp(run->head.data + s->ip_bytes, ip + s->ip_bytes, 4) == 0;
}

static bool ip_follows(const struct join_run *run, const uint8_t *ip, const struct join_segment *s)
{
	const uint8_t *const head = run->head.data;

	if (!is_v4(ip))
		return memcmp(head, ip, 4) == 0 && head[7] == ip[7];
	if (head[1] != ip[1] || head[8] != ip[8] || load16(head + 6) != load16(ip + 6))
		return false;
	return (load16(ip + 6) & DONT) ||
	       s->identification == (uint16_t)(run->last.identification + 1);
}

static bool tcp_follows(
	const struct join_run *run, const uint8_t *tcp, const struct join_segment *s)
{
	const uint8_t *const head = run->head.data + s->ip_bytes;

	return s->sequence == run->last.sequence + run->last.payload_bytes &&
	       s->header_bytes == run->first.header_bytes &&
	       ((s->flags ^ run->first.flags) & TCP_ECE) == 0 &&
	       /* Acknowledgement, header length, window; urgent pointer, options. */
	       memcmp(tcp + 8, head + 8, 5) == 0 && memcmp(tcp + 14, head + 14, 2) == 0 &&
	       memcmp(tcp + 18, head + 18, s->header_bytes - s->ip_bytes - 18) == 0;
}

static bool fits(
	const struct join_run *run, const struct join_packet *packet, const struct join_segment *s)
{
	return run->head.owner == packet->owner && run->head.queue == packet->queue &&
	       run->count < JOIN_SEGMENTS && run->bytes + s->payload_bytes <= LONGEST &&
	       s->payload_bytes <= run->first.payload_bytes && ip_follows(run, packet->data, s) &&
	       (s->protocol == GSO_PROTOCOL_UDP || tcp_follows(run, packet->data + s->ip_bytes, s));
}

/* The first header becomes that of them all. */
static void finish(struct join_run *run)
{
	uint8_t *const ip = run->head.data, *const transport = ip + run->first.ip_bytes;
	const bool is_udp = run->first.protocol == GSO_PROTOCOL_UDP;
	const uint32_t behind = run->bytes - run->first.ip_bytes;
	const uint16_t offset = is_udp ? 6 : 16;

	if (is_v4(ip)) {
		store16(ip + 2, run->bytes);
		store16(ip + 10, 0);
		store16(ip + 10, ~(uint32_t)checksum_fold(checksum_add(0, ip, IPV4_BYTES)));
	} else {
		store16(ip + 4, run->bytes - IPV6_BYTES);
	}
	if (is_udp)
		store16(transport + 4, behind);
	else
		transport[13] |= run->last.flags & ENDING_FLAGS;
	store16(transport + offset,
		checksum_fold(checksum_pseudo(ip, run->first.protocol, behind)));
	run->header = (struct gso_header){
		.flags = GSO_NEEDS_CHECKSUM,
		.type = is_udp      ? GSO_UDP
			: is_v4(ip) ? GSO_TCP4
				    : GSO_TCP6,
		.header_bytes = (uint16_t)run->first.header_bytes,
		.size = (uint16_t)run->first.payload_bytes,
		.checksum_start = (uint16_t)run->first.ip_bytes,
		.checksum_offset = offset,
	};
}

static void write_one(const struct joiner *joiner, const struct join_packet *packet)
{
	struct gso_header none = {.type = GSO_NONE};
	const struct iovec parts[2] = {{&none, sizeof(none)}, {packet->data, packet->bytes}};

	joiner->write(joiner->context, packet, parts, 2, 1);
}

static void write_run(struct joiner *joiner, uint32_t at)
{
	const uint32_t which = joiner->order[at];
	struct join_run *run = &joiner->runs[which];

	joiner->count--;
	for (uint32_t i = at; i < joiner->count; i++)
		joiner->order[i] = joiner->order[i + 1];
	joiner->order[joiner->count] = which;
	if (run->count == 1) {
		write_one(joiner, &run->head);
		return;
	}
	finish(run);
	joiner->write(joiner->context, &run->head, run->parts, 1 + run->count, run->count);
}

static void append(
	struct join_run *run, const struct join_packet *packet, const struct join_segment *s)
{
	run->parts[1 + run->count++] =
		(struct iovec){packet->data + s->header_bytes, s->payload_bytes};
	run->bytes += s->payload_bytes;
	run->last = *s;
}

static void begin(
	struct joiner *joiner, const struct join_packet *packet, const struct join_segment *s)
{
	if (joiner->count == JOIN_FLOWS)
		write_run(joiner, 0);
	struct join_run *run = &joiner->runs[joiner->order[joiner->count++]];

	run->head = *packet;
	run->first = run->last = *s;
	run->count = 1;
	run->bytes = packet->bytes;
	run->parts[0] = (struct iovec){&run->header, sizeof(run->header)};
	run->parts[1] = (struct iovec){packet->data, packet->bytes};
}

/* What cannot be joined may belong to any flow between its addresses. */
static void write_between(struct joiner *joiner, const uint8_t *ip)
{
	for (uint32_t i = 0; i < joiner->count;)
		if (same_addresses(joiner->runs[joiner->order[i]].head.data, ip))
			write_run(joiner, i);
		else
			i++;
}

void join_take(struct joiner *joiner, const struct join_packet *packet)
{
	struct join_segment s;
	uint32_t at = 0;

	if (!parse(joiner, packet, &s)) {
		write_between(joiner, packet->data);
		write_one(joiner, packet);
		return;
	}
	while (at < joiner->count && !same_flow(&joiner->runs[joiner->order[at]], packet->data, &s))
		at++;
	if (at < joiner->count) {
		struct join_run *run = &joiner->runs[joiner->order[at]];
		const bool follows = fits(run, packet, &s);

		if (follows)
			append(run, packet, &s);
		if (follows && s.payload_bytes == run->first.payload_bytes &&
			!(s.flags & ENDING_FLAGS))
			return;
		write_run(joiner, at);
		if (follows)
			return;
	}
	if (s.flags & ENDING_FLAGS)
		write_one(joiner, packet);
	else
		begin(joiner, packet, &s);
}

void join_flush(struct joiner *joiner)
{
	while (joiner->count > 0)
		write_run(joiner, 0);
}

void join_start(struct joiner *joiner, bool tcp, bool udp, join_write *write, void *context)
{
	joiner->write = write;
	joiner->context = context;
	joiner->tcp = tcp;
	joiner->udp = udp;
	joiner->count = 0;
	for (uint32_t i = 0; i < JOIN_FLOWS; i++)
		joiner->order[i] = i;
}
