// What happens to hosts rather than to packets: one sleeps, one crashes and begins anew, the wire spoils what it
// carries. Whoever dialled finds out, and dials again as the daemon does.
import { describe, expect, test } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import { ip } from '../../../src/base/ip.ts';
import { minutes, seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { household, realPool, roam } from '../household.ts';
import { keepUp } from '../keep-up.ts';
import { expectAgreement } from '../model.ts';
import { connection, phone, policy } from '../policies.ts';

/** A phone that keeps its connection up, and a gateway with a pool of two; both probe silence. */
function kept(fields: Parameters<typeof phone>[0] = {}) {
  const dpd = seconds(30);
  const house = household({
    gateway: policy([connection({ dpd, ...fields })]),
    phone: policy([phone({ dpd, ...fields })]),
  });
  realPool(house.gateway, { ip: ip('10.3.0.0'), bits: 29 });
  const redial = keepUp(house.world, house.phone, house.gateway, 1);
  house.world.run(seconds(2));
  return { ...house, redial };
}

describe('a crash', () => {
  test('of the phone: it dials again, and its older self over there is replaced at once', () => {
    const { world, gateway, phone: dialer, redial } = kept();
    dialer.restart();
    redial();
    world.run(seconds(2));
    expectAgreement(world, gateway, dialer);
    expect(gateway.eventsOf('sa.closed')).toMatchObject([{ cause: 'replaced' }]);
    expect(gateway.sa.addresses).toEqual(['10.3.0.2']);
  });

  test('of the gateway: the phone finds out by its own probe, and dials again (scenario 24: dpd-restart)', () => {
    const { world, gateway, phone: dialer } = kept();
    gateway.restart();
    expect(world.carry(dialer, gateway)).toBe('lost');
    world.run(minutes(3));
    expectAgreement(world, gateway, dialer);
    expect(dialer.eventsOf('sa.closed')).toHaveLength(1);
  });

  test('of both, and nothing of before is left anywhere', () => {
    const { world, gateway, phone: dialer, redial } = kept();
    for (const host of [gateway, dialer]) host.restart();
    redial();
    world.run(minutes(3));
    expectAgreement(world, gateway, dialer);
    expect(gateway.installed).toHaveLength(1);
  });
});

test('the new IKE SA ends while the old one still waits for its DELETE: the phone dials again', () => {
  const { world, gateway, phone: dialer } = kept();
  const { id, spiI } = dialer.sa;
  const perfect = world.wire;
  world.wire = (packet, now) => {
    const isOld = toHex(packet.bytes.subarray(0, 8)) === spiI;
    const isInformational = packet.bytes[18] === Exchange.INFORMATIONAL;
    return isOld && isInformational ? [] : perfect(packet, now);
  };
  world.input(dialer, { kind: 'command', command: { kind: 'rekey', sa: id, child: undefined } });
  world.run(seconds(1));
  world.input(gateway, { kind: 'command', command: { kind: 'terminate', which: gateway.sa.id } });
  world.run(minutes(3));
  expectAgreement(world, gateway, dialer);
});

describe('sleep', () => {
  test.each(['goes on', 'stands'] as const)(
    'of a phone for an hour, while its clock %s: it is up again a moment after it wakes',
    (clock) => {
      const { world, gateway, phone: dialer } = kept({ childLifetime: minutes(10) });
      world.suspend(dialer, minutes(60), clock);
      world.run(minutes(59));
      expect(gateway.core.snapshot().sas).toEqual([]);
      world.run(minutes(5));
      expectAgreement(world, gateway, dialer);
      expect(gateway.released.length).toBe(gateway.eventsOf('sa.closed').length);
    },
  );

  test('of a phone for less than the gateway’s patience: its tunnel stands', () => {
    const { world, gateway, phone: dialer } = kept();
    const { spiI } = gateway.sa;
    world.suspend(dialer, minutes(1), 'goes on');
    world.run(minutes(3));
    expectAgreement(world, gateway, dialer);
    expect(gateway.sa.spiI).toBe(spiI);
  });

  test('of the gateway past the ends of all its keys: it wakes, and new ones are made or dialled', () => {
    const { world, gateway, phone: dialer } = kept({ childLifetime: minutes(1) });
    world.suspend(gateway, minutes(10), 'goes on');
    world.run(minutes(20));
    expectAgreement(world, gateway, dialer);
  });
});

test('another address without MOBIKE: the phone dials again from there', () => {
  const { world, gateway, phone: dialer } = kept({ mobike: false });
  roam(world, dialer, '192.0.2.7');
  world.run(seconds(20));
  expectAgreement(world, gateway, dialer);
  expect(gateway.sa.path.remote.ip).toBe('192.0.2.7');
});

describe('what a wire spoils', () => {
  test('is dropped without an answer that another could use, and is sent again', () => {
    const { world, gateway, phone: dialer } = kept();
    world.lossy({
      seed: 5,
      loss: 0,
      duplicate: 0,
      corrupt: 0.5,
      jitter: seconds(0),
      mostLosses: 2,
    });
    for (let i = 0; i < 20; i++) {
      const { id } = dialer.sa;
      world.input(dialer, {
        kind: 'command',
        command: { kind: 'rekey', sa: id, child: undefined },
      });
      world.run(minutes(2));
    }
    world.lossy({ seed: 5, loss: 0, duplicate: 0, jitter: seconds(0) });
    world.run(minutes(3));
    expectAgreement(world, gateway, dialer);
    const { counters } = gateway.core.snapshot();
    expect(counters['dropped.integrity']).toBeGreaterThan(5);
    expect(counters['dropped.malformed']).toBeGreaterThan(0);
  });

  test('while it dials, costs attempts and leaves nothing half open', () => {
    const { world, gateway, phone: dialer, redial } = kept();
    for (const host of [gateway, dialer]) host.restart();
    redial();
    world.lossy({ seed: 7, loss: 0, duplicate: 0.3, corrupt: 0.6, jitter: seconds(1) });
    world.run(minutes(20));
    world.lossy({ seed: 7, loss: 0, duplicate: 0, jitter: seconds(0) });
    world.run(minutes(12)); // the longest rest, and a dial
    expectAgreement(world, gateway, dialer);
  });
});
