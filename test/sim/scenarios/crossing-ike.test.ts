// Exchanges about the IKE SA that cross, datagram by datagram, and each with either side as the one that acts. The
// numbers are those of docs/crossings.md.
import { describe, expect, test } from 'vitest';
import { minutes, seconds } from '../../../src/base/time.ts';
import { lastSaid, type Meeting, meeting, saidBy, sides } from '../meeting.ts';
import { expectAgreement } from '../model.ts';

const agree = ({ world, actor, peer }: Meeting): void => expectAgreement(world, actor, peer);

/** Neither side has an IKE SA, a tunnel or a timer. */
function expectNothing({ actor, peer }: Meeting): void {
  for (const host of [actor, peer]) {
    expect(host.core.snapshot().sas).toEqual([]);
    expect(host.children.size).toBe(0);
    expect(host.deadline).toBeUndefined();
    expect(host.eventsOf('sa.closed')).toHaveLength(1);
  }
}
const busy = 'N(TEMPORARY_FAILURE)';
const bye = 'INFORMATIONAL request [D]';
const empty = 'INFORMATIONAL response []';

describe.each(sides)('the %s acts', (side) => {
  test('crossing 28: it renews the keys of the IKE SA; tunnels move, and it deletes the old one', () => {
    const at = meeting(side);
    const { spiI } = at.actor.sa;
    const tunnels = [...at.actor.children.keys()];
    at.rekeyIke(at.actor);
    at.pass(at.actor);
    at.pass(at.peer);
    expect(lastSaid(at.actor)).toBe(bye);
    expect(at.actor.sa.spiI).not.toBe(spiI);
    expect(at.actor.sa.children.map(({ ref }) => ref)).toEqual(tunnels);
    at.pass(at.actor);
    expect(lastSaid(at.peer)).toBe(empty);
    at.settle();
    agree(at);
    expect([...at.actor.children.keys()]).toEqual(tunnels);
  });

  describe('renews the keys of the IKE SA', () => {
    test('crossing 36: the peer deletes it: TEMPORARY_FAILURE, and the DELETE wins', () => {
      const at = meeting(side);
      at.rekeyIke(at.actor);
      at.deleteIke(at.peer);
      at.pass(at.actor);
      expect(lastSaid(at.peer)).toContain(busy);
      at.pass(at.peer);
      expect(lastSaid(at.actor)).toBe(empty);
      at.settle();
      expectNothing(at);
    });

    test('crossing 36: the peer deletes it, and is heard first', () => {
      const at = meeting(side);
      at.rekeyIke(at.actor);
      at.deleteIke(at.peer);
      at.pass(at.peer);
      expect(lastSaid(at.actor)).toBe(empty);
      at.settle();
      expectNothing(at);
    });

    test('crossing 36: the peer deletes it, and its DELETE is lost: the actor means to ask again, and then hears it', () => {
      const at = meeting(side);
      at.rekeyIke(at.actor);
      at.deleteIke(at.peer);
      const lost = at.take(at.peer);
      at.pass(at.actor);
      at.pass(at.peer);
      expect(at.actor.eventsOf('note').at(-1)?.why).toContain('TEMPORARY_FAILURE');
      at.deliver(lost);
      expect(lastSaid(at.actor)).toBe(empty);
      at.settle();
      expectNothing(at);
      expect(saidBy(at.actor).filter((line) => line.includes('request [SA No KE]'))).toHaveLength(
        1,
      );
    });
  });

  describe('deletes the IKE SA', () => {
    test('crossing 37: the answer is empty, and all is gone', () => {
      const at = meeting(side);
      at.deleteIke(at.actor);
      at.pass(at.actor);
      expect(lastSaid(at.peer)).toBe(empty);
      at.settle();
      expectNothing(at);
    });

    test('crossing 38: so does the peer at once: both are answered', () => {
      const at = meeting(side);
      at.deleteIke(at.actor);
      at.deleteIke(at.peer);
      at.pass(at.actor);
      at.pass(at.peer);
      expect([lastSaid(at.actor), lastSaid(at.peer)]).toEqual([empty, empty]);
      at.settle();
      expectNothing(at);
    });

    test('crossing 38: so does the peer, and neither hears the other but late', () => {
      const at = meeting(side);
      at.deleteIke(at.actor);
      at.deleteIke(at.peer);
      const late = at.take(at.peer);
      at.pass(at.actor);
      at.pass(at.peer);
      at.world.run(minutes(1));
      at.deliver(late);
      at.settle();
      expectNothing(at);
    });
  });
});

