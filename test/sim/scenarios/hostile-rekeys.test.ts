// Rekeys that cross late, half heard, or by the thousand: nothing dies that both sides need, nothing piles up.
import { describe, expect, test } from 'vitest';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { Protocol } from '../../../src/iana/protocols.ts';
import type { Command } from '../../../src/ike/core.ts';
import { payload } from '../../../src/wire/payloads/index.ts';
import { doorstep } from '../doorstep.ts';
import { household } from '../household.ts';
import { expectAgreement } from '../model.ts';
import { peerSpi, rekeyOf } from '../payloads.ts';
import { connection, phone, policy } from '../policies.ts';
import type { Packet, SimHost } from '../world.ts';

function established() {
  const house = household({ gateway: policy([connection()]), phone: policy([phone()]) });
  house.dial();
  house.world.run(seconds(1));
  return house;
}
type House = ReturnType<typeof established>;
const order = ({ world }: House, host: SimHost, command: Command) =>
  world.input(host, { kind: 'command', command });
const rekeyIke = (house: House, host: SimHost) =>
  order(house, host, { kind: 'rekey', sa: host.sa.id, child: undefined });
const childOf = (host: SimHost) => {
  const ref = host.sending?.ref;
  if (ref === undefined) throw new Error('no child');
  return ref;
};
const rekeyChild = (house: House, host: SimHost) =>
  order(house, host, { kind: 'rekey', sa: host.sa.id, child: childOf(host) });
/** Holds back what `when` says, for `delay` seconds; undefined loses it. */
const wire = (house: House, when: (packet: Packet, n: number) => number | undefined) => {
  let n = 0;
  house.world.wire = (packet) => {
    const delay = when(packet, n++);
    return delay === undefined ? [] : [{ packet, delay: seconds(delay) }];
  };
};
const exchange = ({ bytes }: Packet) => bytes[18] as number;
const isResponse = ({ bytes }: Packet) => ((bytes[19] as number) & 0x20) !== 0;

// Our own request was given up first; the new SA of the peer, not adopted yet, must not outlive the old one.
test('an SA that would have taken over ends with the one it was made for', () => {
  const impatient = policy([connection()]);
  const timing = { ...impatient.timing, retransmitTries: 1 };
  const house = household({ gateway: { ...impatient, timing }, phone: policy([phone()]) });
  house.dial();
  const { world, gateway, phone: dialer } = house;
  world.run(seconds(1));
  // Only requests of the phone arrive anywhere: the gateway never hears what became of its own.
  rekeyIke(house, gateway);
  world.wire = (packet) =>
    packet.from.ip === gateway.address || isResponse(packet)
      ? []
      : [{ packet, delay: seconds(0.01) }];
  rekeyIke(house, dialer);
  world.run(seconds(10));
  expect(gateway.core.snapshot().sas).toEqual([]);
  expect(gateway.children.size).toBe(0);
});

describe('IKE rekeys that cross', () => {
  /** The phone's exchange is through over there; the gateway's own request is still on its way. */
  function crossed() {
    const house = established();
    const { world, gateway, phone: dialer } = house;
    // The gateway's request is lost at first; so is the DELETE of the old SA, which would settle it.
    wire(house, (packet) => {
      const lost =
        packet.from.ip === gateway.address
          ? !isResponse(packet)
          : exchange(packet) === Exchange.INFORMATIONAL && !isResponse(packet);
      return lost ? undefined : 0.01;
    });
    rekeyIke(house, gateway);
    rekeyIke(house, dialer);
    world.run(milliseconds(100));
    expect(dialer.eventsOf('sa.rekeyed')).toHaveLength(1);
    return house;
  }

  test('the new SA is used before the DELETE of the old one is here (lost once): nothing dies', () => {
    const house = crossed();
    rekeyChild(house, house.phone);
    house.world.run(milliseconds(100));
    house.world.lossy({ seed: 1, loss: 0, duplicate: 0, jitter: milliseconds(0) });
    house.world.run(seconds(60));
    expectAgreement(house.world, house.gateway, house.phone);
  });

  test('a child deleted on the new SA before the DELETE of the old one is here is gone on both sides', () => {
    const house = crossed();
    order(house, house.phone, { kind: 'terminate', which: { child: childOf(house.phone) } });
    // The child's DELETE goes through, the old SA's does not yet.
    const { gateway } = house;
    const oldSpi = gateway.core.snapshot().sas[0]?.spiI;
    wire(house, (packet) => {
      const onOld = Buffer.from(packet.bytes.subarray(0, 8)).toString('hex') === oldSpi;
      return onOld && !isResponse(packet) ? undefined : 0.01;
    });
    house.world.run(seconds(3));
    house.world.lossy({ seed: 1, loss: 0, duplicate: 0, jitter: milliseconds(0) });
    house.world.run(seconds(60));
    expectAgreement(house.world, house.gateway, house.phone, 0);
  });

  test.each([
    ['G: the gateway', 'gateway', 15],
    ['G2: the phone', 'phone', 3],
  ] as const)(
    '%s ends everything in the middle (what is said on the old SA is lost for a while)',
    (_t, who, lost) => {
      const house = crossed();
      const { world, gateway, phone: dialer } = house;
      const oldSpi = gateway.core.snapshot().sas[0]?.spiI;
      wire(house, (packet) =>
        Buffer.from(packet.bytes.subarray(0, 8)).toString('hex') === oldSpi ? undefined : 0.01,
      );
      order(house, house[who], { kind: 'terminate', which: 'all' });
      world.run(seconds(lost));
      world.lossy({ seed: 1, loss: 0, duplicate: 0, jitter: milliseconds(0) });
      world.run(seconds(300));
      expect([gateway.core.snapshot().sas, dialer.core.snapshot().sas]).toEqual([[], []]);
      expect([gateway.children.size, dialer.children.size]).toEqual([0, 0]);
      expect(gateway.released).toEqual(['10.3.0.2']);
    },
  );
});

