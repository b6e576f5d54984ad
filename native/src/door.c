#include "door.h"

#include <string.h>
#include <sys/random.h>

#define HEADER       28u
#define PAYLOAD      4u
#define NOTIFY       41
#define NONCE        40
#define SK           46
#define SKF          53
#define IKE_SA_INIT  34
#define CREATE_CHILD 36
#define INFORMATION  37
#define COOKIE       16390u
#define COOKIE_BYTES 33u
#define INITIATOR    0x08
#define RESPONSE     0x20
/* So many strangers in a period are no crowd. */
#define FEW       20u
#define PERIOD_MS 100u
#define SECRET_MS 120000u
/* What a source may use at once, and what each handshake takes of it: two from an end and one in
 * two seconds, forty in all from an address and as many a second. */
#define END_PATIENCE_MS  4000u
#define END_MS           2000u
#define HOST_PATIENCE_MS 1000u
#define HOST_MS          25u
/* And each message of one IKE SA: two hundred at once and a hundred a second. */
#define INSIDE_PATIENCE_MS 2000u
#define INSIDE_MS          10u
/* Anybody may have begun one: a hundred at once, which are a login with certificates in fragments,
 * and twenty-five a second. */
#define COMING_PATIENCE_MS 4000u
#define COMING_MS          40u
/* And all that one address has begun, from wherever their messages come: four hundred at once, two
 * hundred a second. A forged address spends what belongs to whoever began it. */
#define BEGINNER_PATIENCE_MS 2000u
#define BEGINNER_MS          5u
/* Payloads before the nonce: a request has a handful. */
#define MOST_PAYLOADS 32

/* What of an IKE_SA_INIT request makes its cookie. */
struct knock {
	const uint8_t *nonce, *cookie;
	size_t nonce_bytes;
};

static uint32_t load(const uint8_t *p, int bytes)
{
	uint32_t number = 0;

	for (int i = 0; i < bytes; i++)
		number = number << 8 | p[i];
	return number;
}

