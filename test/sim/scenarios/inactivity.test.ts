// A tunnel that carries nothing is closed, and its IKE SA stays (option inactivity; scenario 25: inactivity-timeout).
import { describe, expect, test } from 'vitest';
import { minutes, seconds, since } from '../../../src/base/time.ts';
import { household } from '../household.ts';
import { leftovers } from '../leftovers.ts';
import { expectAgreement } from '../model.ts';
import { connection, phone, policy } from '../policies.ts';
import type { SimHost } from '../world.ts';

const inactivity = seconds(10);

/** A pair of which one side watches its tunnel; `count` is what that side's data plane has carried. */
function up(who: 'phone' | 'gateway', fields: object = {}) {
  const watching = { inactivity, ...fields };
  const house = household({
    gateway: policy([connection(who === 'gateway' ? watching : {})]),
    phone: policy([phone(who === 'phone' ? watching : {})]),
  });
  const watcher = house[who];
  const traffic: { packets: number | undefined } = { packets: 0 };
  const { ports } = watcher;
  watcher.ports = (question) => (question.kind === 'carried' ? traffic.packets : ports(question));
  house.dial();
  house.world.run(seconds(1));
  return { ...house, watcher, traffic };
}
const closed = (host: SimHost) => host.eventsOf('child.closed').map(({ why }) => why);

describe.each(['phone', 'gateway'] as const)('the %s watches', (who) => {
  test('and deletes its tunnel after that time, at most a quarter later (scenario 25)', () => {
    const { world, gateway, phone: dialer, watcher } = up(who);
    world.run(seconds(12));
    expect(gateway.sa.children).toHaveLength(0);
    expect(closed(watcher)).toEqual(['it carried nothing for 10 s']);
    expect([gateway.sa.phase, dialer.sa.phase]).toEqual(['established', 'established']);
    expect(world.carry(dialer, gateway)).toBe('no tunnel');
    world.run(minutes(60));
    expect([gateway.sa.children, dialer.sa.children]).toEqual([[], []]);
  });

  test('and leaves a tunnel alone that carries a packet now and then', () => {
    const { world, gateway, phone: dialer, watcher, traffic } = up(who);
    for (let i = 0; i < 100; i++) {
      world.run(seconds(9));
      traffic.packets = (traffic.packets ?? 0) + 1;
    }
    expect(closed(watcher)).toEqual([]);
    const last = world.now;
    world.run(seconds(10));
    expect(closed(watcher)).toEqual([]);
    while (closed(watcher).length === 0) world.run(seconds(0.1));
    expect(since(last, world.now)).toBeLessThan(seconds(12.7));
    world.run(seconds(1));
    expect([gateway.sa.children, dialer.sa.children]).toEqual([[], []]);
  });

  test('and new keys are no traffic', () => {
    const { world, watcher } = up(who, { childLifetime: seconds(6) });
    world.run(seconds(20));
    expect(watcher.installed.length).toBeGreaterThan(1);
    expect(closed(watcher).at(-1)).toMatch(/^it carried nothing/);
    expect(watcher.sa.children).toEqual([]);
  });

  test('and a data plane that does not answer closes none', () => {
    const { world, gateway, phone: dialer, traffic } = up(who);
    traffic.packets = undefined;
    world.run(minutes(10));
    expectAgreement(world, gateway, dialer);
    expect(dialer.sa.children).toHaveLength(1);
  });
});

test('the next packet has another tunnel made, where a trap waits for it', () => {
  const { world, gateway, phone: dialer } = up('phone');
  world.run(seconds(15));
  expect(dialer.sa.children).toEqual([]);
  const one = (address: string) => ({
    range: { start: address, end: address },
    protocol: 0,
    ports: { start: 0, end: 65535 },
  });
  const packet = { local: one('10.3.0.2'), remote: one('10.1.0.1') } as never;
  world.input(dialer, { kind: 'command', command: { kind: 'widen', connection: 'home', packet } });
  world.run(seconds(1));
  expect(dialer.untrapped).toEqual([true]);
  expectAgreement(world, gateway, dialer);
});

test('nothing is left of it when the connection ends', () => {
  const { world, gateway, phone: dialer } = up('gateway');
  world.run(seconds(15));
  world.input(dialer, { kind: 'command', command: { kind: 'terminate', which: 'all' } });
  world.run(seconds(30));
  for (const host of [gateway, dialer]) expect(leftovers(world, host)).toEqual([]);
});
