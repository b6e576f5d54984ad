// `ikectl device`: devices with a password or certificate that nobody else has, so that a lost one is revoked alone.
import * as z from 'zod/mini';
import { printable } from '../../base/printable.ts';
import {
  type DeviceView,
  deviceAddedShape,
  deviceRevokedShape,
  devicesShape,
} from '../methods/accounts.ts';
import { listOf, text, Usage } from './arguments.ts';
import { type Command, perform, type Verb } from './command.ts';
import { refuseExisting, write } from './files.ts';
import { day, formatTable } from './text.ts';

export const deviceCommand: Command = {
  summary: 'Devices: each with a password or certificate of its own',
  usage: [
    'list [--json]',
    'add NAME [--owner USER] [--platform ios|macos|windows|android|linux|router|other]',
    '    [--expires DAY] [--address IP[,IP]]',
    '    [--certificate [--form legacy|modern] [--out FILE]]',
    'revoke NAME',
  ].join(`\n${' '.repeat(17)}`),
  options: {
    ...{ owner: 'string', platform: 'string', expires: 'string', address: 'string' },
    ...{ certificate: 'boolean', form: 'string', out: 'string', json: 'boolean' },
  },
  words: 2,
  run: (words, around) => perform('device', verbs, words, around),
};

const verbs: Readonly<Record<string, Verb>> = {
  async list({ values }, around) {
    const { devices } = z.parse(devicesShape, await around.call('devices', {}));
    if (values['json']) return around.print(JSON.stringify({ devices }));
    if (devices.length === 0) return around.print('none; «ikectl device add NAME» adds one');
    const head = ['device', 'owner', 'platform', 'by', 'added', 'until', 'may connect'];
    around.print(formatTable(head, devices.map(rowOf)));
  },
  async add({ values, positionals: [, name] }, around) {
    if (name === undefined) throw new Usage('name the device');
    const isByCertificate = values['certificate'] === true;
    const file = text(values, 'out') ?? `${name}.p12`;
    if (isByCertificate) refuseExisting(file); // before the key is made: it is given away once
    const params = {
      name,
      owner: text(values, 'owner'),
      platform: text(values, 'platform'),
      auth: isByCertificate ? 'certificate' : 'password',
      form: text(values, 'form'),
      expires: text(values, 'expires'),
      addresses: listOf(values['address']),
    };
    const result = z.parse(deviceAddedShape, await around.call('device_add', params));
    const { device, password, issued } = result;
    if (issued) write(file, Buffer.from(issued.pkcs12, 'base64'));
    const told = issued ? { file, passphrase: issued.passphrase } : { password };
    if (values['json']) return around.print(JSON.stringify({ device, ...told }));
    around.print(`${printable(device.name, 80)} is added`);
    if (issued) {
      around.print(`${file}: its key and certificate, until ${day(issued.device.notAfter)}`);
      around.print(`passphrase: ${issued.passphrase}   (told this once)`);
    } else around.print(`user name: ${device.name}\npassword:  ${password}   (told this once)`);
  },
  async revoke({ positionals: [, name] }, around) {
    if (name === undefined) throw new Usage('name the device');
    const result = await around.call('device_revoke', { device: name });
    const { device } = z.parse(deviceRevokedShape, result);
    around.print(`${printable(device.name, 80)} is revoked: out at once`);
  },
};

const rowOf = ({ name, owner, platform, auth, created, expires, barred }: DeviceView) => [
  printable(name, 40),
  printable(owner ?? 'nobody', 40),
  platform ?? 'unknown',
  auth,
  created === undefined ? 'unknown' : day(created),
  expires === undefined ? 'ever' : day(expires),
  barred === undefined ? 'yes' : `no: ${printable(barred, 80)}`,
];
