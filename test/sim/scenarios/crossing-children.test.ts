// Exchanges about CHILD_SAs that cross, datagram by datagram, and each with either side as the one that acts. The
// numbers are those of docs/crossings.md.
import { describe, expect, test } from 'vitest';
import { minutes, seconds } from '../../../src/base/time.ts';
import { keepUp } from '../keep-up.ts';
import { closings, deletesOf, lastSaid, type Meeting, meeting, sides, unlike } from '../meeting.ts';
import { expectAgreement } from '../model.ts';

const agree = ({ world, actor, peer }: Meeting, children = 1): void =>
  expectAgreement(world, actor, peer, children);

/** Neither side has an IKE SA, a tunnel or a timer. */
function expectNothing({ actor, peer }: Meeting): void {
  for (const host of [actor, peer]) {
    expect(host.core.snapshot().sas).toEqual([]);
    expect(host.children.size).toBe(0);
    expect(host.deadline).toBeUndefined();
  }
}
const busy = 'N(TEMPORARY_FAILURE)';

describe.each(sides)('the %s acts', (side) => {
  test('crossing 1: what is up already is not begun again', () => {
    const at = meeting('phone');
    at.settle(seconds(0));
    if (side === 'phone') keepUp(at.world, at.actor, at.peer, 1);
    else at.limit(at.peer, 'soft-limit');
    at.world.run(minutes(10));
    agree(at);
    expect(at.peer.eventsOf('sa.established')).toHaveLength(1);
  });

  describe('deletes a tunnel', () => {
    test('crossing 4: the answer names its other half, and both are gone', () => {
      const at = meeting(side);
      at.deleteChild(at.actor);
      at.pass(at.actor);
      expect(lastSaid(at.peer)).toBe('INFORMATIONAL response [D]');
      at.pass(at.peer);
      agree(at, 0);
      expect([closings(at.actor), closings(at.peer)]).toEqual([[1], [1]]);
    });

    test('crossing 5: so does the peer at once: two answers without a DELETE', () => {
      const at = meeting(side);
      at.deleteChild(at.actor);
      at.deleteChild(at.peer);
      at.pass(at.actor);
      at.pass(at.peer);
      for (const host of [at.actor, at.peer]) {
        expect(lastSaid(host)).toBe('INFORMATIONAL response []');
      }
      at.settle();
      agree(at, 0);
      expect([closings(at.actor), closings(at.peer)]).toEqual([[1], [1]]);
    });

    test('crossing 6: so does the peer, and its DELETE comes after all is done', () => {
      const at = meeting(side);
      at.deleteChild(at.actor);
      at.deleteChild(at.peer);
      const late = at.take(at.peer);
      at.pass(at.actor);
      at.pass(at.peer);
      expect(at.actor.children.size).toBe(0);
      at.deliver(late);
      expect(lastSaid(at.actor)).toBe('INFORMATIONAL response []');
      at.settle();
      agree(at, 0);
    });

    test('crossing 6: so does the peer, whose DELETE is lost once', () => {
      const at = meeting(side);
      at.deleteChild(at.actor);
      at.deleteChild(at.peer);
      at.take(at.peer);
      at.settle();
      agree(at, 0);
      expect(at.peer.eventsOf('retransmit')).toHaveLength(1);
    });

    test('crossing 7: the peer rekeys the IKE SA: it hears TEMPORARY_FAILURE, and tries again', () => {
      const at = meeting(side);
      at.deleteChild(at.actor);
      at.rekeyIke(at.peer);
      const { spiI } = at.actor.sa;
      at.pass(at.peer);
      expect(lastSaid(at.actor)).toContain(busy);
      at.pass(at.actor);
      expect(lastSaid(at.peer)).toBe('INFORMATIONAL response [D]');
      at.settle();
      agree(at, 0);
      expect(at.actor.sa.spiI).not.toBe(spiI);
    });

    test('crossing 8: the peer deletes the IKE SA: both succeed', () => {
      const at = meeting(side);
      at.deleteChild(at.actor);
      at.deleteIke(at.peer);
      at.pass(at.actor);
      at.pass(at.peer);
      expect(lastSaid(at.actor)).toBe('INFORMATIONAL response []');
      at.settle();
      expectNothing(at);
    });
  });

  describe('renews the keys of a tunnel', () => {
    test('crossing 9: the peer receives at once, and sends on the new keys from the DELETE on', () => {
      const at = meeting(side);
      const before = at.peer.sending?.ref;
      at.rekeyChild(at.actor);
      at.pass(at.actor);
      expect(at.peer.children.size).toBe(2);
      expect(at.peer.sending?.ref).toBe(before);
      at.pass(at.peer);
      expect(at.world.carry(at.peer, at.actor)).toBe('carried');
      at.pass(at.actor);
      expect(lastSaid(at.actor)).toBe('INFORMATIONAL request [D]');
      expect(at.peer.sending?.ref).not.toBe(before);
      at.settle();
      agree(at);
      expect([deletesOf(at.actor), deletesOf(at.peer)]).toEqual([1, 0]);
    });

    test('crossing 9: or from the first packet that comes in on them', () => {
      const at = meeting(side);
      at.rekeyChild(at.actor);
      at.pass(at.actor);
      at.pass(at.peer);
      const before = at.peer.sending?.ref;
      expect(at.world.carry(at.actor, at.peer)).toBe('carried');
      expect(at.peer.sending?.ref).not.toBe(before);
      at.settle();
      agree(at);
    });

    test('crossing 11: with KE for a method that the peer does not take: INVALID_KE_PAYLOAD, and the one it names', () => {
      const at = meeting(side, unlike);
      at.rekeyChild(at.actor);
      at.pass(at.actor);
      expect(lastSaid(at.peer)).toBe('CREATE_CHILD_SA response [N(INVALID_KE_PAYLOAD)]');
      at.pass(at.peer);
      at.pass(at.actor);
      expect(lastSaid(at.peer)).toContain('SA No KE');
      at.settle();
      agree(at);
      expect(at.actor.installed).toHaveLength(2);
    });

    test('crossing 12: soft limits of the peer say nothing while it waits for the DELETE', () => {
      const at = meeting(side);
      at.rekeyChild(at.actor);
      at.pass(at.actor);
      at.limit(at.peer, 'soft-limit');
      expect(at.waiting(at.peer)).toBe(1);
      at.settle();
      agree(at);
      expect(at.peer.installed).toHaveLength(2);
    });

    test('crossing 13: a hard limit in that wait makes the peer delete the old one itself', () => {
      const at = meeting(side);
      at.rekeyChild(at.actor);
      at.pass(at.actor);
      at.pass(at.peer);
      at.limit(at.peer, 'hard-limit');
      expect(lastSaid(at.peer)).toBe('INFORMATIONAL request [D]');
      at.settle();
      agree(at);
      expect(at.actor.installed).toHaveLength(2);
    });

    test('crossing 14: the peer ends the new tunnel in that wait: neither side has one', () => {
      const at = meeting(side);
      at.rekeyChild(at.actor);
      at.pass(at.actor);
      at.pass(at.peer);
      const fresh = at.peer.sa.children.at(-1)?.ref;
      at.deleteChild(at.peer, fresh);
      at.settle();
      agree(at, 0);
    });

    test('crossing 17: the DELETE is never answered: the IKE SA goes, and each tunnel is told once', () => {
      const at = meeting(side);
      at.rekeyChild(at.actor);
      at.pass(at.actor);
      at.pass(at.peer);
      at.world.run(minutes(10)); // nothing of it arrives
      expect(at.actor.core.snapshot().sas).toEqual([]);
      expect(closings(at.actor)).toEqual([1, 1]);
    });

    test('crossing 17: late packets have their time, and the old tunnel is told once', () => {
      const at = meeting(side);
      at.rekeyChild(at.actor);
      at.settle(seconds(1));
      expect([at.actor.children.size, at.peer.children.size]).toEqual([2, 2]);
      at.world.run(seconds(9));
      expect([closings(at.actor), closings(at.peer)]).toEqual([[1], [1]]);
    });

    test('crossing 24: the peer deletes it: no new one, and nothing is left', () => {
      const at = meeting(side);
      at.rekeyChild(at.actor);
      at.deleteChild(at.peer);
      at.pass(at.actor);
      expect(lastSaid(at.peer)).toContain(busy);
      at.pass(at.peer);
      expect(lastSaid(at.actor)).toBe('INFORMATIONAL response [D]');
      at.settle();
      agree(at, 0);
      expect(at.actor.installed).toHaveLength(1);
    });

    test('crossing 24: the peer deletes it, and its DELETE is lost once', () => {
      const at = meeting(side);
      at.rekeyChild(at.actor);
      at.deleteChild(at.peer);
      at.take(at.peer);
      at.pass(at.actor);
      at.pass(at.peer);
      at.settle();
      agree(at, 0);
      expect(at.actor.installed).toHaveLength(1);
    });

    test('crossing 24: the peer deletes it, and hears of the rekey when it is gone: CHILD_SA_NOT_FOUND', () => {
      const at = meeting(side);
      at.rekeyChild(at.actor);
      const late = at.take(at.actor);
      at.deleteChild(at.peer);
      at.pass(at.peer);
      at.pass(at.actor);
      at.deliver(late);
      expect(lastSaid(at.peer)).toContain('N(CHILD_SA_NOT_FOUND)');
      at.settle();
      agree(at, 0);
      expect(at.actor.installed).toHaveLength(1);
    });

    test('crossing 25: the peer deletes the new one before its answer is here: that is remembered', () => {
      const at = meeting(side);
      at.rekeyChild(at.actor);
      at.pass(at.actor);
      const late = at.take(at.peer);
      at.deleteChild(at.peer, at.peer.sa.children.at(-1)?.ref);
      at.pass(at.peer);
      at.deliver(late);
      at.settle();
      agree(at, 0);
      expect(at.actor.installed).toHaveLength(1);
    });

    test('crossing 26: the peer rekeys the IKE SA: TEMPORARY_FAILURE both ways, and both are done later', () => {
      const at = meeting(side);
      const { spiI } = at.actor.sa;
      at.rekeyChild(at.actor);
      at.rekeyIke(at.peer);
      at.pass(at.actor);
      at.pass(at.peer);
      expect(lastSaid(at.peer)).toContain(busy);
      expect(lastSaid(at.actor)).toContain(busy);
      at.settle();
      agree(at);
      expect(at.actor.sa.spiI).not.toBe(spiI);
      expect(at.actor.installed).toHaveLength(2);
    });

    test('crossing 27: the peer deletes the IKE SA: TEMPORARY_FAILURE, and the DELETE wins', () => {
      const at = meeting(side);
      at.rekeyChild(at.actor);
      at.deleteIke(at.peer);
      at.pass(at.actor);
      expect(lastSaid(at.peer)).toContain(busy);
      at.pass(at.peer);
      expect(lastSaid(at.actor)).toBe('INFORMATIONAL response []');
      at.settle();
      expectNothing(at);
    });
  });
});
