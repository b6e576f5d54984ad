/*
 * The data plane's whole interface. One engine owns the UDP sockets, the TUN device and the threads
 * that move packets between them; no function here calls back, and none but esp_close() waits for
 * more than the packets in hand. Structs are plain: every field has a fixed size, unused bytes are
 * zero, numbers are in the processor's order, addresses in the network's. The layout is exported by
 * esp_abi() and compared with src/dataplane/abi.ts by a test.
 */
#ifndef ESP_H
#define ESP_H

#include <stdint.h>

#include "esp_frame.h"

#define ESP_ABI_VERSION 13u

#define ESP_MAX_LISTEN        32u
#define ESP_MAX_WORKERS       16u
#define ESP_MAX_SELECTORS     256u
#define ESP_MAX_TAP_ADDRESSES 8u
#define ESP_MAX_TAP_SPIS      64u

enum esp_code {
	ESP_OK = 0,
	ESP_BAD_ARGUMENT = 1,
	ESP_BAD_VERSION = 2,
	ESP_PORT_IN_USE = 3,
	ESP_PERMISSION = 4,
	/* An address to listen on is not on this machine. */
	ESP_ADDRESS = 5,
	/* /dev/net/tun cannot be opened. */
	ESP_NO_TUN = 6,
	ESP_DEVICE_EXISTS = 7,
	/* A cipher, a key length or an encapsulation that this build cannot do. */
	ESP_UNSUPPORTED = 8,
	ESP_NO_CHILD = 9,
	/* The reference or the inbound SPI is taken. */
	ESP_CHILD_EXISTS = 10,
	/* No socket of ours has the path's local address and port. */
	ESP_NO_SOCKET = 11,
	ESP_NO_MEMORY = 12,
	/* The kernel refused; the text says what. */
	ESP_SYSTEM = 13,
	ESP_NO_TRAP = 14,
	/* The reference is taken. */
	ESP_TRAP_EXISTS = 15,
};

/* IANA's number of the encryption transform. */
enum esp_cipher { ESP_AES_CBC = 12, ESP_AES_GCM_16 = 20, ESP_CHACHA20_POLY1305 = 28 };

/* IANA's number of the integrity transform. */
enum esp_integrity {
	/* The cipher brings its own. */
	ESP_NO_INTEGRITY = 0,
	ESP_HMAC_SHA1_96 = 2,
	ESP_HMAC_SHA2_256_128 = 12,
	ESP_HMAC_SHA2_384_192 = 13,
	ESP_HMAC_SHA2_512_256 = 14,
};

enum esp_encap {
	/* RFC 3948. */
	ESP_ENCAP_UDP = 1,
	/* IP protocol 50. */
	ESP_ENCAP_RAW = 2,
};

/* What the kernel does for us, where it can. */
enum esp_offload {
	/* The TUN device takes and gives TCP super-packets, and leaves checksums to us. */
	ESP_OFFLOAD_TUN_TCP = 1,
	/* The same for UDP (Linux 6.2). */
	ESP_OFFLOAD_TUN_UDP = 2,
	/* Many ESP packets leave as one datagram (Linux 4.18). */
	ESP_OFFLOAD_SEND = 4,
	/* Many come as one (Linux 5.0). */
	ESP_OFFLOAD_RECEIVE = 8,
};

/* Where the DSCP of one header becomes that of the other (RFC 2983). */
enum esp_dscp {
	/* The inner one outside: SQM sees what is urgent, and so does everybody on the way. */
	ESP_DSCP_OUT = 1,
	/* The outer one inside: whoever is on the way decides. */
	ESP_DSCP_IN = 2,
};

