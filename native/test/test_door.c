/* Who gets in while many knock: those we know, and those who prove their address. */
#include "check.h"

#include <string.h>

#include "../src/door.h"

#define REQUEST_BYTES 200u

static struct door door;
static const struct esp_address anna = {.family = 4, .port = 500, .ip = {192, 0, 2, 1}};
static uint8_t request[REQUEST_BYTES], proven[REQUEST_BYTES + 41], answer[DOOR_ANSWER_BYTES];
static uint64_t now;

static void put(uint8_t *p, uint32_t number, int bytes)
{
	while (bytes-- > 0)
		*p++ = (uint8_t)(number >> (8 * bytes));
}

/* IKE_SA_INIT: a KE payload, then a nonce of 32 bytes, then a notify for the rest. */
static void write_request(uint8_t *p, uint8_t who)
{
	memset(p, 0, REQUEST_BYTES);
	memset(p, who, 8);
	p[16] = 34;
	p[17] = 0x20;
	p[18] = 34;
	p[19] = 0x08;
	put(p + 24, REQUEST_BYTES, 4);
	p[28] = 40;
	put(p + 30, 100, 2);
	p[128] = 41;
	put(p + 130, 36, 2);
	memset(p + 132, who, 32);
	put(p + 166, REQUEST_BYTES - 164, 2);
}

/* The same behind the cookie of `answer`. */
static void write_proven(void)
{
	memcpy(proven, request, 28);
	memcpy(proven + 28, answer + 28, 41);
	memcpy(proven + 69, request + 28, REQUEST_BYTES - 28);
	proven[28] = proven[16];
	proven[16] = 41;
	put(proven + 24, sizeof(proven), 4);
}

static enum door_verdict judge_from(
	const struct esp_address *from, const uint8_t *bytes, size_t count)
{
	return door_judge(&door, from, bytes, count, now, answer);
}

static enum door_verdict judge(const uint8_t *bytes, size_t count)
{
	return judge_from(&anna, bytes, count);
}

static void open_empty(void)
{
	memset(&door, 0, sizeof(door));
	CHECK(door_open(&door));
}

static void open_crowded(void)
{
	open_empty();
	now = 1000000;
	write_request(request, 7);
	for (int i = 0; i < 40; i++)
		judge(request, sizeof(request));
}

static void few_go_in(void)
{
	open_empty();
	write_request(request, 7);
	for (int i = 0; i < 2000; i++) {
		now += 10;
		CHECK_EQUAL(judge(request, sizeof(request)), DOOR_OPEN);
	}
}

/* RFC 7296 section 2.6: the answer keeps SPIi, has no SPIr, and holds nothing but the cookie. */
static void a_crowd_is_asked_for_cookies(void)
{
	static const uint8_t zeros[8];

	open_crowded();
	CHECK_EQUAL(judge(request, sizeof(request)), DOOR_CHALLENGED);
	CHECK(memcmp(answer, request, 8) == 0 && memcmp(answer + 8, zeros, 8) == 0);
	CHECK(answer[16] == 41 && answer[17] == 0x20 && answer[18] == 34 && answer[19] == 0x20);
	CHECK(answer[27] == sizeof(answer) && answer[31] == 41 && answer[34] == 0x40 &&
		answer[35] == 6);
	write_proven();
	CHECK_EQUAL(judge(proven, sizeof(proven)), DOOR_PROVEN);
}

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
	struct esp_address six = {.family = 6, .port = 500}, four = anna;
	uint8_t spi[8], nonce[32];

	open_crowded();
	for (uint8_t i = 0; i < 16; i++)
		six.ip[i] = i < 4 ? anna.ip[i] : i;
	memcpy(spi, request, 8);
	memcpy(nonce, request + 132, 32);
	CHECK_EQUAL(judge_from(&six, request, sizeof(request)), DOOR_CHALLENGED);
	/* The rest of the address as SPI and beginning of a longer nonce. */
	memcpy(request, six.ip + 4, 8);
	put(request + 130, 48, 2);
	memcpy(request + 132, six.ip + 12, 4);
	memcpy(request + 136, spi, 8);
	memcpy(request + 144, nonce, 32);
	memset(request + 176, 0, 4);
	put(request + 178, REQUEST_BYTES - 176, 2);
	write_proven();
	CHECK_EQUAL(judge_from(&four, proven, sizeof(proven)), DOOR_CHALLENGED);
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

