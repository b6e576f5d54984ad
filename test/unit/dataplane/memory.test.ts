import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { Secret } from '../../../src/base/secret.ts';
import { instant } from '../../../src/base/time.ts';
import type { TrapRef } from '../../../src/dataplane/dataplane.ts';
import { MemoryPlane } from '../../../src/dataplane/memory.ts';
import type { ChildRef, ChildSpec, DataPlaneEvent, Path, SaRef } from '../../../src/ike/core.ts';
import { everything } from '../../../src/policy/selectors.ts';

const here = { ip: ip('203.0.113.2'), port: 4500 };
const there = { ip: ip('198.51.100.10'), port: 61234 };
const ref = 1 as ChildRef;

function childSpec(path: Path, spiIn: number, spiOut: number, key: number): ChildSpec {
  const direction = (spi: number) => ({
    spi,
    encryption: new Secret(new Uint8Array(20).fill(spi ^ key)),
    integrity: undefined,
  });
  return {
    ref,
    sa: 1 as SaRef,
    path,
    encap: 'udp',
    cipher: 'aes128gcm16',
    integrity: undefined,
    esn: false,
    standby: false,
    inbound: direction(spiIn),
    outbound: direction(spiOut),
    limits: undefined,
    selectors: { local: [], remote: [] },
  };
}

const quiet = { datagram() {}, event() {}, trapped() {}, failed() {} };

/** Two hosts and a wire; `seen` is where the right one sees the left one's packets come from. */
function setUp({ key = 0, seen = there } = {}) {
  let now = 0;
  const events: DataPlaneEvent[] = [];
  const datagrams: [Path, Uint8Array][] = [];
  const right: MemoryPlane = new MemoryPlane(
    {
      ...quiet,
      datagram: (path, bytes) => datagrams.push([path, bytes]),
      event: (event) => events.push(event),
    },
    { ike() {}, esp() {} },
    () => instant(now),
  );
  const path = { local: here, remote: seen };
  const left = new MemoryPlane(
    quiet,
    {
      ike: (_, bytes) => right.receiveIke(path, bytes),
      esp: (_, packet) => void right.receiveEsp(path, packet),
    },
    () => instant(now),
  );
  left.install(childSpec({ local: there, remote: here }, 500, 600, 0));
  right.install(childSpec({ local: here, remote: there }, 600, 500, key));
  return { left, right, events, datagrams, pass: (ms: number) => (now += ms) };
}

