/*
 * Super-packets: the TUN device hands over up to 64 KiB of a TCP or UDP flow with one header, and
 * takes the same back. gso.c cuts, join.c joins. Pure: bytes in, bytes out.
 *
 *   super-packet   IP | TCP | payload, many times the MTU         gso_header says how it is cut
 *   segments       IP | TCP | payload₀    IP | TCP | payload₁ …   each whole and with its checksums
 */
#ifndef GSO_H
#define GSO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stands before every packet of a TUN device with IFF_VNET_HDR (struct virtio_net_hdr), in the
 * processor's order. */
struct gso_header {
	uint8_t flags;
	uint8_t type;
	uint16_t header_bytes;
	/* Payload of each segment; of the last, at most. */
	uint16_t size;
	/* Of the transport header, and of the checksum in it. */
	uint16_t checksum_start;
	uint16_t checksum_offset;
};

_Static_assert(sizeof(struct gso_header) == 10, "as the kernel has it");

enum {
	/* The checksum is only begun: it holds the sum of the pseudo-header. */
	GSO_NEEDS_CHECKSUM = 1,

	GSO_NONE = 0,
	GSO_TCP4 = 1,
	GSO_TCP6 = 4,
	GSO_UDP = 5,
	/* Beside the others: CWR is set. */
	GSO_ECN = 0x80,
};

enum { GSO_PROTOCOL_TCP = 6, GSO_PROTOCOL_UDP = 17 };
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_PSH = 8, TCP_ACK = 16, TCP_ECE = 64, TCP_CWR = 128 };

/* A super-packet about to be cut. */
struct gso {
	const uint8_t *packet;
	/* Of IP; of IP and transport together. */
	uint32_t ip_bytes, header_bytes;
	uint32_t payload_bytes, size;
	/* How many segments. */
	uint32_t count;
	uint8_t protocol;
};

/* Whether this is a super-packet that can be cut; `packet` must stay until it is. */
bool gso_begin(
	struct gso *gso, const struct gso_header *header, const uint8_t *packet, uint32_t bytes);

/*
 * Has each segment be `most` bytes long at the most. Only of TCP, whose segments are a stream's; a
 * datagram of UDP stays what it is.
 */
void gso_narrow(struct gso *gso, uint32_t most);

/* How long segment i < count is. */
static inline uint32_t gso_segment_bytes(const struct gso *gso, uint32_t i)
{
	const uint32_t rest = gso->payload_bytes - i * gso->size;

	return gso->header_bytes + (rest < gso->size ? rest : gso->size);
}

/* Writes segment i to `out`, gso_segment_bytes() long. */
void gso_segment(const struct gso *gso, uint32_t i, uint8_t *out);
/* The same where its payload is in its place already, behind where the headers will be. */
void gso_head(const struct gso *gso, uint32_t i, uint8_t *out);

/* Completes the checksum of a packet that is to stay whole; false: the header lies. */
bool gso_finish_checksum(const struct gso_header *header, uint8_t *packet, uint32_t bytes);

#endif
