/* Traps in whole engines: the first packet is told and kept, and leaves when there is a child. Run
 * under ThreadSanitizer too. */
#include "engines.h"

#include <pthread.h>
#include <stdatomic.h>

/* For 10.1.0.0/24 to 10.2.0.0/24, on the left. */
static int set_trap(uint32_t ref)
{
	const struct esp_selector selectors[2] = {
		range_of(4, "10.1.0.0", "10.1.0.255"), range_of(4, "10.2.0.0", "10.2.0.255")};
	const struct esp_trap trap = {.ref = ref, .local_count = 1, .remote_count = 1};

	return esp_trap_set(left.engine, &trap, selectors);
}

static void expect_told(uint32_t ref)
{
	/* UDP from 10.1.0.1:1000 to 10.2.0.1:2000. */
	const uint8_t expected[] = {ESP_FRAME_TRAPPED, 0, 0, 0, (uint8_t)ref, 17, 1, 4, 1000 >> 8,
		1000 & 255, 10, 1, 0, 1, 4, 2000 >> 8, 2000 & 255, 10, 2, 0, 1};
	uint8_t frame[200];

	CHECK_EQUAL(next_frame(&left, frame, sizeof(frame)), sizeof(expected));
	CHECK(memcmp(frame, expected, sizeof(expected)) == 0);
}

static bool is_told_nothing(void)
{
	uint8_t frame[200];

	return recv(left.opened.mailbox, frame, sizeof(frame), MSG_DONTWAIT) < 0;
}

static void the_first_packets_wait_for_the_tunnel(void)
{
	uint8_t got[2000], expected[2000];

	open_both();
	CHECK_EQUAL(set_trap(9), ESP_OK);
	CHECK_EQUAL(set_trap(9), ESP_TRAP_EXISTS);
	for (size_t i = 0; i < 3; i++)
		send_inner(&left, "10.1.0.1", "10.2.0.1", 100 + i);
	wait_for_count(&left, ESP_COUNT_TRAPPED, 3);
	expect_told(9);
	CHECK(is_told_nothing());
	connect_both(1);
	CHECK_EQUAL(esp_trap_release(left.engine, 9), ESP_OK);
	for (size_t i = 0; i < 3; i++) {
		CHECK_EQUAL(receive(right.device, got, sizeof(got)), 100 + i);
		udp4(expected, "10.1.0.1", "10.2.0.1", 100 + i);
		CHECK(memcmp(got, expected, 100 + i) == 0);
	}
	wait_for_count(&left, ESP_COUNT_TX_PACKETS, 3);
	/* With the child the trap has nothing to say; without it, it has. */
	send_inner(&left, "10.1.0.1", "10.2.0.1", 60);
	CHECK_EQUAL(receive(right.device, got, sizeof(got)), 60);
	CHECK(is_told_nothing());
	CHECK_EQUAL(esp_remove(left.engine, 1), ESP_OK);
	send_inner(&left, "10.1.0.1", "10.2.0.1", 60);
	expect_told(9);
	CHECK_EQUAL(counter(&left, ESP_COUNT_NO_SA), 0);
	CHECK_EQUAL(counter(&left, ESP_COUNT_TRAP_DROPPED), 0);
	close_both();
}

static void what_a_trap_holds_is_bounded_and_counted(void)
{
	open_both();
	CHECK_EQUAL(set_trap(9), ESP_OK);
	for (int i = 0; i < 10; i++)
		send_inner(&left, "10.1.0.1", "10.2.0.1", 100);
	wait_for_count(&left, ESP_COUNT_TRAP_DROPPED, 10 - TRAP_PACKETS);
	CHECK_EQUAL(counter(&left, ESP_COUNT_TRAPPED), TRAP_PACKETS);
	expect_told(9);
	/* Released in vain: dropped, and the next packet is told again. */
	CHECK_EQUAL(esp_trap_release(left.engine, 9), ESP_OK);
	CHECK_EQUAL(counter(&left, ESP_COUNT_TRAP_DROPPED), 10);
	send_inner(&left, "10.1.0.1", "10.2.0.1", 100);
	expect_told(9);
	wait_for_count(&left, ESP_COUNT_TRAPPED, TRAP_PACKETS + 1);
	CHECK_EQUAL(esp_trap_remove(left.engine, 9), ESP_OK);
	CHECK_EQUAL(counter(&left, ESP_COUNT_TRAP_DROPPED), 11);
	CHECK_EQUAL(esp_trap_remove(left.engine, 9), ESP_NO_TRAP);
	CHECK_EQUAL(esp_trap_release(left.engine, 9), ESP_NO_TRAP);
	send_inner(&left, "10.1.0.1", "10.2.0.1", 100);
	wait_for_count(&left, ESP_COUNT_NO_SA, 1);
	CHECK(is_told_nothing());
	close_both();
}

