// The C module on loopback, without a TUN device: IKE messages and what the NAT-T port sorts out.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { concat } from '../../../src/base/bytes.ts';
import type { DataPlaneListener, TrapRef } from '../../../src/dataplane/dataplane.ts';
import { DataPlaneError } from '../../../src/dataplane/fault.ts';
import { type NativeDataPlane, openNative } from '../../../src/dataplane/native.ts';
import type { ChildRef, Path } from '../../../src/ike/core.ts';
import { childSpec, libraryPath, loopback, whySkipped } from './library.ts';

const options = { device: '', mtu: 1400, listen: [], port: 0, nattPort: 0, workers: 0 };
const marker = new Uint8Array(4);
const message = Uint8Array.from({ length: 60 }, (_, i) => i + 1);

interface Heard {
  readonly path: Path;
  readonly bytes: Uint8Array;
}

/** Keeps what it is told and hands it out one by one. */
class Ear implements DataPlaneListener {
  readonly #heard: Heard[] = [];
  #wake: () => void = () => {};

  datagram(path: Path, bytes: Uint8Array): void {
    this.#heard.push({ path, bytes });
    this.#wake();
  }
  event(): void {}
  readonly trapped = () => {};
  failed(why: string): void {
    throw new Error(why);
  }

  async next(): Promise<Heard> {
    for (;;) {
      const heard = this.#heard.shift();
      if (heard) return heard;
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }
}

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

function plane(more: Partial<typeof options> & { listen?: never[] } = {}, ear = new Ear()) {
  const opened = openNative(libraryPath, { ...options, ...more }, ear);
  open.push(() => opened.close());
  return { opened, ear };
}

async function peer(address: string): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  open.push(async () => void socket.close());
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

/** Sent in order on one socket, so that what the ear hears last came behind everything before. */
async function arrived(
  { opened, ear }: { opened: NativeDataPlane; ear: Ear },
  datagrams: Uint8Array[],
) {
  const socket = await peer('127.0.0.1');
  for (const bytes of datagrams) socket.send(bytes, opened.ports.nattPort, '127.0.0.1');
  socket.send(concat(marker, message), opened.ports.nattPort, '127.0.0.1');
  await ear.next();
  return opened.counters();
}

describe.skipIf(whySkipped)('the C module', () => {
  test.each(['127.0.0.1', '::1'])('carries IKE messages both ways over %s', async (address) => {
    const { opened, ear } = plane();
    const socket = await peer(address);
    socket.send(message, opened.ports.port, address);
    const { path, bytes } = await ear.next();
    expect(bytes).toEqual(message);
    expect(path).toEqual(loopback(opened.ports.port, socket.address().port, address));
    opened.send(path, Uint8Array.of(5, 6, 7));
    const [answer, from] = await once(socket, 'message');
    expect(Uint8Array.from(answer)).toEqual(Uint8Array.of(5, 6, 7));
    expect(from).toMatchObject({ address, port: opened.ports.port });
    expect(opened.counters()).toMatchObject({ 'ike-in': 1n, 'ike-out': 1n });
  });

  test('takes the non-ESP marker off and puts it on again on the NAT-T port', async () => {
    const { opened, ear } = plane();
    const socket = await peer('127.0.0.1');
    socket.send(concat(marker, message), opened.ports.nattPort, '127.0.0.1');
    const { path, bytes } = await ear.next();
    expect(bytes).toEqual(message);
    expect(path.local.port).toBe(opened.ports.nattPort);
    opened.send(path, message);
    const [answer] = await once(socket, 'message');
    expect(Uint8Array.from(answer)).toEqual(concat(marker, message));
  });

  test('answers from the address that was asked', async () => {
    const { opened, ear } = plane();
    const socket = await peer('127.0.0.1');
    socket.send(message, opened.ports.port, '127.0.0.9');
    const { path } = await ear.next();
    expect(path.local.ip).toBe('127.0.0.9');
    opened.send(path, message);
    const [, from] = await once(socket, 'message');
    expect(from.address).toBe('127.0.0.9');
  });

  test('sorts keepalives, reserved and unknown SPIs out, each counted (pitfalls 64, 66)', async () => {
    const counters = await arrived(plane(), [
      Uint8Array.of(0xff),
      Uint8Array.of(0xff, 0xff),
      concat(Uint8Array.of(0, 0, 0, 255), message),
      concat(Uint8Array.of(0, 0, 1, 0), message),
      concat(marker, new Uint8Array(27)),
    ]);
    expect(counters).toMatchObject({
      keepalive: 1n,
      runt: 2n,
      'bad-spi': 1n,
      'unknown-spi': 1n,
      'ike-in': 1n,
    });
  });

  test('sends a keepalive as the one byte that it is (pitfall 66)', async () => {
    const { opened } = plane();
    const socket = await peer('127.0.0.1');
    opened.keepalive(loopback(opened.ports.nattPort, socket.address().port));
    const [byte] = await once(socket, 'message');
    expect(Uint8Array.from(byte)).toEqual(Uint8Array.of(0xff));
    expect(opened.counters()).toMatchObject({ 'keepalive-out': 1n, 'ike-out': 0n });
  });

  test('carries messages larger than any packet', async () => {
    const { opened, ear } = plane();
    const socket = await peer('127.0.0.1');
    const large = new Uint8Array(40000).map((_, i) => i);
    for (let i = 0; i < 5; i++) socket.send(large, opened.ports.port, '127.0.0.1');
    for (let i = 0; i < 5; i++) expect((await ear.next()).bytes).toEqual(large);
  });

  test('says which port is in use and what to do', () => {
    const { opened } = plane();
    try {
      plane({ port: opened.ports.port });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(DataPlaneError);
      expect(error).toMatchObject({
        code: 'port-in-use',
        message: `UDP port ${opened.ports.port} is in use`,
        cure: expect.stringMatching(/strongSwan/),
      });
    }
  });

  test.each([
    ['address', { listen: ['192.0.2.77'] }],
    ['argument', { port: 4500, nattPort: 4500 }],
    ['argument', { device: 'x0', mtu: 1279 }],
    ['argument', { port: 70000 }],
  ])('refuses with code %s: %j', (code, more) => {
    const wrong = { ...options, ...more };
    expect(() => openNative(libraryPath, wrong, new Ear())).toThrow(
      expect.objectContaining({ name: 'DataPlaneError', code }),
    );
  });

  test('says so when the library is not there', () => {
    expect(() => openNative('/nowhere/lib.so', options, new Ear())).toThrow(
      expect.objectContaining({ code: 'library' }),
    );
  });

  test('installs, tells of and removes a child; unknown ones are nothing', () => {
    const { opened } = plane();
    const spec = childSpec(loopback(opened.ports.nattPort, 9), { in: 1000, out: 1001 });
    opened.install(spec);
    expect(() => opened.install(spec)).toThrow(expect.objectContaining({ code: 'child-exists' }));
    expect(opened.stats(spec.ref)).toMatchObject({ rxPackets: 0n, txBytes: 0n, drops: {} });
    expect(opened.stats(spec.ref)?.idleMs).toBeLessThan(5000);
    opened.move(spec.ref, loopback(opened.ports.nattPort, 10), 'udp');
    opened.activate(spec.ref);
    opened.remove(spec.ref);
    expect(opened.stats(spec.ref)).toBeUndefined();
    expect(() => opened.remove(spec.ref)).not.toThrow();
    expect(() => opened.activate(spec.ref)).not.toThrow();
    expect(() => opened.move(99 as ChildRef, spec.path, 'udp')).not.toThrow();
  });

  test('sets, releases and removes a trap; unknown ones are nothing', () => {
    const { opened } = plane();
    const { selectors } = childSpec(loopback(1, 9), { in: 1000, out: 1001 });
    const trap = 3 as TrapRef;
    opened.setTrap(trap, selectors);
    expect(() => opened.setTrap(trap, selectors)).toThrow(
      expect.objectContaining({ code: 'trap-exists' }),
    );
    expect(() => opened.setTrap(4 as TrapRef, { ...selectors, remote: [] })).toThrow(
      expect.objectContaining({ code: 'argument' }),
    );
    opened.releaseTrap(trap);
    opened.removeTrap(trap);
    expect(() => opened.removeTrap(trap)).not.toThrow();
    expect(() => opened.releaseTrap(trap)).not.toThrow();
  });

  test('refuses what it cannot carry', () => {
    const { opened } = plane();
    const spec = childSpec(loopback(opened.ports.nattPort, 9), { in: 1000, out: 1001 });
    const refused = (code: string) => expect.objectContaining({ code });
    expect(() => opened.install({ ...spec, cipher: 'aes128' })).toThrow(refused('unsupported'));
    expect(() => opened.install({ ...spec, path: loopback(1, 9) })).toThrow(refused('no-socket'));
    const reserved = { ...spec, inbound: { ...spec.inbound, spi: 255 } };
    expect(() => opened.install(reserved)).toThrow(refused('argument'));
  });

  test('carries ESP as IP protocol 50 where the system permits it, and says so', () => {
    const { opened } = plane();
    const path = loopback(opened.ports.nattPort, 9);
    const install = (): void =>
      opened.install({ ...childSpec(path, { in: 1000, out: 1001 }), encap: 'raw' });
    if (opened.raw) expect(install).not.toThrow();
    else expect(install).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  test('counts a forged packet against its child', async () => {
    const both = plane();
    const spec = childSpec(loopback(both.opened.ports.nattPort, 9), { in: 0x1000, out: 0x1001 });
    both.opened.install(spec);
    const forged = concat(Uint8Array.of(0, 0, 0x10, 0, 0, 0, 0, 1), new Uint8Array(48));
    expect(await arrived(both, [forged])).toMatchObject({ 'bad-icv': 1n });
    expect(both.opened.stats(spec.ref)?.drops).toEqual({ 'bad-icv': 1n });
  });

  test('keeps an early packet for its child', async () => {
    const both = plane();
    const spec = childSpec(loopback(both.opened.ports.nattPort, 9), { in: 0x1000, out: 0x1001 });
    const { port, nattPort } = both.opened.ports;
    // Orders are obeyed in their order: when this message comes back, those before it have been.
    const obeyed = async (): Promise<void> => {
      both.opened.send(loopback(nattPort, port), message);
      await both.ear.next();
    };
    both.opened.expect(spec.inbound.spi);
    await obeyed();
    const early = concat(Uint8Array.of(0, 0, 0x10, 0, 0, 0, 0, 1), new Uint8Array(48));
    expect(await arrived(both, [early])).toMatchObject({ early: 1n, 'bad-icv': 0n });
    both.opened.install(spec);
    await obeyed();
    expect(both.opened.counters()).toMatchObject({ early: 1n, 'bad-icv': 1n });
    expect(both.opened.stats(spec.ref)?.drops).toEqual({ 'bad-icv': 1n });
  });

  test('closes once and for all, and gives its ports back', async () => {
    const { opened } = plane();
    const { ports } = opened;
    await opened.close();
    await opened.close();
    expect(() => opened.counters()).toThrow(DataPlaneError);
    expect(plane({ port: ports.port, nattPort: ports.nattPort }).opened.ports).toEqual(ports);
  });

  test('two of them take no notice of each other', async () => {
    const left = plane();
    const right = plane();
    const path = loopback(left.opened.ports.nattPort, right.opened.ports.nattPort);
    left.opened.send(path, message);
    const { path: seen, bytes } = await right.ear.next();
    expect(bytes).toEqual(message);
    expect(seen).toEqual({ local: path.remote, remote: path.local });
    expect(left.opened.aead).toMatch(/^aes-gcm /);
  });
});