/* What is counted, by engine and, where a child is known, by child: constant, name. */
/* clang-format off */
#define ESP_COUNTERS(_) \
	_(RX_PACKETS, "rx-packets")                  /* opened and given to the TUN device */ \
	_(TX_PACKETS, "tx-packets")                  /* sealed and sent */ \
	_(IKE_IN, "ike-in")                          /* IKE messages given to the mailbox */ \
	_(IKE_OUT, "ike-out")                        /* IKE messages sent */ \
	_(KEEPALIVE, "keepalive")                    /* NAT keepalives (RFC 3948 section 2.3) */ \
	_(KEEPALIVE_OUT, "keepalive-out")            /* our own */ \
	_(RUNT, "runt")                              /* too short for ESP or IKE */ \
	_(TRUNCATED, "truncated")                    /* longer than our buffer */ \
	_(BAD_SPI, "bad-spi")                        /* SPI 1–255 is reserved */ \
	_(UNKNOWN_SPI, "unknown-spi")                /* no such SA */ \
	_(EARLY, "early")                            /* kept until its SA is there */ \
	_(REPLAY, "replay")                          /* seen before, or older than the window */ \
	_(BAD_ICV, "bad-icv")                        /* forged or damaged */ \
	_(BAD_PADDING, "bad-padding")                /* padding is not 1, 2, 3, … */ \
	_(DUMMY, "dummy")                            /* next header 59 (RFC 4303 section 2.6) */ \
	_(TFC_PADDED, "tfc-padded")                  /* more behind than IP says (section 2.7); passed */ \
	_(BAD_NEXT_HEADER, "bad-next-header")        /* neither 4, 41 nor 59 */ \
	_(BAD_INNER, "bad-inner")                    /* the inner IP header lies */ \
	_(INBOUND_POLICY, "inbound-policy")          /* inner addresses outside the selectors */ \
	_(ECN, "ecn")                                /* CE outside, not ECN-capable inside */ \
	_(NOT_IP, "not-ip")                          /* the TUN device gave something else */ \
	_(NO_SA, "no-sa")                            /* no selectors fit an outbound packet */ \
	_(TRAPPED, "trapped")                        /* kept until there is a child for it */ \
	_(TRAP_DROPPED, "trap-dropped")              /* kept in vain, or no room to keep it */ \
	_(TOO_BIG, "too-big")                        /* wider than the path, and not to be cut */ \
	_(TOLD_TOO_BIG, "told-too-big")              /* ICMP about it, to who sent it */ \
	_(FRAGMENTED, "fragmented")                  /* IPv4 cut in pieces that fit the path */ \
	_(MSS_CLAMPED, "mss-clamped")                /* a SYN that promised wider segments */ \
	_(SEQUENCE_EXHAUSTED, "sequence-exhausted")  /* the hard limit of an SA */ \
	_(SEND_FAILED, "send-failed")                /* the kernel refused an ESP datagram */ \
	_(TUN_FAILED, "tun-failed")                  /* the TUN device refused a packet */ \
	_(IKE_SEND_FAILED, "ike-send-failed")        /* the kernel refused an IKE datagram */ \
	_(IKE_NO_SOCKET, "ike-no-socket")            /* nothing listens on that local address */ \
	_(UNANSWERABLE, "unanswerable")              /* from port 0, or a link-local address: without its link */ \
	_(CHALLENGED, "challenged")                  /* asked for a cookie, because many knock */ \
	_(TURNED_AWAY, "turned-away")                /* IKE of strangers, because many knock */ \
	_(MAILBOX_FULL, "mailbox-full")              /* IKE messages that JavaScript was slow for */ \
	_(MAILBOX_BAD, "mailbox-bad")                /* frames that do not parse */ \
	_(TAPPED, "tapped")                          /* copies for who looks at a peer's packets */ \
	_(TAP_DROPPED, "tap-dropped")                /* copies that there was no room for */

enum esp_counter {
#define ESP_COUNTER_NAME(constant, name) ESP_COUNT_##constant,
	ESP_COUNTERS(ESP_COUNTER_NAME)
#undef ESP_COUNTER_NAME
	ESP_COUNTER_COUNT,
};
/* clang-format on */

