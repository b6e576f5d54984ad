/* Packets of a few flows, told by few bytes of an input: honest, or bent. */
#ifndef FLOWS_H
#define FLOWS_H

#include "fuzz.h"

#include "../test/check_packet.h"

/* What each flow of an input has got to. */
struct flows {
	struct recipe next[8];
};

static inline void flows_begin(struct flows *flows)
{
	for (uint8_t i = 0; i < 8; i++) {
		flows->next[i] = plain_recipe(i & 1 ? 6 : 4, i & 2 ? 17 : 6);
		flows->next[i].port = (uint16_t)(5000 + i / 4);
		flows->next[i].option_bytes = 0;
		flows->next[i].payload_bytes = 100;
	}
}

/* One byte says which field, the next ones what becomes of it. */
static inline void bend_recipe(struct recipe *r, struct input *in)
{
	const uint8_t what = take_byte(in);

	switch (what % 12) {
	case 0:
		r->flags = take_byte(in);
		break;
	case 1:
		r->payload_bytes = (uint32_t)take_number(in, 2) % 1500;
		break;
	case 2:
		r->sequence += take_byte(in);
		break;
	case 3:
		r->id = (uint16_t)(r->id + take_byte(in));
		break;
	case 4:
		r->dont_fragment = what & 16;
		break;
	case 5:
		r->option_bytes = 4u * (take_byte(in) % 11);
		break;
	case 6:
		r->option = take_byte(in);
		break;
	case 7:
		r->tos = take_byte(in);
		break;
	case 8:
		r->ttl = take_byte(in);
		break;
	case 9:
		r->window = take_byte(in);
		break;
	case 10:
		r->acknowledged = take_byte(in);
		break;
	default:
		r->host = take_byte(in) % 3;
		break;
	}
	if (r->protocol == 17)
		r->option_bytes = 0;
}

/* The next packet of a flow of the input's choice; returns its length, `out` has room for 2,000
 * bytes. */
static inline uint32_t next_packet(struct flows *flows, struct input *in, uint8_t *out)
{
	const uint8_t how = take_byte(in);
	struct recipe *const r = &flows->next[how & 7];
	const struct recipe before = *r;

	for (unsigned i = how >> 3 & 3; i > 0; i--)
		bend_recipe(r, in);
	const uint32_t bytes = make_packet(r, out);
	const uint32_t payload = r->payload_bytes, sequence = r->sequence;

	/* Only this one was different, or all from here on. */
	if (how & 32)
		*r = before;
	r->sequence = sequence + payload;
	r->id++;
	/* Bytes of the packet itself, with checksums that are right or not. */
	if (how & 64) {
		for (unsigned i = 1 + take_byte(in) % 3; i > 0; i--)
			out[take_byte(in) % (bytes < 80 ? bytes : 80)] = take_byte(in);
		if (how & 128 && ip_header_of(out) == ip_header_of(out) &&
			out[0] >> 4 == before.version && ip_header_of(out) + 20 <= bytes)
			write_checksums(out, bytes);
	}
	return bytes;
}

#endif
