// Both sides renew the keys of one tunnel at once, datagram by datagram, and each with either side as the one that
// acts. The numbers are those of docs/crossings.md.
import { describe, expect, test } from 'vitest';
import { deletesOf, lastSaid, type Meeting, meeting, saidBy, sides, unlike } from '../meeting.ts';
import { expectAgreement } from '../model.ts';

const agree = ({ world, actor, peer }: Meeting, children = 1): void =>
  expectAgreement(world, actor, peer, children);
const busy = 'N(TEMPORARY_FAILURE)';

/** RFC 7296 §2.8.1: of four nonces, the exchange with the lowest is the redundant one (class 19). */
describe.each([
  ['the phone’s Ni', 'phone', { phone: [0, 9], gateway: [9, 9] }],
  ['the gateway’s Nr to the phone', 'phone', { phone: [9, 9], gateway: [9, 0] }],
  ['the gateway’s Ni', 'gateway', { phone: [9, 9], gateway: [0, 9] }],
  ['the phone’s Nr to the gateway', 'gateway', { phone: [9, 0], gateway: [9, 9] }],
] as const)(
  'both renew the keys of a tunnel, and %s is lowest: that of the %s is redundant',
  (_nonce, loser, nonces) => {
    describe.each(sides)('the %s acts', (side) => {
      function crossing(fields?: Parameters<typeof meeting>[1]) {
        const at = meeting(side, fields);
        const [phone, gateway] = side === 'phone' ? [at.actor, at.peer] : [at.peer, at.actor];
        phone.nonces.push(...nonces.phone);
        gateway.nonces.push(...nonces.gateway);
        at.rekeyChild(at.actor);
        at.rekeyChild(at.peer);
        return at;
      }
      const isLost = loser === side;

      test('crossing 18: each deletes one, and the same stays on both sides', () => {
        const at = crossing();
        for (let i = 0; i < 2; i++) for (const host of [at.actor, at.peer]) at.pass(host);
        expect([deletesOf(at.actor), deletesOf(at.peer)]).toEqual([1, 1]);
        at.settle();
        agree(at);
        // The loser’s is never used by it: it knew both exchanges before it installed its own.
        expect(at.actor.installed).toHaveLength(isLost ? 2 : 3);
        expect([deletesOf(at.actor), deletesOf(at.peer)]).toEqual([1, 1]);
      });

      test('crossing 20: the answer of the peer is late, and what the peer deletes comes first', () => {
        const at = crossing();
        at.pass(at.actor);
        const request = at.take(at.peer);
        const late = at.take(at.peer);
        at.deliver(request);
        at.pass(at.actor); // the peer knows all four nonces, and deletes what it has to
        expect(deletesOf(at.peer)).toBe(1);
        at.pass(at.peer);
        at.deliver(late);
        at.settle();
        agree(at);
      });

      test('crossing 20: the answer of the peer is late, and the peer ends the tunnel before it', () => {
        const at = crossing();
        at.pass(at.actor);
        const request = at.take(at.peer);
        const late = at.take(at.peer);
        at.deliver(request);
        at.pass(at.actor);
        at.deleteChild(at.peer);
        for (let i = 0; i < 6 && at.waiting(at.peer) > 0; i++) {
          at.pass(at.peer);
          if (at.waiting(at.actor) > 0) at.pass(at.actor);
        }
        at.deliver(late);
        at.settle();
        agree(at, 0);
      });

      test('crossing 21: the request of the actor comes while the peer deletes the old one: TEMPORARY_FAILURE', () => {
        const at = crossing();
        const late = at.take(at.actor);
        at.pass(at.peer);
        at.pass(at.actor);
        expect(deletesOf(at.peer)).toBe(1);
        at.deliver(late);
        expect(lastSaid(at.peer)).toContain(busy);
        at.settle();
        agree(at);
        expect(at.actor.installed).toHaveLength(2);
      });

      test('crossing 21: it comes when the old one is gone: CHILD_SA_NOT_FOUND', () => {
        const at = crossing();
        const late = at.take(at.actor);
        at.pass(at.peer);
        at.pass(at.actor);
        at.pass(at.peer);
        at.pass(at.actor);
        at.deliver(late);
        expect(lastSaid(at.peer)).toContain('N(CHILD_SA_NOT_FOUND)');
        at.settle();
        agree(at);
        expect(at.actor.installed).toHaveLength(2);
      });

      test('crossing 21: it comes when even the new one is gone: nothing takes their place', () => {
        const at = crossing();
        const late = at.take(at.actor);
        at.pass(at.peer);
        at.pass(at.actor);
        at.pass(at.peer);
        at.pass(at.actor);
        at.deleteChild(at.peer, at.peer.sa.children.at(-1)?.ref);
        at.pass(at.peer);
        at.pass(at.actor);
        at.deliver(late);
        expect(lastSaid(at.peer)).toContain('N(CHILD_SA_NOT_FOUND)');
        at.settle();
        agree(at, 0);
      });
    });
  },
);

describe.each(sides)(
  'both renew the keys with a method that the other does not take; the %s acts',
  (side) => {
    test('crossing 22: the nonces of the second requests decide', () => {
      for (const lowest of [0, 9]) {
        const at = meeting(side, unlike);
        // Two for the requests in vain, one for its own second request, one for its second answer.
        at.actor.nonces.push(5, lowest, lowest);
        at.peer.nonces.push(5, 4, 4);
        at.rekeyChild(at.actor);
        at.rekeyChild(at.peer);
        at.pass(at.actor);
        at.pass(at.peer);
        for (const host of [at.actor, at.peer]) {
          expect(lastSaid(host)).toContain('N(INVALID_KE_PAYLOAD)');
        }
        at.settle();
        agree(at);
        expect([deletesOf(at.actor), deletesOf(at.peer)]).toEqual([1, 1]);
      }
    });

    test('crossing 22: the second request of the actor is late', () => {
      const at = meeting(side, unlike);
      at.rekeyChild(at.actor);
      at.rekeyChild(at.peer);
      at.pass(at.actor);
      at.pass(at.peer);
      at.pass(at.peer); // the refusal: the actor asks again, and that is late
      at.pass(at.actor);
      const late = at.take(at.actor);
      for (let i = 0; i < 6 && at.waiting(at.peer) + at.waiting(at.actor) > 0; i++) {
        for (const host of [at.peer, at.actor]) if (at.waiting(host) > 0) at.pass(host);
      }
      at.deliver(late);
      expect(saidBy(at.peer).at(-1)).toMatch(/CREATE_CHILD_SA response/);
      at.settle();
      agree(at);
    });
  },
);
