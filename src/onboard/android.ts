// Android's own client takes no file: a sheet of what to type where, and the files that it installs first.
import { fileStem, type Onboarding, type Profile, titleOf } from './device.ts';

export function androidSheet(onboarding: Onboarding): Profile {
  const { gateway, device, credential } = onboarding;
  const { authority } = gateway;
  const isByCertificate = credential.kind === 'certificate';
  const stem = fileStem(device);
  const rows: readonly (readonly [string, string])[] = [
    ['Name', titleOf(gateway)],
    ['Type', isByCertificate ? 'IKEv2/IPSec RSA' : 'IKEv2/IPSec MSCHAPv2'],
    ['Server address', gateway.name],
    ['IPSec identifier', isByCertificate ? credential.identity : device.name],
    ...(isByCertificate ? ([['IPSec user certificate', device.name]] as const) : []),
    // Those of the system are used then, whatever the menu calls it.
    ['IPSec CA certificate', authority ? authority.commonName : "(don't verify server)"],
    ['IPSec server certificate', '(received from server)'],
    ...(isByCertificate
      ? []
      : ([
          ['Username', credential.userName],
          ['Password', credential.password ?? '(told when the device was added)'],
        ] as const)),
  ];
  const install = [
    ...(authority
      ? [
          'ca.crt on the device: Settings › Security › Encryption & credentials › Install a certificate › VPN & app user certificate.',
        ]
      : []),
    ...(isByCertificate
      ? [`Install ${stem}.p12 the same way; its passphrase is ${credential.passphrase}.`]
      : []),
  ];
  const steps = [
    'Set a screen lock, if the device has none: Android keeps credentials only behind one.',
    ...install,
    `Settings › Network & internet › VPN › + (Samsung: Connections › More connection settings › VPN › ⋮), and type what stands in ${stem}.txt; every line must be filled in.`,
    'Tap the connection, and Connect. For «Always-on VPN» tap the cog beside it.',
  ];
  return {
    file: {
      filename: `${stem}.txt`,
      type: 'text/plain',
      content: sheet(rows, steps),
    },
    extras: [
      ...(authority
        ? [{ filename: 'ca.crt', type: 'application/x-x509-ca-cert', content: authority.der }]
        : []),
      ...(isByCertificate
        ? [
            {
              filename: `${stem}.p12`,
              type: 'application/x-pkcs12',
              content: credential.pkcs12.legacy,
            },
          ]
        : []),
    ],
    secret: isByCertificate || credential.password !== undefined ? 'inside' : 'asked',
    steps,
  };
}

function sheet(rows: readonly (readonly [string, string])[], steps: readonly string[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  const numbered = steps.map((step, i) => `${i + 1}. ${step}`);
  return `${[...lines, '', ...numbered].join('\n')}\n`;
}
