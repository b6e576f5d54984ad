// A desk with one home CA and one phone, for the tests of methods.
import type { CertificateDesk, CertificateFacts } from '../../../src/rpc/certificates.ts';

const authority: CertificateFacts = {
  kind: 'authority',
  name: 'home',
  subject: 'CN=Home CA',
  owner: undefined,
  issuer: 'CN=Home CA',
  serial: '01',
  names: [],
  notBefore: 1_767_225_600,
  notAfter: 2_082_758_400,
  isOurs: false,
  isBelieved: true,
  revokedAt: undefined,
  file: '/etc/ikev2/ca.pem',
};
const gateway: CertificateFacts = { ...authority, kind: 'gateway', name: 'gateway', isOurs: true };
const device: CertificateFacts = { ...gateway, kind: 'device', name: 'anna', revokedAt: 1 };

export const fakeDesk: CertificateDesk = {
  list: () => [authority, gateway, device],
  create: async () => ({ authority, gateway, done: ['made'], next: [] }),
  issue: async () => ({
    ...{ device, pkcs12: Uint8Array.of(1, 2), passphrase: 'secret' },
    forms: { legacy: Uint8Array.of(1, 2), modern: Uint8Array.of(1, 3) },
    certificatePem: 'pem\n',
    keyPem: 'pem\n',
  }),
  renew: async () => gateway,
  revoke: (which) => ({ name: which, serial: '02' }),
  take: async () => gateway,
  trust: async () => gateway,
  key: () => ({ publicKey: 'MCowBQYDK2VwAyEA', file: '/etc/ikev2/router.key', isMade: false }),
  authority: () => ({ name: 'home', der: Uint8Array.of(0x30, 0), pem: 'pem\n' }),
};
