// NetworkManager's strongSwan plugin (charon-nm).
import type { Model } from './model.ts';
import { strongSwanApp } from './strongswan-app.ts';

const aead = { encr: [[20, 128], [20, 192], [20, 256], [28]], esn: [0] } as const;
const cbc = {
  encr: [
    [12, 128],
    [12, 192],
    [12, 256],
  ],
  integ: [12, 13, 14, 2, 5],
  esn: [0],
} as const;

export const networkManager: Model = {
  ...strongSwanApp,
  name: 'NetworkManager',
  esp: [aead, cbc],
  logins: ['psk', 'certificate', 'eap'],
  authParts: [
    'IDi',
    'CERT',
    'INITIAL_CONTACT',
    'CERTREQ',
    'IDr',
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
  authorities: 140,
  source: { v4: 'true', v6: 'true' },
  keepalive: 20,
  rekey: {
    ...strongSwanApp.rekey,
    child: 10_200,
    esp: [{ ...aead, ke: [19, 20, 21, 31, 15, 16, 14] }, aead, cbc],
  },
};
