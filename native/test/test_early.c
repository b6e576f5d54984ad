/*
 * Packets that come before their child is installed: a peer sent on the new tunnel as soon as it
 * had answered, and what came before JavaScript had read that answer found no SA and was lost, one
 * to three pings at each reauthentication. Run under ThreadSanitizer too.
 */
#include "engines.h"

#include "../src/early.h"

static void order(const struct side *side, enum esp_frame kind, uint32_t spi)
{
	const uint8_t frame[9] = {0, 0, 0, 5, (uint8_t)kind, (uint8_t)(spi >> 24),
		(uint8_t)(spi >> 16), (uint8_t)(spi >> 8), (uint8_t)spi};

	CHECK_EQUAL(send(side->opened.mailbox, frame, sizeof(frame), 0), sizeof(frame));
}

/* An order has been obeyed when an IKE message that was written behind it has left. */
static void expect_on_left(uint32_t spi)
{
	const uint8_t message[5 + 14 + 4] = {0, 0, 0, 19, ESP_FRAME_DATAGRAM, 4,
		(uint8_t)(left.opened.port >> 8), (uint8_t)left.opened.port, 127, 0, 0, 1, 4, 0, 9,
		127, 0, 0, 1, 1, 2, 3, 4};
	const uint64_t sent = counter(&left, ESP_COUNT_IKE_OUT);

	order(&left, ESP_FRAME_EXPECT, spi);
	CHECK_EQUAL(send(left.opened.mailbox, message, sizeof(message), 0), sizeof(message));
	wait_for_count(&left, ESP_COUNT_IKE_OUT, sent + 1);
}

/* The right side has the tunnel, and sends on it; the left one knows the SPI alone. */
static struct esp_child half_open(void)
{
	struct esp_child l, r;

	open_both();
	l = half(&left, &right, 1);
	r = half(&right, &left, 1);
	CHECK_EQUAL(install(&right, &left, &r), ESP_OK);
	return l;
}

static void what_comes_early_waits_for_its_child(void)
{
	uint8_t got[2000], expected[2000];
	const struct esp_child child = half_open();

	expect_on_left(child.inbound.spi);
	for (size_t i = 0; i < 3; i++)
		send_inner(&right, "10.2.0.1", "10.1.0.1", 100 + i);
	wait_for_count(&left, ESP_COUNT_EARLY, 3);
	/* Told once: the answer to our request may be lost. */
	CHECK_EQUAL(next_frame(&left, got, sizeof(got)), 5);
	CHECK_EQUAL(got[0], ESP_FRAME_EARLY);
	CHECK_EQUAL(
		(uint32_t)got[1] << 24 | (uint32_t)got[2] << 16 | (uint32_t)got[3] << 8 | got[4],
		child.inbound.spi);
	CHECK(recv(left.opened.mailbox, got, sizeof(got), MSG_DONTWAIT) < 0);
	CHECK_EQUAL(install(&left, &right, &child), ESP_OK);
	order(&left, ESP_FRAME_SETTLE, child.inbound.spi);
	for (size_t i = 0; i < 3; i++) {
		CHECK_EQUAL(receive(left.device, got, sizeof(got)), 100 + i);
		udp4(expected, "10.2.0.1", "10.1.0.1", 100 + i);
		CHECK(memcmp(got, expected, 100 + i) == 0);
	}
	wait_for_count(&left, ESP_COUNT_RX_PACKETS, 3);
	CHECK_EQUAL(counter(&left, ESP_COUNT_UNKNOWN_SPI), 0);
	/* From here on it is like any other, and so is its replay window. */
	send_inner(&right, "10.2.0.1", "10.1.0.1", 60);
	CHECK_EQUAL(receive(left.device, got, sizeof(got)), 60);
	CHECK_EQUAL(counter(&left, ESP_COUNT_REPLAY), 0);
	close_both();
}

static void nothing_is_kept_for_an_spi_that_nobody_expects(void)
{
	const struct esp_child child = half_open();

	expect_on_left(child.inbound.spi + 1);
	send_inner(&right, "10.2.0.1", "10.1.0.1", 100);
	wait_for_count(&left, ESP_COUNT_UNKNOWN_SPI, 1);
	CHECK_EQUAL(counter(&left, ESP_COUNT_EARLY), 0);
	close_both();
}

/* What waits when the engine goes is freed with it: AddressSanitizer would tell. */
static void what_waits_in_vain_goes_with_the_engine(void)
{
	const struct esp_child child = half_open();

	expect_on_left(child.inbound.spi);
	send_inner(&right, "10.2.0.1", "10.1.0.1", 100);
	wait_for_count(&left, ESP_COUNT_EARLY, 1);
	close_both();
}

static struct early early;
static uint8_t bytes[EARLY_PACKET_BYTES + 1];
static uint32_t taken, last_bytes;

static void take(void *context, struct datagram *datagram, uint32_t spi)
{
	CHECK(context == &early);
	CHECK_EQUAL(spi, 700);
	CHECK(datagram->packet.bytes > last_bytes);
	last_bytes = datagram->packet.bytes;
	taken++;
}

static enum early_verdict keep(uint32_t count, uint32_t spi)
{
	const struct datagram datagram = {.packet = {.data = bytes, .bytes = count}};

	return early_keep(&early, &datagram, spi);
}

static void there_is_a_limit_to_all_of_it(void)
{
	CHECK(!keep(1, 0));
	early_expect(&early, 0);
	CHECK(!keep(1, 0));
	early_expect(&early, 700);
	early_expect(&early, 700);
	CHECK_EQUAL(keep(EARLY_PACKET_BYTES, 700), EARLY_FIRST);
	CHECK(!keep(EARLY_PACKET_BYTES + 1, 700));
	/* Of more than there is room for, the last ones, in their order. */
	for (uint32_t i = 1; i <= EARLY_PACKETS + 44; i++)
		CHECK_EQUAL(keep(i, 700), EARLY_ANOTHER);
	early_release(&early, 700, take, &early);
	CHECK_EQUAL(taken, EARLY_PACKETS);
	CHECK_EQUAL(last_bytes, EARLY_PACKETS + 44);
	CHECK(!keep(1, 700));
	early_release(&early, 700, take, &early);
	CHECK_EQUAL(taken, EARLY_PACKETS);
	/* Of more SPIs, the last ones; what was kept for another is gone. */
	early_expect(&early, 700);
	CHECK(keep(1, 700));
	for (uint32_t spi = 1000; spi < 1000 + EARLY_SPIS; spi++)
		early_expect(&early, spi);
	early_release(&early, 700, take, &early);
	CHECK_EQUAL(taken, EARLY_PACKETS);
	CHECK(!keep(1, 700));
	CHECK(keep(1, 1000));
	early_close(&early);
}

int main(void)
{
	RUN(there_is_a_limit_to_all_of_it);
	RUN(what_comes_early_waits_for_its_child);
	RUN(nothing_is_kept_for_an_spi_that_nobody_expects);
	RUN(what_waits_in_vain_goes_with_the_engine);
	return check_summary("early");
}
