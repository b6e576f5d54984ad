// The first packet starts the tunnel: what is asked for when a packet waits, on a new IKE SA and on one that stands,
// and two sites that dial each other at once (RFC 7296 §2.9).
import { describe, expect, test } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import { ip, parsePrefix, prefixRange } from '../../../src/base/ip.ts';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import type { WaitingPacket } from '../../../src/ike/core.ts';
import { fromWire, toWire } from '../../../src/ike/negotiate/selectors.ts';
import type { Connection } from '../../../src/policy/policy.ts';
import { everything, formatSelector, type Selector } from '../../../src/policy/selectors.ts';
import { find, payload } from '../../../src/wire/payloads/index.ts';
import { authenticating, welcome } from '../dialed.ts';
import { kinds, talk } from '../household.ts';
import { expectAgreement } from '../model.ts';
import { notify, without } from '../payloads.ts';
import { present } from '../pick.ts';
import { connection, identity, pattern, policy, proposals } from '../policies.ts';
import { between, type SimHost, World } from '../world.ts';

const net = (text: string): Selector =>
  everything(prefixRange(present(parsePrefix(text), 'prefix')));
const one = (address: string, port: number): Selector => ({
  range: { start: ip(address), end: ip(address) },
  protocol: 6,
  ports: { start: port, end: port },
});
const packet = (from: string, to: string): WaitingPacket => ({
  local: one(from, 40_000),
  remote: one(to, 443),
});
const waiting = packet('192.168.7.10', '10.1.0.20');

const site = (fields: Partial<Connection> = {}): Connection =>
  connection({ name: 'site', role: 'both', pool: undefined, ...fields });
const cabinEnd = site({
  localId: identity('cabin.example'),
  remoteId: pattern('home.example'),
  localTs: [net('192.168.7.0/24')],
  remoteTs: [net('10.1.0.0/16')],
});
const homeEnd = site({
  localId: identity('home.example'),
  remoteId: pattern('cabin.example'),
  localTs: [net('10.1.0.0/16')],
  remoteTs: [net('192.168.7.0/24')],
});

function sites(
  fields: { both?: Partial<Connection>; home?: Partial<Connection>; seed?: number } = {},
) {
  const world = new World();
  const none = () => undefined;
  const { both = {}, home: changes = {}, seed = 1 } = fields;
  const [here, there] = [
    policy([{ ...cabinEnd, ...both }]),
    policy([{ ...homeEnd, ...both, ...changes }]),
  ];
  const cabin = world.host('cabin', '198.51.100.10', here, none, seed);
  const home = world.host('home', '203.0.113.2', there, none, seed);
  const dial = (from: SimHost, to: SimHost, wanted: WaitingPacket): void => {
    const path = between(from, to);
    const command = { kind: 'initiate', connection: 'site', path, packet: wanted } as const;
    world.input(from, { kind: 'command', command });
  };
  const widen = (host: SimHost, wanted: WaitingPacket): void => {
    world.input(host, {
      kind: 'command',
      command: { kind: 'widen', connection: 'site', packet: wanted },
    });
    world.run(seconds(1));
  };
  /** The tunnel goes, and the IKE SA stays. */
  const endTunnel = (host: SimHost): void => {
    const [child] = host.children.keys();
    const which = { child: present(child, 'tunnel') } as never;
    world.input(host, { kind: 'command', command: { kind: 'terminate', which } });
    world.run(seconds(1));
  };
  return { world, cabin, home, dial, widen, endTunnel };
}

function standing(home: Partial<Connection> = {}) {
  const both = sites({ home });
  both.dial(both.cabin, both.home, waiting);
  both.world.run(seconds(1));
  return both;
}
const networks = (host: SimHost): string[] =>
  [...host.children.values()].map(({ selectors: { local, remote } }) =>
    [local, remote].map((side) => side.map(formatSelector).join(' ')).join(' — '),
  );
const messages = (host: SimHost): number => talk(host).length;