static int heard_in(const uint8_t theirs[28], uint64_t later_ms)
{
	int in = 0;

	now += later_ms;
	for (int i = 0; i < 1000; i++)
		in += judge(theirs, 28) == DOOR_KNOWN;
	return in;
}

/* An SA is known by the SPI that our own message showed, whoever of us began it. */
static void whom_we_know_passes_a_crowd(void)
{
	uint8_t ours[28] = {0}, theirs[28] = {0};

	open_crowded();
	memset(ours, 1, 8);
	memset(ours + 8, 2, 8);
	ours[16] = 46;
	memcpy(theirs, ours, 16);
	theirs[19] = 0x08;
	CHECK_EQUAL(judge(theirs, sizeof(theirs)), DOOR_CLOSED);
	door_learn(&door, &anna, ours, sizeof(ours));
	CHECK_EQUAL(judge(theirs, sizeof(theirs)), DOOR_KNOWN);
	theirs[8] ^= 1;
	CHECK_EQUAL(judge(theirs, sizeof(theirs)), DOOR_CLOSED);

	ours[18] = 34;
	ours[19] = 0x08; /* we dialled */
	memset(ours, 3, 8);
	door_learn(&door, &anna, ours, sizeof(ours));
	memset(theirs, 3, 8);
	theirs[19] = 0x20;
	CHECK_EQUAL(judge(theirs, sizeof(theirs)), DOOR_KNOWN);
}

/*
 * The first message on an IKE SA that a rekey made is the peer's, so the door had seen no message
 * of ours with its SPI: in a crowd a guest with new keys was shut out for as long as it stayed.
 */
static void whom_new_keys_make_unknown_is_admitted(void)
{
	uint8_t theirs[28] = {0};

	open_crowded();
	memset(theirs, 9, 16);
	theirs[19] = 0x08;
	CHECK_EQUAL(judge(theirs, sizeof(theirs)), DOOR_CLOSED);
	door_admit(&door, theirs + 8);
	CHECK_EQUAL(judge(theirs, sizeof(theirs)), DOOR_KNOWN);
	CHECK_EQUAL(heard_in(theirs, 1000), 200);
}

/*
 * Each handshake that anybody began took a place, and with it the place of somebody who was inside:
 * a few thousand, with true cookies and never to be finished, and a crowd shut out the guests.
 */
static void who_stands_outside_takes_no_place_of_who_is_inside(void)
{
	static const uint8_t unproven[] = {34, 35, 43};
	uint8_t ours[28] = {0}, theirs[28] = {0};
	uint64_t random = 88172645463325252u;

	open_crowded();
	memset(ours, 6, 16);
	ours[16] = 46;
	ours[18] = 37;
	ours[19] = 0x20;
	memcpy(theirs, ours, 16);
	theirs[19] = 0x08;
	door_learn(&door, &anna, ours, sizeof(ours));
	for (uint32_t i = 0; i < 100000; i++) {
		check_fill(&random, ours, 16);
		ours[16] = i % 3 ? 46 : 33;
		ours[18] = unproven[i % 3];
		door_learn(&door, &anna, ours, sizeof(ours));
	}
	CHECK_EQUAL(judge(theirs, sizeof(theirs)), DOOR_KNOWN);
	memcpy(theirs, ours, 16);
	CHECK_EQUAL(judge(theirs, sizeof(theirs)), DOOR_KNOWN);
}

/* INVALID_IKE_SPI repeats the SPI of a stranger, who would have known how to pass from it. */
static void what_we_tell_strangers_makes_nobody_known(void)
{
	uint8_t told[36] = {0}, theirs[28] = {0};

	open_crowded();
	memset(told, 4, 16);
	told[16] = 41;
	told[18] = 37;
	told[19] = 0x20;
	door_learn(&door, &anna, told, sizeof(told));
	memcpy(theirs, told, 16);
	theirs[19] = 0x08;
	CHECK_EQUAL(judge(theirs, sizeof(theirs)), DOOR_CLOSED);
}

