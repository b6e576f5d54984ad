// Virtual time: a connection stands as the test says, and what is to be done about it is written down.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Instant, instant } from '../../../src/base/time.ts';
import { type Kept, type Move, Redial, type Standing } from '../../../src/daemon/redial.ts';

/** Looks until there is nothing to do at this moment. */
class World {
  now = 0;
  standing: Standing = 'absent';
  isWanted = false;
  readonly redial: Redial<string>;
  /** What was done, with the second in which it was. */
  readonly done: string[] = [];
  /** Whom the name stands for. */
  targets: readonly string[] = ['a'];
  /** What becomes of a dialled address: by default nobody answers. */
  answers = (_: string): boolean => false;

  constructor(kept: Kept = 'always', chance = (): number => 0) {
    this.redial = new Redial(kept, chance);
  }

  begin(): this {
    this.redial.begin(this.time);
    return this;
  }

  get time(): Instant {
    return instant(this.now);
  }

  /** Lets the connection be looked at for so many seconds; each address takes five to fail. */
  run(seconds: number): this {
    const end = this.now + seconds * 1000;
    let next: number | undefined = this.now;
    while (next !== undefined && next <= end) {
      this.now = Math.max(this.now, next);
      next = this.#perform(this.redial.look(this.time, this.standing, this.isWanted));
    }
    this.now = end;
    return this;
  }

  #perform(move: Move<string>): number | undefined {
    switch (move.kind) {
      case 'resolve':
        return this.#perform(this.redial.resolved(this.time, this.targets));
      case 'dial':
        this.done.push(`${this.now / 1000} dial ${move.target}`);
        if (this.answers(move.target)) this.standing = 'established';
        return this.now + (this.standing === 'established' ? 0 : 5000);
      case 'rest':
        this.done.push(`${this.now / 1000} rest ${(move.until - this.now) / 1000}`);
        return move.until;
      case 'wait':
        return move.until;
    }
  }
}

describe('a connection that is kept up', () => {
  test('is dialled at once, and then left alone', () => {
    const world = new World().begin();
    world.answers = () => true;
    expect(world.run(86_400).done).toEqual(['0 dial a']);
  });

  test('is dialled at each of its addresses in turn before it rests', () => {
    const world = new World().begin();
    world.targets = ['a', 'b', '::c'];
    expect(world.run(15).done).toEqual(['0 dial a', '5 dial b', '10 dial ::c', '15 rest 1']);
  });

  test('goes no further once an address answers', () => {
    const world = new World().begin();
    world.targets = ['a', 'b', 'c'];
    world.answers = (target) => target === 'b';
    expect(world.run(100).done).toEqual(['0 dial a', '5 dial b']);
  });

  test('rests twice as long after each round in vain, and at most five minutes', () => {
    const { done } = new World().begin().run(2000);
    const rests = done.filter((line) => line.includes('rest')).map((line) => line.split(' ')[2]);
    const expected = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300];
    expect(rests.slice(0, expected.length)).toEqual(expected.map(String));
  });

  test('rests as well when its name stands for nobody', () => {
    const world = new World().begin();
    world.targets = [];
    expect(world.run(3).done).toEqual(['0 rest 1', '1 rest 2', '3 rest 4']);
  });

  test('learns its addresses anew in each round', () => {
    const world = new World().begin().run(5.5);
    world.targets = ['b'];
    expect(world.run(1).done).toEqual(['0 dial a', '5 rest 1', '6 dial b']);
  });

  test('comes back a second after it ended, if it had stood for a minute', () => {
    const world = new World().begin().run(200);
    world.answers = () => true;
    world.run(200);
    world.done.length = 0;
    world.run(61);
    world.standing = 'absent';
    const { now } = world;
    expect(world.run(2).done).toEqual([
      `${now / 1000} rest 1`,
      expect.stringMatching(new RegExp(`^${now / 1000 + 1} dial a`)),
    ]);
  });

  test('is dialled at once when the network is another, and rests no shorter after that', () => {
    const world = new World().begin().run(40);
    world.done.length = 0;
    world.redial.hurry(world.time);
    expect(world.run(6).done).toEqual(['40 dial a', '45 rest 32']);
  });

  test('is in no more hurry when each success ends at once', () => {
    const world = new World().begin();
    world.answers = () => true;
    for (let i = 0; i < 5; i++) {
      world.run(0);
      world.standing = 'absent';
      world.run(0);
      world.run(2 ** i);
    }
    const rests = world.done.filter((line) => line.includes('rest'));
    expect(rests.map((line) => line.split(' ')[2])).toEqual(['1', '2', '4', '8', '16']);
  });

  test('that the peer brings up by itself is not dialled', () => {
    const world = new World().begin();
    world.standing = 'established';
    expect(world.run(100).done).toEqual([]);
  });

  test('is looked at in between, should nobody tell how a handshake ended', () => {
    const world = new World().begin();
    world.redial.look(world.time, 'absent');
    world.redial.resolved(world.time, ['a', 'b']);
    expect(world.redial.look(world.time, 'handshake')).toEqual({ kind: 'wait', until: 10_000 });
    world.now = 10_000;
    expect(world.redial.look(world.time, 'absent')).toEqual({ kind: 'dial', target: 'b' });
  });

  test('is left alone when it is hung up, also while its name is being resolved', () => {
    const world = new World().begin();
    expect(world.redial.look(world.time, 'absent')).toEqual({ kind: 'resolve' });
    world.redial.hangUp();
    expect(world.redial.resolved(world.time, ['a'])).toEqual({ kind: 'wait', until: undefined });
    expect(world.run(1000).done).toEqual([]);
    expect(world.begin().run(1).done).toEqual(['1000 dial a']);
  });

  test('comes back up to a quarter earlier, as chance will have it', () => {
    const world = new World('always', () => 1).begin();
    world.targets = [];
    expect(world.run(2).done).toEqual(['0 rest 0.75', '0.75 rest 1.5']);
  });
});

