#include "checksum.h"

#include <string.h>

#include "bytes.h"

/* An addition whose carry comes in again at the bottom. */
static inline uint64_t add(uint64_t sum, const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	sum += word;
	return sum + (sum < word);
}

/* The order of the bytes in a word does not matter to the sum, only to how it is read (RFC 1071).
 */
static uint16_t in_network_order(uint64_t sum)
{
	uint16_t word;
	uint8_t bytes[2];

	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	word = (uint16_t)((sum & 0xffff) + (sum >> 16));
	memcpy(bytes, &word, 2);
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

uint32_t checksum_add(uint32_t sum, const uint8_t *bytes, size_t count)
{
	/* Four at once: one waits for the other's carry otherwise. */
	uint64_t a = 0, b = 0, c = 0, d = 0;
	uint8_t rest[8] = {0};

	for (; count >= 32; count -= 32, bytes += 32) {
		a = add(a, bytes);
		b = add(b, bytes + 8);
		c = add(c, bytes + 16);
		d = add(d, bytes + 24);
	}
	for (; count >= 8; count -= 8, bytes += 8)
		a = add(a, bytes);
	if (count > 0)
		memcpy(rest, bytes, count);
	b = add(b, rest);
	return sum + in_network_order(a) + in_network_order(b) + in_network_order(c) +
	       in_network_order(d);
}

uint32_t checksum_pseudo(const uint8_t *ip, uint8_t protocol, uint32_t bytes)
{
	const uint32_t sum = (uint32_t)protocol + (bytes >> 16) + (bytes & 0xffff);

	return ip[0] >> 4 == 4 ? checksum_add(sum, ip + 12, 8) : checksum_add(sum, ip + 8, 32);
}

void checksum_patch(uint8_t *sum, uint16_t old, uint16_t next)
{
	const uint32_t c = (uint32_t)(uint16_t)~load16(sum) + (uint16_t)~old + next;

	store16(sum, (uint16_t)~checksum_fold(c));
}
