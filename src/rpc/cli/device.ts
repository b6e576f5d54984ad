// `ikectl device`: devices with a password or certificate that nobody else has, so that a lost one is revoked alone, and
// profiles that set them up.
import * as z from 'zod/mini';
import { printable } from '../../base/printable.ts';
import {
  type DeviceView,
  deviceAddedShape,
  deviceShownShape,
  devicesShape,
  formatsShape,
  type ProfileView,
  profileShape,
} from '../methods/accounts.ts';
import { listOf, text, Usage, type Values } from './arguments.ts';
import { type Command, perform, type Surroundings, type Verb } from './command.ts';
import { refuseExisting, write } from './files.ts';
import { showLink } from './link.ts';
import { stepsFor, tellProfile, writeProfile } from './profile.ts';
import { day, formatTable } from './text.ts';

export const deviceCommand: Command = {
  summary: 'Devices: each with a password or certificate of its own, and its profile',
  usage: [
    'list [--json]',
    'add NAME [--platform ios|macos|windows|android|linux|router|other]',
    '    [--owner USER] [--expires DAY] [--address IP[,IP]] [--certificate]',
    '    [--routing all|home] [--on-demand yes|no] [--format FORMAT] [--out FILE]',
    '    [--post-quantum]',
    'export NAME [--format FORMAT] [--out FILE] [--renew] [--unsigned]',
    '    [--post-quantum]',
    'link NAME [--format FORMAT] [--minutes N] [--renew] [--unsigned]',
    '    [--post-quantum]',
    'set NAME [--rename NAME] [--owner USER|none] [--expires DAY|none]',
    '    [--address IP[,IP]] [--routing all|home] [--on-demand yes|no]',
    'formats',
    'revoke NAME',
  ].join(`\n${' '.repeat(17)}`),
  options: {
    ...{ owner: 'string', platform: 'string', expires: 'string', address: 'string' },
    ...{ certificate: 'boolean', form: 'string', out: 'string', json: 'boolean' },
    ...{ format: 'string', routing: 'string', 'on-demand': 'string', renew: 'boolean' },
    ...{ rename: 'string', minutes: 'string', unsigned: 'boolean' },
    'post-quantum': 'boolean',
  },
  words: 3,
  run: (words, around) => perform('device', verbs, words, around),
};

const verbs: Readonly<Record<string, Verb>> = {
  async list({ values }, around) {
    const { devices } = await ask(around, 'devices', {}, devicesShape);
    if (values['json']) return around.print(JSON.stringify({ devices }));
    if (devices.length === 0) return around.print('none; «ikectl device add NAME» adds one');
    const head = ['device', 'owner', 'platform', 'by', 'added', 'until', 'may connect', 'profile'];
    around.print(formatTable(head, devices.map(rowOf)));
  },
  async add({ values, positionals }, around) {
    const name = onlyName(positionals);
    const isByCertificate = values['certificate'] === true;
    const platform = text(values, 'platform');
    const format = text(values, 'format') ?? (await bestFormat(around, platform, values));
    const out = text(values, 'out');
    const file = out ?? `${name}.p12`;
    const isBare = format === undefined && isByCertificate;
    // Before the password or key is made: it is given away once.
    if (isBare || out !== undefined) refuseExisting(file);
    const result = await ask(
      around,
      'device_add',
      {
        ...{ name, platform, format, auth: isByCertificate ? 'certificate' : 'password' },
        ...{ owner: text(values, 'owner'), form: text(values, 'form') },
        ...{ expires: text(values, 'expires'), addresses: listOf(values['address']) },
        ...{ routing: text(values, 'routing'), on_demand: yesOrNo(values) },
        post_quantum: values['post-quantum'] === true,
      },
      deviceAddedShape,
    );
    const { device, password, issued, file: profile } = result;
    if (isBare && issued) write(file, Buffer.from(issued.pkcs12, 'base64'));
    if (values['json']) {
      const written = profile && writeProfile(profile, out);
      const told = issued ? { passphrase: issued.passphrase } : { password };
      const place = written ?? (isBare ? file : undefined);
      return around.print(JSON.stringify({ device, file: place, ...told }));
    }
    tellAdded(result, isBare ? file : undefined, around);
    // What is told once is told before a file may stand in the way.
    if (profile) tellProfile(profile, writeProfile(profile, out), around);
    around.print(whatNext(name, profile));
  },
  async export({ values, positionals }, around) {
    const name = onlyName(positionals);
    const format = text(values, 'format') ?? (await lastFormat(around, name));
    const params = { name, format, ...wishes(values) };
    const profile = await ask(around, 'device_export', params, profileShape);
    const written = writeProfile(profile, text(values, 'out'));
    if (values['json']) {
      return around.print(JSON.stringify({ file: written, steps: stepsFor(profile, written) }));
    }
    if (values['renew'] === true && profile.password !== undefined) {
      around.print(`user name: ${name}\npassword:  ${profile.password}   (told this once)`);
    }
    tellProfile(profile, written, around);
    if (values['renew'] === true && profile.format === 'join') {
      around.print('The secret before lets the router in for a day more: join there until then.');
    }
    if (profile.secret === 'asked' && profile.password === undefined) {
      around.print(
        `The password is not in it: it was told once. Where it is lost: «ikectl device export ${quoted(name)} --renew»`,
      );
    }
  },
  async link({ values, positionals }, around) {
    const name = onlyName(positionals);
    const format = text(values, 'format') ?? (await lastFormat(around, name));
    const minutes = text(values, 'minutes');
    if (minutes !== undefined && !/^\d{1,2}$/.test(minutes))
      throw new Usage('--minutes takes a number');
    const params = { name, format, ...wishes(values) };
    await showLink(params, minutes === undefined ? undefined : Number(minutes), around);
  },
  async set({ values, positionals: [, name] }, around) {
    if (name === undefined) throw new Usage('name the device');
    const addresses = text(values, 'address');
    const params = {
      ...{ name, rename: text(values, 'rename'), owner: text(values, 'owner') },
      ...{ expires: text(values, 'expires'), routing: text(values, 'routing') },
      on_demand: yesOrNo(values),
      addresses: addresses === 'none' ? [] : addresses && listOf(addresses),
    };
    const { device } = await ask(around, 'device_set', params, deviceShownShape);
    around.print(`${printable(device.name, 80)} is changed`);
    if (device.stale.length > 0) {
      around.print(`its profile is stale (${device.stale.join(', ')}): «ikectl device export»`);
    }
  },
  async formats(_, around) {
    const { formats } = await ask(around, 'formats', {}, formatsShape);
    const rows = formats.map(({ format, title, platforms, auth }) => [
      ...[format, title, platforms.join(', '), auth.join(' or ')],
    ]);
    around.print(formatTable(['format', 'what it is', 'for', 'with'], rows));
  },
  async revoke({ positionals }, around) {
    const params = { device: onlyName(positionals) };
    const { device } = await ask(around, 'device_revoke', params, deviceShownShape);
    around.print(`${printable(device.name, 80)} is revoked: out at once`);
  },
};