describe('a connection that is dialled on command', () => {
  test('is not dialled again when nobody answers', () => {
    const world = new World('no').begin();
    world.targets = ['a', 'b'];
    expect(world.run(1000).done).toEqual(['0 dial a', '5 dial b']);
    expect(world.redial.isOn).toBe(false);
  });

  test('is not dialled again when it ended', () => {
    const world = new World('no').begin();
    world.answers = () => true;
    world.run(100).standing = 'absent';
    expect(world.run(1000).done).toEqual(['0 dial a']);
  });
});

test('whatever happens, rounds are at least three quarters of a second apart', () => {
  const event = fc.record({
    after: fc.integer({ min: 0, max: 400_000 }),
    standing: fc.constantFrom<Standing>('absent', 'handshake', 'established'),
  });
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (events, chance) => {
        const redial = new Redial<string>('always', () => chance);
        redial.begin(instant(0));
        let now = 0;
        const rounds: number[] = [];
        for (const { after, standing } of events) {
          now += after;
          const move = redial.look(instant(now), standing);
          if (move.kind === 'rest') expect(move.until - now).toBeLessThanOrEqual(300_000);
          if (move.kind !== 'resolve') continue;
          rounds.push(now);
          redial.resolved(instant(now), ['a']);
        }
        for (const [i, at] of rounds.slice(1).entries()) {
          expect(at - (rounds[i] ?? 0)).toBeGreaterThanOrEqual(750);
        }
      },
    ),
  );
});

describe('a connection that is dialled when a packet wants it', () => {
  const waiting = (): World => new World('on-demand');

  test('is not dialled before one does', () => {
    const world = waiting();
    expect(world.run(1000).done).toEqual([]);
    expect(world.redial.isOn).toBe(false);
    world.isWanted = true;
    world.answers = () => true;
    expect(world.run(1000).done).toEqual(['1000 dial a']);
  });

  test('is dialled once for all the packets that want it', () => {
    const world = waiting();
    world.isWanted = true;
    world.answers = () => true;
    for (let i = 0; i < 5; i++) world.run(10);
    expect(world.done).toEqual(['0 dial a']);
  });

  test('rests longer each time while packets go on wanting it in vain', () => {
    const world = waiting();
    world.isWanted = true;
    expect(world.run(19).done).toEqual([
      '0 dial a',
      '5 rest 1',
      '6 dial a',
      '11 rest 2',
      '13 dial a',
      '18 rest 4',
    ]);
  });

  test('is dialled after its rest when one wanted it meanwhile', () => {
    const world = waiting();
    world.isWanted = true;
    world.run(5);
    world.isWanted = false;
    world.run(0.5);
    world.isWanted = true;
    expect(world.run(1).done.slice(1)).toEqual(['5 rest 1', '6 dial a']);
  });

  test('is left alone after its rest where no packet wants it', () => {
    const world = waiting();
    world.isWanted = true;
    world.run(5);
    world.isWanted = false;
    expect(world.run(10_000).done).toEqual(['0 dial a', '5 rest 1']);
    expect(world.redial.isOn).toBe(false);
  });

  test('is left alone while somebody else dials it, or did', () => {
    for (const standing of ['handshake', 'established'] as const) {
      const world = waiting();
      world.isWanted = true;
      world.standing = standing;
      expect(world.run(1000).done).toEqual([]);
      expect(world.redial.isOn).toBe(false);
    }
  });
});
