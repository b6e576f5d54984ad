import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { toText } from '../../../src/base/bytes.ts';
import { ip } from '../../../src/base/ip.ts';
import { Secret } from '../../../src/base/secret.ts';
import type { Configuration } from '../../../src/config/configuration.ts';
import { loadConfiguration } from '../../../src/config/load.ts';
import { render } from './render.ts';

const vector = (name: string) =>
  readFileSync(new URL(`../../vectors/config/${name}`, import.meta.url), 'utf8');

function load(text: string): Configuration {
  const { problems, configuration } = loadConfiguration(text);
  if (!configuration) throw new Error(JSON.stringify(problems));
  return configuration;
}
const connection = (lines: string) => load(`config connection c\n${lines}`).policy.connections[0];
const psk = "option local_auth psk\noption psk 'correct horse battery staple'\n";

test('a configuration with every section type becomes the policy that is written down', () => {
  const { problems, configuration } = loadConfiguration(vector('good.config'));
  expect(problems).toEqual([]);
  expect(configuration && render(configuration)).toEqual(JSON.parse(vector('good.json')));
});

test('secrets are the text between the quotes, or what 0x and 0s stand for', () => {
  const { policy } = load(vector('good.config'));
  const [text, hexadecimal, base64] = policy.presharedKeys.map(({ secret }) => secret.bytes);
  expect(text && toText(text)).toBe('correct horse "battery" staple');
  expect(hexadecimal).toEqual(Uint8Array.from({ length: 16 }, (_, i) => 0x11 * i));
  expect(base64).toEqual(Uint8Array.from({ length: 16 }, (_, i) => i));
});

test('without any section everything has its default', () => {
  const { service, policy } = load('');
  expect(service).toMatchObject({ enabled: true, port: 500, nattPort: 4500, device: 'ipsec0' });
  expect(service).toMatchObject({ mtu: 'auto', workers: 'auto', zone: 'vpn', log: 'info' });
  const timing = {
    retransmitBase: 2000,
    retransmitTries: 5,
    halfOpen: 30_000,
    keepalive: 20_000,
    question: 10_000,
  };
  expect(policy.timing).toEqual(timing);
  expect(policy.keylog).toBe(false);
});

test('a keylog folder makes the policy disclose keys', () => {
  const { service, policy } = load("config service main\noption keylog '/tmp/keys'");
  expect([service.keylog, policy.keylog]).toEqual(['/tmp/keys', true]);
});

test('keys serve for any amount of traffic, or for so much in one direction', () => {
  expect(connection(psk)).toMatchObject({ childPackets: undefined, childBytes: undefined });
  const limited = connection(`${psk}option child_packets 5000\noption child_bytes 100000000000\n`);
  expect(limited).toMatchObject({ childPackets: 5000, childBytes: 100_000_000_000 });
  const { problems } = loadConfiguration(`config connection c\n${psk}option child_bytes 99999\n`);
  expect(problems).toMatchObject([{ severity: 'error', option: 'child_bytes' }]);
});

test('a tunnel that is kept up is not closed for want of traffic', () => {
  const dialling = `${psk}option role initiator\nlist remote 203.0.113.2\noption inactivity 60\noption local_id a.example\n`;
  expect(
    connection(
      `${dialling}option start trap\nlist local_ts 10.1.0.0/24\nlist remote_ts 10.2.0.0/24\n`,
    ),
  ).toMatchObject({ inactivity: 60_000, persistent: false });
  const { problems, configuration } = loadConfiguration(
    `config connection c\n${dialling}option start start\n`,
  );
  expect(problems).toMatchObject([{ severity: 'warning', option: 'inactivity' }]);
  expect(configuration?.policy.connections).toMatchObject([
    { inactivity: undefined, persistent: true },
  ]);
});

test('flags are read in all the words of OpenWrt', () => {
  const words = ['1', 'on', 'TRUE', 'yes', 'enabled', '0', 'off', 'False', 'no', 'disabled'];
  const read = words.map(
    (word) => load(`config service main\noption enabled ${word}`).service.enabled,
  );
  expect(read).toEqual([...Array(5).fill(true), ...Array(5).fill(false)]);
});

test('a remote of any makes the addresses beside it void', () => {
  expect(connection(`${psk}list remote 192.0.2.1\nlist remote %any`)?.remote).toEqual([]);
});

