// A connection of NetworkManager with its strongSwan plugin: a key file as GKeyFile reads it.
import {
  fileStem,
  isSplit,
  type Onboarding,
  type Profile,
  type ProfileFile,
  secretOf,
  titleOf,
} from './device.ts';
import { uuidOf } from './identifier.ts';
import { esp, ike } from './proposal-list.ts';

export function networkManager(onboarding: Onboarding): Profile {
  const { gateway, device, credential } = onboarding;
  const stem = fileStem(device);
  const folder = `/etc/ikev2-home/${stem}`;
  const pem = pemFiles(onboarding);
  const sections: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
    connection: {
      id: titleOf(gateway),
      uuid: uuidOf(onboarding, 'networkmanager').toLowerCase(),
      type: 'vpn',
    },
    vpn: {
      'service-type': 'org.freedesktop.NetworkManager.strongswan',
      address: gateway.name,
      certificate: gateway.authority && `${folder}/ca.pem`,
      ...login(onboarding, folder),
      'remote-identity': gateway.name,
      virtual: 'yes',
      encap: 'no',
      ipcomp: 'no',
      proposal: 'yes',
      ike: ike(gateway).join(';'),
      esp: esp(gateway).join(';'),
    },
    'vpn-secrets': { password: credential.kind === 'password' ? credential.password : undefined },
    ipv4: addressing(onboarding),
    ipv6: addressing(onboarding),
  };
  const filename = `${stem}.nmconnection`;
  return {
    file: {
      filename,
      type: 'application/x-networkmanager-connection',
      content: keyFile(sections),
    },
    extras: pem,
    secret: secretOf(credential),
    steps: [
      'Install the plugin: apt install network-manager-strongswan libcharon-extauth-plugins libcharon-extra-plugins (Fedora: NetworkManager-strongswan).',
      ...(pem.length > 0
        ? [`sudo install -D -m 600 -t ${folder} ${pem.map((file) => file.filename).join(' ')}`]
        : []),
      `sudo install -m 600 ${filename} /etc/NetworkManager/system-connections/ && sudo nmcli connection reload`,
      `nmcli connection up '${titleOf(gateway)}'`,
    ],
  };
}

function login({ credential }: Onboarding, folder: string): Readonly<Record<string, string>> {
  if (credential.kind === 'certificate') {
    return {
      method: 'cert',
      'cert-source': 'file',
      usercert: `${folder}/device.pem`,
      userkey: `${folder}/device.key`,
      'local-identity': credential.identity,
    };
  }
  // 0: the password stands in the file; 1: the agent of the user keeps it.
  const flags = credential.password === undefined ? '1' : '0';
  return { method: 'eap', user: credential.userName, 'password-flags': flags };
}

function addressing(onboarding: Onboarding): Readonly<Record<string, string | undefined>> {
  const { domains } = onboarding.gateway;
  return {
    method: 'auto',
    'dns-search': domains.length > 0 ? domains.map((domain) => `${domain};`).join('') : undefined,
    'never-default': isSplit(onboarding) ? 'true' : undefined,
  };
}

/** Certificates and keys one by one, for programs that take them so. */
export function pemFiles({ gateway, credential }: Onboarding): readonly ProfileFile[] {
  const type = 'application/x-pem-file';
  const { authority } = gateway;
  return [
    ...(authority ? [{ filename: 'ca.pem', type, content: authority.pem }] : []),
    ...(credential.kind === 'certificate'
      ? [
          { filename: 'device.pem', type, content: credential.certificatePem },
          { filename: 'device.key', type, content: credential.keyPem },
        ]
      : []),
  ];
}

function keyFile(
  sections: Readonly<Record<string, Readonly<Record<string, string | undefined>>>>,
): string {
  const blocks = Object.entries(sections).flatMap(([name, values]) => {
    const lines = Object.entries(values).flatMap(([key, value]) =>
      value === undefined ? [] : [`${key}=${escaped(value)}`],
    );
    return lines.length === 0 ? [] : [`[${name}]\n${lines.join('\n')}\n`];
  });
  return blocks.join('\n');
}

/** GKeyFile: a backslash and what ends a line; a blank in front would be cut off. */
const escaped = (value: string): string =>
  value
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replace(/^ +/, (blanks) => '\\s'.repeat(blanks.length));
