import { beforeAll, describe, expect, test } from 'vitest';
import { fromHex, fromText, toHex } from '../../../src/base/bytes.ts';
import { IdType } from '../../../src/iana/identities.ts';
import {
  describe as describeCertificate,
  isHostName,
  isMailbox,
  provenIdentities,
} from '../../../src/pki/names.ts';
import {
  type CertificateOptions,
  extension,
  issue,
  type LabCertificate,
  makeCa,
} from '../../lab/pki.ts';
import { certificateOf } from './anchors.ts';
import { element } from './build-der.ts';

let ca: LabCertificate;
beforeAll(async () => {
  ca = await makeCa();
});
const proven = async (options: CertificateOptions) =>
  provenIdentities(certificateOf((await issue(ca, options)).der)).map(({ type, data }) => [
    type,
    toHex(data),
  ]);
/** A subjectAltName with one name of this form. */
const rawSan = (form: number, value: Uint8Array) =>
  extension('2.5.29.17', false, element(0x30, element(form, value)));

describe('identities that a certificate proves', () => {
  test('subject, host name, mailbox, both kinds of address, in their order', async () => {
    const san = ['vpn.example.org', 'anna@example.org', '10.1.2.3', 'fd00::1'];
    const [first, ...rest] = await proven({ name: 'C=CH, CN=anna', san });
    expect(first?.[0]).toBe(IdType.ID_DER_ASN1_DN);
    expect(rest).toEqual([
      [IdType.ID_FQDN, toHex(fromText('vpn.example.org'))],
      [IdType.ID_RFC822_ADDR, toHex(fromText('anna@example.org'))],
      [IdType.ID_IPV4_ADDR, '0a010203'],
      [IdType.ID_IPV6_ADDR, 'fd000000000000000000000000000001'],
    ]);
  });

  test('a common name that looks like a host is no host name', async () => {
    const ids = await proven({ name: 'CN=vpn.example.org' });
    expect(ids.map(([type]) => type)).toEqual([IdType.ID_DER_ASN1_DN]);
  });

  test('an empty subject is no identity', async () => {
    expect(await proven({ name: '', san: ['a.example'] })).toEqual([
      [IdType.ID_FQDN, toHex(fromText('a.example'))],
    ]);
  });

  test.each([
    ['a host name with NUL', 0x82, fromText('vpn.example.org\0.evil.example')],
    ['a host name with a newline', 0x82, fromText('vpn.example.org\n')],
    ['a host name that is not ASCII', 0x82, fromText('vpn.exämple.org')],
    ['an empty host name', 0x82, new Uint8Array()],
    ['a wildcard', 0x82, fromText('*.example.org')],
    ['a mailbox with NUL', 0x81, fromText('anna@example.org\0@evil.example')],
    ['a mailbox without a host', 0x81, fromText('anna')],
    ['an address of five bytes', 0x87, fromHex('0a01020304')],
    ['an address and mask', 0x87, fromHex('0a010200ffffff00')],
    ['a URI', 0x86, fromText('https://vpn.example.org')],
    ['an otherName', 0xa0, fromHex('06032a0304a0020500')],
  ])('%s proves nothing', async (_, form, value) => {
    const ids = await proven({ name: 'CN=anna', extensions: [rawSan(form, value)] });
    expect(ids.map(([type]) => type)).toEqual([IdType.ID_DER_ASN1_DN]);
  });

  test.each(['a', 'vpn.example.org', 'alice-iphone', '203.0.113.4', '_x.y', 'xn--exmple-cua.org'])(
    '%s is a host name',
    (name) => expect(isHostName(name)).toBe(true),
  );
  test.each([
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    '-a',
    'a-',
    'a b',
    'a/b',
    `${'a'.repeat(64)}.b`,
    `${'a.'.repeat(127)}aa`,
  ])('«%s» is none', (name) => expect(isHostName(name)).toBe(false));
  test.each(['anna@home', "o'neil+x@a.b"])('%s is a mailbox', (name) =>
    expect(isMailbox(name)).toBe(true),
  );
  test.each(['@home', 'anna@', 'a b@home', '"a@b"@home', 'a@b@home'])('«%s» is none', (name) =>
    expect(isMailbox(name)).toBe(false),
  );
});

describe('how a certificate is called', () => {
  test('by its subject, else by its first other name', async () => {
    const named = certificateOf((await issue(ca, { name: 'C=CH, CN=anna' })).der);
    expect(describeCertificate(named)).toBe('«C=CH, CN=anna»');
    const nameless = certificateOf((await issue(ca, { name: '', san: ['a@b.example'] })).der);
    expect(describeCertificate(nameless)).toBe('«a@b.example»');
    const nothing = certificateOf((await issue(ca, { name: '' })).der);
    expect(describeCertificate(nothing)).toBe('a certificate without a name');
  });
});
