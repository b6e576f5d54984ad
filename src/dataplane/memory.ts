// A data plane of nothing but memory, for tests and simulations: it holds what the core installs and counts
// what passes. Packets are not encrypted; they carry the key they would have been sealed with, so that a
// simulation sees whether both sides agree.
import { equal } from '../base/bytes.ts';
import { sameSocket } from '../base/ip.ts';
import type { Instant } from '../base/time.ts';
import type {
  ChildRef,
  ChildSpec,
  EspDirection,
  Path,
  Selectors,
  WaitingPacket,
} from '../ike/core.ts';
import { carries } from '../ike/negotiate/selectors.ts';
import type { ChildStats, DataPlane, DataPlaneListener, TrapRef } from './dataplane.ts';

/** An ESP packet as this data plane pictures it. */
export interface MemoryPacket {
  readonly spi: number;
  /** Encryption key, salt and integrity key it is sealed with. */
  readonly keys: Uint8Array;
  readonly inner: Uint8Array;
}

/** Where packets go: another plane, or a simulated network with loss and NAT between them. */
export interface MemoryWire {
  ike(path: Path, bytes: Uint8Array): void;
  esp(path: Path, packet: MemoryPacket): void;
}

interface Installed {
  readonly spec: ChildSpec;
  path: Path;
  encap: ChildSpec['encap'];
  standby: boolean;
  rxPackets: bigint;
  rxBytes: bigint;
  txPackets: bigint;
  txBytes: bigint;
  heardAt: Instant;
  readonly told: Set<'soft' | 'hard'>;
}

interface Trap {
  readonly selectors: Selectors;
  readonly kept: { readonly packet: WaitingPacket; readonly inner: Uint8Array }[];
  isTold: boolean;
}

/** One host's data plane. */
export class MemoryPlane implements DataPlane {
  readonly #listener: DataPlaneListener;
  readonly #wire: MemoryWire;
  readonly #now: () => Instant;
  readonly #children = new Map<ChildRef, Installed>();
  /** What came before its child, by the SPI that a request of ours has named. */
  readonly #early = new Map<number, { readonly path: Path; readonly packet: MemoryPacket }[]>();
  readonly #traps = new Map<TrapRef, Trap>();
  readonly #counters: Record<string, bigint> = {};

  constructor(listener: DataPlaneListener, wire: MemoryWire, now: () => Instant) {
    this.#listener = listener;
    this.#wire = wire;
    this.#now = now;
  }