describe('a packet that waits for a tunnel (pitfall 54, RFC 7296 §2.9)', () => {
  const lan = [net('10.1.0.0/24')];
  const [mine, theirs] = [[net('192.168.7.0/24')], lan];
  const fields: Partial<Connection> = { virtualIps: [], localTs: mine, remoteTs: theirs };

  test('stands first in TSi and TSr, and behind it what it is part of', () => {
    const { peer } = authenticating(fields, waiting);
    const { payloads } = peer.lastHeard();
    const texts = (type: typeof P.TSI | typeof P.TSR): string[] =>
      fromWire(present(find(payloads, type), 'TS')).map(formatSelector);
    expect(texts(P.TSI)).toEqual(['192.168.7.10/32[6/40000]', '192.168.7.0/24']);
    expect(texts(P.TSR)).toEqual(['10.1.0.20/32[6/443]', '10.1.0.0/24']);
  });

  test('is not asked for when the connection does not carry it', () => {
    const { peer } = authenticating(fields, packet('192.168.8.1', '10.1.0.20'));
    const asked = present(find(peer.lastHeard().payloads, P.TSI), 'TSi');
    expect(fromWire(asked).map(formatSelector)).toEqual(['192.168.7.0/24']);
  });

  test('may be all that the responder agrees to', () => {
    const { peer, dialer } = authenticating(fields, waiting);
    const narrow = [
      payload(P.TSI, toWire([waiting.local])),
      payload(P.TSR, toWire([waiting.remote])),
    ];
    peer.respond([...without(welcome(peer), P.CP, P.TSI, P.TSR), ...narrow]);
    expect(networks(dialer)).toEqual(['192.168.7.10/32[6/40000] — 10.1.0.20/32[6/443]']);
    expect(dialer.untrapped).toEqual([true]);
  });

  test('is told to have none when the responder agrees to something else', () => {
    const { peer, dialer } = authenticating(fields, waiting);
    const other = [payload(P.TSI, toWire([one('192.168.7.11', 1)])), payload(P.TSR, toWire(lan))];
    peer.respond([...without(welcome(peer), P.CP, P.TSI, P.TSR), ...other]);
    expect(networks(dialer)).toEqual(['192.168.7.11/32[6/1] — 10.1.0.0/24']);
    expect(dialer.untrapped).toEqual([false]);
  });

  test('brings up a tunnel for all of both networks, and is not named in it', () => {
    const { world, cabin, home } = standing();
    expect(networks(cabin)).toEqual(['192.168.7.0/24 — 10.1.0.0/16']);
    expect(networks(home)).toEqual(['10.1.0.0/16 — 192.168.7.0/24']);
    expect(cabin.untrapped).toEqual([true]);
    expect(home.untrapped).toEqual([]);
    expectAgreement(world, cabin, home);
  });
});

describe('on an IKE SA that stands without a tunnel for it', () => {
  test('it gets a new tunnel there, whoever ended the old one', () => {
    for (const who of ['cabin', 'home'] as const) {
      const both = standing();
      const { world, cabin, home, widen } = both;
      const { spiI } = cabin.sa;
      both.endTunnel(both[who]);
      expectAgreement(world, cabin, home, 0);
      widen(home, { local: waiting.remote, remote: waiting.local });
      expectAgreement(world, cabin, home);
      expect(cabin.sa.spiI).toBe(spiI);
      expect(networks(cabin)).toEqual(['192.168.7.0/24 — 10.1.0.0/16']);
      expect(home.untrapped).toEqual([true]);
    }
  });

  test('nothing is said when a tunnel has it by now', () => {
    const { world, cabin, home, widen } = standing();
    const before = messages(cabin);
    widen(cabin, packet('192.168.7.99', '10.1.200.1'));
    expect(messages(cabin)).toBe(before);
    expect(cabin.untrapped).toEqual([true, true]);
    expectAgreement(world, cabin, home);
  });

  test('a tunnel that leaves it out is not kept', () => {
    const { world, cabin, home, widen } = standing({ localTs: [net('10.1.0.0/24')] });
    expect(networks(cabin)).toEqual(['192.168.7.0/24 — 10.1.0.0/24']);
    for (let i = 0; i < 3; i++) widen(cabin, packet('192.168.7.10', '10.1.9.9'));
    expect(cabin.untrapped).toEqual([true, false, false, false]);
    expectAgreement(world, cabin, home);
  });

  test('a refusal leaves the IKE SA as it is', () => {
    const { world, peer, dialer } = authenticating({
      virtualIps: [],
      localTs: [net('192.168.7.0/24')],
      remoteTs: [net('10.0.0.0/8')],
    });
    const mine = payload(P.TSI, toWire([net('192.168.7.0/24')]));
    peer.respond([...without(welcome(peer), P.CP, P.TSI), mine]);
    const command = { kind: 'widen', connection: 'home', packet: waiting } as const;
    const widen = (to: string): void => {
      const wanted = packet('192.168.7.10', to);
      world.input(dialer, { kind: 'command', command: { ...command, packet: wanted } });
    };
    widen('10.1.0.20');
    expect(dialer.untrapped).toEqual([true]);
    widen('10.9.0.20');
    peer.respond([notify(Notification.TS_UNACCEPTABLE)]);
    widen('10.9.0.21');
    peer.respond([notify(Notification.NO_ADDITIONAL_SAS)]);
    expect(dialer.untrapped).toEqual([true, false, false]);
    expect(networks(dialer)).toEqual(['192.168.7.0/24 — 10.1.0.0/24']);
    const notes = dialer.eventsOf('note').map(({ why }) => why);
    expect(notes).toEqual([
      'no tunnel for a packet that waits: the peer answered TS_UNACCEPTABLE',
      'no tunnel for a packet that waits: the peer answered NO_ADDITIONAL_SAS',
    ]);
  });

  test('it is told to have none when the peer is gone', () => {
    const both = standing();
    const { world, cabin, widen } = both;
    both.endTunnel(cabin);
    world.wire = () => [];
    widen(cabin, waiting);
    world.run(seconds(200));
    expect(cabin.untrapped).toEqual([true, false]);
    expect(cabin.core.snapshot().sas).toEqual([]);
  });

  test('it is told to have none when the IKE SA ends before its turn has come', () => {
    const both = standing();
    const { world, cabin, widen } = both;
    both.endTunnel(cabin);
    world.wire = () => [];
    const sa = cabin.sa.id;
    world.input(cabin, { kind: 'command', command: { kind: 'rekey', sa, child: undefined } });
    widen(cabin, waiting);
    expect(cabin.untrapped).toEqual([true]);
    world.run(seconds(200));
    expect(cabin.untrapped).toEqual([true, false]);
    expect(cabin.core.snapshot().sas).toEqual([]);
  });

  test('it is asked for on the one that stays, where another is being deleted', () => {
    const { world, cabin, home, dial, widen } = standing({ localTs: [net('10.1.0.0/24')] });
    const which = cabin.sa.id;
    dial(cabin, home, waiting);
    world.run(seconds(1));
    expect(cabin.untrapped).toEqual([true, true]);
    // What is said on the first is lost from here on.
    const { spiI } = present(cabin.core.snapshot().sas[0], 'first SA');
    world.wire = (sent) =>
      toHex(sent.bytes.subarray(0, 8)) === spiI ? [] : [{ packet: sent, delay: seconds(0.01) }];
    world.input(cabin, { kind: 'command', command: { kind: 'terminate', which } });
    widen(cabin, packet('192.168.7.10', '10.1.9.9'));
    expect(cabin.untrapped).toEqual([true, true, false]);
  });

  test('it is told to have none where no IKE SA stands', () => {
    const { cabin, widen } = sites();
    widen(cabin, waiting);
    expect(cabin.untrapped).toEqual([false]);
    expect(messages(cabin)).toBe(0);
  });
});

