/* How much a child may carry: told when its keys grow old, and when they are worn out. */
#include "engines.h"

#include "../src/bytes.h"

static void expect_told(const struct side *side, enum esp_frame kind)
{
	uint8_t frame[100];

	CHECK_EQUAL(next_frame(side, frame, sizeof(frame)), 5);
	CHECK_EQUAL(frame[0], kind);
}

/* Pitfall 63: the soft limit is told once, the hard one stops sending. */
static void limits_are_told_and_kept(void)
{
	struct esp_child child;

	open_both();
	child = half(&left, &right, 1);
	child.soft_packets = 5;
	child.hard_packets = 8;
	CHECK_EQUAL(install(&left, &right, &child), ESP_OK);
	for (int i = 0; i < 12; i++)
		send_inner(&left, "10.1.0.1", "10.2.0.1", 60);
	wait_for_count(&left, ESP_COUNT_SEQUENCE_EXHAUSTED, 4);
	wait_for_count(&left, ESP_COUNT_TX_PACKETS, 8);
	expect_told(&left, ESP_FRAME_SOFT_LIMIT);
	expect_told(&left, ESP_FRAME_HARD_LIMIT);
	wait_for_count(&right, ESP_COUNT_UNKNOWN_SPI, 8);
	close_both();
}

/* Who only receives a lot has old keys as well. */
static void bytes_are_limited_in_either_direction(void)
{
	struct esp_child l, r;

	open_both();
	l = half(&left, &right, 1);
	r = half(&right, &left, 1);
	l.soft_bytes = 400;
	l.hard_bytes = 1000;
	r.soft_bytes = 700;
	CHECK_EQUAL(install(&left, &right, &l), ESP_OK);
	CHECK_EQUAL(install(&right, &left, &r), ESP_OK);
	for (uint64_t i = 1; i <= 12; i++) {
		send_inner(&left, "10.1.0.1", "10.2.0.1", 100);
		wait_for_count(i <= 10 ? &right : &left,
			i <= 10 ? ESP_COUNT_RX_PACKETS : ESP_COUNT_SEQUENCE_EXHAUSTED,
			i <= 10 ? i : i - 10);
	}
	CHECK_EQUAL(counter(&left, ESP_COUNT_TX_PACKETS), 10);
	expect_told(&left, ESP_FRAME_SOFT_LIMIT);
	expect_told(&left, ESP_FRAME_HARD_LIMIT);
	expect_told(&right, ESP_FRAME_SOFT_LIMIT);
	close_both();
}

/* A packet of the left one's keys: a payload of zeros with this next header. */
static void send_sealed(uint32_t number, uint8_t next_header, uint32_t payload_bytes)
{
	const struct esp_child child = half(&left, &right, 1);
	const struct esp_direction *const out = &child.outbound;
	const struct outer_socket *const from =
		outer_find(&left.engine->udp, &child.path.local, ESP_ENCAP_UDP);
	uint8_t packet[500] = {0}, nonce[12] = {0}, *const text = packet + 16;
	struct esp_keys keys;

	CHECK(esp_keys_init(&keys, aead_pick(child.cipher, child.integrity, 0), child.esn, out));
	store32(packet, out->spi);
	store32(packet + 4, number);
	store32(packet + 12, number);
	memcpy(nonce, keys.salt, 4);
	memcpy(nonce + 4, packet + 8, 8);
	text[payload_bytes + 1] = next_header;
	keys.aead->seal(
		&keys.key, nonce, packet, 8, text, payload_bytes + 2, text + payload_bytes + 2);
	CHECK(udp_send_ike(from, &child.path, packet, 16 + payload_bytes + 2 + 16, false));
}

/*
 * The keys wear out by all that they open. Dummy packets, and those that are not for addresses of
 * the child, were counted nowhere: a peer could send any number of them with keys that had long
 * been old.
 */
static void whatever_the_keys_open_counts(void)
{
	struct esp_child l, r;
	struct esp_stats stats;

	open_both();
	l = half(&left, &right, 1);
	r = half(&right, &left, 1);
	r.soft_packets = 3;
	r.hard_bytes = 400;
	CHECK_EQUAL(install(&left, &right, &l), ESP_OK);
	CHECK_EQUAL(install(&right, &left, &r), ESP_OK);
	/* Nothing at all inside, a TCP segment, and a packet for nobody. */
	send_sealed(1, 59, 98);
	wait_for_count(&right, ESP_COUNT_DUMMY, 1);
	send_sealed(2, 6, 98);
	wait_for_count(&right, ESP_COUNT_BAD_NEXT_HEADER, 1);
	send_sealed(3, 4, 98);
	wait_for_count(&right, ESP_COUNT_BAD_INNER, 1);
	expect_told(&right, ESP_FRAME_SOFT_LIMIT);
	send_sealed(4, 59, 110);
	wait_for_count(&right, ESP_COUNT_DUMMY, 2);
	/* Now they are worn out. */
	send_sealed(5, 59, 98);
	wait_for_count(&right, ESP_COUNT_SEQUENCE_EXHAUSTED, 1);
	expect_told(&right, ESP_FRAME_HARD_LIMIT);
	CHECK_EQUAL(esp_stats(right.engine, 1, &stats), ESP_OK);
	CHECK_EQUAL(stats.rx_packets, 0);
	close_both();
}

int main(void)
{
	RUN(limits_are_told_and_kept);
	RUN(bytes_are_limited_in_either_direction);
	RUN(whatever_the_keys_open_counts);
	return check_summary("limit");
}
