/* Inner packets for tests: honest ones, to be bent afterwards. */
#ifndef PACKETS_H
#define PACKETS_H

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "esp.h"

static inline void put16(uint8_t *p, unsigned number)
{
	p[0] = (uint8_t)(number >> 8);
	p[1] = (uint8_t)number;
}

static inline uint16_t ip_checksum(const uint8_t *p, size_t bytes)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < bytes; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* IPv4 and UDP from port 1000 to 2000, `total` bytes in all (at least 28). */
static inline size_t udp4(uint8_t *p, const char *from, const char *to, size_t total)
{
	memset(p, 0, total);
	p[0] = 0x45;
	put16(p + 2, (unsigned)total);
	p[8] = 64;
	p[9] = 17;
	inet_pton(AF_INET, from, p + 12);
	inet_pton(AF_INET, to, p + 16);
	put16(p + 10, ip_checksum(p, 20));
	put16(p + 20, 1000);
	put16(p + 22, 2000);
	put16(p + 24, (unsigned)total - 20);
	return total;
}

/* The same in IPv6 (at least 48). */
static inline size_t udp6(uint8_t *p, const char *from, const char *to, size_t total)
{
	memset(p, 0, total);
	p[0] = 0x60;
	put16(p + 4, (unsigned)total - 40);
	p[6] = 17;
	p[7] = 64;
	inet_pton(AF_INET6, from, p + 8);
	inet_pton(AF_INET6, to, p + 24);
	put16(p + 40, 1000);
	put16(p + 42, 2000);
	put16(p + 44, (unsigned)total - 40);
	return total;
}

/* A selector of all protocols and ports. */
static inline struct esp_selector range_of(uint8_t family, const char *from, const char *to)
{
	struct esp_selector s = {.family = family, .port_end = 65535};
	const int domain = family == 4 ? AF_INET : AF_INET6;

	inet_pton(domain, from, s.start);
	inet_pton(domain, to, s.end);
	return s;
}

static inline struct esp_address address_of(uint8_t family, const char *ip, uint16_t port)
{
	struct esp_address a = {.family = family, .port = port};

	inet_pton(family == 4 ? AF_INET : AF_INET6, ip, a.ip);
	return a;
}

/* A child with AES-128-GCM; the two directions have the keys 1… and 2…. */
static inline struct esp_child child_of(uint32_t ref, uint32_t spi_in, uint32_t spi_out)
{
	struct esp_child child = {
		.ref = ref,
		.cipher = ESP_AES_GCM_16,
		.encap = ESP_ENCAP_UDP,
		.local_count = 1,
		.remote_count = 1,
		.path = {address_of(4, "127.0.0.1", 4500), address_of(4, "127.0.0.1", 4500)},
		.inbound = {.spi = spi_in, .encryption_bytes = 20},
		.outbound = {.spi = spi_out, .encryption_bytes = 20},
	};

	memset(child.inbound.encryption, 1, 20);
	memset(child.outbound.encryption, 2, 20);
	return child;
}

#endif
