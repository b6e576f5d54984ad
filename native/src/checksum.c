#include "checksum.h"

#include <string.h>

#include "bytes.h"

/* Words of 32 bits in sums of 64, which do not overflow: there are instructions for two sums. */
typedef uint64_t sums __attribute__((vector_size(16)));

static inline sums load_sums(const uint8_t *bytes)
{
	sums words;

	memcpy(&words, bytes, sizeof(words));
	return words;
}

/* Less than 16 bytes; without a loop, whose end would be hard to foresee. */
static inline uint64_t add_rest(const uint8_t *bytes, size_t count)
{
	uint64_t word, sum = 0;
	uint32_t half;
	uint16_t quarter = 0;

	if (count & 8) {
		memcpy(&word, bytes, sizeof(word));
		sum += (word & 0xffffffff) + (word >> 32);
		bytes += sizeof(word);
	}
	if (count & 4) {
		memcpy(&half, bytes, sizeof(half));
		sum += half;
		bytes += sizeof(half);
	}
	if (count & 2) {
		memcpy(&quarter, bytes, sizeof(quarter));
		sum += quarter;
		bytes += sizeof(quarter);
		quarter = 0;
	}
	if (count & 1)
		memcpy(&quarter, bytes, 1);
	return sum + quarter;
}

/* The order of the bytes in a word does not matter to the sum, only to how it is read (RFC 1071).
 */
static uint16_t in_network_order(uint64_t sum)
{
	uint16_t word;
	uint8_t bytes[2];

	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	word = (uint16_t)((sum & 0xffff) + (sum >> 16));
	memcpy(bytes, &word, 2);
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

uint32_t checksum_add(uint32_t sum, const uint8_t *bytes, size_t count)
{
	/* Two at once: one waits for the other otherwise. */
	sums both = {0}, high = {0}, both2 = {0}, high2 = {0};

	for (; count >= 32; count -= 32, bytes += 32) {
		const sums first = load_sums(bytes), second = load_sums(bytes + 16);

		both += first;
		high += first >> 32;
		both2 += second;
		high2 += second >> 32;
	}
	if (count & 16) {
		const sums last = load_sums(bytes);

		both += last;
		high += last >> 32;
		bytes += 16;
	}
	both += both2;
	high += high2;
	/* What overflowed was of the high words alone, which are taken out of it. */
	const sums all = both - (high << 32) + high;

	return sum + in_network_order(all[0] + all[1] + add_rest(bytes, count));
}

uint32_t checksum_pseudo(const uint8_t *ip, uint8_t protocol, uint32_t bytes)
{
	const uint32_t sum = (uint32_t)protocol + (bytes >> 16) + (bytes & 0xffff);

	return ip[0] >> 4 == 4 ? checksum_add(sum, ip + 12, 8) : checksum_add(sum, ip + 8, 32);
}

uint32_t checksum_packet(const uint8_t *ip, uint8_t protocol, uint32_t bytes)
{
	const uint32_t all = checksum_add(0, ip, bytes);

	if (ip[0] >> 4 == 4)
		return all + checksum_pseudo(ip, protocol, bytes - 20);
	/* The addresses stand in the header itself; what is before them is no part of it. */
	const uint32_t before = checksum_fold(checksum_add(0, ip, 8));

	return all + (0xffff - before) + protocol + (bytes - 40);
}

void checksum_patch(uint8_t *sum, uint16_t old, uint16_t next)
{
	const uint32_t c = (uint32_t)(uint16_t)~load16(sum) + (uint16_t)~old + next;

	store16(sum, (uint16_t)~checksum_fold(c));
}