test('a remote may be an address, a prefix or a range', () => {
  const { remote } = connection(
    `${psk}list remote 192.0.2.7\nlist remote fd00::/64\nlist remote 10.0.0.1-10.0.0.9`,
  ) ?? { remote: [] };
  expect(remote).toEqual([
    { start: ip('192.0.2.7'), end: ip('192.0.2.7') },
    { start: ip('fd00::'), end: ip('fd00::ffff:ffff:ffff:ffff') },
    { start: ip('10.0.0.1'), end: ip('10.0.0.9') },
  ]);
});

test('an initiator with a shared secret accepts any name of the peer, for the secret is proof enough', () => {
  const dialling = `option role initiator\noption local_id a\nlist remote b\n${psk}`;
  expect(connection(dialling)?.remoteId).toEqual({ kind: 'any' });
});

test('a responder takes any name from the one address that it waits for', () => {
  const { policy } = load(
    'config certificate gw\noption file /a\noption key /b\nconfig authority\noption file /c\n' +
      'config connection c\nlist remote 192.0.2.7',
  );
  expect(policy.connections[0]?.remoteId).toEqual({ kind: 'any' });
});

test('secrets are wiped when the configuration is refused, and those of disabled connections always', () => {
  const wipe = vi.spyOn(Secret.prototype, 'wipe');
  const text = `config psk\noption secret 'a good long secret'\nconfig connection c\n${psk}`;
  load(text);
  expect(wipe).toHaveBeenCalledTimes(0);
  load(`${text}option enabled 0`);
  expect(wipe).toHaveBeenCalledTimes(1);
  expect(loadConfiguration(`${text}option pool nowhere`).configuration).toBeUndefined();
  expect(wipe).toHaveBeenCalledTimes(3);
  wipe.mockRestore();
});

test('selectors name protocols and ports', () => {
  const { localTs } = connection(
    `${psk}list local_ts 10.0.0.0/8[icmp]\nlist local_ts ::/0[udp]\nlist local_ts 10.0.0.1[132/5]`,
  ) ?? { localTs: [] };
  expect(localTs).toMatchObject([
    { protocol: 1, ports: { start: 0, end: 65535 } },
    { protocol: 17, ports: { start: 0, end: 65535 } },
    { protocol: 132, ports: { start: 5, end: 5 } },
  ]);
});

test('`dynamic` alone is dynamic, even where the default would be everything', () => {
  const text = `config pool p\nlist range 10.3.0.0/24\nconfig connection c\noption pool p\n${psk}`;
  expect(load(text).policy.connections[0]?.localTs).toHaveLength(2);
  const dialling = `${text}option role initiator\nlist remote b\noption local_id a\n`;
  expect(load(dialling).policy.connections[0]).toMatchObject({
    localTs: 'dynamic',
    pool: undefined,
  });
  expect(load(`${text}list local_ts dynamic`).policy.connections[0]?.localTs).toBe('dynamic');
});

test('a secret in a connection is bound to its remote_id, and to its local_id if it has one', () => {
  const ids = (lines: string) =>
    load(`config connection c\n${psk}${lines}`).policy.presharedKeys.map((key) => key.ids);
  expect(ids('')).toEqual([[{ kind: 'any' }]]);
  expect(ids('option remote_id boat')).toMatchObject([[{ kind: 'exact' }]]);
  expect(ids('option local_id gw')).toMatchObject([[{ kind: 'any' }, { kind: 'exact' }]]);
});

test('connections keep the order of the file, and a disabled one is not among them', () => {
  const section = (name: string, more = '') => `config connection ${name}\n${psk}${more}`;
  const text = section('z') + section('m', 'option enabled 0\n') + section('a');
  expect(load(text).policy.connections.map(({ name }) => name)).toEqual(['z', 'a']);
});

test('section names that JavaScript knows otherwise are names like any other', () => {
  const text = `config connection __proto__\n${psk}option pool constructor\nconfig pool constructor\nlist range 10.3.0.0/24`;
  expect(load(text).policy.connections).toMatchObject([{ pool: 'constructor' }]);
});

test('a site that waits for packets answers a peer that is first, unless nothing tells the peer apart', () => {
  const site = (lines: string): string =>
    `config connection c\n${psk}option role initiator\noption start trap\noption local_id a\n` +
    `list local_ts 192.168.7.0/24\nlist remote_ts 192.168.1.0/24\n${lines}`;
  const role = (lines: string) => load(site(lines)).policy.connections[0]?.role;
  expect(load(site('list remote 192.0.2.1'))).toMatchObject({ started: [], trapped: ['c'] });
  expect(role('list remote 192.0.2.1')).toBe('both');
  expect(role('list remote home.example\noption remote_id b')).toBe('both');
  expect(role('list remote home.example')).toBe('initiator');
});
