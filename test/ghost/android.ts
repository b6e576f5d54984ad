// Android's own client (Settings → VPN), from Android 11 on.
import { AuthMethod } from '../../src/iana/authentication.ts';
import { CfgAttribute as C } from '../../src/iana/configuration.ts';
import { androidId } from './identities.ts';
import type { Encr, Model, Offer } from './model.ts';

const keys = (...ids: number[]): Encr[] =>
  ids.flatMap((id) => [256, 192, 128].map((bits): Encr => [id, bits]));
const prf = [7, 6, 5, 4, 8, 2];
const ke = [16, 31, 15, 14];
const integ = [14, 13, 12, 5, 8];

const esp: readonly Offer[] = [
  { encr: keys(13, 12), integ, esn: [0] },
  { encr: keys(20, 19, 18), esn: [0] },
];
const espWithChaCha: readonly Offer[] = [
  { encr: keys(13, 12), integ, esn: [0] },
  { encr: [[28], ...keys(20, 19, 18)], esn: [0] },
];

const rekey = {
  child: 3600,
  ike: 2 * 3600,
  esp,
  ikeList: 'all',
  selectors: 'agreed',
  heedsInvalidKe: true,
  answersChild: 'yes',
  patience: 5 * 60,
} as const;

/** Without MOBIKE. */
export const android11: Model = {
  name: 'Android 11',
  ike: [
    { encr: keys(13, 12), integ, prf, ke },
    { encr: [[28], ...keys(20, 19, 18)], prf, ke },
  ],
  esp,
  firstKe: 16,
  nonceBytes: 32,
  hashes: [1, 2, 3, 4],
  ports: 'random',
  initParts: [
    'SA',
    'KE',
    'Nonce',
    'NAT_DETECTION_SOURCE_IP',
    'NAT_DETECTION_DESTINATION_IP',
    'IKEV2_FRAGMENTATION_SUPPORTED',
    'SIGNATURE_HASH_ALGORITHMS',
  ],
  authParts: ['IDi', 'IDr', 'CERT', 'AUTH', 'SA', 'TSi', 'TSr', 'CP'],
  vendorIds: [],
  logins: ['psk', 'certificate', 'eap'],
  eapIdentity: 'empty',
  signs: 'sha512',
  identify: androidId,
  authorities: 0,
  config: [
    C.INTERNAL_IP4_ADDRESS,
    C.INTERNAL_IP6_ADDRESS,
    C.INTERNAL_IP4_DNS,
    C.INTERNAL_IP6_DNS,
    C.INTERNAL_IP4_NETMASK,
    C.APPLICATION_VERSION,
  ],
  source: { v4: 'false', v6: 'none' },
  datagramBytes: 1280,
  retransmit: [0.5, 1, 2, 4, 8],
  liveness: 120,
  keepalive: 10,
  rekey,
  insists: {
    sameIdR: true,
    serverKeys: ['rsa'],
    serverMethods: [AuthMethod.RSA_SIGNATURE, AuthMethod.DIGITAL_SIGNATURE],
    subjectAltName: true,
    serverAuth: false,
    certificateDays: undefined,
    noNatOnIpv6: true,
    saysGoodbye: true,
  },
};

export const android13: Model = {
  ...android11,
  name: 'Android 13',
  esp: espWithChaCha,
  authParts: ['IDi', 'IDr', 'MOBIKE_SUPPORTED', 'CERT', 'AUTH', 'SA', 'TSi', 'TSr', 'CP'],
  rekey: { ...rekey, esp: espWithChaCha },
};