/** RFC 7296 §2.8.2: of four nonces, the exchange with the lowest made the redundant IKE SA. */
describe.each([
  ['the phone’s Ni', 'phone', { phone: [0, 9], gateway: [9, 9] }],
  ['the gateway’s Nr to the phone', 'phone', { phone: [9, 9], gateway: [9, 0] }],
  ['the gateway’s Ni', 'gateway', { phone: [9, 9], gateway: [0, 9] }],
  ['the phone’s Nr to the gateway', 'gateway', { phone: [9, 0], gateway: [9, 9] }],
] as const)(
  'both renew the keys of the IKE SA, and %s is lowest: that of the %s is redundant',
  (_nonce, loser, nonces) => {
    describe.each(sides)('the %s acts', (side) => {
      function crossing() {
        const at = meeting(side);
        const [phone, gateway] = side === 'phone' ? [at.actor, at.peer] : [at.peer, at.actor];
        phone.nonces.push(...nonces.phone);
        gateway.nonces.push(...nonces.gateway);
        const old = at.actor.sa.spiI;
        at.rekeyIke(at.actor);
        at.rekeyIke(at.peer);
        return { ...at, old };
      }
      const isLost = loser === side;

      test('crossing 31: the loser deletes the redundant one, the winner the old, and the tunnel moves', () => {
        const at = crossing();
        for (let i = 0; i < 2; i++) for (const host of [at.actor, at.peer]) at.pass(host);
        expect([lastSaid(at.actor), lastSaid(at.peer)]).toEqual([bye, bye]);
        const [mine, theirs] = [at.take(at.actor), at.take(at.peer)].map(({ bytes }) =>
          Buffer.from(bytes.subarray(0, 8)).toString('hex'),
        );
        expect([mine === at.old, theirs === at.old]).toEqual([!isLost, isLost]);
        at.settle();
        agree(at);
        expect(at.actor.sa.role).toBe(isLost ? 'responder' : 'initiator');
        expect(at.actor.eventsOf('sa.rekeyed')).toHaveLength(1);
      });

      test('crossing 33: the answer of the peer is late, and what the peer deletes comes first', () => {
        const at = crossing();
        at.pass(at.actor);
        const request = at.take(at.peer);
        const late = at.take(at.peer);
        at.deliver(request);
        at.pass(at.actor); // the peer knows all four nonces, and deletes what it has to
        expect(lastSaid(at.peer)).toBe(bye);
        at.pass(at.peer);
        expect(saidBy(at.actor)).toContain(empty);
        at.deliver(late);
        at.settle();
        agree(at);
        expect(at.actor.sa.role).toBe(isLost ? 'responder' : 'initiator');
      });

      test('crossing 34: the request of the actor is lost, and comes when its SA is gone: dropped', () => {
        const at = crossing();
        const lost = at.take(at.actor);
        at.pass(at.peer);
        at.pass(at.actor);
        at.pass(at.peer);
        at.pass(at.actor);
        at.world.run(seconds(30));
        const said = saidBy(at.peer).length;
        at.deliver(lost);
        expect(saidBy(at.peer)).toHaveLength(said);
        expect(at.peer.core.snapshot().counters['dropped.unknown-spi']).toBe(1);
        at.settle();
        agree(at);
        expect(at.actor.sa.role).toBe('responder');
      });

      test('crossing 35: the request of the actor is late: TEMPORARY_FAILURE, and it is not asked again', () => {
        const at = crossing();
        const late = at.take(at.actor);
        at.pass(at.peer);
        at.pass(at.actor);
        expect(lastSaid(at.peer)).toBe(bye);
        at.deliver(late);
        expect(lastSaid(at.peer)).toContain(busy);
        const [farewell, refusal] = [at.take(at.peer), at.take(at.peer)];
        at.deliver(farewell);
        at.deliver(refusal);
        at.settle(minutes(10));
        agree(at);
        expect(at.actor.sa.role).toBe('responder');
        expect(saidBy(at.actor).filter((line) => line.includes('request [SA No KE]'))).toHaveLength(
          1,
        );
      });

      test('crossing 35: TEMPORARY_FAILURE comes before the DELETE of the old one', () => {
        const at = crossing();
        const late = at.take(at.actor);
        at.pass(at.peer);
        at.pass(at.actor);
        at.deliver(late);
        const farewell = at.take(at.peer);
        at.pass(at.peer);
        at.deliver(farewell);
        at.settle(minutes(10));
        agree(at);
        expect(at.actor.eventsOf('sa.rekeyed')).toHaveLength(1);
      });
    });
  },
);