test('DELETE of a redundant child is on its way while the peer renews the IKE keys', () => {
  const house = established();
  const { world, gateway, phone: dialer } = house;
  // Both rekey the child; the phone's is redundant.
  dialer.nonces.push(0, 9);
  gateway.nonces.push(9, 9);
  let deletes = 0;
  wire(house, (packet) => {
    // The first DELETE of the phone (of its redundant child) is late.
    const isDelete =
      packet.from.ip === dialer.address &&
      exchange(packet) === Exchange.INFORMATIONAL &&
      !isResponse(packet);
    return isDelete && deletes++ === 0 ? undefined : 0.01;
  });
  rekeyChild(house, dialer);
  rekeyChild(house, gateway);
  world.run(milliseconds(100));
  rekeyIke(house, gateway);
  world.run(seconds(60));
  expectAgreement(world, gateway, dialer);
});

test('a tunnel whose making the other side has not heard of yet is not asked new keys for', () => {
  const house = established();
  const { world, gateway, phone: dialer } = house;
  let n = 0;
  wire(house, (packet) =>
    packet.from.ip === dialer.address && exchange(packet) === Exchange.CREATE_CHILD_SA && n++ === 0
      ? undefined
      : 0.01,
  );
  rekeyChild(house, gateway);
  world.run(milliseconds(100)); // the response is lost
  const fresh = dialer.sa.children.at(-1)?.ref;
  order(house, dialer, { kind: 'rekey', sa: dialer.sa.id, child: fresh });
  world.run(seconds(60));
  expectAgreement(world, gateway, dialer);
});

test.each(['phone', 'gateway'] as const)(
  'M: a tunnel that the %s ends while its keys are renewed does end',
  (who) => {
    const house = established();
    const { world, gateway, phone: dialer } = house;
    const ref = childOf(house[who]);
    rekeyChild(house, dialer);
    if (who === 'gateway') world.run(milliseconds(15));
    order(house, house[who], { kind: 'terminate', which: { child: ref } });
    world.run(seconds(30));
    expect([gateway.children.size, dialer.children.size]).toEqual([0, 0]);
  },
);

describe('what one client can make us keep', () => {
  test('a thousand rekeys of a child without one DELETE', () => {
    const { world, gateway, guest } = doorstep();
    const peer = guest();
    let spi = peerSpi;
    for (let i = 0; i < 1000; i++) {
      const next = Uint8Array.of(0xc1, 0, i >> 8, i & 255);
      peer.ask(Exchange.CREATE_CHILD_SA, rekeyOf(peer, spi, next));
      world.sent.length = 0;
      spi = next;
    }
    world.run(seconds(600));
    expect(gateway.children.size).toBeLessThanOrEqual(64);
  }, 60_000);

  test('a rekey and a DELETE a thousand times leaves few draining children', () => {
    const { world, gateway, guest } = doorstep();
    const peer = guest();
    let spi = peerSpi;
    for (let i = 0; i < 1000; i++) {
      const next = Uint8Array.of(0xc1, 0, i >> 8, i & 255);
      for (const [kind, what] of [
        [Exchange.CREATE_CHILD_SA, rekeyOf(peer, spi, next)],
        [Exchange.INFORMATIONAL, [payload(P.DELETE, { protocol: Protocol.ESP, spis: [spi] })]],
      ] as const) {
        world.inject(peer.from, peer.to, peer.seal(kind, what));
        peer.nextId++;
        world.run(milliseconds(11));
      }
      world.sent.length = 0;
      spi = next;
    }
    expect(gateway.children.size).toBeLessThanOrEqual(64);
  }, 60_000);

  test('a chain of IKE rekeys without a DELETE', () => {
    const house = established();
    const { world, gateway, phone: dialer } = house;
    wire(house, (packet) => (exchange(packet) === Exchange.INFORMATIONAL ? undefined : 0.001));
    for (let i = 0; i < 400; i++) {
      rekeyIke(house, dialer);
      world.run(milliseconds(10));
    }
    expect(gateway.core.snapshot().sas.length).toBeLessThanOrEqual(16);
  }, 60_000);

  // Each predecessor was deleted as it should be, and kept its keys for ten seconds more to repeat the answer to that:
  // a client that rekeyed in a tight loop had thousands of them kept, which no list and no limit counted.
  test('a chain of IKE rekeys with every DELETE keeps but the last few', () => {
    const house = established();
    const { world, gateway, phone: dialer } = house;
    wire(house, () => 0.001);
    const from = world.sent.length;
    for (let i = 0; i < 400; i++) {
      rekeyIke(house, dialer);
      world.run(milliseconds(5));
    }
    const deletes = world.sent
      .slice(from)
      .filter((one) => exchange(one) === Exchange.INFORMATIONAL && !isResponse(one));
    expect(deletes).toHaveLength(400);
    const isAnswered = (one: Packet | undefined): boolean => {
      const before = gateway.eventsOf('repeated').length;
      if (one) world.inject(one.from, one.to, one.bytes);
      world.run(milliseconds(3));
      return gateway.eventsOf('repeated').length > before;
    };
    expect(isAnswered(deletes.at(-1))).toBe(true);
    expect(isAnswered(deletes.at(-100))).toBe(true);
    expect(isAnswered(deletes.at(0))).toBe(false);
    expect(gateway.core.snapshot().counters['lingering.evicted']).toBeGreaterThan(100);
    world.run(seconds(20));
    expectAgreement(world, gateway, dialer);
  }, 60_000);
});