describe('two sites that dial each other at once', () => {
  const seeds = Array.from({ length: 20 }, (_, i) => i);
  const back = { local: waiting.remote, remote: waiting.local };

  test.each([0, 5, 15, 25])('end with one IKE SA when %i ms lie between', (gap) => {
    const kept = new Set<string>();
    for (const seed of seeds) {
      const { world, cabin, home, dial } = sites({ seed });
      dial(cabin, home, waiting);
      world.run(milliseconds(gap));
      dial(home, cabin, back);
      world.run(seconds(5));
      expectAgreement(world, cabin, home);
      expect([cabin.untrapped, home.untrapped]).toEqual([[true], [true]]);
      expect([...kinds(cabin), ...kinds(home)]).not.toContain('attempt.failed');
      kept.add(cabin.sa.role);
    }
    expect([...kept].sort()).toEqual(['initiator', 'responder']);
  });

  test('end with the one that has a tunnel, where the other was refused its own', () => {
    const both = { esp: proposals('esp', 'aes256gcm16-x25519') };
    for (const seed of seeds) {
      // The cabin brings a tunnel in IKE_AUTH, which the home refuses there.
      const { world, cabin, home, dial } = sites({ seed, both, home: { childless: 'force' } });
      dial(home, cabin, back);
      world.run(milliseconds(20));
      dial(cabin, home, waiting);
      world.run(seconds(20));
      expectAgreement(world, cabin, home);
      expect(home.sa.dialled).toBe(true);
    }
  });

  test('end with one, and never with none, whatever the network does meanwhile', () => {
    let twice = 0;
    for (let seed = 0; seed < 100; seed++) {
      const { world, cabin, home, dial } = sites({ seed });
      world.lossy({ seed, loss: 0.3, duplicate: 0.1, jitter: milliseconds(50), mostLosses: 3 });
      dial(cabin, home, waiting);
      world.run(milliseconds(seed % 40));
      dial(home, cabin, back);
      world.run(seconds(300)); // also until a DELETE whose answer was lost is given up
      const [here, there] = [cabin, home].map(({ core }) => core.snapshot().sas);
      const spis = (sas = here): string[] => sas?.map(({ spiI }) => spiI).sort() ?? [];
      expect(spis(here)).toEqual(spis(there));
      expect(spis()).not.toEqual([]);
      if (spis().length > 1) twice++;
      else expectAgreement(world, cabin, home);
    }
    // What was delayed so much that the second side knew of the first when it began.
    expect(twice).toBeLessThan(20);
  });

  test('keep two that were dialled one after the other', () => {
    const { world, cabin, home, dial } = sites();
    dial(cabin, home, waiting);
    world.run(seconds(5));
    dial(home, cabin, back);
    world.run(seconds(5));
    expect(cabin.core.snapshot().sas).toHaveLength(2);
    expect(home.core.snapshot().sas).toHaveLength(2);
  });
});

test('a connection that only dials answers nobody', () => {
  const { world, cabin, home, dial } = sites({ home: { role: 'initiator' } });
  dial(cabin, home, waiting);
  world.run(seconds(200));
  expect(kinds(cabin)).toContain('attempt.failed');
  expect(home.core.snapshot().sas).toEqual([]);
});