static void a_packet_outside_the_selectors_springs_nothing(void)
{
	open_both();
	CHECK_EQUAL(set_trap(9), ESP_OK);
	send_inner(&left, "10.9.0.1", "10.2.0.1", 100);
	send_inner(&left, "10.1.0.1", "10.3.0.1", 100);
	wait_for_count(&left, ESP_COUNT_NO_SA, 2);
	CHECK(is_told_nothing());
	close_both();
}

static void a_packet_too_large_to_keep_is_told_all_the_same(void)
{
	static uint8_t large[TRAP_PACKET_BYTES + 1];

	open_both();
	CHECK_EQUAL(set_trap(9), ESP_OK);
	udp4(large, "10.1.0.1", "10.2.0.1", sizeof(large));
	CHECK_EQUAL(send(left.device, large, sizeof(large), 0), sizeof(large));
	expect_told(9);
	wait_for_count(&left, ESP_COUNT_TRAP_DROPPED, 1);
	close_both();
}

static _Atomic uint32_t pumping;

static void *pump(void *argument)
{
	uint8_t packet[200];

	(void)argument;
	for (uint32_t i = 0; atomic_load(&pumping); i++) {
		char to[20];

		snprintf(to, sizeof(to), "10.2.0.%u", 1 + i % 4);
		udp4(packet, "10.1.0.1", to, sizeof(packet));
		if (send(left.device, packet, sizeof(packet), 0) < 0)
			poll(NULL, 0, 1);
	}
	return NULL;
}

static void drain(int fd)
{
	uint8_t sink[2000];

	while (recv(fd, sink, sizeof(sink), MSG_DONTWAIT) > 0)
		;
}

static void traps_and_children_come_and_go_while_packets_flow(void)
{
	pthread_t thread;
	uint64_t state = 5, sum;

	open_both();
	atomic_store(&pumping, 1);
	pthread_create(&thread, NULL, pump, NULL);
	for (int i = 0; i < 3000; i++) {
		const struct esp_child l = half(&left, &right, 1), r = half(&right, &left, 1);

		switch (check_random(&state) % 4) {
		case 0:
			if (set_trap(9) != ESP_OK)
				CHECK_EQUAL(esp_trap_remove(left.engine, 9), ESP_OK);
			break;
		case 1:
			if (esp_remove(left.engine, 1) != ESP_OK)
				CHECK_EQUAL(install(&left, &right, &l), ESP_OK);
			if (esp_remove(right.engine, 1) != ESP_OK)
				CHECK_EQUAL(install(&right, &left, &r), ESP_OK);
			break;
		default:
			esp_trap_release(left.engine, 9);
		}
		drain(left.opened.mailbox);
		drain(right.device);
	}
	atomic_store(&pumping, 0);
	pthread_join(thread, NULL);
	esp_trap_remove(left.engine, 9);
	sum = counter(&left, ESP_COUNT_TRAPPED) + counter(&left, ESP_COUNT_NO_SA);
	CHECK(sum > 0);
	CHECK_EQUAL(counter(&left, ESP_COUNT_NOT_IP), 0);
	CHECK_EQUAL(counter(&right, ESP_COUNT_BAD_ICV), 0);
	close_both();
}

int main(void)
{
	RUN(the_first_packets_wait_for_the_tunnel);
	RUN(what_a_trap_holds_is_bounded_and_counted);
	RUN(a_packet_outside_the_selectors_springs_nothing);
	RUN(a_packet_too_large_to_keep_is_told_all_the_same);
	RUN(traps_and_children_come_and_go_while_packets_flow);
	return check_summary("trap");
}
