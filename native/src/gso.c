#include "gso.h"

#include <string.h>

#include "bytes.h"
#include "checksum.h"

#define IPV4_BYTES 20u
#define IPV6_BYTES 40u
#define TCP_BYTES  20u
#define UDP_BYTES  8u

/* Zero says that UDP has no checksum (RFC 768). */
static uint16_t inverted(uint32_t sum, bool is_udp)
{
	const uint16_t checksum = (uint16_t)~checksum_fold(sum);

	return checksum == 0 && is_udp ? 0xffff : checksum;
}

bool gso_finish_checksum(const struct gso_header *header, uint8_t *packet, uint32_t bytes)
{
	const uint32_t start = header->checksum_start, at = start + header->checksum_offset;

	if (!(header->flags & GSO_NEEDS_CHECKSUM))
		return true;
	if (at + 2 > bytes)
		return false;
	const uint32_t sum = checksum_add(0, packet + start, bytes - start);

	store16(packet + at, inverted(sum, header->checksum_offset == 6));
	return true;
}

static bool type_fits(uint8_t type, uint8_t version)
{
	switch (type & ~GSO_ECN) {
	case GSO_TCP4:
		return version == 4;
	case GSO_TCP6:
		return version == 6;
	case GSO_UDP:
		return version == 4 || version == 6;
	default:
		return false;
	}
}

/* 0: it does not fit into so many bytes. */
static uint32_t transport_bytes(const uint8_t *transport, uint32_t bytes, uint8_t protocol)
{
	if (protocol == GSO_PROTOCOL_UDP)
		return bytes < UDP_BYTES ? 0 : UDP_BYTES;
	if (bytes < TCP_BYTES)
		return 0;
	const uint32_t header = 4u * (transport[12] >> 4);

	return header < TCP_BYTES || header > bytes ? 0 : header;
}

bool gso_begin(
	struct gso *gso, const struct gso_header *header, const uint8_t *packet, uint32_t bytes)
{
	const uint32_t start = header->checksum_start;
	const uint8_t version = bytes ? packet[0] >> 4 : 0;
	const uint8_t protocol =
		(header->type & ~GSO_ECN) == GSO_UDP ? GSO_PROTOCOL_UDP : GSO_PROTOCOL_TCP;

	if (!type_fits(header->type, version) || header->size == 0 || start >= bytes)
		return false;
	if (version == 4 ? start != 4u * (packet[0] & 15u) || start < IPV4_BYTES
			 : start < IPV6_BYTES)
		return false;
	const uint32_t transport = transport_bytes(packet + start, bytes - start, protocol);

	if (transport == 0 || start + transport == bytes)
		return false;
	*gso = (struct gso){
		.packet = packet,
		.ip_bytes = start,
		.header_bytes = start + transport,
		.payload_bytes = bytes - start - transport,
		.size = header->size,
		.protocol = protocol,
	};
	gso->count = (gso->payload_bytes + gso->size - 1) / gso->size;
	return true;
}

void gso_narrow(struct gso *gso, uint32_t most)
{
	if (gso->protocol != GSO_PROTOCOL_TCP || most <= gso->header_bytes ||
		gso->size <= most - gso->header_bytes)
		return;
	gso->size = most - gso->header_bytes;
	gso->count = (gso->payload_bytes + gso->size - 1) / gso->size;
}

/* Each segment is a datagram of its own: length, identification, checksum. */
static void patch_ip(const struct gso *gso, uint32_t i, uint8_t *ip, uint32_t bytes)
{
	if (ip[0] >> 4 == 6) {
		store16(ip + 4, bytes - IPV6_BYTES);
		return;
	}
	store16(ip + 2, bytes);
	store16(ip + 4, load16(ip + 4) + i);
	store16(ip + 10, 0);
	store16(ip + 10, inverted(checksum_add(0, ip, gso->ip_bytes), false));
}

/* CWR is for the first alone (RFC 3168 section 6.1.2), PSH and FIN for the last. */
static void patch_tcp(const struct gso *gso, uint32_t i, uint8_t *tcp)
{
	uint8_t cleared = 0;

	if (i > 0)
		cleared |= TCP_CWR;
	if (i + 1 < gso->count)
		cleared |= TCP_PSH | TCP_FIN;
	store32(tcp + 4, load32(tcp + 4) + i * gso->size);
	tcp[13] = (uint8_t)(tcp[13] & ~cleared);
}

void gso_head(const struct gso *gso, uint32_t i, uint8_t *out)
{
	const bool is_udp = gso->protocol == GSO_PROTOCOL_UDP;
	const uint32_t bytes = gso_segment_bytes(gso, i), behind_ip = bytes - gso->ip_bytes;
	uint8_t *const transport = out + gso->ip_bytes;
	uint8_t *const checksum = transport + (is_udp ? 6 : 16);

	memcpy(out, gso->packet, gso->header_bytes);
	patch_ip(gso, i, out, bytes);
	if (is_udp)
		store16(transport + 4, behind_ip);
	else
		patch_tcp(gso, i, transport);
	store16(checksum, 0);
	store16(checksum, inverted(checksum_add(checksum_pseudo(out, gso->protocol, behind_ip),
					   transport, behind_ip),
				  is_udp));
}

void gso_segment(const struct gso *gso, uint32_t i, uint8_t *out)
{
	memcpy(out + gso->header_bytes, gso->packet + gso->header_bytes + (size_t)i * gso->size,
		gso_segment_bytes(gso, i) - gso->header_bytes);
	gso_head(gso, i, out);
}
