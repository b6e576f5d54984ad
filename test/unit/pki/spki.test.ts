import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { concat, fromHex, fromText } from '../../../src/base/bytes.ts';
import type { KeyType } from '../../../src/ike/core.ts';
import { verifySignature } from '../../../src/pki/keys.ts';
import { judgePublicKey } from '../../../src/pki/spki.ts';
import { element, withByte } from './build-der.ts';

const octets = fromText('what both sides signed');
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spkiOf = ({ publicKey }: { readonly publicKey: KeyObject }): Uint8Array =>
  new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
const spkis: Readonly<Record<KeyType, Uint8Array>> = {
  rsa: spkiOf(generateKeyPairSync('rsa', { modulusLength: 2048 })),
  p256: spkiOf(p256),
  p384: spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-384' })),
  p521: spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-521' })),
  ed25519: spkiOf(generateKeyPairSync('ed25519')),
};
const keyTypes = Object.keys(spkis) as readonly KeyType[];

describe('keys of peers', () => {
  const rsaSpki = (modulus: string, exponent: string): Uint8Array => {
    const body = [element(0x02, fromHex(modulus)), element(0x02, fromHex(exponent))];
    const bits = element(0x03, Uint8Array.of(0), element(0x30, ...body));
    return element(0x30, fromHex('300d06092a864886f70d0101010500'), bits);
  };
  const modulusOf = (bits: number): string => `00${'c3'.repeat(bits / 8)}`;
  const f4 = '010001';

  test.each(keyTypes)('%s is recognised', (keyType) => {
    expect(judgePublicKey(spkis[keyType])).toEqual({ ok: true, keyType });
  });

  test.each([
    [modulusOf(2048), f4],
    [modulusOf(8192), f4],
    [modulusOf(2048), '03'],
    [modulusOf(2048), '00ffffffff'],
  ])('RSA within bounds is taken (%#)', (modulus, exponent) => {
    expect(judgePublicKey(rsaSpki(modulus, exponent))).toEqual({ ok: true, keyType: 'rsa' });
  });

  test.each([
    ['512 bits', modulusOf(512), f4, 'too weak'],
    ['1024 bits', modulusOf(1024), f4, '1024 bits, too weak'],
    ['2047 bits', `7f${'c3'.repeat(255)}`, f4, '2047 bits, too weak'],
    ['8200 bits', modulusOf(8200), f4, 'too large'],
    ['an even modulus', `${modulusOf(2040)}c2`, f4, 'even modulus'],
    ['modulus 0', '00', f4, 'too weak'],
    ['exponent 0 (CVE-2026-14957)', modulusOf(2048), '00', 'bad exponent'],
    ['exponent 1', modulusOf(2048), '01', 'bad exponent'],
    ['exponent 2', modulusOf(2048), '02', 'bad exponent'],
    ['exponent 65536', modulusOf(2048), '010000', 'bad exponent'],
    ['an exponent of 40 bits', modulusOf(2048), '0100000001', 'bad exponent'],
    ['a negative modulus', 'c3'.repeat(256), f4, 'cannot be read'],
    ['a padded exponent', modulusOf(2048), '0003', 'cannot be read'],
  ])('RSA with %s is refused (class 14)', (_, modulus, exponent, why) => {
    const judgement = judgePublicKey(rsaSpki(modulus, exponent));
    expect(judgement).toMatchObject({ ok: false, why: expect.stringContaining(why) });
    expect(
      verifySignature(rsaSpki(modulus, exponent), 'rsa-sha256', octets, new Uint8Array(256)),
    ).toBe(false);
  });

  const wrongForm = { ok: false, why: expect.stringContaining('wrong form') };

  test('a compressed or hybrid point, a point off the curve, a curve we lack prove nothing', () => {
    const spki = spkis.p256;
    const signature = sign('sha256', octets, p256.privateKey);
    const offCurve = withByte(spki, spki.length - 1, (spki.at(-1) ?? 0) ^ 1);
    expect(verifySignature(offCurve, 'ecdsa-sha256', octets, signature)).toBe(false);
    const compressed = concat(
      fromHex('3039301306072a8648ce3d020106082a8648ce3d030107032200'),
      Uint8Array.of(2 + ((spki.at(-1) ?? 0) & 1)),
      spki.subarray(27, 59),
    );
    expect(judgePublicKey(compressed)).toEqual(wrongForm);
    const hybrid = withByte(spki, 26, 6 + ((spki.at(-1) ?? 0) & 1));
    expect(judgePublicKey(hybrid)).toEqual(wrongForm);
    const k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey;
    expect(judgePublicKey(k1.export({ type: 'spki', format: 'der' }))).toMatchObject({ ok: false });
  });

  test('trailing bytes and a truncated key are refused', () => {
    for (const keyType of keyTypes) {
      const spki = spkis[keyType];
      expect(judgePublicKey(concat(spki, Uint8Array.of(0)))).toMatchObject({ ok: false });
      for (let end = 0; end < spki.length; end++) {
        expect(judgePublicKey(spki.subarray(0, end))).toMatchObject({ ok: false });
      }
    }
  });
});
