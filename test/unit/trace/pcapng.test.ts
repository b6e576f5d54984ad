import { describe, expect, test } from 'vitest';
import { Reader } from '../../../src/base/bytes.ts';
import { ip } from '../../../src/base/ip.ts';
import type { Path } from '../../../src/ike/core.ts';
import { outerLength, outerPacket, type Sighting } from '../../../src/trace/outer.ts';
import { pcapng } from '../../../src/trace/pcapng.ts';

const path: Path = {
  local: { ip: ip('203.0.113.2'), port: 4500 },
  remote: { ip: ip('198.51.100.10'), port: 61234 },
};
const path6: Path = {
  local: { ip: ip('2001:db8::2'), port: 0 },
  remote: { ip: ip('2001:db8:1::10'), port: 0 },
};
const sighting = (changes: Partial<Sighting> = {}): Sighting => {
  const bytes = changes.bytes ?? Uint8Array.of(0xc0, 1, 2, 3, 0, 0, 0, 1, 9);
  const fields = { atUs: 1_700_000_000_123_456, leaves: false, path, tos: 0 } as const;
  return { ...fields, carrier: 'udp', length: bytes.length, ...changes, bytes };
};

/** RFC 1071: with the sum in its place, all of it sums up to ones. */
function sumsUp(bytes: Uint8Array): boolean {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i] ?? 0) * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return sum === 0xffff;
}

describe('an outer packet', () => {
  test('came from the peer, or left for it', () => {
    const came = new Reader(outerPacket(sighting({ tos: 0x28 })));
    expect([came.u8(), came.u8(), came.u16()]).toEqual([0x45, 0x28, 20 + 8 + 9]);
    came.bytes(8);
    expect([...came.bytes(8)]).toEqual([198, 51, 100, 10, 203, 0, 113, 2]);
    expect([came.u16(), came.u16(), came.u16()]).toEqual([61234, 4500, 17]);

    const left = outerPacket(sighting({ leaves: true }));
    expect([...left.subarray(12, 20)]).toEqual([203, 0, 113, 2, 198, 51, 100, 10]);
    expect([...left.subarray(20, 24)]).toEqual([0x11, 0x94, 61234 >> 8, 61234 & 255]);
  });

  test('has sums that are right', () => {
    const packet = outerPacket(sighting());
    expect(sumsUp(packet.subarray(0, 20))).toBe(true);
    const pseudo = [...packet.subarray(12, 20), 0, 17, 0, 8 + 9];
    expect(sumsUp(Uint8Array.from([...pseudo, ...packet.subarray(20)]))).toBe(true);
  });

  test('of IPv6 carries ESP by itself, too', () => {
    const one = sighting({ path: path6, carrier: 'esp', tos: 0xb9 });
    const packet = outerPacket(one);
    expect([...packet.subarray(0, 8)]).toEqual([0x6b, 0x90, 0, 0, 0, 9, 50, 64]);
    expect(packet.subarray(40)).toEqual(one.bytes);
    expect(packet).toHaveLength(outerLength(one));
  });

  test('that was cut still says how long it was', () => {
    const one = sighting({ length: 1400 });
    const packet = outerPacket(one);
    expect(packet).toHaveLength(20 + 8 + 9);
    expect(new Reader(packet.subarray(2)).u16()).toBe(1428);
    expect([...packet.subarray(26, 28)]).toEqual([0, 0]); // nobody can sum up what is not there
    expect(outerLength(one)).toBe(1428);
  });
});

test('a file is a section, an interface, the packets, and how many were missed', () => {
  const seen = [sighting(), sighting({ leaves: true, path: path6, bytes: Uint8Array.of(1) })];
  const facts = { application: 'test', comment: 'made again', device: 'ipsec0', missed: 3 };
  const r = new Reader(pcapng(seen, facts));
  const blocks: { readonly type: number; readonly body: Reader }[] = [];
  while (r.left > 0) {
    const type = r.u32();
    const length = r.u32();
    expect(length % 4).toBe(0);
    blocks.push({ type, body: new Reader(r.bytes(length - 12)) });
    expect(r.u32()).toBe(length);
  }
  expect(blocks.map(({ type }) => type)).toEqual([0x0a0d0d0a, 1, 6, 6, 5]);
  expect(blocks[0]?.body.u32()).toBe(0x1a2b3c4d);
  expect(blocks[1]?.body.u16()).toBe(101);
  for (const [i, one] of seen.entries()) {
    const body = blocks[2 + i]?.body ?? new Reader(new Uint8Array(0));
    expect(body.u32()).toBe(0);
    expect(body.u32() * 2 ** 32 + body.u32()).toBe(one.atUs);
    const kept = body.u32();
    expect(body.u32()).toBe(outerLength(one));
    expect(body.bytes(kept)).toEqual(outerPacket(one));
  }
});
