// What is measured against what: the ways that lead from the left host to the right one.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EndSetup } from '../interop/dataplane-end.ts';
import { Charon } from '../lab/charon.ts';
import { inCheckout } from '../lab/checkout.ts';
import { runNow } from '../lab/command.ts';
import { Gateway } from '../lab/gateway.ts';
import { gatewayName, SUITE } from '../lab/phone.ts';
import { type Need, whyNot } from '../lab/ready.ts';
import type { Service } from '../lab/service.ts';
import { section } from '../lab/uci.ts';
import { until } from '../lab/until.ts';
import { INNER_MTU, inner, outer, type Pair } from './pair.ts';
import { connectWireguard, whyNoWireguard } from './wireguard.ts';

export interface Connected {
  /** The right host's address that leads through it. */
  readonly target: string;
  /** Of the programs that carry packets, one on each side; none where the kernel does it. */
  readonly pids: readonly number[];
}

export interface Tunnel {
  readonly key: string;
  readonly title: string;
  readonly whyNot: () => string | undefined;
  readonly connect: (pair: Pair) => Promise<Connected>;
}

const needs =
  (...what: readonly Need[]) =>
  () =>
    whyNot(...what);

const LIBRARY = inCheckout('build/native/libikev2esp.so');
/** By `make -C native null`; it encrypts nothing, and no program but this one looks for it. */
const NULL_LIBRARY = inCheckout('build/native/null/libikev2esp.so');

export const tunnels: readonly Tunnel[] = [
  {
    key: 'plain',
    title: 'no tunnel (veth)',
    whyNot: needs(),
    connect: async () => ({ target: outer.right, pids: [] }),
  },
  {
    key: 'null',
    title: 'ikev2-ts without a cipher',
    whyNot: () => (existsSync(NULL_LIBRARY) ? needs()() : 'make -C native null'),
    connect: (pair) => keyed(pair, { library: NULL_LIBRARY }),
  },
  {
    key: 'ours',
    title: 'ikev2-ts, AES-128-GCM',
    whyNot: needs('our gateway'),
    connect: dialOurs,
  },
  {
    key: 'ours-256',
    title: 'ikev2-ts, AES-256-GCM',
    whyNot: needs(),
    connect: (pair) => keyed(pair, { keyBytes: 32 }),
  },
  {
    key: 'ours-chacha',
    title: 'ikev2-ts, ChaCha20-Poly1305',
    whyNot: needs(),
    connect: (pair) => keyed(pair, { keyBytes: 32, cipher: 'chacha20poly1305' }),
  },
  {
    key: 'wireguard',
    title: 'wireguard-go',
    whyNot: () => needs()() ?? whyNoWireguard(),
    connect: async (pair) => ({ target: inner.right, pids: pidsOf(await connectWireguard(pair)) }),
  },
  {
    key: 'swan',
    title: 'strongSwan kernel-libipsec, AES-128-GCM',
    whyNot: needs('strongSwan'),
    connect: dialSwan,
  },
];

const pidsOf = (services: readonly { readonly pid: number }[]): number[] =>
  services.map(({ pid }) => pid);

/** What both ends of a tunnel without IKE have in common. */
export interface Keyed {
  readonly library?: string;
  readonly keyBytes?: number;
  readonly cipher?: 'chacha20poly1305';
  readonly crowd?: number;
}

/** The data plane alone: both ends know the keys. */
export async function keyed(pair: Pair, options: Keyed): Promise<Connected> {
  const program = bundleEnd();
  const services = await Promise.all([
    startEnd(pair, 'left', program, options),
    startEnd(pair, 'right', program, options),
  ]);
  return { target: inner.right, pids: pidsOf(services) };
}

let bundled: string | undefined;
function bundleEnd(): string {
  const bundler = [process.execPath, inCheckout('cross/bundle-tool.mjs')];
  bundled ??= inCheckout(runNow([...bundler, 'test/interop/dataplane-end.ts']).trim());
  return bundled;
}