static bool new_secret(struct door *door)
{
	uint8_t bytes[32];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return false;
	door->secrets[1] = door->secrets[0];
	hmac_init(&door->secrets[0], &hash_sha256, sha256_soft, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	return true;
}

bool door_open(struct door *door)
{
	return new_secret(door) && new_secret(door) &&
	       getrandom(&door->salt, sizeof(door->salt), 0) == (ssize_t)sizeof(door->salt);
}

void door_wipe(struct door *door)
{
	explicit_bzero(door->secrets, sizeof(door->secrets));
}

static uint64_t spi_at(const uint8_t *p)
{
	uint64_t spi;

	memcpy(&spi, p, sizeof(spi));
	return spi;
}

static uint64_t spi_of_ours(const uint8_t *bytes)
{
	return spi_at(bytes[19] & INITIATOR ? bytes + 8 : bytes);
}

/* Whether it is the first request of a handshake, with a nonce and perhaps a cookie in it. */
static bool read_knock(const uint8_t *bytes, size_t count, struct knock *knock)
{
	uint8_t type = bytes[16];
	size_t at = HEADER;

	*knock = (struct knock){0};
	if (bytes[17] >> 4 != 2 || bytes[18] != IKE_SA_INIT ||
		(bytes[19] & (INITIATOR | RESPONSE)) != INITIATOR || load(bytes + 20, 4) != 0 ||
		load(bytes + 24, 4) != count || spi_at(bytes + 8) || !spi_at(bytes))
		return false;
	for (int i = 0; i < MOST_PAYLOADS && type && !knock->nonce; i++) {
		const size_t length = count - at < PAYLOAD ? 0 : load(bytes + at + 2, 2);

		if (length < PAYLOAD || length > count - at)
			return false;
		if (type == NONCE) {
			knock->nonce = bytes + at + PAYLOAD;
			knock->nonce_bytes = length - PAYLOAD;
		} else if (i == 0 && type == NOTIFY && length == PAYLOAD + 4 + COOKIE_BYTES &&
			   load(bytes + at + PAYLOAD, 4) == COOKIE) {
			knock->cookie = bytes + at + PAYLOAD + 4;
		}
		type = bytes[at];
		at += length;
	}
	/* RFC 7296 section 3.9. */
	return knock->nonce && knock->nonce_bytes <= 256;
}

/* 0, then a MAC over address, SPI and nonce. */
static void bake(const struct hmac_key *secret, const struct esp_address *from, const uint8_t *spi,
	const struct knock *knock, uint8_t cookie[COOKIE_BYTES])
{
	uint8_t digest[HASH_DIGEST_BYTES];
	struct hmac hmac;

	hmac_begin(&hmac, secret);
	/* An IPv6 address must not read as an IPv4 address and an SPI. */
	hmac_add(&hmac, &from->family, 1);
	hmac_add(&hmac, from->ip, from->family == 4 ? 4 : 16);
	hmac_add(&hmac, spi, 8);
	hmac_add(&hmac, knock->nonce, knock->nonce_bytes);
	hmac_end(&hmac, digest);
	cookie[0] = 0;
	memcpy(cookie + 1, digest, COOKIE_BYTES - 1);
}

static bool is_ours(const struct door *door, const struct esp_address *from, const uint8_t *spi,
	const struct knock *knock)
{
	bool fits = false;

	for (int i = 0; knock->cookie && i < 2; i++) {
		uint8_t cookie[COOKIE_BYTES], differs = 0;

		bake(&door->secrets[i], from, spi, knock, cookie);
		for (size_t j = 0; j < COOKIE_BYTES; j++)
			differs |= cookie[j] ^ knock->cookie[j];
		fits |= differs == 0;
	}
	return fits;
}

static void challenge(const struct door *door, const struct esp_address *from,
	const uint8_t *request, const struct knock *knock, uint8_t answer[DOOR_ANSWER_BYTES])
{
	static const uint8_t rest[] = {NOTIFY, 0x20, IKE_SA_INIT, RESPONSE, 0, 0, 0, 0, 0, 0, 0,
		DOOR_ANSWER_BYTES, 0, 0, 0, PAYLOAD + 4 + COOKIE_BYTES, 0, 0, COOKIE >> 8,
		COOKIE & 0xff};

	memcpy(answer, request, 8);
	memset(answer + 8, 0, 8);
	memcpy(answer + 16, rest, sizeof(rest));
	bake(&door->secrets[0], from, request, knock, answer + 16 + sizeof(rest));
}

/* An IPv6 host has a whole /64 to choose from. */
static uint32_t place_for(const struct door *door, const struct esp_address *from, uint16_t port)
{
	uint64_t place = door->salt ^ port;
	const size_t bytes = from->family == 4 ? 4 : 8;

	for (size_t i = 0; i < bytes; i++)
		place = (place ^ from->ip[i]) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(place >> 32) % DOOR_SOURCES;
}

static void learn(struct door_sas *sas, const uint8_t *bytes, uint32_t begun_by)
{
	const uint64_t spi = spi_at(bytes), place = spi % DOOR_SPIS;

	if (!spi)
		return;
	sas->spis[place] = spi;
	sas->begun_by[place] = begun_by;
}

/* What tells a stranger that we do not know an SPI repeats the one that he wrote: that is none of
 * ours. What only an SA has that stands is sealed, and neither its beginning nor a login, which
 * anybody may try. Ours are drawn at random, so that their own bits spread them. */
void door_learn(struct door *door, const struct esp_address *to, const uint8_t *bytes, size_t count)
{
	if (count < HEADER)
		return;
	const bool is_sealed = bytes[16] == SK || bytes[16] == SKF;
	const bool stands = bytes[18] == CREATE_CHILD || bytes[18] == INFORMATION;

	if (bytes[18] != IKE_SA_INIT && !is_sealed)
		return;
	learn(stands ? &door->inside : &door->coming, bytes[19] & INITIATOR ? bytes : bytes + 8,
		place_for(door, to, 0));
}

void door_admit(struct door *door, const uint8_t *spi)
{
	learn(&door->inside, spi, 0);
}

/* One more of a source, if it has patience left, which comes back with time. Few share a place, and
 * then what is left. */
static bool spends(struct door_source *source, uint32_t most, uint32_t price, uint64_t now_ms)
{
	const uint64_t grown = source->left + (now_ms - source->at_ms);
	const uint32_t left = grown > most ? most : (uint32_t)grown;

	if (left < price)
		return false;
	*source = (struct door_source){left - price, now_ms};
	return true;
}

static bool is_crowded(struct door *door, uint64_t now_ms)
{
	if (now_ms - door->since_ms >= PERIOD_MS) {
		door->crowded = door->strangers > FEW && now_ms - door->since_ms < 2 * PERIOD_MS;
		door->since_ms = now_ms;
		door->strangers = 0;
	}
	door->strangers++;
	return door->crowded || door->strangers > FEW;
}

/* DOOR_OPEN: none of ours, as far as is known. */
static enum door_verdict judge_known(struct door *door, uint64_t spi, uint64_t now_ms)
{
	const uint64_t place = spi % DOOR_SPIS;
	bool in = false;

	if (spi && door->inside.spis[place] == spi)
		in = spends(&door->inside.left[place], INSIDE_PATIENCE_MS, INSIDE_MS, now_ms);
	else if (spi && door->coming.spis[place] == spi)
		in = spends(&door->coming.left[place], COMING_PATIENCE_MS, COMING_MS, now_ms) &&
		     spends(&door->beginners[door->coming.begun_by[place]], BEGINNER_PATIENCE_MS,
			     BEGINNER_MS, now_ms);
	else
		return DOOR_OPEN;
	return in ? DOOR_KNOWN : DOOR_CLOSED;
}

enum door_verdict door_judge(struct door *door, const struct esp_address *from,
	const uint8_t *bytes, size_t count, uint64_t now_ms, uint8_t answer[DOOR_ANSWER_BYTES])
{
	const enum door_verdict known = judge_known(door, spi_of_ours(bytes), now_ms);
	struct knock knock;

	if (known != DOOR_OPEN)
		return known;
	const bool crowded = is_crowded(door, now_ms);
	const enum door_verdict unproven = crowded ? DOOR_CLOSED : DOOR_OPEN;

	/* An address may be forged: what goes there must not be more than what came. */
	if (count < DOOR_ANSWER_BYTES || !read_knock(bytes, count, &knock))
		return unproven;
	if (now_ms - door->changed_ms > SECRET_MS) {
		door->changed_ms = now_ms;
		new_secret(door);
	}
	/* A cookie of ours is good when the crowd is gone, too: whoever was asked for it here is
	 * not asked for another one inside, which would not be good here when the crowd is back. */
	if (!is_ours(door, from, bytes, &knock)) {
		if (!crowded)
			return DOOR_OPEN;
		challenge(door, from, bytes, &knock, answer);
		return DOOR_CHALLENGED;
	}
	const uint32_t end = place_for(door, from, from->port), host = place_for(door, from, 0);

	return spends(&door->ends[end], END_PATIENCE_MS, END_MS, now_ms) &&
			       spends(&door->hosts[host], HOST_PATIENCE_MS, HOST_MS, now_ms)
		       ? DOOR_PROVEN
		       : unproven;
}
