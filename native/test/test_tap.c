/* Copies of one peer's ESP packets, out of whole engines: both directions, as sealed, and no more
 * than was asked for. Run under ThreadSanitizer too. */
#include "engines.h"

#include <pthread.h>
#include <stdatomic.h>

/* What stands before an IPv4 packet in a frame, from its kind on. */
#define HEAD (1 + 3 + 8 + 4 + 2 * 7)

static struct esp_tap everything_of(const char *ip)
{
	struct esp_tap tap = {.snap_bytes = 2000, .most_bytes = 1u << 20, .address_count = 1};

	tap.addresses[0] = address_of(4, ip, 0);
	return tap;
}

static struct esp_tap of_spi(uint32_t spi)
{
	struct esp_tap tap = {.snap_bytes = 2000, .most_bytes = 1u << 20, .spi_count = 1};

	tap.spis[0] = spi;
	return tap;
}

static void cross(struct side *from, struct side *to, size_t bytes)
{
	uint8_t got[2000];

	send_inner(from, from == &left ? "10.1.0.1" : "10.2.0.1",
		to == &left ? "10.1.0.1" : "10.2.0.1", bytes);
	CHECK_EQUAL(receive(to->device, got, sizeof(got)), bytes);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool is_told_nothing(void)
{
	uint8_t frame[200];

	return recv(left.opened.mailbox, frame, sizeof(frame), MSG_DONTWAIT) < 0;
}

/* The next copy is a whole packet of this SPI, in this direction. */
static void expect_copy(bool leaves, uint32_t spi, uint32_t sequence)
{
	uint8_t frame[2100];
	const size_t bytes = next_frame(&left, frame, sizeof(frame));

	CHECK(bytes > HEAD + 8);
	CHECK_EQUAL(frame[0], ESP_FRAME_TAPPED);
	CHECK_EQUAL(frame[1], leaves);
	CHECK_EQUAL(frame[2], ESP_ENCAP_UDP);
	CHECK_EQUAL(be32(frame + 12), bytes - HEAD);
	CHECK_EQUAL(frame[16], 4);
	CHECK_EQUAL(frame[17] << 8 | frame[18], left.opened.natt_port);
	CHECK_EQUAL(frame[24] << 8 | frame[25], right.opened.natt_port);
	CHECK_EQUAL(be32(frame + HEAD), spi);
	CHECK_EQUAL(be32(frame + HEAD + 4), sequence);
}

static void both_directions_are_copied_as_they_travel(void)
{
	const struct esp_tap tap = everything_of("127.0.0.1");

	open_both();
	connect_both(1);
	cross(&left, &right, 100);
	CHECK(is_told_nothing());
	CHECK_EQUAL(esp_tap_set(left.engine, &tap), ESP_OK);
	cross(&left, &right, 100);
	expect_copy(true, 0x20001, 2);
	cross(&right, &left, 500);
	expect_copy(false, 0x10001, 1);
	CHECK_EQUAL(counter(&left, ESP_COUNT_TAPPED), 2);
	CHECK_EQUAL(esp_tap_set(left.engine, NULL), ESP_OK);
	cross(&left, &right, 100);
	cross(&right, &left, 100);
	CHECK(is_told_nothing());
	CHECK_EQUAL(counter(&left, ESP_COUNT_TAPPED), 2);
	close_both();
}

static void a_child_is_told_from_others_by_its_spi(void)
{
	const struct esp_tap other = of_spi(0x10002), own = of_spi(0x10001);

	open_both();
	connect_both(1);
	CHECK_EQUAL(esp_tap_set(left.engine, &other), ESP_OK);
	cross(&left, &right, 100);
	cross(&right, &left, 100);
	CHECK(is_told_nothing());
	CHECK_EQUAL(esp_tap_set(left.engine, &own), ESP_OK);
	cross(&left, &right, 100);
	expect_copy(true, 0x20001, 2);
	cross(&right, &left, 100);
	expect_copy(false, 0x10001, 2);
	close_both();
}

static void a_long_packet_is_cut_and_says_how_long_it_was(void)
{
	struct esp_tap tap = of_spi(0x10001);
	uint8_t frame[2100];

	tap.snap_bytes = 64;
	open_both();
	connect_both(1);
	CHECK_EQUAL(esp_tap_set(left.engine, &tap), ESP_OK);
	cross(&right, &left, 1000);
	CHECK_EQUAL(next_frame(&left, frame, sizeof(frame)), HEAD + 64);
	CHECK(be32(frame + 12) > 1000);
	close_both();
}

static void no_more_than_was_asked_for_is_given_away(void)
{
	struct esp_tap tap = of_spi(0x10001);

	/* Each is larger than all that may be given away. */
	tap.most_bytes = 100;
	open_both();
	connect_both(1);
	CHECK_EQUAL(esp_tap_set(left.engine, &tap), ESP_OK);
	for (int i = 0; i < 10; i++)
		cross(&right, &left, 200);
	CHECK(is_told_nothing());
	CHECK_EQUAL(counter(&left, ESP_COUNT_TAP_DROPPED), 10);
	CHECK_EQUAL(counter(&left, ESP_COUNT_TAPPED), 0);
	close_both();
}

/* A reader who sleeps must not cost an IKE message its place. */
static void half_of_the_mailbox_stays_with_ike(void)
{
	static const uint8_t ike[28] = {1};
	const struct esp_tap tap = of_spi(0x10001);
	struct sockaddr_in name = {.sin_family = AF_INET};
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	open_both();
	connect_both(1);
	CHECK_EQUAL(esp_tap_set(left.engine, &tap), ESP_OK);
	for (int i = 0; i < 4000 && counter(&left, ESP_COUNT_TAP_DROPPED) == 0; i++)
		cross(&right, &left, 1400);
	CHECK(counter(&left, ESP_COUNT_TAP_DROPPED) > 0);
	name.sin_port = htons(left.opened.port);
	inet_pton(AF_INET, "127.0.0.1", &name.sin_addr);
	for (int i = 0; i < 20; i++)
		CHECK_EQUAL(sendto(fd, ike, sizeof(ike), 0, (struct sockaddr *)&name, sizeof(name)),
			sizeof(ike));
	wait_for_count(&left, ESP_COUNT_IKE_IN, 20);
	CHECK_EQUAL(counter(&left, ESP_COUNT_MAILBOX_FULL), 0);
	close(fd);
	close_both();
}

static void nonsense_is_refused(void)
{
	struct esp_tap tap = of_spi(0x10001);

	open_both();
	tap.snap_bytes = 0;
	CHECK_EQUAL(esp_tap_set(left.engine, &tap), ESP_BAD_ARGUMENT);
	tap.snap_bytes = 65536;
	CHECK_EQUAL(esp_tap_set(left.engine, &tap), ESP_BAD_ARGUMENT);
	tap = of_spi(0x10001);
	tap.spi_count = ESP_MAX_TAP_SPIS + 1;
	CHECK_EQUAL(esp_tap_set(left.engine, &tap), ESP_BAD_ARGUMENT);
	tap = everything_of("127.0.0.1");
	tap.addresses[0].family = 5;
	CHECK_EQUAL(esp_tap_set(left.engine, &tap), ESP_BAD_ARGUMENT);
	CHECK_EQUAL(esp_tap_set(NULL, &tap), ESP_BAD_ARGUMENT);
	close_both();
}

static _Atomic bool is_over;

static void *look_and_look_away(void *unused)
{
	const struct esp_tap tap = everything_of("127.0.0.1");

	(void)unused;
	while (!atomic_load(&is_over)) {
		CHECK_EQUAL(esp_tap_set(left.engine, &tap), ESP_OK);
		CHECK_EQUAL(esp_tap_set(left.engine, NULL), ESP_OK);
	}
	return NULL;
}

static void who_looks_may_change_under_traffic(void)
{
	static uint8_t sink[70000];
	pthread_t thread;

	atomic_store(&is_over, false);
	open_both();
	connect_both(1);
	CHECK(pthread_create(&thread, NULL, look_and_look_away, NULL) == 0);
	for (int i = 0; i < 500; i++) {
		cross(&left, &right, 300);
		cross(&right, &left, 300);
		while (recv(left.opened.mailbox, sink, sizeof(sink), MSG_DONTWAIT) > 0)
			;
	}
	atomic_store(&is_over, true);
	pthread_join(thread, NULL);
	close_both();
}

int main(void)
{
	RUN(both_directions_are_copied_as_they_travel);
	RUN(a_child_is_told_from_others_by_its_spi);
	RUN(a_long_packet_is_cut_and_says_how_long_it_was);
	RUN(no_more_than_was_asked_for_is_given_away);
	RUN(half_of_the_mailbox_stays_with_ike);
	RUN(nonsense_is_refused);
	RUN(who_looks_may_change_under_traffic);
	return check_summary("tap");
}
