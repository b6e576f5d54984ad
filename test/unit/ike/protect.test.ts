import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { concat, fromHex, Reader, toHex } from '../../../src/base/bytes.ts';
import { Secret } from '../../../src/base/secret.ts';
import { createEngine } from '../../../src/crypto/engine.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType } from '../../../src/iana/payloads.ts';
import { Protection, type SealedHeader } from '../../../src/ike/sa/protect.ts';
import { byKeyword, type Encr, type Integ, transforms } from '../../../src/transforms/table.ts';
import { decodeMessage, decodePayloads, encodePayloads } from '../../../src/wire/message.ts';
import { payload } from '../../../src/wire/payloads/index.ts';
import { seeded } from '../../sim/chance.ts';
import { readPcap } from '../wire/pcap.ts';

const { primitives } = createEngine('node');
const header: SealedHeader = {
  spiI: fromHex('c0c1c2c3c4c5c6c7'),
  spiR: fromHex('d0d1d2d3d4d5d6d7'),
  majorVersion: 2,
  minorVersion: 0,
  exchange: 37,
  isInitiator: true,
  isResponse: false,
  messageId: 9,
};

function protection(encr: Encr, integ?: Integ): Protection {
  const encryption = new Secret(new Uint8Array(encr.keyBits / 8 + encr.saltBytes).fill(7));
  const integrity = new Secret(new Uint8Array(integ?.keyBytes ?? 0).fill(8));
  return new Protection({ encr, integ, encryption, integrity }, primitives, seeded(5));
}

/** IV, ciphertext and ICV of a message of one SK or SKF payload. */
function sealedOf(message: Uint8Array): Uint8Array {
  const last = decodeMessage(message).payloads.at(-1);
  if (last?.type !== 46 && last?.type !== 53) throw new Error('not sealed');
  return last.body.sealed;
}

const suites = transforms.flatMap((row) => {
  if (row.type !== 'ENCR') return [];
  const encr = byKeyword(row.keyword, 'ENCR');
  const integ = encr.aead ? undefined : byKeyword('sha256', 'INTEG');
  return [{ name: row.keyword, encr, integ }];
});

describe.each(suites)('$name', ({ encr, integ }) => {
  test.each([0, 1, 15, 16, 17, 200])('opens what it sealed, %i bytes of it', (length) => {
    const plaintext = new Uint8Array(length).fill(0x5a);
    const message = protection(encr, integ).seal(header, 41, plaintext);
    expect(protection(encr, integ).open(message, sealedOf(message))).toEqual(plaintext);
  });

  test('opens nothing of which one bit changed, header included (pitfalls 45, 47)', () => {
    const message = protection(encr, integ).seal(header, 41, new Uint8Array(20));
    for (let at = 0; at < message.length; at++) {
      if (at === 16 || (at >= 24 && at < 28) || (at >= 30 && at < 32)) continue; // lengths and types: do not parse
      const forged = message.slice();
      forged[at] = (forged[at] as number) ^ 0x01;
      const sealed = forged.subarray(message.length - sealedOf(message).length);
      expect(protection(encr, integ).open(forged, sealed), `byte ${at}`).toBeUndefined();
    }
  });

  test('never seals twice with the same IV (pitfall 46)', () => {
    const one = protection(encr, integ);
    const ivs = Array.from({ length: 300 }, () =>
      toHex(sealedOf(one.seal(header, 0, new Uint8Array(3))).subarray(0, encr.ivBytes)),
    );
    expect(new Set(ivs).size).toBe(300);
  });

  test('refuses what is too short to hold an IV, a pad length and an ICV (pitfall 46)', () => {
    const one = protection(encr, integ);
    for (let length = 0; length < encr.ivBytes + (integ?.icvBytes ?? encr.icvBytes) + 1; length++) {
      const message = new Uint8Array(32 + length);
      expect(one.open(message, message.subarray(32))).toBeUndefined();
    }
  });

  test('a fragment fills its datagram and not more', () => {
    const one = protection(encr, integ);
    for (const size of [500, 501, 515, 1248]) {
      const room = one.fragmentRoom(size);
      const sealed = (bytes: number) =>
        one.seal(header, 0, new Uint8Array(bytes), { number: 2, total: 3 }).length;
      expect(sealed(room)).toBeLessThanOrEqual(size);
      expect(sealed(room + 1)).toBeGreaterThan(size);
    }
  });
});

