import { describe, expect, test } from 'vitest';
import { ip, parsePrefix } from '../../../src/base/ip.ts';
import { instant } from '../../../src/base/time.ts';
import { cpuFeatures } from '../../../src/daemon/cpu.ts';
import { type SelfTested, selfTest } from '../../../src/daemon/selftest.ts';

interface Host {
  readonly source?: string;
  readonly mtu?: string;
  readonly addresses?: readonly string[];
}

/** What the check of that name says of a router. */
async function look(name: string, host: Host = {}, changes: Partial<SelfTested> = {}) {
  const { source = '203.0.113.7', mtu = '1500', addresses = [] } = host;
  const checks = await selfTest({
    tools: {
      async run(_, args) {
        if (args.includes('get')) return `192.0.2.1 via 203.0.113.1 dev wan src ${source} uid 0`;
        return source === '' ? '' : 'default via 203.0.113.1 dev wan proto static\n';
      },
      read: (path) => (path === '/sys/class/net/wan/mtu' ? `${mtu}\n` : undefined),
      addresses: () => addresses.map((one) => ip(one)),
    },
    service: {
      ...{ version: '1', startedAt: instant(0), device: 'ipsec0', aead: 'gcm', keylog: undefined },
      listen: ['*:500', '*:4500'],
      websocket: undefined,
    },
    held: [],
    wall: Date.UTC(2026, 10, 23) / 1000,
    mtu: 1400,
    configuration: { isFine: true, problems: [], summary: '1 connection' },
    callers: [],
    pools: [],
    ...changes,
  });
  return checks.find((check) => check.name === name);
}

test.each([
  [[], 'unknown', /not to be seen from here/],
  [['192.168.1.7', 'fe80::1', '100.64.0.9', 'fd00::7'], 'unknown', /not to be seen/],
  [['192.168.1.7', '198.51.100.7'], 'fine', /198\.51\.100\.7 reached them from outside/],
  [['2001:db8::7'], 'fine', /2001:db8::7 reached/],
])('with callers from %j, whether the ports are open is %s', async (from, state, says) => {
  const found = await look('ports', {}, { callers: from.map((one) => ip(one)) });
  expect(found).toMatchObject({ state, says: expect.stringMatching(says) });
});

describe('a pool', () => {
  const pool = (ranges: readonly string[], dns: readonly string[]) => ({
    ...{ name: 'people', domains: [], sticky: true },
    ranges: ranges.flatMap((text) => parsePrefix(text) ?? []),
    dns: dns.map((one) => ip(one)),
  });
  /** The kernel's list of UDP sockets, as a little-endian router prints it. */
  const listening = (...sockets: readonly string[]) => ({
    run: async () => '',
    read: (path: string) =>
      path === '/proc/net/udp'
        ? `  sl  local_address rem_address\n${sockets.map((one, i) => ` ${i}: ${one} 00000000:0000 07`).join('\n')}`
        : undefined,
    addresses: () => [],
  });

  test.each([
    ['the router answers there', ['10.3.0.1'], ['0100030A:0035'], 'fine'],
    ['the router answers everywhere', ['10.3.0.1'], ['00000000:0035'], 'fine'],
    ['nobody answers there', ['10.3.0.1'], ['0101A8C0:0035', '0100030A:0043'], 'broken'],
    ['another host is asked', ['192.168.1.7'], [], 'fine'],
    ['nobody is asked', [], [], 'doubtful'],
  ])('keeps names inside where %s', async (_, dns, sockets, state) => {
    const tested = { pools: [pool(['10.3.0.0/24'], dns)], tools: listening(...sockets) };
    const found = await look('names of people', {}, tested);
    expect(found).toMatchObject({ state });
    expect(found?.cure === undefined).toBe(state === 'fine');
  });

  test.each([
    [['10.3.0.0/24', 'fd00:3::/64'], 'fine'],
    [['10.3.0.0/24'], 'doubtful'],
  ])('lets no IPv6 past the tunnel where %j is handed out: %s', async (ranges, state) => {
    expect(await look('IPv6 of people', {}, { pools: [pool(ranges, [])] })).toMatchObject({
      state,
    });
  });
});

describe('the address that the provider gives', () => {
  test.each([
    ['203.0.113.7', 'fine', /203/],
    ['100.64.3.4', 'broken', /CGNAT/],
    ['192.168.178.2', 'doubtful', /another router/],
    ['10.1.2.3', 'doubtful', /another router/],
    ['', 'broken', /no way out/],
  ])('%s is %s', async (source, state, says) => {
    const found = await look('public address', { source });
    expect(found).toMatchObject({ state });
    expect(found?.says).toMatch(says);
    expect(found?.cure === undefined).toBe(state === 'fine');
  });

  test.each([
    [['2001:db8::1', '10.0.0.1'], 'fine'],
    [['fd00::1', 'fe80::1'], 'unknown'],
  ])('of IPv6, %j is %s', async (addresses, state) => {
    expect(await look('IPv6', { addresses })).toMatchObject({ state });
  });
});

describe('packets', () => {
  test.each([
    ['1500', 'fine'],
    ['1492', 'fine'],
    ['1420', 'fine'],
    ['1280', 'doubtful'],
    ['', 'unknown'],
  ])('through a link of %s are %s', async (mtu, state) => {
    expect(await look('packet size', { mtu })).toMatchObject({ state });
  });
});

test('a clock from before the first release is wrong, and jumps to right when NTP comes', async () => {
  expect(await look('clock', {}, { wall: 60 })).toMatchObject({
    state: 'broken',
    says: 'it is 1970-01-01 00:01 UTC',
  });
  expect(await look('clock')).toMatchObject({ state: 'fine' });
});

test.each([
  [400, 'fine'],
  [5, 'doubtful'],
  [-1, 'broken'],
])('a certificate with %i days left is %s', async (days, state) => {
  const wall = Date.UTC(2026, 10, 23) / 1000;
  const held = [{ kind: 'certificate', name: 'gateway', notAfter: wall + days * 86_400 }] as const;
  expect(await look('certificate gateway', {}, { held, wall })).toMatchObject({ state });
});

test('a configuration that the next start would refuse is told', async () => {
  const configuration = { isFine: false, problems: [], summary: '1 error' };
  expect(await look('configuration', {}, { configuration })).toMatchObject({ state: 'broken' });
});

test('the processor is asked what it can', () => {
  expect(cpuFeatures(() => 'x: y\nflags\t\t: fpu aes avx2 nonsense\n')).toEqual(['aes', 'avx2']);
  expect(cpuFeatures(() => 'Features\t: fp asimd aes pmull\n')).toEqual(['aes', 'asimd', 'pmull']);
  expect(cpuFeatures(() => undefined)).toEqual([]);
});
