/* Frames over the socketpair: whole, split, too many, too long. */
#include "check.h"
#include "packets.h"

#include <sys/socket.h>
#include <unistd.h>

#include "../src/mailbox.h"

static struct mailbox mailbox;
static int theirs;
static unsigned taken, refused;
static enum esp_frame early_kind;
static uint8_t admitted[8];
static uint32_t early_spi;
static uint8_t last[70000];
static size_t last_bytes;
static struct esp_path last_path;

static void take(void *context, const struct esp_path *path, const uint8_t *bytes, size_t count)
{
	CHECK(context == &mailbox);
	if (!bytes) {
		refused++;
		return;
	}
	taken++;
	last_path = *path;
	last_bytes = count;
	memcpy(last, bytes, count);
}

static void note_early(void *context, enum esp_frame kind, uint32_t spi)
{
	CHECK(context == &mailbox);
	early_kind = kind;
	early_spi = spi;
}

static void note_admitted(void *context, const uint8_t *ike_spi)
{
	CHECK(context == &mailbox);
	memcpy(admitted, ike_spi, sizeof(admitted));
}

static const struct mailbox_orders orders = {take, note_early, note_admitted, &mailbox};

static void open_new(void)
{
	taken = refused = 0;
	CHECK_EQUAL(mailbox_open(&mailbox, &theirs), ESP_OK);
}

static void close_both(void)
{
	mailbox_close(&mailbox);
	close(theirs);
}

/* A DATAGRAM frame from 10.0.0.1:4500 to 10.0.0.2:1234 with `count` bytes of 7. */
static size_t frame(uint8_t *out, size_t count)
{
	const uint8_t addresses[14] = {
		4, 4500 >> 8, 4500 & 255, 10, 0, 0, 1, 4, 1234 >> 8, 1234 & 255, 10, 0, 0, 2};

	put16(out, (unsigned)((15 + count) >> 16));
	put16(out + 2, (unsigned)((15 + count) & 0xffff));
	out[4] = ESP_FRAME_DATAGRAM;
	memcpy(out + 5, addresses, 14);
	memset(out + 19, 7, count);
	return 19 + count;
}

static void takes_frames_however_they_are_cut(void)
{
	static uint8_t bytes[3000];
	size_t count = frame(bytes, 100);

	count += frame(bytes + count, 0);
	count += frame(bytes + count, 1000);
	for (size_t step = 1; step < count; step += step < 40 ? 1 : 111) {
		open_new();
		for (size_t at = 0; at < count; at += step) {
			const size_t n = count - at < step ? count - at : step;

			CHECK_EQUAL(send(theirs, bytes + at, n, 0), n);
			CHECK(mailbox_receive(&mailbox, &orders));
		}
		CHECK_EQUAL(taken, 3);
		CHECK_EQUAL(last_bytes, 1000);
		CHECK_EQUAL(last_path.local.port, 4500);
		CHECK_EQUAL(last_path.remote.port, 1234);
		CHECK_EQUAL(last_path.remote.ip[3], 2);
		close_both();
	}
}

static void an_spi_is_expected_and_settled(void)
{
	uint8_t bytes[9] = {0, 0, 0, 5, ESP_FRAME_EXPECT, 0xc0, 1, 2, 3};

	open_new();
	send(theirs, bytes, sizeof(bytes), 0);
	CHECK(mailbox_receive(&mailbox, &orders));
	CHECK(early_kind == ESP_FRAME_EXPECT);
	CHECK_EQUAL(early_spi, 0xc0010203);
	bytes[4] = ESP_FRAME_SETTLE;
	send(theirs, bytes, sizeof(bytes), 0);
	CHECK(mailbox_receive(&mailbox, &orders));
	CHECK(early_kind == ESP_FRAME_SETTLE);
	bytes[3] = 4; /* ends inside the SPI */
	send(theirs, bytes, 8, 0);
	CHECK(mailbox_receive(&mailbox, &orders));
	CHECK_EQUAL(refused, 1);
	CHECK_EQUAL(taken, 0);
	close_both();
}

