// Windows 10 and 11: as it comes, with the registry's help, and scripted with Set-VpnConnectionIPsecConfiguration.
import { fromHex } from '../../src/base/bytes.ts';
import { AuthMethod } from '../../src/iana/authentication.ts';
import { CfgAttribute as C } from '../../src/iana/configuration.ts';
import { addressId, subjectOr } from './identities.ts';
import type { Encr, Model, Offer } from './model.ts';

const ciphers: readonly Encr[] = [[3], [12, 128], [12, 192], [12, 256]];
/** Integrity algorithm and PRF of SHA-1, SHA-256, SHA-384. */
const hashes = [
  [2, 2],
  [12, 5],
  [13, 6],
] as const;

/** Every cipher with every hash, a proposal for each. */
const each = (encrs: readonly Encr[], ke: number): Offer[] =>
  encrs.flatMap((encr) =>
    hashes.map(([integ, prf]) => ({ encr: [encr], integ: [integ], prf: [prf], ke: [ke] })),
  );
const withSha1 = (encr: Encr): Offer => ({ encr: [encr], integ: [2], esn: [0] });

const usualEsp = ([[12, 256], [12, 128], [3], [2], [11]] as const).map(withSha1);
const strongEsp = ([[12, 256], [3]] as const).map(withSha1);

const windows = {
  nonceBytes: 48,
  hashes: [],
  ports: 'well known',
  initParts: [
    'SA',
    'KE',
    'Nonce',
    'IKEV2_FRAGMENTATION_SUPPORTED',
    'NAT_DETECTION_SOURCE_IP',
    'NAT_DETECTION_DESTINATION_IP',
    'VendorIDs',
  ],
  authParts: ['IDi', 'CERT', 'CERTREQ', 'AUTH', 'MOBIKE_SUPPORTED', 'CP', 'SA', 'TSi', 'TSr'],
  vendorIds: [
    fromHex('1e2b516905991c7d7c96fcbfb587e46100000009'), // MS NT5 ISAKMPOAKLEY
    fromHex('fb1de3cdf341b7ea16b7e5be0855f120'), // MS-Negotiation Discovery Capable
    fromHex('26244d38eddb61b3172a36e3d0cfb819'), // Vid-Initial-Contact
    fromHex('01528bbbc00696121849ab9a1c5b2a5100000002'), // documented nowhere
  ],
  logins: ['certificate', 'eap'],
  eapIdentity: 'filled',
  signs: 'method 1',
  identify: subjectOr(({ address }) => addressId(address)),
  authorities: 50,
  config: [
    C.INTERNAL_IP4_ADDRESS,
    C.INTERNAL_IP4_DNS,
    C.INTERNAL_IP4_NBNS,
    23456,
    C.INTERNAL_IP6_ADDRESS,
    C.INTERNAL_IP6_DNS,
    23457,
  ],
  source: { v4: 'true', v6: 'true' },
  datagramBytes: 576,
  retransmit: [1, 2, 4, 8, 16, 32], // about a minute in all
  liveness: 15,
  keepalive: 20,
  insists: {
    sameIdR: false,
    serverKeys: ['rsa', 'ec'],
    serverMethods: [
      AuthMethod.RSA_SIGNATURE,
      AuthMethod.ECDSA_SHA256_P256,
      AuthMethod.ECDSA_SHA384_P384,
    ],
    subjectAltName: false,
    serverAuth: true,
    certificateDays: undefined,
    noNatOnIpv6: false,
    saysGoodbye: true,
  },
} as const satisfies Partial<Model>;

const rekey = {
  child: 3600,
  ike: 8 * 3600,
  ikeList: 'all',
  selectors: 'agreed',
  heedsInvalidKe: false,
  answersChild: 'not behind a NAT',
  patience: undefined,
} as const;

/** Its renewal asks for more than was agreed. */
export const windows10: Model = {
  ...windows,
  name: 'Windows 10 as it comes',
  ike: each(ciphers, 2),
  esp: usualEsp,
  firstKe: 2,
  rekey: { ...rekey, esp: usualEsp, selectors: 'everything' },
};

const gcm = (
  [
    [20, 128],
    [20, 256],
  ] as const
).flatMap((encr) => [5, 6].map((prf): Offer => ({ encr: [encr], prf: [prf], ke: [2] })));

export const windows11: Model = {
  ...windows,
  name: 'Windows 11 as it comes',
  ike: [...each(ciphers, 2), ...gcm],
  esp: usualEsp,
  firstKe: 2,
  rekey: { ...rekey, esp: usualEsp },
};

/** «Maximum strength encryption» on the page of the connection. */
export const windowsMaximum: Model = {
  ...windows11,
  name: 'Windows 11 with maximum strength',
  esp: strongEsp,
  rekey: { ...rekey, esp: strongEsp },
};

/** NegotiateDH2048_AES256 in the registry: 2, nothing else; 1, as well. */
export const windowsRegistry: Model = {
  ...windows,
  name: 'Windows with NegotiateDH2048_AES256 = 2',
  ike: each([[12, 256]], 14),
  esp: usualEsp,
  firstKe: 14,
  rekey: { ...rekey, esp: usualEsp, selectors: 'everything' },
};
export const windowsRegistryAdds: Model = {
  ...windowsRegistry,
  name: 'Windows with NegotiateDH2048_AES256 = 1',
  ike: [...each([[12, 256]], 14), ...each(ciphers, 2)],
};

/** GCMAES256 for both, SHA384, ECP384; PfsGroup None. */
export const windowsScripted: Model = {
  ...windows,
  name: 'Windows, scripted',
  ike: [{ encr: [[20, 256]], prf: [6], ke: [20] }],
  esp: [{ encr: [[20, 256]], esn: [0] }],
  firstKe: 20,
  rekey: { ...rekey, esp: [{ encr: [[20, 256]], esn: [0] }] },
};

/** The same with PfsGroup ECP384. */
export const windowsScriptedPfs: Model = {
  ...windowsScripted,
  name: 'Windows, scripted with PFS',
  rekey: { ...rekey, esp: [{ encr: [[20, 256]], ke: [20], esn: [0] }] },
};
