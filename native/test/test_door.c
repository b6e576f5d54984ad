/* Who gets in while many knock: those we know, and others while there are few. */
#include "knock.h"

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
	uint8_t ours[28] = {0}, theirs[28] = {0};
	struct esp_address bob = anna;
	int in = 0;

	open_crowded();
	bob.ip[0]++;
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

int main(void)
{
	RUN(few_go_in);
	RUN(a_crowd_is_asked_for_cookies);
	RUN(whom_we_know_passes_a_crowd);
	RUN(whom_new_keys_make_unknown_is_admitted);
	RUN(who_stands_outside_takes_no_place_of_who_is_inside);
	RUN(what_we_tell_strangers_makes_nobody_known);
	RUN(an_sa_is_heard_so_often_and_no_more);
	RUN(who_begins_many_has_no_more_of_our_time);
	RUN(what_is_no_request_stays_outside_a_crowd);
	return check_summary("door");
}