async function startEnd(
  pair: Pair,
  side: 'left' | 'right',
  program: string,
  { library = LIBRARY, keyBytes = 16, ...rest }: Keyed,
): Promise<Service> {
  const other = side === 'left' ? 'right' : 'left';
  const host = pair[side];
  const setup: EndSetup = {
    device: 'esp0',
    local: outer[side],
    remote: outer[other],
    workers: 0,
    esn: true,
    encap: 'udp',
    keyBytes,
    sends: side === 'left' ? 1 : 2,
    ourHosts: [inner[side]],
    theirHosts: [inner[other]],
    ...rest,
  };
  const file = join(pair.lab.dir, `${side}.json`);
  writeFileSync(file, JSON.stringify(setup));
  const service = pair.lab.start(host, side, [process.execPath, program, library, file]);
  await until('the end is ready', () => service.log.includes('"ready"'), 30_000);
  host.address('esp0', `${inner[side]}/32`);
  host.ip('route', 'add', inner[other], 'dev', 'esp0');
  return service;
}

const PSK = 'correct horse battery staple';

/** The whole of our daemon at both ends; the left one dials. */
async function dialOurs(pair: Pair): Promise<Connected> {
  pair.right.address('lo', `${inner.right}/32`);
  const common = { local_auth: 'psk', ike: [SUITE.ike], esp: [SUITE.esp] };
  const right = await Gateway.start(
    pair.lab,
    pair.right,
    [
      section('service', 'main', { identity: gatewayName, mtu: INNER_MTU }),
      section('pool', 'guests', { range: ['10.1.0.0/29'] }),
      section('connection', 'left', {
        ...common,
        remote_auth: ['psk'],
        pool: 'guests',
        local_ts: [`${inner.right}/32`],
      }),
      section('psk', 'key', { id: ['left'], secret: PSK }),
    ],
    { name: 'right' },
  );
  const left = await Gateway.start(
    pair.lab,
    pair.left,
    [
      section('service', 'main', { identity: 'left', mtu: INNER_MTU }),
      section('connection', 'home', {
        ...common,
        role: 'initiator',
        remote: [outer.right],
        remote_id: gatewayName,
        psk: PSK,
        virtual_ip: ['0.0.0.0'],
      }),
    ],
    { name: 'left' },
  );
  const dialled = await left.ikectl('initiate', '--connection', 'home');
  if (dialled.code !== 0) throw new Error(dialled.stderr || dialled.stdout);
  await until('the tunnel stands', async () => (await left.tunnels()).length > 0);
  return { target: inner.right, pids: pidsOf([left, right]) };
}

/** strongSwan at both ends, in userland, as there is nothing else where a kernel has no ESP. */
async function dialSwan(pair: Pair): Promise<Connected> {
  pair.right.address('lo', `${inner.right}/32`);
  const common = { version: 2, proposals: SUITE.ike, encap: true };
  const secrets = { 'ike-both': { 'id-left': 'left', 'id-right': gatewayName, secret: PSK } };
  const right = await Charon.start(pair.lab, pair.right, {
    name: 'right',
    config: {
      connections: {
        guests: {
          ...common,
          pools: 'v4',
          local: { auth: 'psk', id: gatewayName },
          remote: { auth: 'psk' },
          children: { net: { local_ts: `${inner.right}/32`, esp_proposals: SUITE.esp } },
        },
      },
      pools: { v4: { addrs: '10.1.0.0/29' } },
      secrets,
    },
  });
  const left = await Charon.start(pair.lab, pair.left, {
    name: 'left',
    config: {
      connections: {
        home: {
          ...common,
          remote_addrs: outer.right,
          vips: '0.0.0.0',
          local: { auth: 'psk', id: 'left' },
          remote: { auth: 'psk', id: gatewayName },
          children: { home: { remote_ts: `${inner.right}/32`, esp_proposals: SUITE.esp } },
        },
      },
      secrets,
    },
  });
  const dialled = await left.initiate('home');
  if (dialled.code !== 0) throw new Error(dialled.stdout + dialled.stderr);
  return { target: inner.right, pids: pidsOf([left, right]) };
}
