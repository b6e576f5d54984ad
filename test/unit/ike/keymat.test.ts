import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { concat, fromHex, toHex } from '../../../src/base/bytes.ts';
import { Secret } from '../../../src/base/secret.ts';
import { createEngine } from '../../../src/crypto/engine.ts';
import type { Mac, NameOf } from '../../../src/crypto/primitives.ts';
import {
  deriveChildKeys,
  deriveIkeKeys,
  mixPpk,
  type PpkKeys,
  ppkSkeyseed,
  prfPlus,
  rekeySkeyseed,
  skeyseed,
} from '../../../src/ike/sa/keymat.ts';
import { byKeyword } from '../../../src/transforms/table.ts';
import own from '../../vectors/ike/kdf.json' with { type: 'json' };
import ppks from '../../vectors/ike/ppk.json' with { type: 'json' };

interface Case {
  readonly [field: string]: string;
}
interface Group {
  readonly params: {
    readonly hash: string;
    readonly 'DKM length': number;
    readonly 'Child SA DKM length': number;
  };
  readonly tests: readonly Case[];
}

const { primitives } = createEngine('node');
const macs: Readonly<Record<string, NameOf<Mac>>> = {
  'SHA-1': 'hmacSha1',
  'SHA-256': 'hmacSha256',
  'SHA-384': 'hmacSha384',
  'SHA-512': 'hmacSha512',
};

const shared = new URL('../../../../shared/vectors/nist-ikev2-kdf.json', import.meta.url);
const groups: readonly Group[] = existsSync(shared)
  ? JSON.parse(readFileSync(shared, 'utf8')).groups
  : own.groups;

/** NIST SP 800-135 names the bytes without cutting them: DKM is the output of prf+. */
describe.each(groups)('NIST IKEv2 KDF with $params.hash', ({ params, tests }) => {
  const name = macs[params.hash];
  test.skipIf(!name)(`agrees on SKEYSEED, DKM and the rekeyed SKEYSEED (${params.hash})`, () => {
    if (!name) return;
    const prf = primitives[name];
    for (const one of tests) {
      const field = (key: string) => fromHex(one[key] as string);
      const [ni, nr] = [field('Ni'), field('Nr')];
      const seed = skeyseed(prf, ni, nr, field('g^ir'));
      expect(toHex(seed.bytes)).toBe(one['SKEYSEED']);
      const context = concat(ni, nr, field('SPIi'), field('SPIr'));
      const dkm = prfPlus(prf, seed.bytes, context, params['DKM length'] / 8);
      expect(toHex(dkm)).toBe(one['DKM']);
      const skD = new Secret(dkm.slice(0, prf.outBytes));
      const childLength = params['Child SA DKM length'] / 8;
      expect(toHex(prfPlus(prf, skD.bytes, concat(ni, nr), childLength))).toBe(
        one['DKM(Child SA)'],
      );
      const withKe = concat(field('g^ir (new)'), ni, nr);
      expect(toHex(prfPlus(prf, skD.bytes, withKe, childLength))).toBe(one['DKM(Child SA D-H)']);
      const next = rekeySkeyseed(prf, skD, { shared: field('g^ir (new)'), ni, nr });
      expect(toHex(next.bytes)).toBe(one['SKEYSEED(Rekey)']);
    }
  });
});

test('prf+ ends where its one-octet counter does (pitfall 21)', () => {
  const prf = primitives.hmacSha1;
  expect(prfPlus(prf, new Uint8Array(20), new Uint8Array(1), 255 * 20)).toHaveLength(5100);
  expect(() => prfPlus(prf, new Uint8Array(20), new Uint8Array(1), 255 * 20 + 1)).toThrow('prf+');
});

describe('a PPK (RFC 8784 §3, pitfall 52)', () => {
  const names = ['skD', 'skPi', 'skPr'] as const;
  const keysOf = (texts: PpkTexts): PpkKeys => {
    const [skD, skPi, skPr] = names.map((name) => new Secret(fromHex(texts[name])));
    if (!skD || !skPi || !skPr) throw new Error('three keys');
    return { skD, skPi, skPr };
  };
  type PpkTexts = Readonly<Record<(typeof names)[number], string>>;

  test.each(ppks.tests)('of $ppk goes into the keys of $prf', ({ prf, ppk, plain, mixed }) => {
    const { engine } = byKeyword(prf as 'prfsha256', 'PRF');
    const before = keysOf(plain);
    const after = mixPpk(primitives[engine], before, new Secret(fromHex(ppk)));
    expect(names.map((name) => toHex(after[name].bytes))).toEqual(names.map((name) => mixed[name]));
    expect(names.map((name) => toHex(before[name].bytes))).toEqual(
      names.map((name) => plain[name]),
    );
  });
});

test.each(ppks.tests)(
  'a PPK of $ppk gives SKEYSEED anew (RFC 9867), by $prf',
  ({ prf, ...test }) => {
    const { engine } = byKeyword(prf as 'prfsha256', 'PRF');
    const [skD, ppk] = [test.plain.skD, test.ppk].map((text) => new Secret(fromHex(text)));
    if (!skD || !ppk) throw new Error('two secrets');
    expect(toHex(ppkSkeyseed(primitives[engine], skD, ppk).bytes)).toBe(test.skeyseed);
  },
);

describe('cutting (pitfalls 21, 53)', () => {
  const aead = byKeyword('aes256gcm16', 'ENCR');
  const prf = byKeyword('prfsha384', 'PRF');
  const nonces = { ni: new Uint8Array(32).fill(1), nr: new Uint8Array(32).fill(2) };

  test('an AEAD has no SK_a, and a salt behind SK_e', () => {
    const keys = deriveIkeKeys(
      primitives.hmacSha384,
      { encr: aead, prf },
      new Secret(new Uint8Array(48).fill(3)),
      { ...nonces, spiI: new Uint8Array(8), spiR: new Uint8Array(8).fill(9) },
    );
    const lengths = Object.fromEntries(
      Object.entries(keys).map(([name, key]) => [name, key.length]),
    );
    expect(lengths).toEqual({ skD: 48, skAi: 0, skAr: 0, skEi: 36, skEr: 36, skPi: 48, skPr: 48 });
  });

  test('KEYMAT gives encryption then integrity, the initiator of the exchange first', () => {
    const skD = new Secret(new Uint8Array(32).fill(4));
    const suite = { encr: byKeyword('aes128', 'ENCR'), integ: byKeyword('sha256', 'INTEG') };
    const { initiator, responder } = deriveChildKeys(primitives.hmacSha256, skD, suite, nonces);
    const stream = prfPlus(primitives.hmacSha256, skD.bytes, concat(nonces.ni, nonces.nr), 96);
    const cut = [
      initiator.encryption,
      initiator.integrity,
      responder.encryption,
      responder.integrity,
    ];
    expect(cut.map((key) => toHex(key?.bytes ?? new Uint8Array(0))).join('')).toBe(toHex(stream));
    expect(cut.map((key) => key?.length)).toEqual([16, 32, 16, 32]);
  });
});
