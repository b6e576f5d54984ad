import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { concat, fromHex } from '../../../src/base/bytes.ts';
import { ip } from '../../../src/base/ip.ts';
import { Captures } from '../../../src/daemon/capture/captures.ts';
import type { Tap, TappedPacket } from '../../../src/dataplane/dataplane.ts';
import type { Command, DisclosedKeys, Path, SaRef, SaSnapshot } from '../../../src/ike/core.ts';
import type { TraceEvent } from '../../../src/ike/events.ts';
import { keyless } from '../../../src/rpc/captures.ts';
import { Refused } from '../../../src/rpc/method.ts';
import { phone } from '../rpc/fake-daemon.ts';
import { childSpec, FakeClock, FakeCore, path } from './fakes.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ikev2-capture-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** An IKE SA of anna's phone, at the address of `path`. */
const sa: SaSnapshot = { ...phone, path };
const elsewhere: Path = { ...path, remote: { ip: ip('192.0.2.77'), port: 4500 } };
const message = (spiI: string, more = 28): Uint8Array =>
  concat(fromHex(spiI), new Uint8Array(more));
const established: TraceEvent = {
  ...{ kind: 'sa.established', sa: sa.id, connection: 'phones', peer: 'anna@example.org' },
  ...{ user: undefined, certificate: undefined },
  ...{ path, suite: '', addresses: [], nat: false, ppk: undefined },
};
const esp: TappedPacket = {
  ...{ leaves: false, encap: 'udp', tos: 0, atUs: 1_700_000_000_000_000, path },
  ...{ length: 100, bytes: new Uint8Array(100).fill(7) },
};
const request = {
  peer: '198.51.100.10',
  seconds: 60,
  packets: 100,
  bytes: 100_000,
  withKeys: false,
};
const byName = { ...request, peer: 'Anna@example.org' };

function setUp(place = folder) {
  const clock = new FakeClock();
  const core = new FakeCore();
  const taps: (Tap | undefined)[] = [];
  const commands: Command[] = [];
  const lines: string[] = [];
  const captures = new Captures({
    folder: join(place, 'captures'),
    log: { info: (line) => lines.push(line), warn: (line) => lines.push(`warn ${line}`) },
    plane: { tap: (wanted) => taps.push(wanted), counters: () => ({ 'tap-dropped': 5n }) },
    ...{ nattPort: 4500, device: 'ipsec0', core },
    command: (one) => commands.push(one),
    nameOf: ({ certificate }) => (certificate === undefined ? undefined : 'annas-phone'),
    now: () => 1_700_000_000_000 + clock.now(),
    after: (ms, run) => clock.after(ms as never, run),
  });
  return { captures, clock, core, taps, commands, lines };
}

/** All that a finished capture wrote, as one text of Latin-1. */
function written(captures: Captures, id = '1', file = 'capture.pcapng'): string {
  let text = '';
  for (let offset: number | undefined = 0; offset !== undefined; ) {
    const { content, next } = captures.fetch(id, file, offset);
    text += Buffer.from(content).toString('latin1');
    offset = next;
  }
  return text;
}

describe('a capture by address', () => {
  test('has what comes from there and goes there, and nothing of others', () => {
    const { captures, core, taps } = setUp();
    core.sas = [sa];
    captures.start(request);
    expect(taps).toEqual([
      { addresses: ['198.51.100.10'], spis: [0xc0ffee01], snapBytes: 64, mostBytes: 65536 },
    ]);
    captures.see('in', path, message('0101010101010101'));
    captures.see('out', path, message('0101010101010101'));
    captures.see('in', elsewhere, message('0202020202020202'));
    captures.seeTapped(esp);
    expect(captures.stop()).toMatchObject({ packets: 3, why: 'stopped', missed: 0 });
    expect(taps.at(-1)).toBeUndefined();
    const text = written(captures);
    expect(text).toContain('\0\0\0\0\x01\x01\x01\x01'); // behind the non-ESP marker
    expect(text).not.toContain('\x02\x02\x02\x02');
    expect(text).toContain('\x07'.repeat(100));
  });

  test('follows the peer to another address and to other keys', () => {
    const { captures, core, taps } = setUp();
    core.sas = [sa];
    captures.start(request);
    const next = { ...sa, id: 8 as SaRef, spiI: '0a0b0c0d0e0f0a0b', path: elsewhere };
    core.sas = [next];
    captures.heed({ kind: 'sa.rekeyed', sa: next.id, old: sa.id });
    captures.see('in', elsewhere, message(next.spiI));
    captures.see('in', elsewhere, message('0202020202020202'));
    const [child] = sa.children;
    const renewed = child && { ...child, spiIn: 'c0ffee09' };
    core.sas = [{ ...next, children: renewed ? [renewed] : [] }];
    captures.heed({ ...established, sa: next.id });
    expect(taps.at(-1)?.spis).toEqual([0xc0ffee01, 0xc0ffee09]);
    expect(captures.stop().packets).toBe(1);
  });
});

