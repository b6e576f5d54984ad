/* Whom the door asks for cookies, and what one is good for. */
#include "knock.h"

/* Class 17, 27: whoever copies a cookie has none. */
static void a_cookie_is_for_one_address_spi_and_nonce(void)
{
	const struct esp_address ben = {.family = 4, .port = 500, .ip = {192, 0, 2, 2}};

	open_crowded();
	judge(request, sizeof(request));
	write_proven();
	CHECK_EQUAL(judge_from(&ben, proven, sizeof(proven)), DOOR_CHALLENGED);
	judge(request, sizeof(request));
	write_proven();
	for (size_t at = 0; at < sizeof(proven); at++) {
		const bool counts = at < 8 || (at >= 36 && at < 69) || (at >= 173 && at < 205);

		if (!counts)
			continue;
		proven[at] ^= 1;
		CHECK(judge(proven, sizeof(proven)) != DOOR_PROVEN);
		proven[at] ^= 1;
	}
	CHECK_EQUAL(judge(proven, sizeof(proven)), DOOR_PROVEN);
}

/* Whoever has an IPv6 address that begins with somebody's IPv4 address had cookies for that, too.
 */
static void a_cookie_is_for_one_family(void)
{
	struct esp_address six = {.family = 6, .port = 500};

	open_crowded();
	memset(six.ip, 9, 16);
	memcpy(six.ip, anna.ip, 4);
	CHECK_EQUAL(judge_from(&six, request, sizeof(request)), DOOR_CHALLENGED);
	/* The rest of the address as SPI and beginning of a longer nonce; SPI and nonce are sevens.
	 */
	memset(request, 9, 8);
	put(request + 130, 48, 2);
	memset(request + 132, 9, 4);
	memset(request + 136, 7, 40);
	put(request + 176, REQUEST_BYTES - 176, 4);
	write_proven();
	CHECK_EQUAL(judge(proven, sizeof(proven)), DOOR_CHALLENGED);
}

/*
 * When the crowd was gone, a cookie of the door's meant nothing: the core asked for one of its own,
 * which the door did not know when the others came again. Of eighty clients that dialled at once, a
 * few were sent to and fro until they had no patience left here, and never came in.
 */
static void a_cookie_outlasts_the_crowd(void)
{
	open_crowded();
	judge(request, sizeof(request));
	write_proven();
	now += 2000;
	CHECK_EQUAL(judge(proven, sizeof(proven)), DOOR_PROVEN);
	CHECK_EQUAL(judge(request, sizeof(request)), DOOR_OPEN);
	proven[69 - 1] ^= 1;
	CHECK_EQUAL(judge(proven, sizeof(proven)), DOOR_OPEN);
}

/* The secret changes; the one before it is good for as long again, and no longer. */
static void a_cookie_grows_old(void)
{
	for (int changes = 0; changes < 4; changes++) {
		open_crowded();
		judge(request, sizeof(request));
		write_proven();
		for (int i = 0; i < changes; i++) {
			now += 121000;
			for (int j = 0; j < 40; j++)
				judge(request, sizeof(request));
		}
		CHECK_EQUAL(judge(proven, sizeof(proven)) == DOOR_PROVEN, changes < 2);
	}
}

/*
 * A request of nothing but a nonce was 36 bytes long and brought 69: the door answered in the name
 * of whoever's address was forged, twice as loud. No handshake begins with so little.
 */
static void no_answer_is_longer_than_its_request(void)
{
	uint8_t small[DOOR_ANSWER_BYTES + 1];

	open_crowded();
	for (size_t count = 32; count <= sizeof(small); count++) {
		memcpy(small, request, 28);
		small[16] = 40;
		put(small + 24, (uint32_t)count, 4);
		memset(small + 28, 0, sizeof(small) - 28);
		put(small + 30, (uint32_t)count - 28, 2);
		CHECK_EQUAL(judge(small, count),
			count < sizeof(answer) ? DOOR_CLOSED : DOOR_CHALLENGED);
	}
}

/* One that is behind an address of many does not spend what the others have. */
static void who_proves_himself_too_often_waits_alone(void)
{
	struct esp_address neighbour = anna;
	int in = 0;

	open_crowded();
	neighbour.port = 501;
	for (uint8_t i = 0; i < 100; i++) {
		write_request(request, i + 1);
		judge(request, sizeof(request));
		write_proven();
		in += judge(proven, sizeof(proven)) == DOOR_PROVEN;
	}
	CHECK_EQUAL(in, 2);
	judge_from(&neighbour, request, sizeof(request));
	write_proven();
	CHECK_EQUAL(judge_from(&neighbour, proven, sizeof(proven)), DOOR_PROVEN);
}

int main(void)
{
	RUN(a_cookie_is_for_one_address_spi_and_nonce);
	RUN(a_cookie_is_for_one_family);
	RUN(a_cookie_outlasts_the_crowd);
	RUN(a_cookie_grows_old);
	RUN(no_answer_is_longer_than_its_request);
	RUN(who_proves_himself_too_often_waits_alone);
	return check_summary("cookie");
}
