// iOS and macOS: connections made by hand in Settings, and from a profile.
import { AuthMethod } from '../../src/iana/authentication.ts';
import { CfgAttribute as C } from '../../src/iana/configuration.ts';
import { appleId } from './identities.ts';
import type { Model, Offer } from './model.ts';

const cbc = { encr: [[12, 256]], integ: [12], prf: [5] } as const;
const gcm = { encr: [[20, 256]], prf: [5] } as const;
const cbc128sha1 = { encr: [[12, 128]], integ: [2] } as const;
const tripleDes = { encr: [[3]], integ: [2] } as const;
const espCbc = { encr: [[12, 256]], integ: [12], esn: [0] } as const satisfies Offer;
const espGcm = { encr: [[20, 256]], esn: [0] } as const satisfies Offer;
const minutes = 60;

const apple = {
  nonceBytes: 16,
  hashes: [],
  ports: 'well known',
  initParts: [
    'SA',
    'KE',
    'Nonce',
    'REDIRECT_SUPPORTED',
    'NAT_DETECTION_SOURCE_IP',
    'NAT_DETECTION_DESTINATION_IP',
    'IKEV2_FRAGMENTATION_SUPPORTED',
  ],
  authParts: [
    'IDi',
    'CERT',
    'INITIAL_CONTACT',
    'CERTREQ',
    'IDr',
    'AUTH',
    'CP',
    'ESP_TFC_PADDING_NOT_SUPPORTED',
    'NON_FIRST_FRAGMENTS_ALSO',
    'SA',
    'TSi',
    'TSr',
    'MOBIKE_SUPPORTED',
  ],
  vendorIds: [],
  logins: ['psk', 'certificate', 'eap'],
  eapIdentity: 'filled',
  signs: 'method 1',
  identify: appleId,
  authorities: 0,
  config: [
    C.INTERNAL_IP4_ADDRESS,
    C.INTERNAL_IP4_NETMASK,
    C.INTERNAL_IP4_DHCP,
    C.INTERNAL_IP4_DNS,
    C.INTERNAL_IP6_ADDRESS,
    C.INTERNAL_IP6_DHCP,
    C.INTERNAL_IP6_DNS,
    C.INTERNAL_DNS_DOMAIN,
  ],
  source: { v4: 'true', v6: 'true' },
  datagramBytes: 576,
  retransmit: [1, 2, 4, 8, 16], // how long it tries is not known better than «some tens of seconds»
  liveness: 10 * minutes,
  keepalive: 20,
  insists: {
    sameIdR: false,
    serverKeys: ['rsa'],
    serverMethods: [AuthMethod.RSA_SIGNATURE, AuthMethod.DIGITAL_SIGNATURE],
    subjectAltName: true,
    serverAuth: true,
    certificateDays: 825,
    noNatOnIpv6: false,
    saysGoodbye: false,
  },
} as const satisfies Partial<Model>;

const rekey = {
  child: 24 * minutes,
  ike: 48 * minutes,
  ikeList: 'all',
  selectors: 'agreed',
  heedsInvalidKe: true,
  answersChild: 'yes',
  patience: undefined,
} as const;

export const ios16: Model = {
  ...apple,
  name: 'iOS 16, made by hand',
  ike: [
    { ...cbc, ke: [14] },
    { ...cbc, ke: [19] },
    { ...cbc, ke: [5] },
    { ...cbc128sha1, prf: [2], ke: [2] },
    { ...tripleDes, prf: [2], ke: [2] },
  ],
  esp: [espCbc, espCbc, espCbc, { ...cbc128sha1, esn: [0] }, { ...tripleDes, esn: [0] }],
  firstKe: 14,
  rekey: { ...rekey, ike: 8 * minutes, esp: [{ ...espCbc, ke: 'same' }, espCbc] },
};

export const macos13: Model = {
  ...apple,
  name: 'macOS 13, made by hand',
  ike: [{ ...cbc, ke: [14] }],
  esp: [espCbc],
  firstKe: 14,
  rekey: { ...rekey, ike: 8 * minutes, esp: [espCbc] },
};

const modern = [
  { ...gcm, ke: [19] },
  { ...gcm, ke: [14] },
  { ...cbc, ke: [19] },
  { ...cbc, ke: [14] },
];

export const ios17: Model = {
  ...apple,
  name: 'iOS 17, made by hand',
  ike: modern,
  esp: [espGcm, espGcm, espCbc, espCbc],
  firstKe: 19,
  rekey: { ...rekey, esp: [{ ...espGcm, ke: [19] }, espGcm] },
};

/** Renews the IKE SA with the chosen proposal alone, under the number that it had. */
export const macos14: Model = {
  ...ios17,
  name: 'macOS 14, made by hand',
  rekey: { ...ios17.rekey, ikeList: 'the chosen one' },
};

/** Nothing said but the name: the documented defaults. It renews nothing within a day. */
export const appleProfile: Model = {
  ...apple,
  name: 'Apple, from a profile of defaults',
  ike: [{ ...cbc, ke: [14] }],
  esp: [espCbc],
  firstKe: 14,
  rekey: { ...rekey, child: 1152 * minutes, ike: 1152 * minutes, esp: [espCbc] },
};

/** AES-256-GCM, group 19, EnablePFS, LifeTimeInMinutes 60 and 30, DeadPeerDetectionRate High. */
export const appleProfilePfs: Model = {
  ...apple,
  name: 'Apple, from a profile with PFS',
  ike: [{ ...gcm, ke: [19] }],
  esp: [espGcm],
  firstKe: 19,
  liveness: minutes,
  rekey: { ...rekey, esp: [{ ...espGcm, ke: [19] }] },
};

/** iOS 26, a profile as before with PostQuantumKeyExchangeMethods [36, 37] and the fallback allowed. */
export const ios26: Model = {
  ...apple,
  name: 'iOS 26, from a profile with ML-KEM',
  initParts: [...apple.initParts, 'INTERMEDIATE_EXCHANGE_SUPPORTED'],
  ike: [{ ...gcm, ke: [19], addKe: [[36, 37, 0], [37, 0], [0]] }],
  esp: [espGcm],
  firstKe: 19,
  rekey: { ...rekey, esp: [{ ...espGcm, ke: [19], addKe: [[36, 37, 0]] }] },
};
