#include "mss.h"

#include "bytes.h"
#include "checksum.h"
#include "gso.h"

#define TCP_BYTES    20u
#define SUM_AT       16u
#define OPTION_BYTES 4u

enum { OPTION_END = 0, OPTION_NONE = 1, OPTION_MSS = 2 };

static uint16_t swapped(uint16_t number)
{
	return (uint16_t)(number << 8 | number >> 8);
}

/* The value may lie across two of the words that are summed: then its bytes change places. */
static void lower(uint8_t *tcp, uint32_t at, uint16_t most)
{
	const uint16_t old = load16(tcp + at);
	const bool odd = at % 2;

	store16(tcp + at, most);
	checksum_patch(tcp + SUM_AT, odd ? swapped(old) : old, odd ? swapped(most) : most);
}

/* Whoever says it twice means the last, so all are changed. An option that does not end within the
 * header is the end of them. */
static bool lower_all(uint8_t *tcp, uint32_t header, uint16_t most)
{
	bool changed = false;

	for (uint32_t at = TCP_BYTES; at < header && tcp[at] != OPTION_END;) {
		if (tcp[at] == OPTION_NONE) {
			at++;
			continue;
		}
		const uint32_t bytes = at + 1 < header ? tcp[at + 1] : 0;

		if (bytes < 2 || bytes > header - at)
			break;
		if (tcp[at] == OPTION_MSS && bytes == OPTION_BYTES && load16(tcp + at + 2) > most) {
			lower(tcp, at + 2, most);
			changed = true;
		}
		at += bytes;
	}
	return changed;
}

bool mss_is_told(const uint8_t *packet, const struct flow *flow)
{
	return flow->protocol == IP_TCP && flow->transport != 0 &&
	       flow->bytes - flow->transport >= TCP_BYTES &&
	       (packet[flow->transport + 13] & TCP_SYN);
}

bool mss_clamp(uint8_t *packet, const struct flow *flow, uint32_t most)
{
	const uint32_t headers = (flow->version == 4 ? 20u : 40u) + TCP_BYTES;
	uint8_t *const tcp = packet + flow->transport;

	if (!mss_is_told(packet, flow) || most <= headers)
		return false;
	const uint32_t header = 4u * (tcp[12] >> 4);

	if (header > flow->bytes - flow->transport)
		return false;
	return lower_all(tcp, header, (uint16_t)(most - headers));
}
