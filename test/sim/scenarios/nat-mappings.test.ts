// A phone of ours behind a NAT that forgets (RFC 4787), with keepalives and without.
import { describe, expect, test } from 'vitest';
import { type Duration, minutes, seconds } from '../../../src/base/time.ts';
import type { Connection } from '../../../src/policy/policy.ts';
import { household, kinds, pool, roam, talk } from '../household.ts';
import { expectAgreement } from '../model.ts';
import { Nat, type NatOptions, sendThrough } from '../nat.ts';
import { connection, phone, policy } from '../policies.ts';
import type { Packet, Ports, World } from '../world.ts';

/** The last packet of the tunnel came in so long ago. */
function idle(since: Duration): Ports {
  const leases = pool(['10.3.0.2']);
  return (question) => (question.kind === 'idle' ? since : leases(question));
}

interface Fields {
  readonly keepalive?: Duration;
  readonly dpd?: Duration;
  readonly mobike?: boolean;
  readonly filtering?: NatOptions['filtering'];
}

function behindNat(fields: Fields = {}) {
  const { keepalive, mobike = true, dpd, filtering = 'address-and-port-dependent' } = fields;
  const ours: Partial<Connection> = { mobike, dpd };
  const timing = { ...policy([]).timing, keepalive };
  const house = household({
    gateway: policy([connection({ mobike })]),
    phone: policy([phone(ours)], { timing }),
    ports: idle(minutes(60)),
  });
  house.phone.address = '192.168.7.10';
  const nat = new Nat({
    inside: ['192.168.7.10'],
    outside: '198.51.100.7',
    filtering,
    expiry: minutes(2), // RFC 4787 §4.3 asks for no less
  });
  house.world.wire = nat.before(house.world.wire);
  house.dial();
  house.world.run(seconds(1));
  const { world, gateway, phone: dialer } = house;
  return {
    ...house,
    nat,
    toPhone: () => sendThrough(world, gateway, dialer),
    toGateway: () => sendThrough(world, dialer, gateway),
  };
}
const keepalivesOf = ({ sent }: World): Packet[] => sent.filter(({ bytes }) => bytes.length === 1);

describe('with keepalives', () => {
  test.each(['endpoint-independent', 'address-and-port-dependent'] as const)(
    'the phone is reached after hours of silence (%s)',
    (filtering) => {
      const { world, nat, toPhone } = behindNat({ keepalive: seconds(20), filtering });
      world.run(minutes(300));
      expect(toPhone()).toBe(true);
      expect(nat.made).toBe(2); // for port 500 and for port 4500
    },
  );

  test('one byte 0xff goes from port 4500 to port 4500 in 20 seconds (pitfall 66)', () => {
    const { world } = behindNat({ keepalive: seconds(20) });
    world.run(seconds(100));
    const sent = keepalivesOf(world);
    expect(sent).toHaveLength(5);
    for (const { from, to, bytes } of sent) {
      expect([from.port, to.port, bytes[0]]).toEqual([4500, 4500, 0xff]);
    }
  });

  test('messages of ours count as such', () => {
    const { world, phone: dialer } = behindNat({ keepalive: seconds(20) });
    for (let i = 0; i < 10; i++) {
      world.run(seconds(15));
      const rekey = { kind: 'rekey', sa: dialer.sa.id, child: undefined } as const;
      world.input(dialer, { kind: 'command', command: rekey });
      world.run(seconds(1));
    }
    expect(keepalivesOf(world)).toEqual([]);
  });

  test('a rekeyed SA sends its own alone, and one that ended none', () => {
    const { world, phone: dialer } = behindNat({ keepalive: seconds(20) });
    const rekey = { kind: 'rekey', sa: dialer.sa.id, child: undefined } as const;
    world.input(dialer, { kind: 'command', command: rekey });
    world.run(seconds(101));
    expect(keepalivesOf(world)).toHaveLength(5);
    world.input(dialer, { kind: 'command', command: { kind: 'terminate', which: 'all' } });
    world.run(seconds(100));
    expect(keepalivesOf(world)).toHaveLength(5);
  });

  test('a gateway sends none, for it would wake the phones', () => {
    const timing = { ...policy([]).timing, keepalive: seconds(20) };
    const house = household({ gateway: policy([connection()], { timing }) });
    const nat = new Nat({
      inside: [house.gateway.address],
      outside: '203.0.113.2',
      filtering: 'endpoint-independent',
      expiry: minutes(2),
    });
    house.world.wire = nat.before(house.world.wire);
    house.dial();
    house.world.run(seconds(200));
    expect(keepalivesOf(house.world)).toEqual([]);
  });

  test('without a NAT in front of us there is nothing to keep open', () => {
    const timing = { ...policy([]).timing, keepalive: seconds(20) };
    const { world, dial } = household({ phone: policy([phone()], { timing }) });
    dial();
    world.run(seconds(200));
    expect(keepalivesOf(world)).toEqual([]);
  });

  test('they end when the phone moves to where no NAT is', () => {
    const { world, phone: dialer } = behindNat({ keepalive: seconds(20) });
    roam(world, dialer, '192.0.2.77');
    world.run(seconds(200));
    expect(keepalivesOf(world)).toEqual([]);
    expect(dialer.sa.nat.local).toBe(false);
  });
});

