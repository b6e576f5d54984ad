import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fromHex, fromText } from '../../../src/base/bytes.ts';
import { schemeOfAlgorithm } from '../../../src/ike/auth/schemes.ts';
import { isKnownAlgorithm, isSignedWith } from '../../../src/pki/signed.ts';
import { readPublicKey } from '../../../src/pki/spki.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const tbs = fromText('what is signed');
const rsaWithSha224 = fromHex('300d06092a864886f70d01010e0500');
const ecdsaWithSha224 = fromHex('300a06082a8648ce3d040301');
const readingOf = ({ publicKey }: typeof rsa) =>
  readPublicKey(publicKey.export({ format: 'der', type: 'spki' }));

// strongSwan's «strong-keys-certs» has an authority that signs with SHA-224: it was refused as weak or unknown.
describe('SHA-224', () => {
  test.each([
    ['RSA', rsa, rsaWithSha224],
    ['RSA without parameters', rsa, fromHex('300b06092a864886f70d01010e')],
    ['ECDSA', ec, ecdsaWithSha224],
  ])('signs what an authority signs: %s', (_, pair, algorithm) => {
    const signature = sign('sha224', tbs, pair.privateKey);
    const key = readingOf(pair);

    expect(isKnownAlgorithm(algorithm)).toBe(true);
    expect(isSignedWith(key, { tbs, algorithm, signature })).toBe(true);
    expect(isSignedWith(key, { tbs: fromText('another'), algorithm, signature })).toBe(false);
  });

  test.each([
    ['a signature with another hash', rsa, rsaWithSha224, sign('sha256', tbs, rsa.privateKey)],
    ['a key of another kind', ec, rsaWithSha224, sign('sha224', tbs, ec.privateKey)],
    ['no signature at all', ec, ecdsaWithSha224, new Uint8Array(0)],
  ])('is not taken with %s', (_, pair, algorithm, signature) => {
    expect(isSignedWith(readingOf(pair), { tbs, algorithm, signature })).toBe(false);
  });

  test('is nothing that AUTH may carry: RFC 7427 gives it no number', () => {
    expect(schemeOfAlgorithm(rsaWithSha224)).toBeUndefined();
    expect(schemeOfAlgorithm(ecdsaWithSha224)).toBeUndefined();
  });
});

test('MD5 is known to nobody here', () => {
  expect(isKnownAlgorithm(fromHex('300d06092a864886f70d0101040500'))).toBe(false);
});
