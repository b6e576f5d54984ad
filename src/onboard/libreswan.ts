// A connection of libreswan, which knows no EAP-MSCHAPv2: by certificate alone.
import { formatPrefix } from '../base/ip.ts';
import {
  CannotMake,
  fileStem,
  homeNetworks,
  isSplit,
  type Onboarding,
  type Profile,
} from './device.ts';
import { libreswanEsp, libreswanIke } from './proposal-list.ts';

/** @throws CannotMake */
export function libreswanConnection(onboarding: Onboarding): Profile {
  const { gateway, device, credential } = onboarding;
  if (credential.kind !== 'certificate') {
    throw new CannotMake('libreswan has no EAP-MSCHAPv2: give the device a certificate');
  }
  const stem = fileStem(device);
  const families = [
    ...(gateway.hasIpv4 ? ['0.0.0.0/0'] : []),
    ...(gateway.hasIpv6 ? ['::/0'] : []),
  ];
  const networks = isSplit(onboarding) ? homeNetworks(onboarding).map(formatPrefix) : families;
  const lines = [
    'left=%defaultroute',
    `leftcert=${value(device.name)}`,
    `leftid=${value(credential.identity)}`,
    'leftmodecfgclient=yes',
    'leftsubnet=0.0.0.0/0',
    `right=${gateway.name}`,
    `rightid=${value(`@${gateway.name}`)}`,
    // `%same`: no authority but the one of its own certificate may vouch for the gateway.
    `rightca=${gateway.authority ? '%same' : '%any'}`,
    `rightsubnet=${networks[0] ?? '0.0.0.0/0'}`,
    'modecfgpull=yes',
    'ikev2=yes',
    'narrowing=yes',
    'mobike=yes',
    'rekey=yes',
    'fragmentation=yes',
    `ike=${libreswanIke(gateway)}`,
    `esp=${libreswanEsp(gateway)}`,
    `auto=${device.isOnDemand ? 'start' : 'add'}`,
  ];
  return {
    file: {
      filename: `${stem}.conf`,
      type: 'text/plain',
      content: `conn home\n${lines.map((line) => `\t${line}\n`).join('')}`,
    },
    extras: [
      {
        filename: `${stem}.p12`,
        type: 'application/x-pkcs12',
        content: credential.pkcs12.modern,
      },
    ],
    secret: 'inside',
    steps: [
      `sudo ipsec import ${stem}.p12; the passphrase is ${credential.passphrase}.`,
      `sudo install -m 600 ${stem}.conf /etc/ipsec.d/ && sudo ipsec auto --add home`,
      'sudo ipsec auto --up home',
    ],
  };
}

/** libreswan knows no escape: what cannot stand between quotation marks cannot stand at all. */
function value(plain: string): string {
  if (!/["\r\n]/.test(plain)) return `"${plain}"`;
  throw new CannotMake(`libreswan cannot write ${JSON.stringify(plain)}: rename the device`);
}
