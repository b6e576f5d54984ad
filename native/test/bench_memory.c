/*
 * What a child takes in memory: bytes that the allocator has given out for each of ten thousand,
 * and microseconds to install one.
 */
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../include/esp.h"

#define CHILDREN 10000u

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

static struct esp_selector selector(uint8_t net, uint32_t host)
{
	const uint8_t ip[4] = {10, net, (uint8_t)(host >> 8), (uint8_t)host};
	struct esp_selector selector = {.family = 4, .port_end = 65535};

	memcpy(selector.start, ip, 4);
	memcpy(selector.end, ip, 4);
	return selector;
}

static int install(struct esp_engine *engine, uint16_t port, uint32_t i)
{
	const struct esp_selector selectors[2] = {selector(1, 1), selector(2, i)};
	struct esp_child child = {
		.ref = i,
		.cipher = ESP_AES_GCM_16,
		.encap = ESP_ENCAP_UDP,
		.local_count = 1,
		.remote_count = 1,
		.path = {{.family = 4, .port = port, .ip = {127, 0, 0, 1}},
			{.family = 4, .port = 4500, .ip = {127, 0, 0, 2}}},
		.inbound = {.spi = 0x10000 + i, .encryption_bytes = 20},
		.outbound = {.spi = 0x20000 + i, .encryption_bytes = 20},
	};

	return esp_install(engine, &child, selectors);
}

int main(void)
{
	const struct esp_options options = {
		.version = ESP_ABI_VERSION,
		.workers = 1,
		.mtu = 1400,
		.cpu_mask = UINT32_MAX,
		.offload_mask = UINT32_MAX,
		.listen_count = 1,
		.listen = {{.family = 4, .ip = {127, 0, 0, 1}}},
	};
	struct esp_opened opened;
	struct esp_engine *engine;

	if (esp_open(&options, &opened, &engine) != ESP_OK) {
		fprintf(stderr, "%s\n", opened.why);
		return 1;
	}
	const size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
	const double start = now_us();

	for (uint32_t i = 0; i < CHILDREN; i++)
		if (install(engine, opened.natt_port, i) != ESP_OK) {
			fprintf(stderr, "child %u is refused\n", i);
			return 1;
		}
	const double spent = now_us() - start;
	const size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;

	printf("bytes %.0f\nmicroseconds %.2f\n", (double)(after - before) / CHILDREN,
		spent / CHILDREN);
	esp_close(engine);
	close(opened.mailbox);
	return 0;
}