/*
 * Whoever began one handshake knows an SPI of ours, and may send with it from anywhere. He had as
 * much of our time as a guest who is inside, for each of his handshakes.
 */
static void an_sa_is_heard_so_often_and_no_more(void)
{
	uint8_t ours[28] = {0}, theirs[28] = {0};

	open_crowded();
	memset(ours, 5, 16);
	ours[16] = 53;
	ours[18] = 35;
	door_learn(&door, &anna, ours, sizeof(ours));
	memcpy(theirs, ours, 16);
	theirs[19] = 0x08;
	CHECK_EQUAL(heard_in(theirs, 0), 100);
	CHECK_EQUAL(heard_in(theirs, 1000), 25);
	ours[18] = 36;
	door_learn(&door, &anna, ours, sizeof(ours));
	CHECK_EQUAL(heard_in(theirs, 0), 200);
	CHECK_EQUAL(heard_in(theirs, 1000), 100);
}

/*
 * Anybody may begin many, from one address: forty a second, each of which had as much of our time
 * as one login, so that two thousand messages a second that nobody can open came in.
 */
static void who_begins_many_has_no_more_of_our_time(void)
{
	const struct esp_address bob = {.family = 4, .port = 500, .ip = {192, 0, 2, 2}};
	uint8_t ours[28] = {0}, theirs[28] = {0};
	int in = 0;

	open_crowded();
	ours[16] = 33;
	ours[18] = 34;
	theirs[19] = 0x08;
	for (uint8_t i = 1; i <= 100; i++) {
		memset(ours, i, 16);
		door_learn(&door, &anna, ours, sizeof(ours));
		memcpy(theirs, ours, 16);
		for (int k = 0; k < 50; k++)
			in += judge_from(i % 2 ? &anna : &bob, theirs, 28) == DOOR_KNOWN;
	}
	CHECK_EQUAL(in, 400);
	memset(ours, 101, 16);
	door_learn(&door, &bob, ours, sizeof(ours));
	memcpy(theirs, ours, 16);
	CHECK_EQUAL(heard_in(theirs, 0), 100);
}

static void what_is_no_request_stays_outside_a_crowd(void)
{
	static const uint8_t places[] = {8, 17, 18, 19, 20, 27, 31, 131};

	open_crowded();
	for (size_t i = 0; i < sizeof(places); i++) {
		write_request(request, 7);
		request[places[i]] ^= 0xff;
		CHECK_EQUAL(judge(request, sizeof(request)), DOOR_CLOSED);
	}
	write_request(request, 7);
	for (size_t count = 28; count < sizeof(request); count++) {
		put(request + 24, (uint32_t)count, 4);
		const enum door_verdict verdict = judge(request, count);

		CHECK_EQUAL(verdict, count < 164 ? DOOR_CLOSED : DOOR_CHALLENGED);
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
	RUN(few_go_in);
	RUN(a_crowd_is_asked_for_cookies);
	RUN(a_cookie_is_for_one_address_spi_and_nonce);
	RUN(a_cookie_is_for_one_family);
	RUN(a_cookie_outlasts_the_crowd);
	RUN(a_cookie_grows_old);
	RUN(whom_we_know_passes_a_crowd);
	RUN(whom_new_keys_make_unknown_is_admitted);
	RUN(who_stands_outside_takes_no_place_of_who_is_inside);
	RUN(what_we_tell_strangers_makes_nobody_known);
	RUN(an_sa_is_heard_so_often_and_no_more);
	RUN(who_begins_many_has_no_more_of_our_time);
	RUN(what_is_no_request_stays_outside_a_crowd);
	RUN(no_answer_is_longer_than_its_request);
	RUN(who_proves_himself_too_often_waits_alone);
	return check_summary("door");
}