describe('a capture by name', () => {
  test('has the handshake of which it learns later whose it was', () => {
    const { captures, core } = setUp();
    captures.start(byName);
    captures.see('in', path, message(sa.spiI));
    captures.see('in', elsewhere, message('0202020202020202'));
    expect(captures.list()[0]?.packets).toBe(0);
    core.sas = [sa, { ...sa, id: 9 as SaRef, spiI: '0202020202020202', peer: 'bert' }];
    captures.heed(established);
    captures.see('in', elsewhere, message('0202020202020202'));
    expect(captures.stop().packets).toBe(1);
  });

  test('knows a device by its certificate', () => {
    const { captures, core } = setUp();
    core.sas = [{ ...sa, certificate: 'CN=home:17' }];
    captures.start({ ...request, peer: 'annas-phone' });
    captures.see('in', elsewhere, message(sa.spiI));
    expect(captures.stop().packets).toBe(1);
  });

  test('has the handshake that failed', () => {
    const { captures } = setUp();
    captures.start(byName);
    captures.see('in', path, message('0303030303030303'));
    captures.see('in', elsewhere, message('0202020202020202'));
    captures.heed({
      ...{ kind: 'attempt.failed', sa: undefined, path, peer: 'anna@example.org' },
      ...{ connection: undefined, notify: 'AUTHENTICATION_FAILED', cause: 'wrong-password' },
      ...{ why: '', advice: '' },
    });
    expect(captures.stop().packets).toBe(1);
  });

  test('forgets the oldest of what strangers send', () => {
    const { captures, core } = setUp();
    captures.start(byName);
    captures.see('in', path, message(sa.spiI));
    for (let i = 0; i < 300; i++) captures.see('in', elsewhere, message('0202020202020202', 1000));
    core.sas = [sa];
    captures.heed(established);
    expect(captures.stop().packets).toBe(0);
  });
});

describe('keys', () => {
  const keys: DisclosedKeys = {
    spiI: fromHex(sa.spiI),
    spiR: fromHex(sa.spiR),
    ...{ encryption: 'aes256gcm16', integrity: undefined },
    skEi: fromHex('5a'.repeat(36)),
    skEr: fromHex('5b'.repeat(36)),
    ...{ skAi: new Uint8Array(0), skAr: new Uint8Array(0) },
  };

  test('are in no file unless they were asked for', () => {
    const { captures, core, commands } = setUp();
    core.sas = [sa];
    captures.start(request);
    captures.keys.disclose(keys);
    captures.keys.install({ ...childSpec(9), sa: sa.id });
    expect(captures.stop().files.map(({ name }) => name)).toEqual(['capture.pcapng']);
    expect(commands).toEqual([]);
    expect(written(captures)).not.toMatch(/5a5a|ZZZZ/);
  });

  test('of the peer alone are in files of their own; it gets new ones at the beginning and at the end', () => {
    const { captures, core, commands, lines, taps } = setUp();
    core.sas = [sa];
    captures.start({ ...request, withKeys: true });
    expect(taps.at(-1)?.snapBytes).toBe(65_535);
    const renewal: Command[] = [
      { kind: 'rekey', sa: sa.id, child: undefined },
      { kind: 'rekey', sa: sa.id, child: sa.children[0]?.ref },
    ];
    expect(commands).toEqual([{ kind: 'disclose', isOn: true }, ...renewal]);
    captures.keys.disclose(keys);
    captures.keys.disclose({
      ...keys,
      spiI: fromHex('02'.repeat(8)),
      skEi: fromHex('66'.repeat(36)),
    });
    captures.keys.install({ ...childSpec(9), sa: sa.id });
    captures.keys.install({ ...childSpec(10), sa: 99 as SaRef });
    captures.keys.move(childSpec(9).ref, elsewhere);
    const { files } = captures.stop();
    expect(files.map(({ name }) => name)).toEqual([
      ...['capture.pcapng', 'ikev2_decryption_table', 'esp_sa'],
    ]);
    expect(commands.slice(3)).toEqual([{ kind: 'disclose', isOn: false }, ...renewal]);
    const ike = written(captures, '1', 'ikev2_decryption_table');
    expect(ike).toContain('5a5a');
    expect(ike).not.toContain('6666');
    // Two directions, at two addresses.
    expect(written(captures, '1', 'esp_sa').trim().split('\n')).toHaveLength(4);
    expect(written(captures)).not.toContain('5a5a');
    expect(lines[0]).toMatch(/^warn .*with keys/);
    expect(lines.join()).not.toContain('5a5a');
  });

  test('do not go where others may listen', () => {
    const { captures } = setUp();
    const desk = keyless(captures);
    expect(() => desk.start({ ...request, withKeys: true })).toThrow(Refused);
    captures.start({ ...request, withKeys: true });
    desk.stop();
    expect(() => desk.fetch('1', 'esp_sa', 0)).toThrow(Refused);
    expect(() => desk.fetch('1', 'capture.pcapng', 0)).toThrow(Refused);
  });
});

