// Values of the daemon ↔ structs of the C module (abi.ts). Pure; keys in what is made here are the caller's to wipe.
import { type Ip, ipBytes, isIpv4, parseIp, type SocketAddress } from '../base/ip.ts';
import type { ChildSpec, EspDirection, Path, Selectors } from '../ike/core.ts';
import type { Selector } from '../policy/selectors.ts';
import { byKeyword } from '../transforms/table.ts';
import {
  constants,
  espAddress,
  espChild,
  espDirection,
  espOpened,
  espOptions,
  espPath,
  espSelector,
  espStats,
  espTap,
  espTrap,
} from './abi.ts';
import { Block } from './block.ts';
import type { ChildStats, DataPlaneOptions, Tap, TrapRef } from './dataplane.ts';

/** `struct esp_options`. @throws RangeError when a value does not fit its field */
export function encodeOptions(options: DataPlaneOptions): Uint8Array {
  const block = new Block(espOptions);
  const device = new TextEncoder().encode(options.device);
  if (device.length > maxDeviceBytes || device.includes(0)) {
    throw new RangeError(`«${options.device}» is no name for a network device`);
  }
  const listen = options.listen.map(listenAddress);
  block.set('version', constants.ESP_ABI_VERSION);
  block.set('workers', options.workers);
  block.set('mtu', options.mtu);
  block.set('cpu_mask', everything);
  block.set('offload_mask', options.offloads === false ? 0 : everything);
  block.set('watch_network', options.watchNetwork ? 1 : 0);
  block.set('copy_dscp', dscpBits(options.copyDscp));
  block.set('port', options.port);
  block.set('natt_port', options.nattPort);
  block.set('listen_count', listen.length);
  block.put('listen', joined(listen.map(encodeAddress), espAddress.bytes));
  block.put('device', device);
  return block.bytes;
}

const dscpBits = ({ outward, inward } = { outward: false, inward: false }): number =>
  (outward ? constants.ESP_DSCP_OUT : 0) | (inward ? constants.ESP_DSCP_IN : 0);

const offloadBits = {
  'tun-tcp': constants.ESP_OFFLOAD_TUN_TCP,
  'tun-udp': constants.ESP_OFFLOAD_TUN_UDP,
  send: constants.ESP_OFFLOAD_SEND,
  receive: constants.ESP_OFFLOAD_RECEIVE,
} as const;

/** What the kernel does for the data plane: super-packets on the TUN device, many ESP packets in one datagram. */
export type Offload = keyof typeof offloadBits;
const offloadNames = Object.keys(offloadBits) as Offload[];

/** What `esp_open` settled, or why it failed. */
export interface Opened {
  readonly mailbox: number;
  readonly workers: number;
  readonly port: number;
  readonly nattPort: number;
  readonly ipv6: boolean;
  readonly raw: boolean;
  readonly offloads: readonly Offload[];
  readonly aesUnit: boolean;
  readonly aead: string;
  readonly why: string;
}

export function decodeOpened(bytes: Uint8Array): Opened {
  const block = new Block(espOpened, bytes);
  return {
    mailbox: block.get('mailbox') | 0, // signed: −1 is none
    workers: block.get('workers'),
    port: block.get('port'),
    nattPort: block.get('natt_port'),
    ipv6: block.get('ipv6') === 1,
    raw: block.get('raw') === 1,
    offloads: offloadNames.filter((name) => block.get('offloads') & offloadBits[name]),
    aesUnit: block.get('aes_unit') === 1,
    aead: block.text('aead'),
    why: block.text('why'),
  };
}

/** `struct esp_child` and its selectors, ours first. @throws RangeError when a value does not fit its field */
export function encodeChild(child: ChildSpec): { child: Uint8Array; selectors: Uint8Array } {
  const { local, remote } = child.selectors;
  const block = new Block(espChild);
  block.set('ref', child.ref);
  block.set('cipher', byKeyword(child.cipher, 'ENCR').id);
  block.set(
    'integrity',
    child.integrity ? byKeyword(child.integrity, 'INTEG').id : constants.ESP_NO_INTEGRITY,
  );
  block.set('encap', encapNumber(child.encap));
  block.set('esn', child.esn ? 1 : 0);
  block.set('standby', child.standby ? 1 : 0);
  block.set('local_count', local.length);
  block.set('remote_count', remote.length);
  block.put('path', encodePath(child.path));
  fillDirection(block.part('inbound'), child.inbound);
  fillDirection(block.part('outbound'), child.outbound);
  const { soft, hard } = child.limits ?? {};
  block.setLong('soft_packets', soft?.packets ?? 0);
  block.setLong('hard_packets', hard?.packets ?? 0);
  block.setLong('soft_bytes', soft?.bytes ?? 0);
  block.setLong('hard_bytes', hard?.bytes ?? 0);
  return { child: block.bytes, selectors: encodeSelectors(child.selectors) };
}

