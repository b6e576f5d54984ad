// What the core is told when the network changes: a host whose addresses and ways are as the test says.
import { describe, expect, test } from 'vitest';
import { type Ip, ip } from '../../../src/base/ip.ts';
import { instant } from '../../../src/base/time.ts';
import { NetworkWatch } from '../../../src/daemon/network-watch.ts';
import type { Input, SaRef, SaSnapshot } from '../../../src/ike/core.ts';
import { complainTo, logTo } from './fakes.ts';

const router = ip('203.0.113.2');
const dsl = ip('203.0.113.130');
const wifi = ip('192.168.7.10');
const mobile = ip('10.64.0.9');

const snapshot = (id: number, fields: Partial<SaSnapshot> = {}): SaSnapshot => ({
  id: id as SaRef,
  spiI: '',
  spiR: '',
  role: 'initiator',
  dialled: true,
  phase: 'established',
  connection: 'home',
  peer: undefined,
  certificate: undefined,
  user: undefined,
  ppk: undefined,
  path: { local: { ip: wifi, port: 4500 }, remote: { ip: router, port: 4500 } },
  peerAddresses: [],
  nat: { local: false, remote: false },
  suite: undefined,
  postQuantum: false,
  createdAt: instant(0),
  rekeyAt: undefined,
  establishedAt: instant(0),
  addresses: [],
  children: [],
  ...fields,
});

function setUp(...sas: SaSnapshot[]) {
  const told: string[] = [];
  const lines: string[] = [];
  const host = {
    sas,
    addresses: [wifi] as readonly Ip[],
    /** Our address on the way to each peer that can be reached. */
    ways: { [router]: wifi } as Readonly<Record<string, Ip>>,
    resolved: [] as readonly Ip[],
    looks: 0,
  };
  const watch = new NetworkWatch({
    log: logTo(lines),
    complain: complainTo(lines),
    sas: () => host.sas,
    give: (input) => told.push(inWords(input)),
    addresses: () => host.addresses,
    reroute: async () => void host.looks++,
    sourceTo: async (peer) => host.ways[peer],
    resolve: async () => host.resolved,
    readdressed: () => told.push('dial at once'),
  });
  /** What is told after a change, when all is said. */
  const change = async (): Promise<string[]> => {
    watch.changed();
    for (let i = 0; i < 50; i++) await Promise.resolve();
    return told.splice(0);
  };
  return { watch, host, change, lines };
}

function inWords(input: Input): string {
  if (input.kind !== 'command') return input.kind;
  const { command } = input;
  if (command.kind === 'addresses') return `addresses ${command.addresses.join(' ')}`;
  return command.kind === 'roam'
    ? `roam ${command.sa} ${command.local} ${command.remote}`
    : command.kind;
}

describe('when the network changes', () => {
  test('an SA whose way is as it was notices nothing', async () => {
    const { change } = setUp(snapshot(1));
    expect(await change()).toEqual([`addresses ${wifi}`]);
    expect(await change()).toEqual([]);
  });

  test('what we dialled goes on from the address that the kernel would use', async () => {
    const { host, change } = setUp(snapshot(1), snapshot(2));
    await change();
    host.addresses = [mobile];
    host.ways = { [router]: mobile };
    expect(await change()).toEqual([
      `addresses ${mobile}`,
      'dial at once',
      `roam 1 ${mobile} ${router}`,
      `roam 2 ${mobile} ${router}`,
    ]);
  });

  test('who was dialled stays, and so does who is not established', async () => {
    const { host, change } = setUp(
      snapshot(1, { dialled: false }),
      snapshot(2, { establishedAt: undefined }),
    );
    await change();
    host.ways = { [router]: mobile };
    expect(await change()).toEqual([]);
  });

  test('an SA without any way waits, and goes on when there is one, even if it is the old one', async () => {
    const { host, change, lines } = setUp(snapshot(1));
    await change();
    host.ways = {};
    expect(await change()).toEqual([]);
    expect(await change()).toEqual([]);
    expect(lines.filter((line) => line.includes('there is no way'))).toHaveLength(1);
    host.ways = { [router]: wifi };
    expect(await change()).toEqual([`roam 1 ${wifi} ${router}`]);
    expect(await change()).toEqual([]);
  });

  test('another address of the peer is taken where only that can be reached (RFC 4555 §3.5)', async () => {
    const { host, change } = setUp(snapshot(1, { peerAddresses: [router, dsl] }));
    await change();
    host.ways = { [dsl]: mobile };
    expect(await change()).toEqual([`roam 1 ${mobile} ${dsl}`]);
  });

  test('and at last what the name of the peer stands for', async () => {
    const { host, change } = setUp(snapshot(1));
    await change();
    const v6 = ip('2001:db8::2');
    host.ways = { [v6]: ip('2001:db8::9') };
    host.resolved = [router, v6];
    expect(await change()).toEqual([`roam 1 2001:db8::9 ${v6}`]);
  });

  test("a link's own addresses are nobody's business", async () => {
    const { host, change } = setUp();
    host.addresses = [ip('fe80::1'), ip('169.254.3.4'), ip('2001:db8::9'), wifi];
    expect(await change()).toEqual([`addresses 2001:db8::9 ${wifi}`]);
  });

  test('changes during a look lead to one more look', async () => {
    const { watch, host, change } = setUp(snapshot(1));
    for (let i = 0; i < 10; i++) watch.changed();
    await change();
    expect(host.looks).toBe(2);
  });

  test('a look that fails is told, and the next change is looked at again', async () => {
    const { host, change, lines } = setUp(snapshot(1));
    const { sas } = host;
    Object.defineProperty(host, 'sas', {
      configurable: true,
      get() {
        throw new Error('no memory');
      },
    });
    await change();
    expect(lines).toContain('could not follow a change of the network: no memory');
    Object.defineProperty(host, 'sas', { value: sas });
    host.ways = { [router]: mobile };
    expect(await change()).toEqual([`roam 1 ${mobile} ${router}`]);
  });
});
