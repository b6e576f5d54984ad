import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, fromHex, fromText, toHex } from '../../../src/base/bytes.ts';
import { IdType } from '../../../src/iana/identities.ts';
import {
  anyIdentity,
  exactness,
  formatIdentity,
  type Identity,
  matchesIdentity,
  parseIdentity,
  parseIdentityPattern,
  sameIdentity,
} from '../../../src/policy/identity.ts';
import { derName } from './der-name.ts';

const { ID_IPV4_ADDR, ID_IPV6_ADDR, ID_FQDN, ID_RFC822_ADDR, ID_DER_ASN1_DN, ID_KEY_ID, ID_NULL } =
  IdType;
const fqdn = (text: string): Identity => ({ type: ID_FQDN, data: fromText(text) });
const mail = (text: string): Identity => ({ type: ID_RFC822_ADDR, data: fromText(text) });
const matches = (pattern: string, identity: Identity): boolean => {
  const parsed = parseIdentityPattern(pattern);
  if (!parsed) throw new Error(`no pattern: ${pattern}`);
  return matchesIdentity(parsed, identity);
};

describe('parseIdentity', () => {
  test.each([
    ['10.0.0.1', ID_IPV4_ADDR, '0a000001'],
    ['fd00::1', ID_IPV6_ADDR, 'fd000000000000000000000000000001'],
    ['vpn.example.org', ID_FQDN, toHex(fromText('vpn.example.org'))],
    ['anna', ID_FQDN, toHex(fromText('anna'))],
    ['anna@example.org', ID_RFC822_ADDR, toHex(fromText('anna@example.org'))],
    ['@10.0.0.1', ID_FQDN, toHex(fromText('10.0.0.1'))],
    ['@@anna', ID_RFC822_ADDR, toHex(fromText('anna'))],
    ['@#0102Ff', ID_KEY_ID, '0102ff'],
  ])('reads %s', (text, type, data) => {
    expect(parseIdentity(text)).toEqual({ type, data: fromHex(data) });
  });

  test.each(['', '@', '@@', '@#', '@#1', '@#xy', 'CN=anna'])('does not read «%s»', (text) => {
    expect(parseIdentity(text)).toBeUndefined();
  });
});

describe('formatIdentity', () => {
  test.each([
    [{ type: ID_IPV4_ADDR, data: fromHex('0a000001') }, '10.0.0.1'],
    [{ type: ID_IPV4_ADDR, data: fromHex('0a0000') }, 'ID_1=#0a0000'],
    [{ type: ID_IPV6_ADDR, data: fromHex('0a000001') }, 'ID_5=#0a000001'],
    [fqdn('anna'), 'anna'],
    [fqdn('10.0.0.1'), '@10.0.0.1'],
    [fqdn('anna@example.org'), '@anna@example.org'],
    [mail('anna'), '@@anna'],
    [fqdn(''), 'ID_2=#'],
    [{ type: ID_KEY_ID, data: fromHex('01ff') }, '@#01ff'],
    [{ type: ID_NULL, data: new Uint8Array(0) }, 'ID_13=#'],
    [{ type: ID_DER_ASN1_DN, data: derName([['550403', 'anna']]) }, 'CN=anna'],
    [{ type: ID_DER_ASN1_DN, data: fromHex('3003') }, 'ID_9=#3003'],
    [{ type: 200, data: fromHex('01') }, 'ID_200=#01'],
  ])('writes %j as %s', (identity, text) => {
    expect(formatIdentity(identity)).toBe(text);
  });

  test('lets no control character through, of any type (CVE-2019-12312)', () => {
    const nasty = fromText('a\n\x1b[31m\0%n$(id)');
    for (const type of [...Object.values(IdType), 0, 255]) {
      const text = formatIdentity({ type, data: nasty });
      expect(Array.from(text).every((char) => char >= ' ' && char <= '~')).toBe(true);
    }
  });

  test('takes identities of any length (CVE-2025-9242)', () => {
    for (const length of [0, 1, 3, 255, 512, 60000]) {
      for (const type of [...Object.values(IdType), 0, 255]) {
        expect(formatIdentity({ type, data: new Uint8Array(length).fill(0x61) })).not.toBe('');
      }
    }
  });

  test('never writes two identities alike', () => {
    const type = fc.constantFrom(ID_IPV4_ADDR, ID_IPV6_ADDR, ID_FQDN, ID_RFC822_ADDR, ID_KEY_ID, 2);
    const text = fc
      .string({ unit: fc.constantFrom('a', '1', '@', '#', '.', '=', ':', '\\', '\n', 'x', '0') })
      .map(fromText);
    const address = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc
        .uint8Array({ minLength: 4, maxLength: 4 })
        .map((v4) => concat(fromHex('00000000000000000000ffff'), v4)),
    );
    const identity = fc.record({
      type,
      data: fc.oneof(text, address, fc.uint8Array({ maxLength: 4 })),
    });
    fc.assert(
      fc.property(identity, identity, (a, b) => {
        const isOne = a.type === b.type && toHex(a.data) === toHex(b.data);
        expect(formatIdentity(a) === formatIdentity(b)).toBe(isOne);
      }),
      { numRuns: 2000 },
    );
    const mapped = concat(fromHex('00000000000000000000ffff'), fromHex('0a000001'));
    expect(formatIdentity({ type: ID_IPV6_ADDR, data: mapped })).not.toBe('10.0.0.1');
    expect(formatIdentity(fqdn('\\x0a'))).not.toBe(formatIdentity(fqdn('\n')));
    expect(formatIdentity(fqdn('ID_2=#0a'))).not.toBe(formatIdentity(fqdn('\n')));
  });

  test('writes what parseIdentity reads', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '1', '@', '#', '.', ':'), minLength: 1 });
    fc.assert(
      fc.property(text, (written) => {
        const identity = parseIdentity(written);
        if (identity) expect(parseIdentity(formatIdentity(identity))).toEqual(identity);
      }),
    );
  });
});