describe('the end', () => {
  test('comes by itself, and the files go by themselves', () => {
    const { captures, clock } = setUp();
    captures.start(request);
    clock.pass(60_000);
    expect(captures.list()).toMatchObject([{ state: 'finished', why: 'time' }]);
    const file = join(folder, 'captures/1/capture.pcapng');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'captures/1')).mode & 0o777).toBe(0o700);
    clock.pass(600_000);
    expect(captures.list()).toEqual([]);
    expect(existsSync(file)).toBe(false);
    expect(() => captures.fetch('1', 'capture.pcapng', 0)).toThrow(Refused);
  });

  test.each([
    ['packets', { packets: 2 }],
    ['bytes', { bytes: 150 }],
  ])('comes when it is full of %s', (_, bounds) => {
    const { captures } = setUp();
    captures.start({ ...request, ...bounds });
    for (let i = 0; i < 5; i++) captures.see('in', path, message(sa.spiI));
    expect(captures.list()).toMatchObject([{ state: 'finished', why: 'full', packets: 2 }]);
  });

  test('of one that does not run is refused, and so is a second beginning', () => {
    const { captures } = setUp();
    expect(() => captures.stop()).toThrow('no capture is running');
    captures.start(request);
    expect(() => captures.start(request)).toThrow('is running: stop it first');
    captures.stop();
    expect(() => captures.stop()).toThrow('no capture is running');
  });

  test('without a packet is a file without packets', () => {
    const { captures } = setUp();
    captures.start(request);
    const { state, packets, files } = captures.stop();
    expect({ state, packets }).toEqual({ state: 'finished', packets: 0 });
    expect(files[0]?.bytes).toBeGreaterThan(50);
  });

  test('where nothing can be written says so, and leaves nothing', () => {
    mkdirSync(join(folder, 'place'));
    const { captures } = setUp(join(folder, 'place'));
    writeFileSync(join(folder, 'place/captures'), 'a file is in the way');
    captures.start(request);
    const { state, fault, files } = captures.stop();
    expect({ state, files }).toEqual({ state: 'failed', files: [] });
    expect(fault).toMatch(/could not be written \(E/);
    captures.start(request); // and the next may begin
  });

  test('of the service takes all with it, as does a beginning after a crash', () => {
    const { captures } = setUp();
    captures.start(request);
    captures.stop();
    captures.start(request);
    captures.close();
    expect(readdirSync(join(folder, 'captures'))).toEqual([]);
    mkdirSync(join(folder, 'captures/7'));
    setUp();
    expect(readdirSync(join(folder, 'captures'))).toEqual([]);
  });

  test('of a third one makes room by removing the first', () => {
    const { captures } = setUp();
    for (let i = 0; i < 3; i++) {
      captures.start(request);
      captures.stop();
    }
    expect(captures.list().map(({ id }) => id)).toEqual(['2', '3']);
    expect(readdirSync(join(folder, 'captures')).sort()).toEqual(['2', '3']);
    expect(captures.remove('2')).toBe(true);
    expect(captures.remove('2')).toBe(false);
  });
});

test('a long file is fetched in pieces', () => {
  const { captures } = setUp();
  captures.start({ ...request, bytes: 1_000_000 });
  for (let i = 0; i < 40; i++) captures.see('in', path, message(sa.spiI, 10_000));
  const { files } = captures.stop();
  expect(files[0]?.bytes).toBeGreaterThan(2 * 192 * 1024);
  expect(written(captures)).toHaveLength(files[0]?.bytes ?? 0);
  expect(captures.fetch('1', 'capture.pcapng', 10_000_000).content).toHaveLength(0);
  expect(() => captures.fetch('1', '../../etc/passwd', 0)).toThrow(Refused);
});