/** `struct esp_trap` and its selectors, ours first. @throws RangeError when a value does not fit its field */
export function encodeTrap(
  ref: TrapRef,
  selectors: Selectors,
): { trap: Uint8Array; selectors: Uint8Array } {
  const block = new Block(espTrap);
  block.set('ref', ref);
  block.set('local_count', selectors.local.length);
  block.set('remote_count', selectors.remote.length);
  return { trap: block.bytes, selectors: encodeSelectors(selectors) };
}

/** `struct esp_tap`. @throws RangeError when a value does not fit its field */
export function encodeTap({ addresses, spis, snapBytes, mostBytes }: Tap): Uint8Array {
  const block = new Block(espTap);
  block.set('snap_bytes', snapBytes);
  block.set('most_bytes', mostBytes);
  block.set('address_count', addresses.length);
  block.set('spi_count', spis.length);
  const sockets = addresses.map((ip) => encodeAddress({ ip, port: 0 }));
  block.put('addresses', joined(sockets, espAddress.bytes));
  block.put('spis', new Uint8Array(Uint32Array.from(spis).buffer));
  return block.bytes;
}

/** `enum esp_encap`. */
export const encapNumber = (encap: ChildSpec['encap']): number =>
  encap === 'udp' ? constants.ESP_ENCAP_UDP : constants.ESP_ENCAP_RAW;

/** `struct esp_path`. */
export function encodePath({ local, remote }: Path): Uint8Array {
  const block = new Block(espPath);
  block.put('local', encodeAddress(local));
  block.put('remote', encodeAddress(remote));
  return block.bytes;
}

/** @param names of the counters, in their order; those that are zero are left out of `drops` */
export function decodeStats(bytes: Uint8Array, names: readonly string[]): ChildStats {
  const block = new Block(espStats, bytes);
  const counted = names.map((name, i) => [name, block.long('counters', i)] as const);
  return {
    rxPackets: block.long('rx_packets'),
    rxBytes: block.long('rx_bytes'),
    txPackets: block.long('tx_packets'),
    txBytes: block.long('tx_bytes'),
    idleMs: Number(block.long('idle_ms')),
    pathMtu: block.get('path_mtu'),
    innerMtu: block.get('inner_mtu'),
    drops: Object.fromEntries(counted.filter(([, count]) => count > 0n)),
  };
}

function listenAddress(text: string): SocketAddress {
  const ip = parseIp(text);
  if (!ip) throw new RangeError(`«${text}» is no address to listen on`);
  return { ip, port: 0 };
}

function encodeAddress({ ip, port }: SocketAddress): Uint8Array {
  const block = new Block(espAddress);
  block.set('family', family(ip));
  block.set('port', port);
  block.put('ip', ipBytes(ip));
  return block.bytes;
}

const encodeSelectors = ({ local, remote }: Selectors): Uint8Array =>
  joined([...local, ...remote].map(encodeSelector), espSelector.bytes);

function encodeSelector({ range, protocol, ports }: Selector): Uint8Array {
  const block = new Block(espSelector);
  block.set('family', family(range.start));
  block.set('protocol', protocol);
  block.set('port_start', ports.start);
  block.set('port_end', ports.end);
  block.put('start', ipBytes(range.start));
  block.put('end', ipBytes(range.end));
  return block.bytes;
}

/** In place: no second copy of the keys. */
function fillDirection(room: Uint8Array, { spi, encryption, integrity }: EspDirection): void {
  const block = new Block(espDirection, room);
  block.set('spi', spi);
  block.set('encryption_bytes', encryption.length);
  block.put('encryption', encryption.bytes);
  block.set('integrity_bytes', integrity?.length ?? 0);
  if (integrity) block.put('integrity', integrity.bytes);
}

function joined(parts: readonly Uint8Array[], each: number): Uint8Array {
  const out = new Uint8Array(parts.length * each);
  for (const [i, part] of parts.entries()) out.set(part, i * each);
  return out;
}

const family = (ip: Ip): 4 | 6 => (isIpv4(ip) ? 4 : 6);

/** IFNAMSIZ less the zero at the end. */
const maxDeviceBytes = 15;
const everything = 0xffffffff;
