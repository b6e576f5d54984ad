// The peer deletes a tunnel alone, and the IKE SA stands without it: where the connection is to be kept up, who dialled
// makes another (RFC 7296 §1.4.1). It stood there for ever before, and carried nothing.
import { describe, expect, test } from 'vitest';
import { minutes, seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { Protocol } from '../../../src/iana/protocols.ts';
import { payload } from '../../../src/wire/payloads/index.ts';
import { authenticating, welcome } from '../dialed.ts';
import { type Household, household, kinds, talk } from '../household.ts';
import { expectAgreement } from '../model.ts';
import { notify } from '../payloads.ts';
import { connection, phone, policy } from '../policies.ts';
import type { SimHost } from '../world.ts';

function up(dialer: object = {}, gateway: object = {}) {
  const house = household({
    gateway: policy([connection(gateway)]),
    phone: policy([phone({ persistent: true, ...dialer })]),
  });
  house.dial();
  house.world.run(seconds(1));
  return house;
}
const deleteTunnel = ({ world }: Household, host: SimHost) => {
  const [child] = host.sa.children;
  if (!child) throw new Error(`${host.name} has no tunnel`);
  const which = { child: child.ref };
  world.input(host, { kind: 'command', command: { kind: 'terminate', which } });
};
test('another tunnel stands a few seconds later, on the same IKE SA', () => {
  const house = up();
  const { world, gateway, phone: dialer } = house;
  const { id, children } = dialer.sa;
  deleteTunnel(house, gateway);
  world.run(seconds(0.5));
  expect(dialer.sa.children).toEqual([]);
  world.run(seconds(10));
  expect(dialer.sa.id).toBe(id);
  expect(dialer.sa.children).toMatchObject([{ remote: children[0]?.remote }]);
  expectAgreement(world, gateway, dialer);
  expect(world.carry(dialer, gateway)).toBe('carried');
});

test.each([
  ['the connection is not to be kept up', { persistent: false }, 'gateway'],
  ['it was deleted here', {}, 'phone'],
] as const)('none is made when %s', (_when, fields, who) => {
  const house = up(fields);
  const { world, gateway, phone: dialer } = house;
  deleteTunnel(house, house[who]);
  world.run(minutes(10));
  expect([gateway.sa.children, dialer.sa.children]).toEqual([[], []]);
});

test('who answered makes none: the tunnel is its peer’s to make', () => {
  const house = up({ persistent: false }, { persistent: true });
  deleteTunnel(house, house.phone);
  house.world.run(minutes(10));
  expect(house.gateway.sa.children).toEqual([]);
});

test('a peer that hangs up right after it is not asked', () => {
  const house = up();
  const { world, gateway, phone: dialer } = house;
  deleteTunnel(house, gateway);
  world.input(gateway, { kind: 'command', command: { kind: 'terminate', which: 'all' } });
  world.run(minutes(10));
  expect(dialer.core.snapshot().sas).toEqual([]);
  expect(talk(dialer).join()).not.toContain('CREATE_CHILD_SA');
});

test('a pause survives new keys of the IKE SA', () => {
  const house = up();
  const { world, gateway, phone: dialer } = house;
  deleteTunnel(house, gateway);
  world.run(seconds(0.5));
  const rekey = { kind: 'rekey', sa: dialer.sa.id, child: undefined } as const;
  world.input(dialer, { kind: 'command', command: rekey });
  world.run(seconds(30));
  expect(kinds(dialer)).toContain('sa.rekeyed');
  expect(dialer.sa.children).toHaveLength(1);
  expectAgreement(world, gateway, dialer);
});

test('a peer that deletes each tunnel at once is asked ten times, longer apart, and hung up on', () => {
  const house = up();
  const { world, gateway, phone: dialer } = house;
  const moments: number[] = [];
  gateway.watcher = ({ kind }) => {
    if (kind !== 'child.established') return;
    moments.push(world.now);
    deleteTunnel(house, gateway);
  };
  deleteTunnel(house, gateway);
  world.run(minutes(60));
  expect(moments).toHaveLength(9);
  const pauses = moments.slice(1).map((at, i) => at - (moments[i] ?? 0));
  expect(Math.min(...pauses.slice(4))).toBeGreaterThan(seconds(29));
  expect(dialer.core.snapshot().sas).toEqual([]);
  expect(dialer.eventsOf('sa.closed')).toMatchObject([
    { why: 'the peer deletes every tunnel as soon as it stands' },
  ]);
});

test('a tunnel that stood for a while is made again as if it were the first', () => {
  const house = up();
  const { world, gateway, phone: dialer } = house;
  for (let i = 0; i < 20; i++) {
    deleteTunnel(house, gateway);
    world.run(minutes(2));
    expect(dialer.sa.children).toHaveLength(1);
  }
  expectAgreement(world, gateway, dialer);
});

describe('a scripted gateway', () => {
  const standing = () => {
    const scene = authenticating({ persistent: true });
    scene.peer.respond(welcome(scene.peer));
    scene.peer.nextId = 0;
    const spis = [Uint8Array.of(0xd0, 0, 0, 1)];
    const bye = payload(P.DELETE, { protocol: Protocol.ESP, spis });
    expect(scene.peer.ask(Exchange.INFORMATIONAL, [bye])).toHaveLength(1);
    return scene;
  };

  test('that refuses the next one is hung up on, so that it is dialled anew', () => {
    const { world, dialer, peer } = standing();
    world.run(seconds(3.5));
    peer.respond([notify(38)]); // TS_UNACCEPTABLE
    peer.respond();
    expect(dialer.core.snapshot().sas).toEqual([]);
  });

  test('that deletes what is gone already is answered, and that is all', () => {
    const { dialer, peer } = standing();
    const spis = [Uint8Array.of(0xd0, 0, 0, 1)];
    const bye = payload(P.DELETE, { protocol: Protocol.ESP, spis });
    expect(peer.ask(Exchange.INFORMATIONAL, [bye])).toEqual([]);
    expect(dialer.sa.children).toEqual([]);
  });
});
