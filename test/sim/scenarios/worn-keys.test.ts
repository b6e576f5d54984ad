// Keys at their hard limit while new ones are on their way: what is worn out ends, and not what took its place.
import { describe, expect, test } from 'vitest';
import { seconds } from '../../../src/base/time.ts';
import { meeting, sides } from '../meeting.ts';
import { expectAgreement } from '../model.ts';

describe.each(sides)('the keys of the %s are worn out', (side) => {
  // The DELETE waited for its turn behind the rekey, went on to the new IKE SA with the rest, and ended that.
  test('of the IKE SA, before the peer’s answer to its rekey is here: the new one stands', () => {
    const at = meeting(side, { [side]: { ikeLifetime: seconds(60) } });
    const { spiI } = at.actor.sa;
    at.world.run(seconds(125)); // nothing of the rekey arrives
    at.settle(seconds(30));
    expectAgreement(at.world, at.actor, at.peer);
    expect(at.actor.sa.spiI).not.toBe(spiI);
    expect(at.peer.eventsOf('sa.closed')).toEqual([]);
  });

  test('of a tunnel, before the peer’s answer to its rekey is here: the new one stands, and so does the IKE SA', () => {
    const at = meeting(side);
    at.rekeyChild(at.actor);
    at.limit(at.actor, 'hard-limit');
    at.settle(seconds(30));
    expectAgreement(at.world, at.actor, at.peer);
    expect(at.actor.eventsOf('sa.closed')).toEqual([]);
  });

  test('of a tunnel, and the peer makes no new ones: the IKE SA ends with it', () => {
    const at = meeting(side);
    at.limit(at.actor, 'hard-limit');
    at.settle(seconds(30));
    expect(at.actor.eventsOf('sa.closed')).toMatchObject([{ cause: 'deleted-by-us' }]);
    expect(at.peer.eventsOf('sa.closed')).toMatchObject([{ cause: 'deleted-by-peer' }]);
  });
});