static void an_ike_spi_is_admitted(void)
{
	static const uint8_t bytes[13] = {0, 0, 0, 9, ESP_FRAME_ADMIT, 1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t shorter[12] = {0, 0, 0, 8, ESP_FRAME_ADMIT, 9, 9, 9, 9, 9, 9, 9};

	open_new();
	send(theirs, bytes, sizeof(bytes), 0);
	send(theirs, shorter, sizeof(shorter), 0);
	CHECK(mailbox_receive(&mailbox, &orders));
	CHECK(memcmp(admitted, bytes + 5, 8) == 0);
	CHECK_EQUAL(refused, 1);
	close_both();
}

static void a_frame_that_does_not_parse_is_skipped(void)
{
	static uint8_t bytes[200];
	const size_t count = frame(bytes, 20);

	open_new();
	bytes[5] = 5; /* no family */
	send(theirs, bytes, count, 0);
	frame(bytes, 20);
	bytes[4] = 99; /* no kind */
	send(theirs, bytes, count, 0);
	frame(bytes, 20);
	bytes[3] = 10; /* ends inside an address */
	send(theirs, bytes, 14, 0);
	memset(bytes, 0, 4); /* empty */
	send(theirs, bytes, 4, 0);
	frame(bytes, 20);
	send(theirs, bytes, count, 0);
	CHECK(mailbox_receive(&mailbox, &orders));
	CHECK_EQUAL(refused, 4);
	CHECK_EQUAL(taken, 1);
	close_both();
}

static void an_impossible_length_ends_it(void)
{
	const uint8_t bytes[4] = {0, 2, 0, 0};

	open_new();
	send(theirs, bytes, sizeof(bytes), 0);
	CHECK(!mailbox_receive(&mailbox, &orders));
	close_both();
	open_new();
	close(theirs);
	CHECK(!mailbox_receive(&mailbox, &orders));
	mailbox_close(&mailbox);
}

static size_t drain(uint8_t *out, size_t room)
{
	size_t count = 0;

	for (;;) {
		const ssize_t got = recv(theirs, out + count, room - count, MSG_DONTWAIT);

		if (got <= 0)
			return count;
		count += (size_t)got;
		mailbox_flush(&mailbox);
	}
}

/* A slow reader costs IKE messages, never a wait; events still find room. */
static void refuses_messages_when_nobody_reads(void)
{
	static uint8_t message[1000], out[2 * 1024 * 1024];
	const struct esp_path path = {address_of(6, "fd00::1", 4500), address_of(6, "fd00::2", 9)};
	unsigned accepted = 0;

	open_new();
	while (mailbox_datagram(&mailbox, &path, message, sizeof(message), DOOR_KNOWN))
		accepted++;
	CHECK(accepted > 400 && accepted < 2000);
	for (int i = 0; i < 100; i++) {
		CHECK(mailbox_child(&mailbox, ESP_FRAME_SOFT_LIMIT, 77));
		CHECK(mailbox_moved(&mailbox, 77, &path));
	}
	CHECK(mailbox_failed(&mailbox, "why"));
	const size_t count = drain(out, sizeof(out));

	CHECK_EQUAL(count, accepted * (5 + 2 * 19 + 1000) + 100 * 9 + 100 * (9 + 38) + 5 + 3);
	CHECK(memcmp(out + count - 3, "why", 3) == 0);
	CHECK(mailbox_datagram(&mailbox, &path, message, sizeof(message), DOOR_KNOWN));
	close_both();
}

int main(void)
{
	RUN(takes_frames_however_they_are_cut);
	RUN(an_spi_is_expected_and_settled);
	RUN(an_ike_spi_is_admitted);
	RUN(a_frame_that_does_not_parse_is_skipped);
	RUN(an_impossible_length_ends_it);
	RUN(refuses_messages_when_nobody_reads);
	return check_summary("mailbox");
}
