// Signed content, believed by openssl with the authority alone, and by it no more once a byte is another.
import { describe, expect, test } from 'vitest';
import { fromText } from '../../../src/base/bytes.ts';
import type { Scheme } from '../../../src/ike/core.ts';
import { type Signer, signedData } from '../../../src/pki/cms.ts';
import { readPrivateKey, signWith } from '../../../src/pki/keys.ts';
import { hasOpenssl, openssl } from '../../lab/openssl.ts';
import { issue, type LabCertificate, type LabKey, makeCa } from '../../lab/pki.ts';

const at = new Date();
const content = fromText('<plist>\n\tline ends that stay as they are\r\n</plist>\n');

async function signerBy(ca: LabCertificate, key: LabKey): Promise<Signer> {
  const own = await issue(ca, { key, eku: ['serverAuth'] });
  const reading = readPrivateKey(fromText(own.keyPem));
  if (!reading.ok) throw new Error(reading.why);
  const sign = (scheme: Scheme, octets: Uint8Array) => signWith(reading.key, scheme, octets);
  return { chain: [own.der], keyType: reading.key.keyType, sign };
}

/** What was signed, where openssl believes it. A server's certificate says nothing of mail: hence any purpose. */
const verified = (signed: Uint8Array, ca: LabCertificate): Uint8Array | undefined =>
  openssl(
    { 'a.der': signed, 'ca.pem': ca.pem },
    ...['cms', '-verify', '-binary', '-inform', 'DER', '-in', 'a.der'],
    ...['-CAfile', 'ca.pem', '-purpose', 'any'],
  );

describe.runIf(hasOpenssl)('what the gateway signs', () => {
  test.each(['rsa2048', 'p256', 'p384', 'p521'] as const)(
    'is believed with the authority alone, by a key of type %s',
    async (key) => {
      const ca = await makeCa();
      const signed = signedData(content, await signerBy(ca, key), at) ?? new Uint8Array();

      expect(verified(signed, ca)).toEqual(Buffer.from(content));
    },
  );

  test('is not believed when a byte of it is another, or with another authority', async () => {
    const [ca, other] = [await makeCa(), await makeCa()];
    const signed = signedData(content, await signerBy(ca, 'rsa2048'), at) ?? new Uint8Array();
    const place = Buffer.from(signed).indexOf('stay');
    const bent = signed.map((octet, i) => (i === place ? octet ^ 1 : octet));

    expect(verified(bent, ca)).toBeUndefined();
    expect(verified(signed, other)).toBeUndefined();
  });

  test('says when', async () => {
    const ca = await makeCa();
    const signed = signedData(content, await signerBy(ca, 'rsa2048'), at) ?? new Uint8Array();
    const shown = `${openssl({ 'a.der': signed }, 'cms', '-cmsout', '-print', '-inform', 'DER', '-in', 'a.der')}`;

    expect(shown).toContain('signingTime');
    expect(shown).toMatch(new RegExp(`UTCTIME:.* ${at.getUTCFullYear()} GMT`));
  });
});

test('Ed25519 signs nothing: no system that asks for a signature reads it', async () => {
  const signer = await signerBy(await makeCa(), 'ed25519');
  expect(signedData(content, signer, at)).toBeUndefined();
});

test('without a key there is no signature, nor without a certificate that can be read', () => {
  const nobody: Signer = { chain: [fromText('none')], keyType: 'rsa', sign: () => undefined };
  expect(signedData(content, nobody, at)).toBeUndefined();
  expect(signedData(content, { ...nobody, chain: [] }, at)).toBeUndefined();
});
