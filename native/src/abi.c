/* The layout of the public structs and the values of the public constants, for a test in
 * TypeScript. */
#include <stddef.h>

#include "esp.h"

#define EXPORT __attribute__((visibility("default")))

struct entry {
	const char *name;
	uint32_t numbers[2];
};

#define STRUCT(type)                           \
	{                                      \
#type,                         \
		{                              \
			sizeof(struct type), 0 \
		}                              \
	}
#define FIELD(type, field)                                                              \
	{                                                                               \
#type "." #field,                                                       \
		{                                                                       \
			offsetof(struct type, field), sizeof(((struct type *)0)->field) \
		}                                                                       \
	}
#define CONSTANT(name)                      \
	{                                   \
#name,                      \
		{                           \
			(uint32_t)(name), 0 \
		}                           \
	}

static const struct entry entries[] = {
	CONSTANT(ESP_ABI_VERSION),
	CONSTANT(ESP_MAX_LISTEN),
	CONSTANT(ESP_MAX_WORKERS),
	CONSTANT(ESP_MAX_SELECTORS),
	CONSTANT(ESP_MAX_FRAME),
	CONSTANT(ESP_MAX_TAP_ADDRESSES),
	CONSTANT(ESP_MAX_TAP_SPIS),
	CONSTANT(ESP_COUNTER_COUNT),

	CONSTANT(ESP_OK),
	CONSTANT(ESP_BAD_ARGUMENT),
	CONSTANT(ESP_BAD_VERSION),
	CONSTANT(ESP_PORT_IN_USE),
	CONSTANT(ESP_PERMISSION),
	CONSTANT(ESP_ADDRESS),
	CONSTANT(ESP_NO_TUN),
	CONSTANT(ESP_DEVICE_EXISTS),
	CONSTANT(ESP_UNSUPPORTED),
	CONSTANT(ESP_NO_CHILD),
	CONSTANT(ESP_CHILD_EXISTS),
	CONSTANT(ESP_NO_SOCKET),
	CONSTANT(ESP_NO_MEMORY),
	CONSTANT(ESP_SYSTEM),
	CONSTANT(ESP_NO_TRAP),
	CONSTANT(ESP_TRAP_EXISTS),

	CONSTANT(ESP_AES_CBC),
	CONSTANT(ESP_AES_GCM_16),
	CONSTANT(ESP_CHACHA20_POLY1305),
	CONSTANT(ESP_NO_INTEGRITY),
	CONSTANT(ESP_HMAC_SHA1_96),
	CONSTANT(ESP_HMAC_SHA2_256_128),
	CONSTANT(ESP_HMAC_SHA2_384_192),
	CONSTANT(ESP_HMAC_SHA2_512_256),
	CONSTANT(ESP_ENCAP_UDP),
	CONSTANT(ESP_ENCAP_RAW),

	CONSTANT(ESP_OFFLOAD_TUN_TCP),
	CONSTANT(ESP_OFFLOAD_TUN_UDP),
	CONSTANT(ESP_OFFLOAD_SEND),
	CONSTANT(ESP_OFFLOAD_RECEIVE),

	CONSTANT(ESP_DSCP_OUT),
	CONSTANT(ESP_DSCP_IN),

	CONSTANT(ESP_FRAME_DATAGRAM),
	CONSTANT(ESP_FRAME_MOVED),
	CONSTANT(ESP_FRAME_SOFT_LIMIT),
	CONSTANT(ESP_FRAME_HARD_LIMIT),
	CONSTANT(ESP_FRAME_FAILED),
	CONSTANT(ESP_FRAME_USED),
	CONSTANT(ESP_FRAME_TRAPPED),
	CONSTANT(ESP_FRAME_KEEPALIVE),
	CONSTANT(ESP_FRAME_NETWORK),
	CONSTANT(ESP_FRAME_EXPECT),
	CONSTANT(ESP_FRAME_SETTLE),
	CONSTANT(ESP_FRAME_EARLY),
	CONSTANT(ESP_FRAME_TAPPED),
	CONSTANT(ESP_FRAME_PROVEN),
	CONSTANT(ESP_FRAME_ADMIT),

	STRUCT(esp_address),
	FIELD(esp_address, family),
	FIELD(esp_address, zero),
	FIELD(esp_address, port),
	FIELD(esp_address, ip),

	STRUCT(esp_path),
	FIELD(esp_path, local),
	FIELD(esp_path, remote),

	STRUCT(esp_options),
	FIELD(esp_options, version),
	FIELD(esp_options, workers),
	FIELD(esp_options, mtu),
	FIELD(esp_options, cpu_mask),
	FIELD(esp_options, offload_mask),
	FIELD(esp_options, watch_network),
	FIELD(esp_options, copy_dscp),
	FIELD(esp_options, port),
	FIELD(esp_options, natt_port),
	FIELD(esp_options, listen_count),
	FIELD(esp_options, listen),
	FIELD(esp_options, device),

	STRUCT(esp_opened),
	FIELD(esp_opened, mailbox),
	FIELD(esp_opened, workers),
	FIELD(esp_opened, port),
	FIELD(esp_opened, natt_port),
	FIELD(esp_opened, ipv6),
	FIELD(esp_opened, raw),
	FIELD(esp_opened, offloads),
	FIELD(esp_opened, aes_unit),
	FIELD(esp_opened, aead),
	FIELD(esp_opened, why),

	STRUCT(esp_selector),
	FIELD(esp_selector, family),
	FIELD(esp_selector, protocol),
	FIELD(esp_selector, port_start),
	FIELD(esp_selector, port_end),
	FIELD(esp_selector, zero),
	FIELD(esp_selector, start),
	FIELD(esp_selector, end),

	STRUCT(esp_direction),
	FIELD(esp_direction, spi),
	FIELD(esp_direction, encryption_bytes),
	FIELD(esp_direction, integrity_bytes),
	FIELD(esp_direction, encryption),
	FIELD(esp_direction, integrity),

	STRUCT(esp_child),
	FIELD(esp_child, ref),
	FIELD(esp_child, cipher),
	FIELD(esp_child, integrity),
	FIELD(esp_child, encap),
	FIELD(esp_child, esn),
	FIELD(esp_child, standby),
	FIELD(esp_child, zero),
	FIELD(esp_child, local_count),
	FIELD(esp_child, remote_count),
	FIELD(esp_child, path),
	FIELD(esp_child, inbound),
	FIELD(esp_child, outbound),
	FIELD(esp_child, soft_packets),
	FIELD(esp_child, hard_packets),
	FIELD(esp_child, soft_bytes),
	FIELD(esp_child, hard_bytes),

	STRUCT(esp_trap),
	FIELD(esp_trap, ref),
	FIELD(esp_trap, local_count),
	FIELD(esp_trap, remote_count),

	STRUCT(esp_tap),
	FIELD(esp_tap, snap_bytes),
	FIELD(esp_tap, most_bytes),
	FIELD(esp_tap, address_count),
	FIELD(esp_tap, spi_count),
	FIELD(esp_tap, addresses),
	FIELD(esp_tap, spis),

	STRUCT(esp_stats),
	FIELD(esp_stats, rx_packets),
	FIELD(esp_stats, rx_bytes),
	FIELD(esp_stats, tx_packets),
	FIELD(esp_stats, tx_bytes),
	FIELD(esp_stats, idle_ms),
	FIELD(esp_stats, path_mtu),
	FIELD(esp_stats, inner_mtu),
	FIELD(esp_stats, counters),
};

_Static_assert(ESP_COUNTER_COUNT <= sizeof(((struct esp_stats *)0)->counters) / sizeof(uint64_t),
	"the statistics have room for every counter");

EXPORT const char *esp_abi(uint32_t entry, uint32_t numbers[2])
{
	if (entry >= sizeof(entries) / sizeof(entries[0]))
		return NULL;
	numbers[0] = entries[entry].numbers[0];
	numbers[1] = entries[entry].numbers[1];
	return entries[entry].name;
}
