import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { concat, fromHex, fromText, toHex } from '../../../src/base/bytes.ts';
import { readCertificate } from '../../../src/pki/certificate.ts';
import { type Element, readElement } from '../../../src/pki/der.ts';
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
    const [tbs, ...rest] = readElement(leaf.der).parts.map(({ der }) => der);
    const rebuilt = (...parts: readonly Uint8Array[]) => element(0x30, ...parts);
    const extra = fromHex('0500');
    const inner = tbs ? readElement(tbs).body : undefined;
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

  test('may write out FALSE where it is the default: in the wild many do', async () => {
    const unsaid = extension('2.5.29.19', false, fromHex('3003010100'));
    const { der } = await issue(ca, { extensions: [unsaid] });
    expect(certificateOf(der).extensions.isCa).toBe(false);
    const spelled = element(0x30, fromHex('06022a03'), fromHex('010100'), element(0x04, unread));
    const reading = readCertificate(withExtension(der, spelled));
    expect(reading).toMatchObject({ ok: true, certificate: { extensions: { isCa: false } } });
    const tagged = element(0x30, fromHex('06022a03'), fromHex('010101'), element(0x04, unread));
    expect(readCertificate(withExtension(der, tagged)).ok).toBe(false);
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
  }, 30_000);

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
  }, 30_000);

  test('64 KiB of nesting are one flat look', () => {
    const deep = fromHex('3080'.repeat(30_000));
    const wide = element(0x30, new Uint8Array(60_000).fill(0));
    expect(readCertificate(deep).ok).toBe(false);
    expect(readCertificate(wide).ok).toBe(false);
  });
});

describe('the validity of a certificate', () => {
  const [UTC_TIME, GENERALIZED_TIME] = [0x17, 0x18];

  test.each([
    [UTC_TIME, '491231235959Z', '2049-12-31T23:59:59.000Z'],
    [UTC_TIME, '500101000000Z', '1950-01-01T00:00:00.000Z'],
    [GENERALIZED_TIME, '20380119031408Z', '2038-01-19T03:14:08.000Z'],
    [GENERALIZED_TIME, '99991231235959Z', '9999-12-31T23:59:59.000Z'],
    [UTC_TIME, '240229000000Z', '2024-02-29T00:00:00.000Z'],
  ])('time %i %s is %s', (tag, text, iso) => {
    const { notAfter } = certificateOf(ending(element(tag, fromText(text))));
    expect(notAfter.toISOString()).toBe(iso);
  });

  test.each([
    [UTC_TIME, '2601010000Z'],
    [UTC_TIME, '260101000000+0100'],
    [UTC_TIME, '20260101000000Z'],
    [UTC_TIME, '260230000000Z'],
    [UTC_TIME, '261301000000Z'],
    [UTC_TIME, '260101240000Z'],
    [GENERALIZED_TIME, '260101000000Z'],
    [GENERALIZED_TIME, '20260101000000.5Z'],
    [GENERALIZED_TIME, '20260101000060Z'],
    [GENERALIZED_TIME, ''],
  ])('time %i «%s» is refused', (tag, text) => {
    expect(readCertificate(ending(element(tag, fromText(text)))).ok).toBe(false);
  });
});

const unread = fromHex('0500');

/** The leaf with another end of its validity. */
function ending(notAfter: Uint8Array): Uint8Array {
  return rebuilt(leaf.der, 4, ({ parts: [notBefore] }) => [notBefore?.der ?? unread, notAfter]);
}

/** A certificate with one extension more. */
function withExtension(der: Uint8Array, added: Uint8Array): Uint8Array {
  return rebuilt(der, -1, ({ parts: [list] }) => [element(0x30, list?.body ?? unread, added)]);
}

/** A certificate with one field of its signed part made anew; its signature no longer fits. */
function rebuilt(
  der: Uint8Array,
  at: number,
  fresh: (field: Element) => readonly Uint8Array[],
): Uint8Array {
  const [tbs, ...rest] = readElement(der).parts;
  const fields = tbs?.parts ?? [];
  const field = fields.at(at);
  if (!field) throw new Error('no such field');
  const parts = fields.map((old) =>
    old === field ? element(field.tag, ...fresh(field)) : old.der,
  );
  return element(0x30, element(0x30, ...parts), ...rest.map((part) => part.der));
}
