// What the data plane and the routes are told of traps, and when a trap that failed tells of packets again.
import { beforeEach, describe, expect, test } from 'vitest';
import { ip, parsePrefix, prefixRange } from '../../../src/base/ip.ts';
import { Traps } from '../../../src/daemon/traps.ts';
import type { TrapRef } from '../../../src/dataplane/dataplane.ts';
import type { WaitingPacket } from '../../../src/ike/core.ts';
import type { Connection } from '../../../src/policy/policy.ts';
import { everything, formatSelector, type Selector } from '../../../src/policy/selectors.ts';
import { connection } from '../../sim/policies.ts';
import { complainTo, FakeClock } from './fakes.ts';

const net = (text: string): Selector => {
  const prefix = parsePrefix(text);
  if (!prefix) throw new Error(text);
  return everything(prefixRange(prefix));
};
const packet: WaitingPacket = { local: net('10.1.0.1'), remote: net('10.2.0.1') };
const site = (name: string, to: string): Connection =>
  connection({ name, localTs: [net('10.1.0.0/24')], remoteTs: [net(to)], remote: [peer] });
const peer = { start: ip('203.0.113.2'), end: ip('203.0.113.2') };

let clock: FakeClock;
let done: string[];
let connections: Record<string, Connection>;
let broken: string | undefined;
let traps: Traps;
beforeEach(() => {
  clock = new FakeClock();
  done = [];
  broken = undefined;
  connections = {
    cabin: site('cabin', '10.2.0.0/24'),
    office: site('office', '10.3.0.0/24'),
  };
  const act = (what: string): void => {
    if (what === broken) throw new Error('no such thing');
    done.push(what);
  };
  traps = new Traps({
    clock,
    plane: {
      setTrap: (ref, { remote }) => act(`set ${ref} ${remote.map(formatSelector)}`),
      releaseTrap: (ref) => act(`release ${ref}`),
      removeTrap: (ref) => act(`remove ${ref}`),
    },
    routing: {
      setTrap: (name, { peers, selectors }) =>
        act(`route ${name} ${selectors.remote.map(formatSelector)} past ${peers}`),
      removeTrap: (name) => act(`no route ${name}`),
    },
    complain: complainTo(done),
    connectionOf: (name) => connections[name],
  });
});

const since = (): string[] => done.splice(0);
const sprung = (ref: number): void => traps.sprung(ref as TrapRef, packet);

test('traps come and go by the difference', () => {
  traps.keep(['cabin', 'office']);
  expect(since()).toEqual([
    'set 1 10.2.0.0/24',
    'route cabin 10.2.0.0/24 past 203.0.113.2',
    'set 2 10.3.0.0/24',
    'route office 10.3.0.0/24 past 203.0.113.2',
  ]);
  traps.keep(['cabin', 'office']);
  expect(since()).toEqual([]);
  connections = { cabin: site('cabin', '10.4.0.0/24') };
  traps.keep(['cabin', 'office']);
  expect(since()).toEqual([
    'remove 1',
    'no route cabin',
    'set 3 10.4.0.0/24',
    'route cabin 10.4.0.0/24 past 203.0.113.2',
    'remove 2',
    'no route office',
  ]);
  traps.keep([]);
  expect(since()).toEqual(['remove 3', 'no route cabin']);
});

// The trap of the narrow network stood before the tunnel, which has the wide one alone: the packets that fit it found
// the trap for ever.
test('of networks that lie in one another the trap has the widest, as the tunnel will', () => {
  const remoteTs = ['10.2.3.0/24', '10.2.0.0/16', '10.2.9.0/24', '10.9.0.0/16'].map(net);
  connections = { cabin: { ...site('cabin', '10.2.0.0/24'), remoteTs } };
  traps.keep(['cabin']);
  expect(since()[0]).toBe('set 1 10.2.0.0/16,10.9.0.0/16');
});

test('a packet waits under the name of its connection, until it is carried', () => {
  traps.keep(['cabin', 'office']);
  since();
  sprung(2);
  sprung(77);
  expect([traps.waitingFor('cabin'), traps.waitingFor('office')]).toEqual([undefined, packet]);
  traps.untrap('office', true);
  expect(since()).toEqual(['release 2']);
  expect(traps.waitingFor('office')).toBeUndefined();
  traps.untrap('nowhere', true);
  expect(since()).toEqual([]);
});

describe('a packet that no tunnel carries', () => {
  test('makes the trap rest, longer each time, until one is carried', () => {
    traps.keep(['cabin']);
    since();
    for (const wait of [1000, 2000, 4000, 8000]) {
      sprung(1);
      traps.untrap('cabin', false);
      expect(traps.waitingFor('cabin')).toBeUndefined();
      clock.pass(wait - 1);
      expect(since()).toEqual([]);
      clock.pass(1);
      expect(since()).toEqual(['release 1']);
    }
    traps.untrap('cabin', true);
    since();
    traps.untrap('cabin', false);
    clock.pass(1000);
    expect(since()).toEqual(['release 1']);
  });

  test('never makes it rest for more than five minutes', () => {
    traps.keep(['cabin']);
    for (let i = 0; i < 100; i++) traps.untrap('cabin', false);
    expect(clock.waits).toEqual([300_000]);
  });

  test('is dropped at once where the connection is what failed, and the next may wait', () => {
    traps.keep(['cabin']);
    since();
    sprung(1);
    traps.drop('cabin');
    traps.drop('nowhere');
    expect(traps.waitingFor('cabin')).toBeUndefined();
    expect(since()).toEqual(['release 1']);
    sprung(1);
    expect(traps.waitingFor('cabin')).toBe(packet);
  });

  test('is forgotten with its trap', () => {
    traps.keep(['cabin']);
    traps.untrap('cabin', false);
    traps.keep([]);
    since();
    clock.pass(1000);
    expect(since()).toEqual([]);
    traps.keep(['cabin']);
    traps.untrap('cabin', false);
    traps.close();
    expect(clock.waits).toEqual([]);
  });
});

test('what the data plane cannot do is told, and costs nothing else', () => {
  broken = 'set 1 10.2.0.0/24';
  traps.keep(['cabin', 'office']);
  expect(since()).toEqual([
    "could not set a trap for connection 'cabin': no such thing",
    'set 2 10.3.0.0/24',
    'route office 10.3.0.0/24 past 203.0.113.2',
  ]);
  broken = undefined;
  traps.keep(['office']);
  expect(since()).toEqual(['remove 1', 'no route cabin']);
});
