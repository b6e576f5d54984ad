// The data plane as the daemon sees it: native.ts (the C module) and memory.ts (tests) are interchangeable.
// SPIs are drawn by the core, so nothing is asked of it but figures.
import type { Ip } from '../base/ip.ts';
import type {
  ChildRef,
  ChildSpec,
  DataPlaneEvent,
  Path,
  Selectors,
  WaitingPacket,
} from '../ike/core.ts';

export type TrapRef = number & { readonly __brand: 'trap' };

export interface DataPlane {
  /**
   * A request of ours names this inbound SPI: packets that come before its child is installed wait for it, as many as
   * there is room for.
   */
  expect(spi: number): void;
  /** Whoever writes to this IKE SPI of ours (8 bytes) has the keys of an IKE SA: no crowd of strangers holds him up. */
  admit(spi: Uint8Array): void;
  install(child: ChildSpec): void;
  move(child: ChildRef, path: Path, encap: ChildSpec['encap']): void;
  /** Sends on this child from here on, instead of on another with the same selectors. */
  activate(child: ChildRef): void;
  remove(child: ChildRef): void;
  /**
   * Packets for these selectors that no child has are told (`DataPlaneListener.trapped`) and the first few of them
   * kept. A trap yields to children with the same remote ranges or smaller ones, not to wider ones.
   */
  setTrap(trap: TrapRef, selectors: Selectors): void;
  /** Sends what the trap kept where there is a child by now, drops the rest, and tells of the next packet again. */
  releaseTrap(trap: TrapRef): void;
  removeTrap(trap: TrapRef): void;
  /** Sends one IKE message; the non-ESP marker is added where `path.local.port` is the NAT-T port. */
  send(path: Path, bytes: Uint8Array): void;
  /** Sends the byte that keeps a NAT awake (RFC 3948 §2.3). */
  keepalive(path: Path): void;
  /** Has copies of a peer's ESP packets told (`DataPlaneListener.tapped`), instead of what was asked before. */
  tap(wanted: Tap | undefined): void;
  /** Undefined: no such child. */
  stats(child: ChildRef): ChildStats | undefined;
  /** Packets dropped or passed in all, by reason. */
  counters(): Readonly<Record<string, bigint>>;
  /** Stops threads, closes sockets and the TUN device. */
  close(): Promise<void>;
}

/** Whose ESP packets are copied, and how much of them. */
export interface Tap {
  /** Of the peer, at most 8. */
  readonly addresses: readonly Ip[];
  /** Or of these children, by their inbound SPI, wherever the peer is; at most 64. */
  readonly spis: readonly number[];
  /** The beginning of each packet, 1–65535. */
  readonly snapBytes: number;
  /** All copies of a tenth of a second; what is more is dropped and counted as `tap-dropped`. */
  readonly mostBytes: number;
}

/** An ESP packet as it travelled, sealed, without its IP and UDP headers. */
export interface TappedPacket {
  readonly leaves: boolean;
  readonly encap: 'udp' | 'raw';
  /** DSCP and ECN outside. */
  readonly tos: number;
  /** Microseconds since 1970. */
  readonly atUs: number;
  readonly path: Path;
  /** In bytes, of which `bytes` are the first. */
  readonly length: number;
  readonly bytes: Uint8Array;
}

export interface ChildStats {
  readonly rxPackets: bigint;
  readonly rxBytes: bigint;
  readonly txPackets: bigint;
  readonly txBytes: bigint;
  /** Milliseconds since the last authenticated packet came in; since installation if none did. */
  readonly idleMs: number;
  /** The largest outer IP packet that its path takes, as far as is known: 576–65535 bytes. */
  readonly pathMtu: number;
  /** The largest inner IPv4 packet for it, in bytes; of IPv6 1280 pass in any case. */
  readonly innerMtu: number;
  readonly drops: Readonly<Record<string, bigint>>;
}

/** What the data plane tells the daemon, on the event loop. */
export interface DataPlaneListener {
  datagram(path: Path, bytes: Uint8Array, isProven: boolean): void;
  event(event: DataPlaneEvent): void;
  /** The first packet that fits a trap; once, until the trap is released. */
  trapped(trap: TrapRef, packet: WaitingPacket): void;
  tapped?(packet: TappedPacket): void;
  /** Links, addresses or routes of this host are not as they were; told only where it was asked for. */
  networkChanged?(): void;
  /** The data plane cannot go on (the TUN device was deleted, a socket broke). */
  failed(why: string): void;
}

export interface DataPlaneOptions {
  /** TUN interface name, at most 15 characters. */
  readonly device: string;
  readonly mtu: number;
  /** Addresses to listen on; empty: all, IPv4 and IPv6. */
  readonly listen: readonly string[];
  readonly port: number;
  readonly nattPort: number;
  /** 0: one per core. */
  readonly workers: number;
  /** Tell when the host's network changes. */
  readonly watchNetwork?: boolean;
  /** Where the DSCP of the inner header becomes that of the outer one, or the other way; else it is zero outside. */
  readonly copyDscp?: { readonly outward: boolean; readonly inward: boolean };
  /** False: without the kernel's segmentation offloads, for a network driver that gets them wrong. */
  readonly offloads?: boolean;
}
