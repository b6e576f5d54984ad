// A daemon is killed between any two effects of an exchange: what it had done stands, what it was about to do never
// happens, and it begins anew with nothing. Both sides recover, whoever it was, and nothing is left of before.
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { minutes, seconds } from '../../../src/base/time.ts';
import { type Household, household, realPool, roam } from '../household.ts';
import { keepUp } from '../keep-up.ts';
import { expectAgreement } from '../model.ts';
import { connection, phone, policy } from '../policies.ts';
import type { SimHost } from '../world.ts';

interface House extends Household {
  /** Keeps the connection up from now on. */
  begin(): void;
}

function fresh(): House {
  const dpd = seconds(30);
  const house = household({
    gateway: policy([connection({ dpd })]),
    phone: policy([phone({ dpd })]),
  });
  realPool(house.gateway, { ip: ip('10.3.0.0'), bits: 29 });
  let redial: (() => void) | undefined;
  const begin = (): void => {
    if (redial) redial();
    else redial = keepUp(house.world, house.phone, house.gateway, 1);
  };
  return { ...house, begin };
}

/** One that stood for a moment, or a dial. */
type Act = (house: House) => void;
const dial: Act = (house) => house.begin();

const renew = (by: 'phone' | 'gateway', what: 'child' | 'ike') => (house: House) => {
  const { id, children } = house[by].sa;
  const child = what === 'child' ? children[0]?.ref : undefined;
  house.world.input(house[by], { kind: 'command', command: { kind: 'rekey', sa: id, child } });
};
const acts: readonly [string, Act][] = [
  ['the phone’s new keys of the tunnel', renew('phone', 'child')],
  ['the gateway’s new keys of the tunnel', renew('gateway', 'child')],
  ['the phone’s new keys of the IKE SA', renew('phone', 'ike')],
  ['the gateway’s new keys of the IKE SA', renew('gateway', 'ike')],
  ['a move', ({ world, phone: dialer }) => roam(world, dialer, '192.0.2.77')],
  [
    'the gateway’s hanging up',
    ({ world, gateway }) => {
      const which = gateway.sa.id;
      world.input(gateway, { kind: 'command', command: { kind: 'terminate', which } });
    },
  ],
];

describe.each(['phone', 'gateway'] as const)('the %s is killed', (side) => {
  test('after any effect of a dial', () => {
    const { tried, slowest } = recoveries(side, () => {}, dial);
    expect(tried).toBeGreaterThan(8);
    expect(slowest).toBeLessThan(longest);
  });

  test.each(acts)('after any effect of %s', (_name, act) => {
    const stands: Act = ({ begin, world }) => {
      begin();
      world.run(seconds(2));
    };
    const { tried, slowest } = recoveries(side, stands, act);
    expect(tried).toBeGreaterThan(1);
    expect(slowest).toBeLessThan(longest);
  });
});

/** Kills it after the first effect, after the second, and so on, each time in another world. */
function recoveries(side: 'phone' | 'gateway', before: Act, act: Act) {
  let slowest = 0;
  for (let tried = 0; ; tried++) {
    const house = fresh();
    const { world } = house;
    before(house);
    house[side].effectsLeft = tried;
    act(house);
    world.run(seconds(2));
    if (house[side].effectsLeft !== undefined) {
      return { tried, slowest };
    }
    if (side === 'phone') house.begin();
    slowest = Math.max(slowest, untilItFlows(house));
    world.run(minutes(5));
    expectAgreement(world, house.gateway, house.phone);
  }
}

/** Seconds until packets go both ways. */
function untilItFlows({ world, gateway, phone: dialer }: House): number {
  for (let waited = 0; waited < longest; waited++) {
    const ways: [SimHost, SimHost][] = [
      [dialer, gateway],
      [gateway, dialer],
    ];
    if (ways.every(([from, to]) => world.carry(from, to) === 'carried')) return waited;
    world.run(seconds(1));
  }
  return longest;
}

/** The phone probes after half a minute of silence, and gives up after its retransmissions. */
const longest = 200;
