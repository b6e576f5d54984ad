// native/include/esp.h mirrored: constants, and where each field of a struct lies. A test compares all of it
// with what the library says of itself, so that the two languages cannot drift.

/** Values of the constants of esp.h. */
export const constants = {
  ESP_ABI_VERSION: 13,
  ESP_MAX_LISTEN: 32,
  ESP_MAX_WORKERS: 16,
  ESP_MAX_SELECTORS: 256,
  ESP_MAX_FRAME: 65600,
  ESP_MAX_TAP_ADDRESSES: 8,
  ESP_MAX_TAP_SPIS: 64,
  ESP_COUNTER_COUNT: 40,
  ESP_OK: 0,
  ESP_BAD_ARGUMENT: 1,
  ESP_BAD_VERSION: 2,
  ESP_PORT_IN_USE: 3,
  ESP_PERMISSION: 4,
  ESP_ADDRESS: 5,
  ESP_NO_TUN: 6,
  ESP_DEVICE_EXISTS: 7,
  ESP_UNSUPPORTED: 8,
  ESP_NO_CHILD: 9,
  ESP_CHILD_EXISTS: 10,
  ESP_NO_SOCKET: 11,
  ESP_NO_MEMORY: 12,
  ESP_SYSTEM: 13,
  ESP_NO_TRAP: 14,
  ESP_TRAP_EXISTS: 15,
  ESP_AES_CBC: 12,
  ESP_AES_GCM_16: 20,
  ESP_CHACHA20_POLY1305: 28,
  ESP_NO_INTEGRITY: 0,
  ESP_HMAC_SHA1_96: 2,
  ESP_HMAC_SHA2_256_128: 12,
  ESP_HMAC_SHA2_384_192: 13,
  ESP_HMAC_SHA2_512_256: 14,
  ESP_ENCAP_UDP: 1,
  ESP_ENCAP_RAW: 2,
  ESP_OFFLOAD_TUN_TCP: 1,
  ESP_OFFLOAD_TUN_UDP: 2,
  ESP_OFFLOAD_SEND: 4,
  ESP_OFFLOAD_RECEIVE: 8,
  ESP_DSCP_OUT: 1,
  ESP_DSCP_IN: 2,
  ESP_FRAME_DATAGRAM: 1,
  ESP_FRAME_MOVED: 2,
  ESP_FRAME_SOFT_LIMIT: 3,
  ESP_FRAME_HARD_LIMIT: 4,
  ESP_FRAME_FAILED: 5,
  ESP_FRAME_USED: 6,
  ESP_FRAME_TRAPPED: 7,
  ESP_FRAME_KEEPALIVE: 8,
  ESP_FRAME_NETWORK: 9,
  ESP_FRAME_EXPECT: 10,
  ESP_FRAME_SETTLE: 11,
  ESP_FRAME_EARLY: 12,
  ESP_FRAME_TAPPED: 13,
  ESP_FRAME_PROVEN: 14,
  ESP_FRAME_ADMIT: 15,
} as const;

/** What takes room in a struct: a number, bytes, or another struct. */
export interface Layout {
  readonly bytes: number;
  readonly align: number;
}
/** A struct as C lays it out: each field at the next multiple of its alignment. */
export interface Struct<Field extends string = string> extends Layout {
  readonly fields: Readonly<Record<Field, { readonly offset: number; readonly bytes: number }>>;
}

const u8: Layout = { bytes: 1, align: 1 };
const u16: Layout = { bytes: 2, align: 2 };
const u32: Layout = { bytes: 4, align: 4 };
const u64: Layout = { bytes: 8, align: 8 };
const array = (count: number, of: Layout): Layout => ({ bytes: count * of.bytes, align: of.align });
const bytes = (count: number): Layout => array(count, u8);

export const espAddress = struct({ family: u8, zero: u8, port: u16, ip: bytes(16) });
export const espPath = struct({ local: espAddress, remote: espAddress });
export const espOptions = struct({
  version: u32,
  workers: u32,
  mtu: u32,
  cpu_mask: u32,
  offload_mask: u32,
  watch_network: u32,
  copy_dscp: u32,
  port: u16,
  natt_port: u16,
  listen_count: u32,
  listen: array(constants.ESP_MAX_LISTEN, espAddress),
  device: bytes(16),
});
export const espOpened = struct({
  mailbox: u32,
  workers: u32,
  port: u16,
  natt_port: u16,
  ipv6: u8,
  raw: u8,
  offloads: u8,
  aes_unit: u8,
  aead: bytes(32),
  why: bytes(160),
});
export const espSelector = struct({
  family: u8,
  protocol: u8,
  port_start: u16,
  port_end: u16,
  zero: u16,
  start: bytes(16),
  end: bytes(16),
});
export const espDirection = struct({
  spi: u32,
  encryption_bytes: u32,
  integrity_bytes: u32,
  encryption: bytes(64),
  integrity: bytes(64),
});
export const espChild = struct({
  ref: u32,
  cipher: u32,
  integrity: u32,
  encap: u8,
  esn: u8,
  standby: u8,
  zero: u8,
  local_count: u32,
  remote_count: u32,
  path: espPath,
  inbound: espDirection,
  outbound: espDirection,
  soft_packets: u64,
  hard_packets: u64,
  soft_bytes: u64,
  hard_bytes: u64,
});
export const espTrap = struct({ ref: u32, local_count: u32, remote_count: u32 });
export const espTap = struct({
  snap_bytes: u32,
  most_bytes: u32,
  address_count: u32,
  spi_count: u32,
  addresses: array(constants.ESP_MAX_TAP_ADDRESSES, espAddress),
  spis: array(constants.ESP_MAX_TAP_SPIS, u32),
});
export const espStats = struct({
  rx_packets: u64,
  rx_bytes: u64,
  tx_packets: u64,
  tx_bytes: u64,
  idle_ms: u64,
  path_mtu: u32,
  inner_mtu: u32,
  counters: array(64, u64),
});

/** By the names that C gives them. */
export const structs: Readonly<Record<string, Struct>> = {
  esp_address: espAddress,
  esp_path: espPath,
  esp_options: espOptions,
  esp_opened: espOpened,
  esp_selector: espSelector,
  esp_direction: espDirection,
  esp_child: espChild,
  esp_trap: espTrap,
  esp_tap: espTap,
  esp_stats: espStats,
};

function struct<Field extends string>(members: Readonly<Record<Field, Layout>>): Struct<Field> {
  const fields: Partial<Record<Field, { offset: number; bytes: number }>> = {};
  let end = 0;
  let align = 1;
  for (const name in members) {
    const member = members[name];
    const offset = roundUp(end, member.align);
    fields[name] = { offset, bytes: member.bytes };
    end = offset + member.bytes;
    align = Math.max(align, member.align);
  }
  return { bytes: roundUp(end, align), align, fields: fields as Struct<Field>['fields'] };
}

function roundUp(n: number, to: number): number {
  return Math.ceil(n / to) * to;
}