describe('without keepalives', () => {
  test.each([true, false])(
    'the phone is lost until it sends again (MOBIKE %s, pitfall 67)',
    (mobike) => {
      const { world, gateway, toPhone, toGateway } = behindNat({ mobike });
      world.run(minutes(3));
      expect(toPhone()).toBe(false);
      expect(toGateway()).toBe(true);
      expect(toPhone()).toBe(true);
      expect(gateway.eventsOf('sa.moved')).toHaveLength(1);
    },
  );

  test.each([true, false])('its next probe tells the gateway (MOBIKE %s, pitfall 68)', (mobike) => {
    const house = behindNat({ mobike, dpd: minutes(4) });
    const { world, gateway, phone: dialer, toPhone } = house;
    world.run(minutes(3));
    expect(toPhone()).toBe(false);
    world.run(minutes(2));
    expect(toPhone()).toBe(true);
    expectAgreement(world, gateway, dialer);
  });

  test('a NAT that restarts is noticed by the next probe as well (scenario 23)', () => {
    const { world, nat, gateway, toPhone } = behindNat({ dpd: minutes(1) });
    expect(toPhone()).toBe(true);
    nat.restart();
    expect(toPhone()).toBe(false);
    world.run(minutes(1));
    expect(toPhone()).toBe(true);
    expect(talk(gateway).join('\n')).toMatch(/out INFORMATIONAL request 0 \[N\(COOKIE2\)\]/);
  });

  test('probes over a mapping that still stands move nothing', () => {
    const { world, gateway, phone: dialer, toPhone } = behindNat({ dpd: minutes(1) });
    world.run(minutes(10));
    expect(toPhone()).toBe(true);
    expect([...kinds(gateway), ...kinds(dialer)]).not.toContain('sa.moved');
  });
});

describe('liveness', () => {
  test('asks nobody whose packets come in, however long nothing is said on IKE (RFC 7296 §2.4)', () => {
    const house = household({
      gateway: policy([connection({ dpd: minutes(2) })]),
      ports: idle(seconds(1)),
    });
    house.dial();
    house.world.run(seconds(1));
    const said = house.world.sent.length;
    house.world.run(minutes(60));
    expect(house.world.sent).toHaveLength(said);
  });

  test('asks the silent once in that time, and no more often', () => {
    const gateway = policy([connection({ dpd: minutes(2) })]);
    const house = household({ gateway, ports: idle(minutes(60)) });
    house.dial();
    house.world.run(seconds(1));
    const said = house.world.sent.length;
    house.world.run(minutes(20));
    expect(house.world.sent.length - said).toBe(20); // ten questions, ten answers
  });
});
