// A home and its devices, the same in every test: bytes that look like certificates, and secrets that open nothing.
import { ip, parsePrefix } from '../../../src/base/ip.ts';
import type { Credential, Device, Gateway, Onboarding } from '../../../src/onboard/device.ts';
import { suite } from '../../../src/transforms/suites.ts';

const prefixes = ['192.168.1.0/24', 'fd00:1::/64'].flatMap((text) => parsePrefix(text) ?? []);
const pem = (label: string, content: string): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(content).toString('base64')}\n-----END ${label}-----\n`;

const gateway: Gateway = {
  name: 'vpn.example.org',
  authority: {
    commonName: 'vpn.example.org CA 1a2b3c4d',
    der: new TextEncoder().encode('der of the authority'),
    pem: pem('CERTIFICATE', 'der of the authority'),
  },
  ...suite('compatible'),
  hasIpv4: true,
  hasIpv6: true,
  dns: [ip('10.3.0.1'), ip('fd00:3::1')],
  domains: ['lan', 'home.example.org'],
  networks: prefixes,
  mtu: 1400,
  wifi: ["Anna's Wi-Fi", 'Café <5 GHz>'],
};

export const password: Credential = {
  kind: 'password',
  userName: 'anna-phone',
  password: 'k7mxp-4hq2d-w9vsa-eu36c',
};
export const certificate: Credential = {
  kind: 'certificate',
  identity: 'anna-phone@vpn.example.org',
  pkcs12: {
    legacy: new TextEncoder().encode('PKCS#12 with 3DES'),
    modern: new TextEncoder().encode('PKCS#12 with AES'),
  },
  passphrase: 'pq9rs-7tuvw-2xyza-3bcde',
  certificatePem: pem('CERTIFICATE', 'der of the device'),
  keyPem: pem('PRIVATE KEY', 'no key'),
};

export const onboarding = (
  credential: Credential,
  device: Partial<Device> = {},
  home: Partial<Gateway> = {},
): Onboarding => ({
  gateway: { ...gateway, ...home },
  device: { name: 'anna-phone', key: 'anna-phone', routing: 'all', isOnDemand: false, ...device },
  credential,
});

/** Asks for ML-KEM; Apple's profile alone can. */
export const postQuantum: Onboarding = { ...onboarding(password), isPostQuantum: true };

/** The ways in which profiles differ. */
export const ways: Readonly<Record<string, Onboarding>> = {
  password: onboarding(password),
  asked: onboarding({ ...password, password: undefined } as typeof password),
  certificate: onboarding(certificate),
  'home-on-demand': onboarding(password, { routing: 'home', isOnDemand: true }),
  'home-certificate': onboarding(certificate, { routing: 'home' }),
};
