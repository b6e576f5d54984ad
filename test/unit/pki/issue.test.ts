// What the home CA makes, read back by this project and by openssl.
import { randomBytes, X509Certificate } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import type { Ip } from '../../../src/base/ip.ts';
import type { Certificate } from '../../../src/pki/certificate.ts';
import { verifyChain } from '../../../src/pki/chain.ts';
import { type Issuer, issueDevice, issueServer, makeAuthority } from '../../../src/pki/issue.ts';
import { makeRsaKey } from '../../../src/pki/keys.ts';
import { certificatePem } from '../../../src/pki/pem.ts';
import { formatIdentity } from '../../../src/policy/identity.ts';
import { hasOpenssl, openssl } from '../../lab/openssl.ts';
import { certificateOf } from './anchors.ts';

const now = new Date('2026-11-23T10:00:00Z');
const making = () => ({ now, serial: new Uint8Array(randomBytes(16)) });
const addresses: readonly Ip[] = ['203.0.113.7' as Ip, '2001:db8::7' as Ip];

let issuer: Issuer;
let spki: Uint8Array;
let server: Certificate;
let device: Certificate;
beforeAll(async () => {
  const key = await makeRsaKey(2048);
  const subject = { commonName: 'Home CA', organization: 'Home' };
  issuer = { certificate: certificateOf(makeAuthority(subject, key, making())), key };
  ({ spki } = await makeRsaKey(2048));
  const names = { names: ['vpn.example.org'], addresses };
  server = certificateOf(issueServer(issuer, names, spki, making()));
  device = certificateOf(
    issueDevice(
      issuer,
      {
        commonName: 'anna-iphone',
        owner: 'anna',
        mailboxes: ['anna-iphone@example.org'],
        hostNames: ['anna-iphone'],
      },
      spki,
      making(),
    ),
  );
});

const judge = (leaf: Certificate, purpose: 'client' | 'server', at = now) => {
  const anchor = { certificate: certificateOf(issuer.certificate.der), kind: 'authority' } as const;
  return verifyChain([leaf.der], purpose, [anchor], at, true);
};

test('a server proves the dialled name, and literal addresses in both forms', async () => {
  const verdict = await judge(server, 'server');

  expect(verdict).toMatchObject({ ok: true, keyType: 'rsa' });
  const names = verdict.ok ? verdict.identities.map(formatIdentity) : [];
  // A name that looks like an address is written with an @.
  expect(names).toEqual([
    'CN=vpn.example.org',
    'vpn.example.org',
    ...addresses,
    ...['@203.0.113.7'],
  ]);
  expect(new X509Certificate(server.der).subjectAltName).toContain('DNS:2001:db8::7');
});

test('a server certificate is none for a device, and a device no server', async () => {
  expect(await judge(server, 'client')).toMatchObject({ ok: false, cause: 'purpose' });
  expect(await judge(device, 'server')).toMatchObject({ ok: false, cause: 'purpose' });
  expect(await judge(device, 'client')).toMatchObject({ ok: true });
});

test('is valid from yesterday on, because clocks differ, and for less than 825 days', () => {
  for (const { notBefore, notAfter } of [server, device]) {
    expect(notBefore).toEqual(new Date('2026-11-22T10:00:00Z'));
    expect(notAfter.getTime() - notBefore.getTime()).toBeLessThan(825 * 86_400_000);
  }
});

test('never outlives its authority', () => {
  const notAfter = new Date('2027-01-01T00:00:00Z');
  const late = { ...issuer, certificate: { ...issuer.certificate, notAfter } };

  const issued = certificateOf(
    issueServer(late, { names: ['a.b'], addresses: [] }, spki, making()),
  );

  expect(issued.notAfter).toEqual(notAfter);
});

test('dates from 2050 on are written as RFC 5280 wants them', async () => {
  const late = { now: new Date('2048-01-01T00:00:00Z'), serial: new Uint8Array(randomBytes(16)) };
  const der = makeAuthority({ commonName: 'x', organization: 'y' }, issuer.key, late);

  expect(certificateOf(der).notAfter.getUTCFullYear()).toBe(2057);
  expect(new X509Certificate(der).validTo).toContain('2057');
});

test.each([
  ['all ones', 0xff, 0x7f],
  ['all zeros', 0x00, 0x40],
])('a serial number is positive and always as long: %s', (_, octet, first) => {
  const serial = new Uint8Array(16).fill(octet);
  const der = issueServer(issuer, { names: ['a.b'], addresses: [] }, spki, { now, serial });

  expect(certificateOf(der).serial).toEqual(serial.map((each, i) => (i === 0 ? first : each)));
});

test.runIf(hasOpenssl)('openssl agrees about the chain, the name and both purposes', () => {
  const files = {
    'ca.pem': certificatePem(issuer.certificate.der),
    'server.pem': certificatePem(server.der),
    'device.pem': certificatePem(device.der),
  };
  const verify = (...args: string[]) =>
    openssl(files, 'verify', '-x509_strict', '-CAfile', 'ca.pem', ...args);

  for (const name of ['vpn.example.org', '203.0.113.7']) {
    expect(verify('-purpose', 'sslserver', '-verify_hostname', name, 'server.pem')).toBeDefined();
  }
  expect(verify('-purpose', 'sslserver', '-verify_ip', '2001:db8::7', 'server.pem')).toBeDefined();
  expect(verify('-purpose', 'sslclient', 'device.pem')).toBeDefined();
  expect(verify('-purpose', 'sslserver', 'device.pem')).toBeUndefined();
  const text = `${openssl(files, 'x509', '-in', 'server.pem', '-noout', '-text')}`;
  expect(text).toContain('1.3.6.1.5.5.8.2.2');
  expect(text).toMatch(/Subject: CN = vpn.example.org\n/);
});