struct esp_address {
	/* 4 or 6. */
	uint8_t family;
	uint8_t zero;
	uint16_t port;
	/* An IPv4 address is in the first four. */
	uint8_t ip[16];
};

struct esp_path {
	struct esp_address local;
	struct esp_address remote;
};

struct esp_options {
	/* ESP_ABI_VERSION. */
	uint32_t version;
	/* Threads; 0: one per core. At least two run where there is a TUN device. */
	uint32_t workers;
	/* Of the TUN device, in bytes, 1280–65535. */
	uint32_t mtu;
	/* Which CPU features may be used, enum cpu_feature; all ones: what there is. */
	uint32_t cpu_mask;
	/* Which of enum esp_offload may be used; all ones: what there is. */
	uint32_t offload_mask;
	/* 1: tell with NETWORK frames when the host's network changes; a burst of changes is told
	 * ten times a second. */
	uint32_t watch_network;
	/* enum esp_dscp. */
	uint32_t copy_dscp;
	/* 0: any free port. */
	uint16_t port;
	uint16_t natt_port;
	/* 0: all addresses of both families. */
	uint32_t listen_count;
	/* The ports in these do not matter. */
	struct esp_address listen[ESP_MAX_LISTEN];
	/* Name of the TUN device, ended by a zero; empty: none. */
	char device[16];
};

struct esp_opened {
	/* Our end of the mailbox: a file descriptor that is now the caller's to close; else -1. */
	int32_t mailbox;
	uint32_t workers;
	/* As bound. */
	uint16_t port;
	uint16_t natt_port;
	/* 0: the kernel has no IPv6, only IPv4 is served. */
	uint8_t ipv6;
	/* 0: raw sockets are not permitted, ESP_ENCAP_RAW is ESP_UNSUPPORTED. */
	uint8_t raw;
	/* enum esp_offload: what is in use. */
	uint8_t offloads;
	/* 1: this processor has instructions for AES; else ChaCha20-Poly1305 is faster. */
	uint8_t aes_unit;
	/* The implementation of the faster one. */
	char aead[32];
	/* After a failure: which address, port or file, and what the kernel said. */
	char why[160];
};

/* One traffic selector (RFC 7296 section 3.13.1). */
struct esp_selector {
	uint8_t family;
	/* 0: any. */
	uint8_t protocol;
	/* 0–65535: any; 65535–0: opaque. */
	uint16_t port_start;
	uint16_t port_end;
	uint16_t zero;
	uint8_t start[16];
	uint8_t end[16];
};

struct esp_direction {
	/* 256 or more. */
	uint32_t spi;
	uint32_t encryption_bytes;
	uint32_t integrity_bytes;
	/* The key, then the salt if the cipher has one (RFC 4106 section 8.1). Copied; wiped when
	 * the child goes. */
	uint8_t encryption[64];
	uint8_t integrity[64];
};

struct esp_child {
	/* The caller's name for it. */
	uint32_t ref;
	/* enum esp_cipher. */
	uint32_t cipher;
	/* enum esp_integrity. */
	uint32_t integrity;
	/* enum esp_encap: how to send. What comes in either form is taken. */
	uint8_t encap;
	/* 1: extended sequence numbers. */
	uint8_t esn;
	/*
	 * 1: while another child has the same selectors, not used for sending until esp_activate()
	 * or until the peer has used it.
	 */
	uint8_t standby;
	uint8_t zero;
	/* How many of the selectors are of our side, and how many of the peer's. */
	uint32_t local_count;
	uint32_t remote_count;
	struct esp_path path;
	struct esp_direction inbound;
	struct esp_direction outbound;
	/* Of either direction, packets before an event and before the end; 0: what the sequence
	 * numbers allow. */
	uint64_t soft_packets;
	uint64_t hard_packets;
	/* The same in bytes, of inner packets and of what comes in their place; 0: any number. */
	uint64_t soft_bytes;
	uint64_t hard_bytes;
};

