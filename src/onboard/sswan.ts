// A profile of the strongSwan app for Android: JSON in a file *.sswan.
import { formatPrefix } from '../base/ip.ts';
import {
  fileStem,
  homeNetworks,
  isSplit,
  type Onboarding,
  type Profile,
  secretOf,
  titleOf,
} from './device.ts';
import { uuidOf } from './identifier.ts';

/** @throws CannotMake */
export function sswanProfile(onboarding: Onboarding): Profile {
  const { gateway, device, credential } = onboarding;
  const { authority } = gateway;
  const content = {
    uuid: uuidOf(onboarding, 'sswan').toLowerCase(),
    name: titleOf(gateway),
    type: credential.kind === 'certificate' ? 'ikev2-cert' : 'ikev2-eap',
    remote: {
      addr: gateway.name,
      ...(authority ? { cert: base64(authority.der) } : {}),
      // The home CA publishes no lists: to look for them takes time, and finds none.
      ...(authority ? { revocation: { crl: false, ocsp: false } } : {}),
    },
    local: local(onboarding),
    mtu: Math.min(1500, Math.max(1280, gateway.mtu)),
    'ipv6-transport': true,
    ...routing(onboarding),
  };
  return {
    file: {
      filename: `${fileStem(device)}.sswan`,
      type: 'application/vnd.strongswan.profile',
      content: `${JSON.stringify(content, null, 2)}\n`,
    },
    extras: [],
    secret: secretOf(credential),
    steps: [
      'Install the app «strongSwan VPN Client», from Google Play or F-Droid.',
      'Open the file on the device, with that app.',
      ...(secretOf(credential) === 'asked' ? ['Type the password of this device.'] : []),
      ...(credential.kind === 'certificate'
        ? [
            `Tap «Import certificate from VPN profile», and type the passphrase ${credential.passphrase}, once.`,
            'Tap «Select user certificate», and choose that certificate.',
          ]
        : []),
      'Tap Import.',
      `Tap «${titleOf(gateway)}» to connect.`,
    ],
  };
}

/** What the gateway carries no packets of goes nowhere, and not past the tunnel. */
function routing(onboarding: Onboarding): object {
  const { hasIpv4, hasIpv6 } = onboarding.gateway;
  const split = {
    ...(isSplit(onboarding)
      ? { subnets: homeNetworks(onboarding).map(formatPrefix).join(' ') }
      : { ...(hasIpv4 ? {} : { 'block-ipv4': true }), ...(hasIpv6 ? {} : { 'block-ipv6': true }) }),
  };
  return Object.keys(split).length === 0 ? {} : { 'split-tunneling': split };
}

function local({ credential }: Onboarding): object {
  if (credential.kind === 'certificate') {
    // The app hands it to Android, which says «wrong password» to AES before version 14.
    return { p12: base64(credential.pkcs12.legacy), id: credential.identity };
  }
  const { userName, password } = credential;
  return {
    eap_id: userName,
    ...(password === undefined ? {} : { shared_secret: password }),
  };
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
