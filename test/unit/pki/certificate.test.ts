import { createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { concat, fromHex, fromText, toHex } from '../../../src/base/bytes.ts';
import { readCertificate } from '../../../src/pki/certificate.ts';
import { elements, formatOid, NotDer, readTime, Tag } from '../../../src/pki/der.ts';
import { readCertificateFile } from '../../../src/pki/pem.ts';
import { extension, issue, type LabCertificate, makeCa } from '../../lab/pki.ts';
import { certificateOf, judge } from './anchors.ts';
import { element, withByte } from './build-der.ts';

let ca: LabCertificate;
let leaf: LabCertificate;
beforeAll(async () => {
  ca = await makeCa();
  leaf = await issue(ca, { name: 'C=CH, CN=Zoë', san: ['anna@home.example', 'fd00::1'] });
});

describe('a certificate', () => {
  test('is read as node:crypto reads it', () => {
    const read = certificateOf(leaf.der);
    const node = new X509Certificate(leaf.der);
    expect(read.notBefore.getTime()).toBe(Date.parse(node.validFrom));
    expect(read.notAfter.getTime()).toBe(Date.parse(node.validTo));
    expect(toHex(read.spki)).toBe(toHex(node.publicKey.export({ type: 'spki', format: 'der' })));
    expect(toHex(read.issuer)).toBe(toHex(certificateOf(ca.der).subject));
    expect(read.extensions).toMatchObject({ isCa: false, keyUsage: 0x80, unknownCritical: [] });
  });

  test('keeps its names byte for byte', () => {
    const { subject } = certificateOf(leaf.der);
    expect(toHex(leaf.der)).toContain(toHex(subject));
    expect(toHex(subject)).toContain(toHex(fromText('Zoë')));
  });

  test('owns its bytes: the message may be reused', () => {
    const der = leaf.der.slice();
    const { subject } = certificateOf(der);
    const before = toHex(subject);
    der.fill(0);
    expect(toHex(subject)).toBe(before);
  });

  test('is refused when cut anywhere, or with a byte behind it', () => {
    for (let end = 0; end < leaf.der.length; end++) {
      expect(readCertificate(leaf.der.subarray(0, end)).ok).toBe(false);
    }
    expect(readCertificate(concat(leaf.der, Uint8Array.of(0))).ok).toBe(false);
  });

  test('is refused with a field more than it should have', () => {
    const [outer] = elements(leaf.der);
    const [tbs, ...rest] = elements(outer?.body ?? leaf.der).map(({ der }) => der);
    const rebuilt = (...parts: readonly Uint8Array[]) => element(0x30, ...parts);
    const extra = fromHex('0500');
    const inner = tbs ? elements(tbs)[0]?.body : undefined;
    if (!tbs || !inner) throw new Error('no certificate');
    expect(readCertificate(rebuilt(tbs, ...rest)).ok).toBe(true);
    expect(readCertificate(rebuilt(tbs, ...rest, extra)).ok).toBe(false);
    expect(readCertificate(rebuilt(rebuilt(inner, extra), ...rest)).ok).toBe(false);
  });

  test('is refused as BER, hexadecimal or base64', () => {
    const { der } = leaf;
    const indefinite = concat(fromHex('3080'), der.subarray(4), fromHex('0000'));
    const longLength = concat(fromHex('308300'), der.subarray(2));
    const texts = [toHex(der), Buffer.from(der).toString('base64'), leaf.pem].map(fromText);
    for (const bytes of [indefinite, longLength, ...texts]) {
      expect(readCertificate(bytes).ok).toBe(false);
    }
  });

  test('is refused when the signed and the unsigned algorithm differ (RFC 5280 §4.1.1.2)', () => {
    const ecdsaSha256 = toHex(fromHex('06082a8648ce3d040302'));
    const at = toHex(leaf.der).lastIndexOf(ecdsaSha256) / 2 + 9;
    const reading = readCertificate(withByte(leaf.der, at, 0x03));
    expect(reading).toEqual({ ok: false, why: expect.stringContaining('algorithms differ') });
  });

  test.each([
    ['an extension twice', ['2.5.29.14', '04020102'], ['2.5.29.14', '04020102'], 'twice'],
    ['keyUsage of the wrong type', ['2.5.29.30', '0500'], undefined, 'out of place'],
    [
      'a name constraint for an address of five bytes',
      ['2.5.29.30', '300ba009300787050a00000000'],
      undefined,
      'odd name constraint',
    ],
    [
      'a name constraint with a minimum',
      ['2.5.29.30', '300aa0083006820161800101'],
      undefined,
      'odd name constraint',
    ],
  ])('is refused with %s', async (_, first, second, why) => {
    const extensions = [first, second].flatMap((pair) =>
      pair ? [extension(pair[0] ?? '', false, fromHex(pair[1] ?? ''))] : [],
    );
    const { der } = await issue(ca, { extensions });
    expect(readCertificate(der)).toEqual({ ok: false, why: expect.stringContaining(why) });
  });

  test('is refused with more names than anybody needs', async () => {
    const san = Array.from({ length: 300 }, (_, i) => `host${i}.example`);
    const { der } = await issue(ca, { san });
    expect(readCertificate(der)).toMatchObject({ ok: false, why: 'too many names' });
  });

  test('is worthless with any byte changed', async () => {
    const mutation = fc.tuple(fc.nat(leaf.der.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (mutations) => {
        const der = mutations.reduce((bytes, [at, value]) => withByte(bytes, at, value), leaf.der);
        const verdict = await judge([{ der }], { trusted: [ca] });
        // ECDSA signatures can be re-encoded, certificates cannot: only the untouched one passes.
        expect(verdict.ok).toBe(toHex(der) === toHex(leaf.der));
      }),
      { numRuns: 1000 },
    );
  });

  test('garbage of any shape leads to a verdict, never to an exception', async () => {
    const nested = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 6 },
        fc
          .tuple(fc.nat(255), fc.uint8Array({ maxLength: 40 }))
          .map(([tag, body]) => element(tag, body)),
        fc
          .tuple(fc.constantFrom(0x30, 0x31, 0xa0, 0xa3), fc.array(tie('node'), { maxLength: 8 }))
          .map(([tag, parts]) => element(tag, ...parts.map((part) => part as Uint8Array))),
      ),
    })).node as fc.Arbitrary<Uint8Array>;
    await fc.assert(
      fc.asyncProperty(fc.array(nested, { maxLength: 4 }), async (ders) => {
        const verdict = await judge(
          ders.map((der) => ({ der })),
          { trusted: [ca] },
        );
        expect(verdict).toMatchObject({ ok: false, cause: 'malformed' });
      }),
      { numRuns: 500 },
    );
  });

  test('64 KiB of nesting are one flat look', () => {
    const deep = fromHex('3080'.repeat(30_000));
    const wide = element(0x30, new Uint8Array(60_000).fill(0));
    expect(readCertificate(deep).ok).toBe(false);
    expect(readCertificate(wide).ok).toBe(false);
  });
});