describe('two data planes of memory', () => {
  test('carry IKE messages', () => {
    const { left, datagrams } = setUp();
    left.send({ local: there, remote: here }, Uint8Array.of(1, 2));
    expect(datagrams).toEqual([[{ local: here, remote: there }, Uint8Array.of(1, 2)]]);
  });

  test('count packets, and how long the peer has been silent', () => {
    const { left, right, pass } = setUp();
    pass(700);
    expect(right.stats(ref)?.idleMs).toBe(700);
    left.sendInner(ref, new Uint8Array(100));
    pass(30);
    expect(left.stats(ref)).toMatchObject({ txPackets: 1n, txBytes: 100n, rxPackets: 0n });
    expect(right.stats(ref)).toMatchObject({ rxPackets: 1n, rxBytes: 100n, idleMs: 30 });
  });

  test('keep what comes for a child that is expected, and for no other', () => {
    const { left, right } = setUp();
    right.remove(ref);
    left.sendInner(ref, new Uint8Array(10));
    right.expect(600);
    left.sendInner(ref, new Uint8Array(20));
    right.install(childSpec({ local: here, remote: there }, 600, 500, 0));
    expect(right.stats(ref)).toMatchObject({ rxPackets: 1n, rxBytes: 20n });
    expect(right.counters()).toEqual({ 'unknown-spi': 1n, early: 1n });
  });

  test('tell once when as much was carried as the keys serve for', () => {
    const { left, right, events } = setUp();
    right.remove(ref);
    const amount = (packets: number) => ({ packets, bytes: undefined });
    const limits = { soft: amount(2), hard: { packets: undefined, bytes: 300 } };
    right.install({ ...childSpec({ local: here, remote: there }, 600, 500, 0), limits });
    const seen = [];
    for (let i = 0; i < 4; i++) {
      left.sendInner(ref, new Uint8Array(100));
      seen.push(events.map(({ kind }) => kind).join(' '));
    }
    expect(seen).toEqual(['', 'soft-limit', 'soft-limit hard-limit', 'soft-limit hard-limit']);
  });

  test('find out when their keys differ', () => {
    const { left, right } = setUp({ key: 1 });
    left.sendInner(ref, new Uint8Array(100));
    expect(right.counters()).toEqual({ integrity: 1n });
    expect(right.stats(ref)).toMatchObject({ rxPackets: 0n });
  });

  test('tell where a peer moved to, and stop telling once they follow', () => {
    const seen = { ip: ip('192.0.2.7'), port: 1024 };
    const { left, right, events } = setUp({ seen });
    left.sendInner(ref, new Uint8Array(1));
    expect(events).toEqual([{ kind: 'moved', child: ref, path: { local: here, remote: seen } }]);
    right.move(ref, { local: here, remote: seen }, 'raw');
    left.sendInner(ref, new Uint8Array(1));
    expect(events).toHaveLength(1);
    expect(right.children[0]?.path.remote).toEqual(seen);
    expect(right.children[0]?.encap).toBe('raw');
  });

  test('tell once that a child which stood by is in use (pitfall 57)', () => {
    const { left, right, events } = setUp();
    right.install({ ...childSpec({ local: here, remote: there }, 600, 500, 0), standby: true });
    expect(right.children[0]?.standby).toBe(true);
    left.sendInner(ref, new Uint8Array(1));
    left.sendInner(ref, new Uint8Array(1));
    expect(events).toEqual([{ kind: 'used', child: ref }]);
    expect(right.children[0]?.standby).toBe(false);
  });

  test('tell nothing of a child that was activated before', () => {
    const { left, right, events } = setUp();
    right.install({ ...childSpec({ local: here, remote: there }, 600, 500, 0), standby: true });
    right.activate(ref);
    left.sendInner(ref, new Uint8Array(1));
    expect(events).toEqual([]);
  });

  test('hold nothing of a child that was removed', () => {
    const { left, right } = setUp();
    right.remove(ref);
    left.sendInner(ref, new Uint8Array(1));
    expect(right.counters()).toEqual({ 'unknown-spi': 1n });
    expect(right.stats(ref)).toBeUndefined();
    expect(right.sendInner(ref, new Uint8Array(1))).toBe(false);
  });

  test('keep what waits for a tunnel, tell of it once, and send it when there is one', () => {
    const told: TrapRef[] = [];
    const sent: Uint8Array[] = [];
    const plane = new MemoryPlane(
      { ...quiet, trapped: (trap) => told.push(trap) },
      { ike() {}, esp: (_, { inner }) => sent.push(inner) },
      () => instant(0),
    );
    const host = (text: string) => everything({ start: ip(text), end: ip(text) });
    const packet = { local: host('10.1.0.1'), remote: host('10.2.0.1') };
    const selectors = { local: [packet.local], remote: [packet.remote] };
    const [mine, first, second] = [9 as TrapRef, Uint8Array.of(1), Uint8Array.of(2)];
    plane.dispatch(packet, first);
    plane.setTrap(mine, selectors);
    plane.dispatch(packet, first);
    plane.dispatch(packet, second);
    expect(told).toEqual([mine]);
    plane.install({ ...childSpec({ local: here, remote: there }, 600, 500, 0), selectors });
    expect(sent).toEqual([]);
    plane.releaseTrap(mine);
    plane.dispatch(packet, first);
    expect(sent).toEqual([first, second, first]);
    plane.remove(ref);
    for (let i = 0; i < 6; i++) plane.dispatch(packet, first);
    expect(told).toEqual([mine, mine]);
    plane.releaseTrap(mine);
    expect(plane.counters()).toEqual({ 'no-sa': 1n, 'trap-dropped': 6n });
    plane.removeTrap(mine);
    plane.dispatch(packet, first);
    expect(plane.counters()).toEqual({ 'no-sa': 2n, 'trap-dropped': 6n });
  });

  test('hold nothing when closed', async () => {
    const { right } = setUp();
    await right.close();
    expect(right.children).toEqual([]);
  });
});
