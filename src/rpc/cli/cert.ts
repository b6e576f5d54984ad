// `ikectl cert`: certificates for people who never want to type an openssl command.
import * as z from 'zod/mini';
import { printable } from '../../base/printable.ts';
import {
  authorityShape,
  type CertificateView,
  certificatesShape,
  createdShape,
  issuedShape,
  oneShape,
  revokedShape,
} from '../methods/certificates.ts';
import { listOf, text, Usage, type Values } from './arguments.ts';
import { type Command, perform, type Verb } from './command.ts';
import { read, readSecret, refuseExisting, write } from './files.ts';
import { day, formatTable } from './text.ts';

export const certCommand: Command = {
  summary: 'Certificates: a home CA, the gateway, devices',
  usage: [
    'init --name HOST[,HOST] [--address IP[,IP]] [--force]',
    'issue --name DEVICE [--owner WHO] [--form legacy|modern] [--out FILE]',
    'list | show NAME [--json]',
    'revoke DEVICE|SERIAL',
    'renew [NAME] [--name HOST[,HOST]] [--address IP[,IP]]',
    'import --name NAME FILE [--key FILE] [--passphrase-file FILE|-] [--force]',
    'trust --name NAME FILE',
    'export [--der] [--out FILE]',
  ].join(`\n${' '.repeat(17)}`),
  options: {
    ...{ name: 'string', address: 'string', owner: 'string', form: 'string', out: 'string' },
    ...{ key: 'string', 'passphrase-file': 'string' },
    ...{ force: 'boolean', json: 'boolean', der: 'boolean' },
  },
  words: 2,
  run: (words, around) => perform('cert', verbs, words, around),
};