/* Selectors that a tunnel is made for when the first packet wants it. */
struct esp_trap {
	/* The caller's name for it; children have their own. */
	uint32_t ref;
	/* How many of the selectors are of our side, and how many of the peer's. */
	uint32_t local_count;
	uint32_t remote_count;
};

/* Whose ESP packets are copied into the mailbox. */
struct esp_tap {
	/* The beginning of each packet, 1–65535. */
	uint32_t snap_bytes;
	/* All copies of a tenth of a second, and a little for each; what is more is dropped and
	 * counted. */
	uint32_t most_bytes;
	uint32_t address_count;
	uint32_t spi_count;
	/* Of the peer; the ports do not matter. */
	struct esp_address addresses[ESP_MAX_TAP_ADDRESSES];
	/* Or of these children, by the SPI of what comes in, wherever the peer is. */
	uint32_t spis[ESP_MAX_TAP_SPIS];
};

struct esp_stats {
	/* Inner packets and bytes. */
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	/* Milliseconds since the last authenticated packet came in, or since installation. */
	uint64_t idle_ms;
	/* The largest outer IP packet that the path takes, 576–65535; 65535: nobody knows better.
	 */
	uint32_t path_mtu;
	/* The largest inner IPv4 packet for it; larger ones are cut or refused. IPv6's is 1280 at
	 * least. */
	uint32_t inner_mtu;
	/* By enum esp_counter. */
	uint64_t counters[64];
};

struct esp_engine;

/* Opens sockets, device and mailbox and starts the threads. `opened` is filled in any case. */
int esp_open(
	const struct esp_options *options, struct esp_opened *opened, struct esp_engine **engine);
/* Stops the threads, waits for them, wipes all keys, closes everything. NULL is allowed. */
void esp_close(struct esp_engine *engine);

/* `selectors`: those of our side, then those of the peer's; an inner packet must fit one of each.
 */
int esp_install(struct esp_engine *engine, const struct esp_child *child,
	const struct esp_selector *selectors);
/* Sends to and from other addresses, in this enum esp_encap, from here on; the sequence numbers go
 * on. */
int esp_move(struct esp_engine *engine, uint32_t ref, const struct esp_path *path, uint32_t encap);
/*
 * Prefers this child over others with the same selectors from here on; they stay for what is still
 * under way to us. When it returns no thread sends on another any more.
 */
int esp_activate(struct esp_engine *engine, uint32_t ref);
/* When it returns no thread holds the child, and its keys are wiped. */
int esp_remove(struct esp_engine *engine, uint32_t ref);

/*
 * Packets for these selectors, ours first, lead to ESP_FRAME_TRAPPED where no child has them. A
 * child with the same ranges or smaller ones goes before a trap.
 */
int esp_trap_set(struct esp_engine *engine, const struct esp_trap *trap,
	const struct esp_selector *selectors);
/*
 * Sends what the trap kept through the children that there are by now; what has none is dropped.
 * The next packet is told again.
 */
int esp_trap_release(struct esp_engine *engine, uint32_t ref);
/* What it kept is dropped. */
int esp_trap_remove(struct esp_engine *engine, uint32_t ref);

/* Instead of what was asked before; NULL: none is copied from here on. */
int esp_tap_set(struct esp_engine *engine, const struct esp_tap *tap);

int esp_stats(struct esp_engine *engine, uint32_t ref, struct esp_stats *stats);
/* ESP_COUNTER_COUNT numbers. */
int esp_counters(struct esp_engine *engine, uint64_t *counters);
/* NULL: there are no more. */
const char *esp_counter_name(uint32_t counter);

/*
 * Once the start is over: leaves to the kernel what of the program's text is not used at the
 * moment. What is needed comes back by itself; of Node's text that is less than half.
 */
void esp_unmap_text(void);

/*
 * The layout, entry by entry, NULL after the last: «struct» with (size, 0), «struct.field» with
 * (offset, bytes), «CONSTANT» with (value, 0).
 */
const char *esp_abi(uint32_t entry, uint32_t numbers[2]);

#endif
