/* A child that is removed and comes back with the keys it had: its numbers go on. */
#include "engines.h"

#include "../src/past.h"

static struct past past;

static void a_direction_is_known_again_by_spi_and_keys(void)
{
	const struct esp_child child = child_of(1, 0x1001, 0x2001);
	struct esp_direction other = child.outbound;

	CHECK(past_open(&past));
	const past_name name = past_name_of(&past, &child.outbound);

	CHECK_EQUAL(past_number(&past, name), 0);
	past_note(&past, name, 17);
	CHECK_EQUAL(past_number(&past, past_name_of(&past, &child.outbound)), 17);
	past_note(&past, name, 18);
	CHECK_EQUAL(past_number(&past, name), 18);
	CHECK_EQUAL(past_number(&past, past_name_of(&past, &child.inbound)), 0);
	other.spi++;
	CHECK_EQUAL(past_number(&past, past_name_of(&past, &other)), 0);
	other = child.outbound;
	other.encryption[19] ^= 1;
	CHECK_EQUAL(past_number(&past, past_name_of(&past, &other)), 0);
	/* Another engine calls it by another name. */
	past_close(&past);
	CHECK(past_open(&past));
	CHECK(past_name_of(&past, &child.outbound) != name);
	past_close(&past);
}

static void the_oldest_is_forgotten_first(void)
{
	CHECK(past_open(&past));
	for (uint64_t i = 1; i <= PAST_DIRECTIONS + 1; i++)
		past_note(&past, i, 100 + i);
	CHECK_EQUAL(past_number(&past, 1), 0);
	CHECK_EQUAL(past_number(&past, 2), 102);
	CHECK_EQUAL(past_number(&past, PAST_DIRECTIONS + 1), 101 + PAST_DIRECTIONS);
	past_close(&past);
}

/* The next sequence number that the child would use. */
static uint64_t sequence(const struct side *side)
{
	return atomic_load(&sa_by_ref(&side->engine->table, 1)->sequence);
}

static void again(struct side *from, const struct side *to)
{
	const struct esp_child child = half(from, to, 1);

	CHECK_EQUAL(esp_remove(from->engine, 1), ESP_OK);
	CHECK_EQUAL(install(from, to, &child), ESP_OK);
}

static void no_number_is_used_twice_under_a_key(void)
{
	uint8_t packet[2000];
	struct esp_child child;

	open_both();
	connect_both(1);
	for (int round = 1; round <= 3; round++) {
		for (int i = 0; i < 5; i++) {
			send_inner(&left, "10.1.0.1", "10.2.0.1", 100);
			CHECK_EQUAL(receive(right.device, packet, sizeof(packet)), 100);
		}
		wait_for_count(&left, ESP_COUNT_TX_PACKETS, 5 * (uint64_t)round);
		CHECK_EQUAL(sequence(&left), 5 * round);
		/* The right one opens what comes although it stayed, and came back, in turn. */
		again(round % 2 ? &left : &right, round % 2 ? &right : &left);
		child = half(&left, &right, 1);
		CHECK_EQUAL(esp_move(left.engine, 1, &child.path, ESP_ENCAP_UDP), ESP_OK);
		CHECK_EQUAL(sequence(&left), 5 * round);
	}
	CHECK_EQUAL(counter(&right, ESP_COUNT_REPLAY), 0);
	close_both();
}

/* Nothing that came before comes again. */
static void what_was_seen_stays_seen(void)
{
	struct sa *sa;
	uint8_t packet[2000];

	open_both();
	connect_both(1);
	for (int i = 0; i < 70; i++) {
		send_inner(&left, "10.1.0.1", "10.2.0.1", 100);
		CHECK_EQUAL(receive(right.device, packet, sizeof(packet)), 100);
	}
	again(&right, &left);
	sa = sa_by_ref(&right.engine->table, 1);
	for (uint64_t number = 0; number <= 70; number++)
		CHECK(!replay_allows(&sa->window, number));
	/* As if the left one had lost its memory: each is a replay. */
	atomic_store(&sa_by_ref(&left.engine->table, 1)->sequence, 0);
	for (int i = 0; i < 70; i++)
		send_inner(&left, "10.1.0.1", "10.2.0.1", 100);
	wait_for_count(&right, ESP_COUNT_REPLAY, 70);
	send_inner(&left, "10.1.0.1", "10.2.0.1", 100);
	CHECK_EQUAL(receive(right.device, packet, sizeof(packet)), 100);
	close_both();
}

int main(void)
{
	RUN(a_direction_is_known_again_by_spi_and_keys);
	RUN(the_oldest_is_forgotten_first);
	RUN(no_number_is_used_twice_under_a_key);
	RUN(what_was_seen_stays_seen);
	return check_summary("past");
}
