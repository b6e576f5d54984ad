#include "fragment.h"

#include <string.h>

#include "bytes.h"
#include "checksum.h"

#define IPV4_BYTES  20u
#define DONT        0x4000u
#define MORE        0x2000u
#define OFFSET      0x1fffu
#define UNIT        8u
#define LONGEST     65535u
#define COPIED_FLAG 0x80u

enum { OPTION_END = 0, OPTION_NONE = 1 };

bool fragment_begin(
	struct fragments *fragments, const uint8_t *packet, const struct flow *flow, uint32_t most)
{
	if (flow->version != 4 || (load16(packet + 6) & DONT))
		return false;
	const uint32_t header = 4u * (packet[0] & 15u), payload = flow->bytes - header;

	if (most < header + UNIT || (load16(packet + 6) & OFFSET) * UNIT + payload > LONGEST)
		return false;
	*fragments = (struct fragments){
		.packet = packet,
		.header_bytes = header,
		.payload_bytes = payload,
		.each = (most - header) / UNIT * UNIT,
	};
	fragments->count = (payload + fragments->each - 1) / fragments->each;
	return true;
}

static uint32_t payload_of(const struct fragments *fragments, uint32_t i)
{
	const uint32_t rest = fragments->payload_bytes - i * fragments->each;

	return rest < fragments->each ? rest : fragments->each;
}

uint32_t fragment_bytes(const struct fragments *fragments, uint32_t i)
{
	return fragments->header_bytes + payload_of(fragments, i);
}

/* Options without the flag stand in the first piece alone: elsewhere they say nothing, in as many
 * bytes. */
static void blank_options(uint8_t *ip, uint32_t header)
{
	for (uint32_t at = IPV4_BYTES; at < header && ip[at] != OPTION_END;) {
		const uint32_t bytes = ip[at] == OPTION_NONE ? 1 : at + 1 < header ? ip[at + 1] : 0;

		if (bytes == 0 || bytes > header - at)
			break;
		if (!(ip[at] & COPIED_FLAG))
			memset(ip + at, OPTION_NONE, bytes);
		at += bytes;
	}
}

void fragment_write(const struct fragments *fragments, uint32_t i, uint8_t *out)
{
	const uint32_t header = fragments->header_bytes, payload = payload_of(fragments, i);
	const uint32_t before = i * fragments->each, field = load16(fragments->packet + 6);
	const bool more = i + 1 < fragments->count || (field & MORE);

	memcpy(out, fragments->packet, header);
	memcpy(out + header, fragments->packet + header + before, payload);
	if (i > 0)
		blank_options(out, header);
	store16(out + 2, header + payload);
	store16(out + 6, (more ? MORE : 0) | ((field & OFFSET) + before / UNIT));
	store16(out + 10, 0);
	store16(out + 10, (uint16_t)~checksum_fold(checksum_add(0, out, header)));
}