test('RFC 7634 appendix B is read, and made of the same IV byte for byte (crossing 49)', () => {
  const key = '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f';
  const message = fromHex(
    'c0c1c2c3c4c5c6c7d0d1d2d3d4d5d6d72e2025000000000900000045290000291011121314151617610394701f8d017f7c129248896b71bfe25236efd7cdc67066906315b2',
  );
  const encryption = new Secret(concat(fromHex(key), fromHex('a0a1a2a3')));
  const integrity = new Secret(new Uint8Array(0));
  const encr = byKeyword('chacha20poly1305', 'ENCR');
  const one = new Protection(
    { encr, integ: undefined, encryption, integrity },
    primitives,
    seeded(1),
  );
  const plaintext = one.open(message, sealedOf(message));
  expect(plaintext && toHex(plaintext)).toBe('0000000c000040010000000a');
  const { bytes } = encodePayloads([
    payload(PayloadType.NOTIFY, {
      protocol: 0,
      spi: new Uint8Array(0),
      type: Notification.SET_WINDOW_SIZE,
      data: Uint8Array.of(0, 0, 0, 10),
    }),
  ]);
  const [clear, iv] = [message.subarray(0, 32), message.subarray(32, 40)];
  const nonce = concat(fromHex('a0a1a2a3'), iv);
  const padded = concat(bytes, Uint8Array.of(0));
  const sealed = primitives.chacha20Poly1305.seal(fromHex(key), nonce, clear, padded);
  expect(toHex(concat(clear, iv, sealed))).toBe(toHex(message));
});

const captures = fileURLToPath(new URL('../../../../shared/vectors/captures', import.meta.url));
const rows = existsSync(captures) ? readdirSync(captures) : [];

describe.skipIf(rows.length === 0)('recorded handshakes of other implementations', () => {
  test.each(rows)('%s opens with its keys', (name) => {
    const table = readTable(join(captures, name, 'ikev2_decryption_table'));
    let opened = 0;
    for (const { kind, bytes } of readPcap(readFileSync(join(captures, name, 'wire.pcap')))) {
      const message = kind === 'ike' ? decodeMessage(bytes) : undefined;
      const last = message?.payloads.at(-1);
      const row = message && table.get(toHex(message.header.spiI));
      if (!message || !row || (last?.type !== 46 && last?.type !== 53)) continue;
      const direction = message.header.isInitiator ? row.initiator : row.responder;
      const plaintext = direction.open(bytes, last.body.sealed);
      expect(plaintext).toBeDefined();
      if (plaintext && last.type === 46) decodePayloads(last.body.first, new Reader(plaintext));
      opened++;
    }
    expect(opened).toBeGreaterThan(1);
  });
});

/** Wireshark's table, by SPIi: what opens each direction. */
function readTable(file: string): Map<string, { initiator: Protection; responder: Protection }> {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [spiI = '', , skEi = '', skEr = '', encryption, skAi = '', skAr = '', ...rest] =
        line.split(',');
      const row = suites.find(({ encr }) => `"${encr.wiresharkIke}"` === encryption);
      const integ = rest.join(',').includes('NONE') ? undefined : integOf(rest.join(','));
      if (!row) throw new Error(`no row for ${encryption}`);
      const opener = (skE: string, skA: string) =>
        new Protection(
          {
            encr: row.encr,
            integ,
            encryption: new Secret(fromHex(skE)),
            integrity: new Secret(fromHex(skA)),
          },
          primitives,
          seeded(1),
        );
      return [spiI, { initiator: opener(skEi, skAi), responder: opener(skEr, skAr) }];
    }),
  );
}

function integOf(name: string): Integ | undefined {
  const row = transforms.find((one) => one.type === 'INTEG' && `"${one.wiresharkIke}"` === name);
  return row && byKeyword(row.keyword, 'INTEG');
}
