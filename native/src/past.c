#include "past.h"

#include <string.h>
#include <sys/random.h>

#define SECRET_BYTES 32

bool past_open(struct past *past)
{
	uint8_t secret[SECRET_BYTES];

	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
		return false;
	hmac_init(&past->secret, &hash_sha256, sha256_soft, secret, sizeof(secret));
	explicit_bzero(secret, sizeof(secret));
	return true;
}

void past_close(struct past *past)
{
	explicit_bzero(past, sizeof(*past));
}

past_name past_name_of(const struct past *past, const struct esp_direction *direction)
{
	uint8_t digest[HASH_DIGEST_BYTES];
	struct hmac hmac;
	past_name name;

	hmac_begin(&hmac, &past->secret);
	hmac_add(&hmac, (const uint8_t *)&direction->spi, sizeof(direction->spi));
	hmac_add(&hmac, direction->encryption, direction->encryption_bytes);
	hmac_add(&hmac, direction->integrity, direction->integrity_bytes);
	hmac_end(&hmac, digest);
	memcpy(&name, digest, sizeof(name));
	explicit_bzero(&hmac, sizeof(hmac));
	explicit_bzero(digest, sizeof(digest));
	return name;
}

static uint32_t find(const struct past *past, past_name name)
{
	uint32_t i = 0;

	while (i < PAST_DIRECTIONS && past->directions[i].name != name)
		i++;
	return i;
}

uint64_t past_number(const struct past *past, past_name name)
{
	const uint32_t i = find(past, name);

	return i < PAST_DIRECTIONS ? past->directions[i].number : 0;
}

void past_note(struct past *past, past_name name, uint64_t number)
{
	uint32_t i = find(past, name);

	if (i == PAST_DIRECTIONS)
		i = past->count++ % PAST_DIRECTIONS;
	past->directions[i].name = name;
	past->directions[i].number = number;
}