const verbs: Readonly<Record<string, Verb>> = {
  async init({ values }, around) {
    const names = dialled(values);
    if (names.length === 0) throw new Usage('--name is missing: the host name that clients dial');
    const force = values['force'] === true;
    const result = await around.call('ca_create', { names, force });
    if (values['json']) return around.print(JSON.stringify(result));
    const { done, next } = z.parse(createdShape, result);
    around.print([...done, '', 'Next:', ...next.map((line) => `- ${line}`)].join('\n'));
  },
  async issue({ values }, around) {
    const name = text(values, 'name');
    if (name === undefined) throw new Usage('--name is missing: what to call the device');
    const file = text(values, 'out') ?? `${name}.p12`;
    refuseExisting(file); // before the key is made: it is given away once
    const form = text(values, 'form') ?? 'legacy';
    const owner = text(values, 'owner');
    const result = z.parse(
      issuedShape,
      await around.call('certificate_issue', { name, form, ...(owner ? { owner } : {}) }),
    );
    write(file, Buffer.from(result.pkcs12, 'base64'));
    const { device, passphrase } = result;
    if (values['json']) return around.print(JSON.stringify({ device, file, passphrase }));
    around.print(
      [
        `${file}: key and certificate of ${device.name}, until ${day(device.notAfter)}`,
        `passphrase: ${passphrase}   (told this once)`,
        `the device calls itself: ${device.names.join(' or ')}`,
      ].join('\n'),
    );
  },
  async list({ values }, around) {
    const { certificates } = z.parse(certificatesShape, await around.call('certificates', {}));
    if (values['json']) return around.print(JSON.stringify({ certificates }));
    if (certificates.length === 0) return around.print('none; «ikectl cert init» makes a home CA');
    const rows = certificates.map((one) => rowOf(one, around.now()));
    around.print(formatTable(['kind', 'name', 'subject', 'until', 'left', 'serial'], rows));
  },
  async show({ values, positionals: [, name] }, around) {
    if (name === undefined) throw new Usage('name the certificate to show');
    const { certificates } = z.parse(certificatesShape, await around.call('certificates', {}));
    const found = certificates.filter((one) => one.name === name || one.serial === name);
    if (found.length === 0) throw new Usage(`there is no certificate '${name}'`);
    if (values['json']) return around.print(JSON.stringify({ certificates: found }));
    around.print(found.map((one) => details(one, around.now())).join('\n\n'));
  },
  async revoke({ positionals: [, certificate] }, around) {
    if (certificate === undefined) throw new Usage('name the device, or give the serial number');
    const result = await around.call('certificate_revoke', { certificate });
    const { name, serial } = z.parse(revokedShape, result);
    around.print(`revoked ${name} (serial number ${serial}): it is out at once`);
  },
  async renew({ values, positionals: [, certificate] }, around) {
    const params = { names: dialled(values), ...(certificate ? { certificate } : {}) };
    const { certificate: one } = z.parse(oneShape, await around.call('certificate_renew', params));
    around.print(`${one.name}: for ${one.names.join(', ')}, until ${day(one.notAfter)}`);
  },
  async import({ values, positionals: [, file] }, around) {
    const name = text(values, 'name');
    if (name === undefined || file === undefined) {
      throw new Usage('write: cert import --name gateway FILE');
    }
    const key = text(values, 'key');
    const secret = text(values, 'passphrase-file');
    const params = {
      name,
      content: read(file).toString('base64'),
      ...(key === undefined ? {} : { key: read(key).toString('base64') }),
      ...(secret === undefined ? {} : { passphrase: readSecret(secret) }),
      force: values['force'] === true,
    };
    const result = await around.call('certificate_import', params);
    const { certificate: one } = z.parse(oneShape, result);
    around.print(`${one.name}: ${printable(one.subject, 80)}, until ${day(one.notAfter)}, in use`);
  },
  async trust({ values, positionals: [, file] }, around) {
    const name = text(values, 'name');
    if (name === undefined || file === undefined) {
      throw new Usage('write: cert trust --name provider_ca FILE');
    }
    const params = { name, content: read(file).toString('base64') };
    const result = await around.call('authority_import', params);
    const { certificate: one } = z.parse(oneShape, result);
    around.print(`${one.name}: ${printable(one.subject, 80)}, believed of whom this router dials`);
  },
  async export({ values }, around) {
    const { pem, der } = z.parse(authorityShape, await around.call('ca_export', {}));
    const file = text(values, 'out');
    const isDer = values['der'] === true;
    if (file === undefined && isDer) throw new Usage('--der wants --out FILE');
    if (file === undefined) return around.print(pem.trimEnd());
    write(file, isDer ? Buffer.from(der, 'base64') : Buffer.from(pem));
    around.print(`${file}: the certificate of the home CA`);
  },
};

const dialled = (values: Values): readonly string[] => [
  ...listOf(values['name']),
  ...listOf(values['address']),
];

function rowOf(one: CertificateView, now: number): readonly string[] {
  return [
    one.kind,
    one.name,
    printable(one.subject, 40),
    day(one.notAfter),
    one.revoked === undefined ? daysLeft(one, now) : `revoked ${day(one.revoked)}`,
    one.serial,
  ];
}

function details(one: CertificateView, now: number): string {
  const lines: readonly (readonly [string, string])[] = [
    ['kind', one.ours ? `${one.kind}, issued here` : one.kind],
    ['name', one.name],
    ['subject', one.subject],
    ['issuer', one.issuer],
    ['names', one.names.join(', ') || 'none'],
    ['valid', `${day(one.notBefore)} to ${day(one.notAfter)}, ${daysLeft(one, now)} left`],
    ...(one.revoked === undefined ? [] : [['revoked', day(one.revoked)] as const]),
    ['serial', one.serial],
    ['file', one.file],
  ];
  return lines.map(([name, value]) => `${name.padEnd(9)}${printable(value, 300)}`).join('\n');
}

function daysLeft({ notAfter }: CertificateView, now: number): string {
  const days = Math.floor((notAfter - now) / 86_400);
  return days < 0 ? 'expired' : `${days} d`;
}
