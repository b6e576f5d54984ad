import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, fromHex, fromText } from '../../../src/base/bytes.ts';
import { canonicalDn, fitsDn, formatDn } from '../../../src/policy/dn.ts';
import { type Attribute, derName, multiValued, sequence } from './der-name.ts';

const home: Attribute[] = [
  ['550406', 'CH'],
  ['55040a', 'Home'],
  ['550403', 'anna'],
];

describe('fitsDn', () => {
  const dn = canonicalDn('C=CH, O=Home\\, sweet, OU=a + CN=anna=*');
  test.each([
    ['C=CH, O=Home\\, sweet, OU=a + CN=anna=*', true],
    ['C=*, O=*, OU=* + CN=*', true],
    ['c=ch, o=home\\, sweet, ou=A + cn=*', true],
    ['C=CH, O=*, CN=*', false],
    ['C=CH, O=*, OU=a', false],
    ['C=CH, O=*', false],
    ['C=CH, O=*, OU=a + CN=*, L=*', false],
    ['C=DE, O=*, OU=* + CN=*', false],
    ['C=CH, CN=*, OU=* + CN=*', false],
    ['C=CH, O=Ho*, OU=* + CN=*', false],
  ])('%s: %s', (pattern, fits) => {
    expect(fitsDn(canonicalDn(pattern), dn)).toBe(fits);
  });

  test('a name fits itself, whatever is in it', () => {
    const value = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), (values) => {
        const name = formatDn(derName(values.map((one) => ['550403', one]))) ?? '';
        expect(fitsDn(canonicalDn(name), canonicalDn(name))).toBe(true);
      }),
    );
  });
});

describe('formatDn', () => {
  test('writes the attributes by their names, in their order', () => {
    expect(formatDn(derName(home))).toBe('C=CH, O=Home, CN=anna');
  });

  test('writes an attribute that it does not know by its OID', () => {
    expect(formatDn(derName([['2b0601', 'x']]))).toBe('OID.2b0601=x');
  });

  test('joins what stands in one set with a plus sign', () => {
    const pairs: Attribute[] = [
      ['550403', 'anna'],
      ['550405', '7'],
    ];
    expect(formatDn(multiValued(pairs))).toBe('CN=anna + serialNumber=7');
  });

  test('never lets a value read as another attribute (CVE-2020-16088)', () => {
    expect(formatDn(derName([['550403', 'anna, O=Home']]))).toBe('CN=anna\\, O=Home');
    expect(formatDn(derName([['550403', 'anna + O=Home']]))).toBe('CN=anna \\+ O=Home');
    expect(formatDn(derName([['550403', 'anna\\']]))).toBe('CN=anna\\\\');
  });

  test('escapes control characters', () => {
    expect(formatDn(derName([['550403', 'a\nb\0']]))).toBe('CN=a\\\\x0ab\\\\x00');
  });

  test('reads long values', () => {
    for (const length of [127, 128, 255, 256, 60000]) {
      expect(formatDn(derName([['550403', 'x'.repeat(length)]]))).toBe(`CN=${'x'.repeat(length)}`);
    }
  });

  test('is undefined for what is no DER Name', () => {
    const whole = derName(home);
    for (let length = 0; length < whole.length; length++) {
      expect(formatDn(whole.subarray(0, length))).toBeUndefined();
    }
    expect(formatDn(concat(whole, fromHex('00')))).toBeUndefined();
    expect(formatDn(fromHex('3080 0000'))).toBeUndefined(); // indefinite length
    expect(formatDn(fromHex('3084ffffffff'))).toBeUndefined();
    expect(formatDn(fromText('CN=anna'))).toBeUndefined();
    expect(formatDn(sequence(0x30, sequence(0x30, fromHex('0c0161'))))).toBeUndefined();
  });

  test('takes any bytes without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(['string', 'undefined']).toContain(typeof formatDn(bytes));
      }),
    );
  });
});

describe('canonicalDn', () => {
  test('is one for all spellings of a name', () => {
    const spellings = ['C=CH, O=Home, CN=anna', 'c = ch,o=home , cn=ANNA', 'C=CH,O=Home,CN=Anna'];
    expect(new Set(spellings.map(canonicalDn)).size).toBe(1);
  });

  test('keeps escaped separators in the value', () => {
    expect(canonicalDn('CN=anna\\, O=Home')).not.toBe(canonicalDn('CN=anna, O=Home'));
    expect(canonicalDn('CN=a\\\\, O=b')).not.toBe(canonicalDn('CN=a\\, O=b'));
  });

  test('takes a lone backslash for itself', () => {
    expect(canonicalDn('CN=HOME\\anna')).toBe(canonicalDn('CN=HOME\\\\anna'));
  });

  test('does not fold letters of other alphabets into ASCII', () => {
    expect(canonicalDn('CN=\u212Aate')).not.toBe(canonicalDn('CN=Kate')); // the Kelvin sign
  });

  test('is that of the name of which formatDn made the text, and of no other', () => {
    const value = fc.string({
      unit: fc.constantFrom('a', 'B', ',', '+', '\\', '=', ' '),
      maxLength: 6,
    });
    const oid = fc.constantFrom('550403', '55040a');
    const anyName = fc.array(fc.tuple(oid, value), { minLength: 1, maxLength: 3 });
    const key = (name: [string, string][]) =>
      JSON.stringify(name.map(([oid, text]) => [oid, text.trim().toLowerCase()]));
    const canonical = (name: [string, string][]) => canonicalDn(formatDn(derName(name)) ?? '');
    fc.assert(
      fc.property(anyName, anyName, (a, b) => {
        expect(canonical(a) === canonical(b)).toBe(key(a) === key(b));
        expect(canonicalDn(canonical(a))).toBe(canonical(a));
      }),
      { numRuns: 2000 },
    );
  });
});
