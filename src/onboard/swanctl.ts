// A configuration of strongSwan's swanctl, for Linux computers and other gateways that dial in as a device.
import { formatPrefix } from '../base/ip.ts';
import {
  fileStem,
  homeNetworks,
  isSplit,
  type Onboarding,
  type PasswordCredential,
  type Profile,
  secretOf,
} from './device.ts';
import { pemFiles } from './networkmanager.ts';
import { esp, ike } from './proposal-list.ts';

/** @throws CannotMake */
export function swanctlConfiguration(onboarding: Onboarding): Profile {
  const { device, credential } = onboarding;
  const filename = `${fileStem(device)}.conf`;
  const pem = pemFiles(onboarding);
  const isByCertificate = credential.kind === 'certificate';
  const places = { 'ca.pem': 'x509ca', 'device.pem': 'x509', 'device.key': 'private' } as const;
  const copies = pem.map(({ filename: file }) => {
    const place = Object.entries(places).find(([name]) => name === file)?.[1];
    return `sudo install -m 600 ${file} /etc/swanctl/${place}/home-${file}`;
  });
  return {
    file: { filename, type: 'text/plain', content: `${text(onboarding)}\n` },
    extras: pem,
    secret: secretOf(credential),
    steps: [
      `Install strongSwan with swanctl${isByCertificate ? '' : ' and EAP-MSCHAPv2 (libcharon-extauth-plugins and libcharon-extra-plugins)'}.`,
      ...copies,
      ...(secretOf(credential) === 'asked'
        ? [
            `Write the password of this device into ${filename}, where «# secret» stands, and take the # away.`,
          ]
        : []),
      `sudo install -m 600 ${filename} /etc/swanctl/conf.d/ && sudo swanctl --load-all`,
      'sudo swanctl --initiate --child home',
    ],
  };
}

function text(onboarding: Onboarding): string {
  const { gateway, credential, device } = onboarding;
  const addresses = [
    ...(gateway.hasIpv4 ? ['0.0.0.0'] : []),
    ...(gateway.hasIpv6 ? ['::'] : []),
  ].join(', ');
  const networks = isSplit(onboarding)
    ? homeNetworks(onboarding).map(formatPrefix)
    : [...(gateway.hasIpv4 ? ['0.0.0.0/0'] : []), ...(gateway.hasIpv6 ? ['::/0'] : [])];
  const connection = section('home', {
    version: '2',
    remote_addrs: value(gateway.name),
    vips: addresses,
    proposals: ike(gateway).join(', '),
    encap: 'no',
    fragmentation: 'yes',
    local: section('local', local(onboarding)),
    remote: section('remote', {
      auth: 'pubkey',
      id: value(gateway.name),
      cacerts: gateway.authority && 'home-ca.pem',
    }),
    children: section('children', {
      home: section('home', {
        remote_ts: networks.join(', '),
        esp_proposals: esp(gateway).join(', '),
        start_action: device.isOnDemand ? 'start' : 'none',
        dpd_action: 'restart',
        close_action: 'none',
      }),
    }),
    dpd_delay: '60s',
  });
  const secrets =
    credential.kind === 'password'
      ? [section('secrets', { eap: section('eap-home', secretsOf(credential)) })]
      : [];
  return [section('connections', { home: connection }), ...secrets].join('\n\n');
}

function local({ credential }: Onboarding): Readonly<Record<string, string>> {
  if (credential.kind === 'certificate') {
    return { auth: 'pubkey', certs: 'home-device.pem', id: value(credential.identity) };
  }
  return { auth: 'eap', eap_id: value(credential.userName), id: value(credential.userName) };
}

function secretsOf({ userName, password }: PasswordCredential): Readonly<Record<string, string>> {
  const id = value(userName);
  return password === undefined ? { id, '# secret': '"…"' } : { id, secret: value(password) };
}

/** @param values settings, or sections that were written already */
function section(name: string, values: Readonly<Record<string, string | undefined>>): string {
  const lines = Object.entries(values).flatMap(([key, each]) => {
    if (each === undefined) return [];
    return each.endsWith('\n}') ? each.split('\n') : [`${key} = ${each}`];
  });
  return `${name} {\n${lines.map((line) => `  ${line}`).join('\n')}\n}`;
}

/** In quotation marks, where strongSwan knows four escapes (settings_lexer.l). */
const value = (plain: string): string =>
  `"${plain.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')}"`;
