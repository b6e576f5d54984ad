// The strongSwan app on Android.
import { AuthMethod } from '../../src/iana/authentication.ts';
import { CfgAttribute as C } from '../../src/iana/configuration.ts';
import { strongSwanId, subjectOr } from './identities.ts';
import type { Model, Offer } from './model.ts';

const prf = [5, 6, 7, 4, 8, 2];
/** The NIST curves first; then Brainpool, Curve25519, Curve448, and MODP without the short ones. */
const ke = [19, 20, 21, 28, 29, 30, 31, 32, 15, 16, 17, 18, 14];

/** What strongSwan proposes unasked: not AEAD first, then AEAD. */
const strongSwanIke: readonly Offer[] = [
  {
    encr: [
      [12, 128],
      [12, 192],
      [12, 256],
    ],
    integ: [12, 13, 14, 2, 5],
    prf,
    ke,
  },
  { encr: [[20, 128], [20, 192], [20, 256], [28]], prf, ke },
];

const aead = { encr: [[20, 256], [20, 128], [28]], esn: [0] } as const satisfies Offer;
const cbc = {
  encr: [
    [12, 256],
    [12, 192],
    [12, 128],
  ],
  integ: [13, 12, 14, 2],
  esn: [0],
} as const satisfies Offer;
const groups = [31, 20, 21, 15, 16, 19, 18];

export const strongSwanApp: Model = {
  name: 'strongSwan app',
  ike: strongSwanIke,
  esp: [aead, cbc],
  firstKe: 19,
  nonceBytes: 32,
  hashes: [2, 3, 4, 5],
  ports: 'random',
  initParts: [
    'SA',
    'KE',
    'Nonce',
    'NAT_DETECTION_SOURCE_IP',
    'NAT_DETECTION_DESTINATION_IP',
    'IKEV2_FRAGMENTATION_SUPPORTED',
    'SIGNATURE_HASH_ALGORITHMS',
    'REDIRECT_SUPPORTED',
  ],
  authParts: [
    'IDi',
    'CERT',
    'INITIAL_CONTACT',
    'CERTREQ',
    'AUTH',
    'CP',
    'SA',
    'TSi',
    'TSr',
    'MOBIKE_SUPPORTED',
    'NO_ADDITIONAL_ADDRESSES',
    'MULTIPLE_AUTH_SUPPORTED',
    'EAP_ONLY_AUTHENTICATION',
  ],
  vendorIds: [],
  logins: ['certificate', 'eap'],
  eapIdentity: 'filled',
  signs: 'sha256',
  identify: subjectOr(strongSwanId),
  authorities: 120, // all that Android trusts
  config: [C.INTERNAL_IP4_ADDRESS, C.INTERNAL_IP6_ADDRESS, C.INTERNAL_IP4_DNS, C.INTERNAL_IP6_DNS],
  source: { v4: 'false', v6: 'false' },
  datagramBytes: 1280,
  retransmit: [2, 2.8, 3.92, 5.49],
  liveness: undefined,
  keepalive: 45,
  rekey: {
    child: 2 * 3600,
    ike: 10 * 3600,
    esp: [{ ...aead, ke: groups }, { ...cbc, ke: [...groups, 14] }, aead, cbc],
    ikeList: 'all',
    selectors: 'agreed',
    heedsInvalidKe: true,
    answersChild: 'yes',
    patience: undefined,
  },
  insists: {
    sameIdR: false,
    serverKeys: ['rsa', 'ec'],
    serverMethods: [
      AuthMethod.RSA_SIGNATURE,
      AuthMethod.ECDSA_SHA256_P256,
      AuthMethod.DIGITAL_SIGNATURE,
    ],
    subjectAltName: true,
    serverAuth: false,
    certificateDays: undefined,
    noNatOnIpv6: false,
    saysGoodbye: true,
  },
};