  /** What is installed at this moment. */
  get children(): readonly ChildSpec[] {
    return [...this.#children.values()].map(({ spec, path, encap, standby }) => ({
      ...spec,
      path,
      encap,
      standby,
    }));
  }

  expect(spi: number): void {
    this.#early.set(spi, []);
  }

  /** There is no door here. */
  admit(): void {}

  install(spec: ChildSpec): void {
    const none = { rxPackets: 0n, rxBytes: 0n, txPackets: 0n, txBytes: 0n, told: new Set<never>() };
    const { path, encap, standby } = spec;
    this.#children.set(spec.ref, { spec, path, encap, standby, ...none, heardAt: this.#now() });
    const { spi } = spec.inbound;
    const early = this.#early.get(spi) ?? [];
    this.#early.delete(spi);
    for (const { path: from, packet } of early) this.receiveEsp(from, packet);
  }

  move(ref: ChildRef, path: Path, encap: ChildSpec['encap']): void {
    const child = this.#children.get(ref);
    if (!child) return;
    child.path = path;
    child.encap = encap;
  }

  /** No cable between planes of memory forgets anybody. */
  keepalive(): void {}

  activate(ref: ChildRef): void {
    const child = this.#children.get(ref);
    if (child) child.standby = false;
  }

  remove(ref: ChildRef): void {
    this.#children.delete(ref);
  }

  setTrap(ref: TrapRef, selectors: Selectors): void {
    this.#traps.set(ref, { selectors, kept: [], isTold: false });
  }

  releaseTrap(ref: TrapRef): void {
    const trap = this.#traps.get(ref);
    if (!trap) return;
    trap.isTold = false;
    for (const { packet, inner } of trap.kept.splice(0)) {
      const child = this.#carrierOf(packet);
      if (child === undefined) this.#drop('trap-dropped');
      else this.sendInner(child, inner);
    }
  }

  removeTrap(ref: TrapRef): void {
    this.#traps.delete(ref);
  }

  send(path: Path, bytes: Uint8Array): void {
    this.#wire.ike(path, bytes);
  }

  /** Nobody looks into memory. */
  tap(): void {}

  stats(ref: ChildRef): ChildStats | undefined {
    const child = this.#children.get(ref);
    if (!child) return undefined;
    const { rxPackets, rxBytes, txPackets, txBytes, heardAt } = child;
    const idleMs = this.#now() - heardAt;
    const unknown = { pathMtu: 65_535, innerMtu: 65_535 };
    return { rxPackets, rxBytes, txPackets, txBytes, idleMs, ...unknown, drops: {} };
  }

  counters(): Readonly<Record<string, bigint>> {
    return { ...this.#counters };
  }

  async close(): Promise<void> {
    this.#children.clear();
  }

  /** An IKE message arrived; `path` is this host's view of it. */
  receiveIke(path: Path, bytes: Uint8Array): void {
    this.#listener.datagram(path, bytes, false);
  }

  /** What comes out of the TUN device: it goes through the child that fits it, or into a trap. */
  dispatch(packet: WaitingPacket, inner: Uint8Array): void {
    const child = this.#carrierOf(packet);
    const [ref, trap] = [...this.#traps].find(([, one]) => carries(one.selectors, packet)) ?? [];
    if (child !== undefined) this.sendInner(child, inner);
    else if (ref === undefined || !trap) this.#drop('no-sa');
    else {
      if (trap.kept.length < mostKept) trap.kept.push({ packet, inner });
      else this.#drop('trap-dropped');
      if (!trap.isTold) this.#listener.trapped(ref, packet);
      trap.isTold = true;
    }
  }

  /** Sends an inner packet through a child. @returns false when there is no such child */
  sendInner(ref: ChildRef, inner: Uint8Array): boolean {
    const child = this.#children.get(ref);
    if (!child) return false;
    child.txPackets++;
    child.txBytes += BigInt(inner.length);
    this.#tellLimits(child, child.txPackets, child.txBytes);
    const { outbound } = child.spec;
    this.#wire.esp(child.path, { spi: outbound.spi, keys: keysOf(outbound), inner });
    return true;
  }

  /** An ESP packet arrived. @returns the child that could open it; a drop is counted */
  receiveEsp(path: Path, packet: MemoryPacket): ChildRef | undefined {
    const { spi, keys, inner } = packet;
    const child = [...this.#children.values()].find(({ spec }) => spec.inbound.spi === spi);
    const early = this.#early.get(spi);
    if (!child && early) early.push({ path, packet });
    if (!child && early?.length === 1) this.#listener.event({ kind: 'early', spi });
    if (!child) return this.#drop(early ? 'early' : 'unknown-spi');
    if (!equal(keysOf(child.spec.inbound), keys)) return this.#drop('integrity');
    child.rxPackets++;
    child.rxBytes += BigInt(inner.length);
    this.#tellLimits(child, child.rxPackets, child.rxBytes);
    child.heardAt = this.#now();
    const { ref } = child.spec;
    if (child.standby) {
      child.standby = false;
      this.#listener.event({ kind: 'used', child: ref });
    }
    if (!sameSocket(child.path.remote, path.remote)) {
      this.#listener.event({ kind: 'moved', child: ref, path });
    }
    return ref;
  }

  /** Each once, as the C module does. */
  #tellLimits({ spec, told }: Installed, packets: bigint, bytes: bigint): void {
    for (const kind of ['soft', 'hard'] as const) {
      const most = spec.limits?.[kind];
      const isReached =
        (most?.packets !== undefined && packets >= most.packets) ||
        (most?.bytes !== undefined && bytes >= most.bytes);
      if (!isReached || told.has(kind)) continue;
      told.add(kind);
      this.#listener.event({ kind: `${kind}-limit`, child: spec.ref });
    }
  }

  /** The last that was installed, and does not stand by. */
  #carrierOf(packet: WaitingPacket): ChildRef | undefined {
    const fitting = this.children.filter(({ selectors }) => carries(selectors, packet));
    return (fitting.findLast(({ standby }) => !standby) ?? fitting.at(-1))?.ref;
  }

  #drop(reason: string): undefined {
    this.#counters[reason] = (this.#counters[reason] ?? 0n) + 1n;
  }
}

/** Packets of one trap. */
const mostKept = 4;

function keysOf({ encryption, integrity }: EspDirection): Uint8Array {
  return Uint8Array.from([...encryption.bytes, ...(integrity?.bytes ?? [])]);
}
