/* A door, who knocks at it, and with what; for tests. */
#ifndef KNOCK_H
#define KNOCK_H

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

#endif