describe('DER', () => {
  test.each([
    ['an indefinite length', '3080'],
    ['a length of five bytes', '308501000000'],
    ['a length that could be shorter', '308105'],
    ['a length with a leading zero', '30820080'],
    ['a tag of several bytes', '1f8101'],
    ['a length alone', '30'],
    ['content that is missing', '300501'],
  ])('%s is refused', (_, hex) => expect(() => elements(fromHex(hex))).toThrow(NotDer));

  const time = (tag: number, text: string) => {
    const body = fromText(text);
    return readTime({ tag, body, der: body });
  };

  test.each([
    [Tag.UTC_TIME, '491231235959Z', '2049-12-31T23:59:59.000Z'],
    [Tag.UTC_TIME, '500101000000Z', '1950-01-01T00:00:00.000Z'],
    [Tag.GENERALIZED_TIME, '20380119031408Z', '2038-01-19T03:14:08.000Z'],
    [Tag.GENERALIZED_TIME, '99991231235959Z', '9999-12-31T23:59:59.000Z'],
    [Tag.UTC_TIME, '240229000000Z', '2024-02-29T00:00:00.000Z'],
  ])('time %i %s is %s', (tag, text, iso) => expect(time(tag, text).toISOString()).toBe(iso));

  test.each([
    [Tag.UTC_TIME, '2601010000Z'],
    [Tag.UTC_TIME, '260101000000+0100'],
    [Tag.UTC_TIME, '20260101000000Z'],
    [Tag.UTC_TIME, '260230000000Z'],
    [Tag.UTC_TIME, '261301000000Z'],
    [Tag.UTC_TIME, '260101240000Z'],
    [Tag.GENERALIZED_TIME, '260101000000Z'],
    [Tag.GENERALIZED_TIME, '20260101000000.5Z'],
    [Tag.GENERALIZED_TIME, '20260101000060Z'],
    [Tag.GENERALIZED_TIME, ''],
  ])('time %i «%s» is refused', (tag, text) => expect(() => time(tag, text)).toThrow(NotDer));

  test.each([
    ['2b06010505070301', '1.3.6.1.5.5.7.3.1'],
    ['551d2500', '2.5.29.37.0'],
    ['8837', '2.999'],
    ['2a864886f70d01010b', '1.2.840.113549.1.1.11'],
  ])('object identifier %s is %s', (key, dotted) => expect(formatOid(key)).toBe(dotted));
});

describe('certificate files', () => {
  const bundleFile = '/etc/ssl/certs/ca-certificates.crt';
  const isAbsent = !existsSync(bundleFile);
  const why = isAbsent ? ' (skipped: no such file here)' : '';

  test.skipIf(isAbsent)(`every root that the system trusts can be read${why}`, () => {
    const ders = readCertificateFile(readFileSync(bundleFile)) ?? [];
    expect(ders.length).toBeGreaterThan(50);
    for (const der of ders) {
      const read = certificateOf(der);
      const node = new X509Certificate(der);
      expect(read.extensions.isCa).toBe(node.ca);
      expect(read.notAfter.getTime()).toBe(Date.parse(node.validTo));
      const key = createPublicKey({ key: Buffer.from(read.spki), format: 'der', type: 'spki' });
      expect(key.equals(node.publicKey)).toBe(true);
    }
  });

  test('PEM with text around, several blocks and CRLF is read in its order', () => {
    const file = fromText(
      `subject=x\r\n${leaf.pem.replaceAll('\n', '\r\n')}\r\nnoise\r\n${ca.pem}`,
    );
    expect(readCertificateFile(file)?.map(toHex)).toEqual([leaf.der, ca.der].map(toHex));
  });

  test('DER is taken as it is', () => {
    expect(readCertificateFile(leaf.der)?.map(toHex)).toEqual([toHex(leaf.der)]);
  });

  test.each([
    ['a block without an end', '-----BEGIN CERTIFICATE-----\nAAAA\n'],
    ['a block that is not base64', '-----BEGIN CERTIFICATE-----\nAA!A\n-----END CERTIFICATE-----'],
    ['an empty block', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----'],
  ])('%s is garbled', (_, text) => expect(readCertificateFile(fromText(text))).toBeUndefined());

  test('other PEM holds no certificate', () => {
    expect(readCertificateFile(fromText(leaf.keyPem))).toEqual([]);
  });
});