describe('sameIdentity', () => {
  test('compares names without regard to case, everything else byte by byte', () => {
    expect(sameIdentity(fqdn('VPN.Example.org'), fqdn('vpn.example.ORG'))).toBe(true);
    expect(sameIdentity(mail('Anna@Example.org'), mail('anna@example.org'))).toBe(true);
    const keyId = (hex: string): Identity => ({ type: ID_KEY_ID, data: fromHex(hex) });
    expect(sameIdentity(keyId('61'), keyId('61'))).toBe(true);
    expect(sameIdentity(keyId('61'), keyId('41'))).toBe(false);
  });

  test('tells types apart, whatever the text', () => {
    expect(sameIdentity(fqdn('anna'), { type: ID_KEY_ID, data: fromText('anna') })).toBe(false);
    expect(sameIdentity(fqdn('anna@x'), mail('anna@x'))).toBe(false);
  });

  test('tells names apart that merely print alike', () => {
    const invalid = (byte: number): Identity => ({
      type: ID_FQDN,
      data: Uint8Array.of(0x61, byte),
    });
    expect(sameIdentity(invalid(0x80), invalid(0x81))).toBe(false);
    expect(sameIdentity(fqdn('\u212Aate'), fqdn('kate'))).toBe(false); // the Kelvin sign
    expect(sameIdentity(fqdn('a\n'), fqdn('a\\x0a'))).toBe(false);
  });
});

describe('an identity pattern', () => {
  const carol = {
    type: ID_DER_ASN1_DN,
    data: derName([
      ['55040a', 'Home'],
      ['550403', 'carol'],
    ]),
  };

  test('fits everybody when it is any', () => {
    for (const text of ['%any', 'any', '*'])
      expect(parseIdentityPattern(text)).toEqual(anyIdentity);
    for (const identity of [fqdn('x'), mail('x@y'), carol, { type: 200, data: fromHex('00') }]) {
      expect(matches('%any', identity)).toBe(true);
    }
  });

  test('fits one identity when it names one', () => {
    expect(matches('anna@example.org', mail('Anna@example.org'))).toBe(true);
    expect(matches('anna@example.org', mail('bert@example.org'))).toBe(false);
    expect(matches('anna@example.org', fqdn('anna@example.org'))).toBe(false);
    expect(matches('10.0.0.1', { type: ID_IPV4_ADDR, data: fromHex('0a000001') })).toBe(true);
  });

  test('fits the ends of names, and only of names', () => {
    expect(matches('*.example.org', fqdn('VPN.example.org'))).toBe(true);
    expect(matches('*@example.org', mail('anna@EXAMPLE.org'))).toBe(true);
    expect(matches('*.Example.org', fqdn('vpn.example.org'))).toBe(true);
    expect(matches('*.example.org', fqdn('example.org'))).toBe(false);
    expect(matches('*.example.org', fqdn('vpn.example.org.evil'))).toBe(false);
    expect(matches('*.example.org', { type: ID_KEY_ID, data: fromText('a.example.org') })).toBe(
      false,
    );
  });

  test('fits a distinguished name by its text, without regard to case and spaces', () => {
    expect(matches('O=Home, CN=carol', carol)).toBe(true);
    expect(matches('o=home,cn = Carol', carol)).toBe(true);
    expect(matches('CN=carol', carol)).toBe(false);
    expect(matches('O=Home, CN=carol', fqdn('O=Home, CN=carol'))).toBe(false);
    expect(matches('O=Home, CN=carol', { type: ID_DER_ASN1_DN, data: fromHex('3003') })).toBe(
      false,
    );
  });

  test('is not fooled by a value that spells further attributes (CVE-2020-16088)', () => {
    const forged = { type: ID_DER_ASN1_DN, data: derName([['55040a', 'Home, CN=carol']]) };
    expect(matches('O=Home, CN=carol', forged)).toBe(false);
    expect(matches('O=Home\\, CN=carol', forged)).toBe(true);
  });

  test('is not made of nothing', () => {
    expect(parseIdentityPattern('')).toBeUndefined();
    expect(parseIdentityPattern('@')).toBeUndefined();
  });
});

describe('of two patterns that fit the same identity', () => {
  test.each([
    ['anna@example.org', '*@example.org'],
    ['*@example.org', '*.org'],
    ['*.org', '*'],
    ['anna@example.org', '%any'],
    ['C=CH, O=Home, CN=carol', 'C=CH, O=Home, CN=*'],
    ['C=CH, O=Home, CN=*', 'C=CH, O=*, CN=*'],
    ['C=CH, O=Home + OU=Attic, CN=*', 'C=CH, O=Home + OU=*, CN=*'],
    ['C=*, O=*, CN=*', 'any'],
  ])('«%s» is more exact than «%s»', (narrow, wide) => {
    const exactnessOf = (text: string): number =>
      exactness(parseIdentityPattern(text) ?? anyIdentity);
    expect(exactnessOf(narrow)).toBeGreaterThan(exactnessOf(wide));
  });
});
