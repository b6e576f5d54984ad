import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { instant } from '../../../src/base/time.ts';
import { loadConfiguration } from '../../../src/config/load.ts';
import { pathsTo, standingsOf, waysTo } from '../../../src/daemon/dial.ts';
import type { SaRef, SaSnapshot } from '../../../src/ike/core.ts';
import { Refused } from '../../../src/rpc/method.ts';
import { present } from '../../sim/pick.ts';
import { phone as connection, policy } from '../../sim/policies.ts';
import { path } from './fakes.ts';

const host = (address: string) => ({ start: ip(address), end: ip(address) });

describe('the ways to a peer', () => {
  test('lead from the address that the kernel would use, on the IKE port', async () => {
    const peers = [host('127.0.0.9'), host('127.0.0.8')];
    expect(await pathsTo(connection({ remote: peers }), [], 500)).toEqual([
      { local: { ip: '127.0.0.1', port: 500 }, remote: { ip: '127.0.0.9', port: 500 } },
      { local: { ip: '127.0.0.1', port: 500 }, remote: { ip: '127.0.0.8', port: 500 } },
    ]);
  });

  test('lead to whatever a name means, each address once', async () => {
    const paths = await pathsTo(connection({}), ['localhost', 'localhost'], 500);
    const peers = paths.map(({ remote }) => remote.ip);
    expect(peers.length).toBeGreaterThan(0);
    expect([...new Set(peers)]).toEqual(peers);
    for (const peer of peers) expect(['127.0.0.1', '::1']).toContain(peer);
  });

  test('are those that there are: one that is none does not stop the others', async () => {
    const remote = [host('255.255.255.255'), host('127.0.0.9')];
    const paths = await pathsTo(connection({ remote }), ['no-such-name.invalid'], 500);
    expect(paths.map((path) => path.remote.ip)).toEqual(['127.0.0.9']);
  });

  test.each([
    [{ role: 'responder' as const }, [], 'only answers'],
    [{}, [], 'does not say whom to dial'],
    [
      { remote: [{ start: ip('10.0.0.0'), end: ip('10.0.0.255') }] },
      [],
      'does not say whom to dial',
    ],
    [{}, ['no-such-name.invalid'], 'no-such-name.invalid cannot be resolved'],
    [{ remote: [host('255.255.255.255')] }, [], 'there is no way to 255.255.255.255'],
    [
      { remote: [host('255.255.255.255')] },
      ['no-such-name.invalid'],
      /no-such-name.*cannot be resolved.*; there is no way to/,
    ],
  ])('are refused for %j %j', async (changes, names, why) => {
    await expect(pathsTo(connection(changes), names, 500)).rejects.toThrow(why);
    await expect(pathsTo(connection(changes), names, 500)).rejects.toBeInstanceOf(Refused);
  });
});

// The core was told to dial what there was not any more, and said that this was a bug.
describe('a reload while names are looked up', () => {
  const loaded = loadConfiguration("config service 'main'\n");
  const configuration = present(loaded.configuration, 'configuration');
  const gathered = (...remote: string[]) => ({
    configuration,
    policy: policy(remote.map((one) => connection({ remote: [host(one)] }))),
  });

  test('leads to where the connection leads by then', async () => {
    const inUse = { gathered: gathered('127.0.0.9') };
    const found = waysTo('home', inUse);
    inUse.gathered = gathered('127.0.0.8');
    expect((await found).map(({ remote }) => remote.ip)).toEqual(['127.0.0.8']);
  });

  test('that takes the connection out leads nowhere', async () => {
    const inUse = { gathered: gathered('127.0.0.9') };
    const found = waysTo('home', inUse);
    inUse.gathered = gathered();
    await expect(found).rejects.toBeInstanceOf(Refused);
  });
});

describe('how connections stand', () => {
  const sa = (name: string | undefined, establishedAt: number | undefined): SaSnapshot => ({
    id: 1 as SaRef,
    spiI: '',
    spiR: '',
    role: 'initiator',
    dialled: true,
    peerAddresses: [],
    phase: 'auth',
    connection: name,
    peer: undefined,
    certificate: undefined,
    user: undefined,
    ppk: undefined,
    path,
    nat: { local: false, remote: false },
    suite: undefined,
    postQuantum: false,
    createdAt: instant(0),
    rekeyAt: undefined,
    establishedAt: establishedAt === undefined ? undefined : instant(establishedAt),
    addresses: [],
    children: [],
  });

  // The end of such an SA is told to nobody: a connection whose new one had ended before was never dialled again.
  test('is not told by an IKE SA that was rekeyed and waits for its DELETE', () => {
    const sas = [{ ...sa('a', 1), phase: 'rekeying' } as const];
    expect(standingsOf({ sas, counters: {} }).size).toBe(0);
  });

  test('is told by the best of their IKE SAs', () => {
    const sas = [sa('a', undefined), sa('b', 1), sa('b', undefined), sa(undefined, undefined)];
    expect([...standingsOf({ sas, counters: {} })]).toEqual([
      ['a', 'handshake'],
      ['b', 'established'],
    ]);
  });
});