async function ask<T>(
  around: Surroundings,
  method: string,
  params: object,
  shape: z.ZodMiniType<T>,
): Promise<T> {
  return z.parse(shape, await around.call(method, params));
}

/** @param file that holds its key and certificate and nothing else */
function tellAdded(
  { device, password, issued }: z.infer<typeof deviceAddedShape>,
  file: string | undefined,
  around: Surroundings,
): void {
  around.print(`${printable(device.name, 80)} is added`);
  if (issued && file !== undefined) {
    around.print(`${file}: its key and certificate, until ${day(issued.device.notAfter)}`);
    around.print(`passphrase: ${issued.passphrase}   (told this once)`);
  } else if (!issued) {
    around.print(`user name: ${device.name}\npassword:  ${password}   (told this once)`);
  }
}

/** A router has neither browser nor camera. */
function whatNext(name: string, profile: ProfileView | undefined): string {
  const of = quoted(name);
  if (profile?.format === 'join') return 'It dials here by itself from then on.';
  return profile
    ? `Or let the device fetch it from a page, within a quarter of an hour: «ikectl device link ${of}»`
    : `A profile: «ikectl device export ${of} --format …»; «ikectl device formats» lists them`;
}

function onlyName([, name]: readonly string[]): string {
  if (name === undefined) throw new Usage('name the device');
  return name;
}

const wishes = (values: Values) => ({
  ...{ renew: values['renew'] === true, unsigned: values['unsigned'] === true },
  post_quantum: values['post-quantum'] === true,
});

/** As a shell takes it. */
const quoted = (name: string): string =>
  /^[\w.@-]+$/.test(name) ? name : `'${printable(name, 80).replaceAll("'", "'\\''")}'`;

function yesOrNo(values: Values): boolean | undefined {
  const word = text(values, 'on-demand');
  if (word === undefined) return undefined;
  if (word === 'yes' || word === 'no') return word === 'yes';
  throw new Usage(`--on-demand takes yes or no, not '${word}'`);
}

/** The first that its platform has and its credential fits; none where nobody said what it is. */
async function bestFormat(
  around: Surroundings,
  platform: string | undefined,
  values: Values,
): Promise<string | undefined> {
  if (platform === undefined || platform === 'other') return undefined;
  const auth = values['certificate'] === true ? 'certificate' : 'password';
  const { formats } = await ask(around, 'formats', { platform }, formatsShape);
  return formats.find((one) => one.auth.includes(auth))?.format;
}

async function lastFormat(around: Surroundings, name: string): Promise<string> {
  const { devices } = await ask(around, 'devices', {}, devicesShape);
  const device = devices.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (!device) throw new Usage(`there is no device '${printable(name, 80)}': «ikectl device list»`);
  const values = device.auth === 'certificate' ? { certificate: true } : {};
  const format = device.format ?? (await bestFormat(around, device.platform, values));
  if (format !== undefined) return format;
  throw new Usage('name a --format; «ikectl device formats» lists them');
}

const rowOf = ({ name, owner, platform, auth, created, expires, barred, ...rest }: DeviceView) => [
  printable(name, 40),
  printable(owner ?? 'nobody', 40),
  platform ?? 'unknown',
  auth,
  created === undefined ? 'unknown' : day(created),
  expires === undefined ? 'ever' : day(expires),
  barred === undefined ? 'yes' : `no: ${printable(barred, 200)}`,
  profileOf(rest),
];

const profileOf = ({ format, stale }: Pick<DeviceView, 'format' | 'stale'>): string =>
  format === undefined ? 'none' : stale.length === 0 ? format : `stale: ${stale.join(', ')}`;
