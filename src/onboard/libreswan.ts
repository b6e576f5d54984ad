// A connection of libreswan, which knows no EAP-MSCHAPv2: by certificate alone.
import { formatPrefix, parseIp } from '../base/ip.ts';
import {
  CannotMake,
  type CertificateCredential,
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
  const families = familiesOf(gateway);
  const networks = isSplit(onboarding) ? homeNetworks(onboarding).map(formatPrefix) : families;
  const [first = '0.0.0.0/0'] = networks;
  const reached = { '0.0.0.0/0': 'IPv4', '::/0': 'IPv6' }[first] ?? first;
  const textFile = (filename: string, content: string) => ({
    ...{ filename, type: 'text/plain', content },
  });
  return {
    file: textFile(
      `${stem}.conf`,
      connection(onboarding, credential, {
        leftsubnet: families.join(','),
        rightsubnet: networks.join(','),
        keyexchange: 'ikev2',
        dpddelay: '60',
      }),
    ),
    extras: [
      // It takes one network and one address.
      textFile(
        `${stem}-libreswan-4.conf`,
        connection(onboarding, credential, {
          leftsubnet: first.includes(':') ? '::/0' : '0.0.0.0/0',
          rightsubnet: first,
          ikev2: 'yes',
        }),
      ),
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
      `Where «ipsec --version» says 4, install ${stem}-libreswan-4.conf in its place: it reaches ${reached} alone.`,
    ],
  };
}

const familiesOf = ({ hasIpv4, hasIpv6 }: Onboarding['gateway']): readonly string[] => [
  ...(hasIpv4 ? ['0.0.0.0/0'] : []),
  ...(hasIpv6 ? ['::/0'] : []),
];

/** @param own what differs between the generations of libreswan */
function connection(
  { gateway, device }: Onboarding,
  { identity }: CertificateCredential,
  own: Readonly<Record<string, string>>,
): string {
  const options = {
    left: '%defaultroute',
    // As its PKCS#12 calls it.
    leftcert: value(device.name),
    leftid: value(identity),
    leftmodecfgclient: 'yes',
    right: gateway.name,
    rightid: value(parseIp(gateway.name) ? gateway.name : `@${gateway.name}`),
    // `%same`: no authority but the one of its own certificate may vouch for the gateway.
    rightca: gateway.authority ? '%same' : '%any',
    ...own,
    modecfgpull: 'yes',
    narrowing: 'yes',
    mobike: 'yes',
    rekey: 'yes',
    fragmentation: 'yes',
    ike: libreswanIke(gateway),
    esp: libreswanEsp(gateway),
    auto: device.isOnDemand ? 'start' : 'add',
  };
  const lines = Object.entries(options).map(([option, text]) => `\t${option}=${text}\n`);
  return `conn home\n${lines.join('')}`;
}

/** libreswan knows no escape: what cannot stand between quotation marks cannot stand at all. */
function value(plain: string): string {
  if (!/["\r\n]/.test(plain)) return `"${plain}"`;
  throw new CannotMake(`libreswan cannot write ${JSON.stringify(plain)}: rename the device`);
}
