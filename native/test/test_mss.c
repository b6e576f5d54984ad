/* The segment size that both ends of a connection say: lowered where it must be, and nothing else.
 */
#include "check_packet.h"

#include "../src/mss.h"

static uint8_t packet[200], before[200];
static struct flow flow;

/* A SYN with these options; returns its length. */
static uint32_t syn(uint8_t version, uint8_t flags, const uint8_t *options, uint32_t count)
{
	struct recipe r = plain_recipe(version, 6);

	r.flags = flags;
	r.option_bytes = count;
	r.payload_bytes = 0;
	const uint32_t bytes = make_packet(&r, packet);

	memcpy(packet + bytes - count, options, count);
	write_checksums(packet, bytes);
	memcpy(before, packet, bytes);
	CHECK(ip_parse(packet, bytes, &flow));
	return bytes;
}

static void lowers_what_does_not_fit(void)
{
	static const uint8_t first[] = {2, 4, 0x05, 0xb4, 1, 3, 3, 7};
	static const uint8_t odd[] = {1, 2, 4, 0x05, 0xb4, 3, 3, 7};
	static const uint8_t twice[] = {2, 4, 0x05, 0xb4, 2, 4, 0x23, 0x01};
	static const struct {
		const uint8_t *options;
		uint32_t at, again;
	} cases[] = {{first, 2, 0}, {odd, 3, 0}, {twice, 2, 6}};

	for (uint8_t version = 4; version <= 6; version += 2) {
		const uint32_t headers = version == 4 ? 40 : 60;

		for (uint32_t i = 0; i < 3; i++) {
			for (uint8_t ack = 0; ack <= 16; ack += 16) {
				const uint32_t bytes = syn(version, 2 | ack, cases[i].options, 8);
				uint8_t *const options = packet + headers;

				CHECK(mss_clamp(packet, &flow, 1000));
				CHECK_EQUAL(get_number(options + cases[i].at, 2), 1000 - headers);
				if (cases[i].again)
					CHECK_EQUAL(get_number(options + cases[i].again, 2),
						1000 - headers);
				CHECK(is_whole(packet, bytes));
				/* Nothing else has changed. */
				put_number(options + cases[i].at,
					get_number(before + headers + cases[i].at, 2), 2);
				put_number(packet + headers - 4,
					get_number(before + headers - 4, 2), 2);
				if (!cases[i].again)
					CHECK(memcmp(packet, before, bytes) == 0);
			}
		}
	}
}

static void leaves_alone_what_fits_or_is_no_syn(void)
{
	static const uint8_t options[] = {2, 4, 0x03, 0xc0, 1, 1, 1, 0};
	uint32_t bytes = syn(4, 2, options, 8);

	CHECK(!mss_clamp(packet, &flow, 1000));
	CHECK(mss_clamp(packet, &flow, 999));
	bytes = syn(4, 16, options, 8);
	CHECK(!mss_clamp(packet, &flow, 600));
	CHECK(memcmp(packet, before, bytes) == 0);
	bytes = syn(4, 2, options, 0);
	CHECK(!mss_clamp(packet, &flow, 600));
	/* No room for any payload: there is nothing sensible to say. */
	syn(4, 2, options, 8);
	CHECK(!mss_clamp(packet, &flow, 40));
	/* A later fragment only looks like a SYN. */
	bytes = syn(4, 2, options, 8);
	packet[7] = 1;
	CHECK(ip_parse(packet, bytes, &flow));
	CHECK(!mss_clamp(packet, &flow, 600));
}

/* Behind extension headers it is found as well. */
static void finds_tcp_behind_extension_headers(void)
{
	static const uint8_t options[] = {2, 4, 0x05, 0xb4};
	const uint32_t bytes = syn(6, 2, options, 4);

	memmove(packet + 48, packet + 40, bytes - 40);
	memset(packet + 40, 0, 8);
	packet[40] = 6;
	packet[6] = 60;
	put_number(packet + 4, bytes - 40 + 8, 2);
	CHECK(ip_parse(packet, bytes + 8, &flow));
	CHECK(mss_clamp(packet, &flow, 1280));
	CHECK_EQUAL(get_number(packet + 48 + 22, 2), 1220);
}

/* Whatever the options are: nothing outside the header is touched, and a sum that was right is. */
static void malformed_options_are_safe(void)
{
	uint64_t state = 21;

	for (int i = 0; i < 20000; i++) {
		uint8_t options[40];
		const uint32_t count = 4 * (uint32_t)(check_random(&state) % 11);

		for (uint32_t k = 0; k < count; k++)
			options[k] = (uint8_t)((check_random(&state) >> 16) %
					       (check_random(&state) % 3 ? 8 : 255));
		const uint8_t version = check_random(&state) % 2 ? 4 : 6;
		const uint32_t bytes = syn(version, 2, options, count);

		memset(packet + bytes, 0xee, 8);
		mss_clamp(packet, &flow, 700);
		CHECK(is_whole(packet, bytes));
		CHECK(packet[bytes] == 0xee && packet[bytes + 3] == 0xee);
		CHECK(memcmp(packet, before, bytes - count - 4) == 0);
	}
}

/* The header length may lie in both directions. */
static void a_header_that_lies_is_left_alone(void)
{
	static const uint8_t options[] = {2, 4, 0x05, 0xb4};

	for (uint32_t words = 0; words < 16; words++) {
		const uint32_t bytes = syn(4, 2, options, 4);

		packet[32] = (uint8_t)(words << 4);
		memset(packet + bytes, 2, 40);
		CHECK_EQUAL(mss_clamp(packet, &flow, 700), words == 6);
		CHECK(packet[bytes] == 2 && packet[bytes + 2] == 2);
	}
}

int main(void)
{
	RUN(lowers_what_does_not_fit);
	RUN(leaves_alone_what_fits_or_is_no_syn);
	RUN(finds_tcp_behind_extension_headers);
	RUN(malformed_options_are_safe);
	RUN(a_header_that_lies_is_left_alone);
	return check_summary("mss");
}
