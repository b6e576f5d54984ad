import { describe, expect, test } from 'vitest';
import { type Instant, instant, seconds } from '../../../src/base/time.ts';
import { Daemon } from '../../../src/daemon/daemon.ts';
import type { Effect, SaSnapshot } from '../../../src/ike/core.ts';
import { datagram, FakeClock, FakeCore, noteEffect, ticket } from './fakes.ts';

function setUp() {
  const core = new FakeCore();
  const clock = new FakeClock();
  const daemon = new Daemon(core, clock);
  const performed: Effect[] = [];
  daemon.performWith((effect) => performed.push(effect));
  return { core, clock, daemon, performed };
}
const inMs = (ms: number): Instant => instant(1000 + ms);

describe('the loop', () => {
  test('tells the core the time and performs its effects in order', () => {
    const { core, daemon, performed } = setUp();
    const effects = [noteEffect('a'), noteEffect('b'), noteEffect('c')];
    core.respond = () => ({ effects });
    daemon.give(datagram());
    expect(core.inputs).toEqual([{ at: 1000, input: datagram() }]);
    expect(performed).toEqual(effects);
  });

  test('keeps one timer for the last deadline, and wakes the core when it passes', () => {
    const { core, clock, daemon } = setUp();
    core.respond = () => ({ deadline: inMs(500) });
    daemon.give(datagram());
    daemon.give(datagram());
    core.respond = () => ({ deadline: inMs(200) });
    daemon.give(datagram());
    expect(clock.waits).toEqual([200]);
    core.respond = () => ({});
    clock.pass(200);
    expect(core.kinds.at(-1)).toBe('wake');
    expect(clock.waits).toEqual([]);
  });

  test('has no timer while the core waits for nothing', () => {
    const { core, clock, daemon } = setUp();
    core.respond = () => ({ deadline: inMs(500) });
    daemon.give(datagram());
    core.respond = () => ({});
    daemon.give(datagram());
    expect(clock.waits).toEqual([]);
  });

  test('wakes at once for a deadline that has passed, but not within the same call', () => {
    const { core, clock, daemon } = setUp();
    core.respond = () => ({ deadline: inMs(-100) });
    daemon.give(datagram());
    expect(core.kinds).toEqual(['datagram']);
    expect(clock.waits).toEqual([0]);
    core.respond = () => ({});
    clock.pass(0);
    expect(core.kinds).toEqual(['datagram', 'wake']);
  });

  test('wakes early rather than never for a deadline beyond what setTimeout can count', () => {
    const { core, clock, daemon } = setUp();
    core.respond = () => ({ deadline: inMs(2 ** 40) });
    daemon.give(datagram());
    expect(clock.waits).toEqual([2 ** 31 - 1]);
  });

  test('queues what performing gives back, behind the effects still to perform', () => {
    const { core, daemon } = setUp();
    const order: string[] = [];
    let depth = 0;
    core.respond = (input) => {
      order.push(input.kind);
      return input.kind === 'datagram' ? { effects: [noteEffect('a'), noteEffect('b')] } : {};
    };
    daemon.performWith((effect) => {
      expect(++depth).toBe(1);
      order.push(effect.kind === 'report' && effect.event.kind === 'note' ? effect.event.why : '');
      daemon.give({ kind: 'answer', ticket: ticket(1), answer: undefined });
      depth--;
    });
    daemon.give(datagram());
    expect(order).toEqual(['datagram', 'a', 'b', 'answer', 'answer']);
  });

  test('answers a thousand questions in a row without growing the stack', () => {
    const { core, daemon } = setUp();
    let left = 100_000;
    core.respond = () => ({ effects: left-- > 0 ? [noteEffect('again')] : [] });
    daemon.performWith(() => daemon.give({ kind: 'answer', ticket: ticket(1), answer: undefined }));
    daemon.give(datagram());
    expect(core.inputs).toHaveLength(100_001);
  });

  test('sets the timer after the last input of the queue only', () => {
    const { core, clock, daemon } = setUp();
    core.respond = (input) =>
      input.kind === 'datagram'
        ? { effects: [noteEffect('a')], deadline: inMs(100) }
        : { deadline: inMs(300) };
    daemon.performWith(() => {
      expect(clock.waits).toEqual([]);
      daemon.give({ kind: 'wake' });
    });
    daemon.give(datagram());
    expect(clock.waits).toEqual([300]);
  });

  test('lets a fault of the core through and can be used afterwards', () => {
    const { core, daemon } = setUp();
    core.respond = () => {
      throw new Error('broken');
    };
    expect(() => daemon.give(datagram())).toThrow('broken');
    core.respond = () => ({});
    daemon.give(datagram());
    expect(core.inputs).toHaveLength(2);
  });

  test('handles nothing more once stopped', () => {
    const { core, clock, daemon } = setUp();
    core.respond = () => ({ deadline: inMs(100) });
    daemon.give(datagram());
    daemon.stop();
    daemon.give(datagram());
    expect(core.inputs).toHaveLength(1);
    expect(clock.waits).toEqual([]);
  });
});

describe('waiting for the loop', () => {
  const gone = (core: FakeCore) => () => core.sas.length === 0;

  test('ends as soon as the condition holds after an input', async () => {
    const { core, clock, daemon } = setUp();
    core.sas = [{} as SaSnapshot];
    const waited = daemon.until(gone(core), seconds(2));
    core.sas = [];
    daemon.give(datagram());
    expect(await waited).toBe(true);
    expect(clock.waits).toEqual([]);
  });

  test('ends at once when the condition holds already', async () => {
    const { core, daemon } = setUp();
    expect(await daemon.until(gone(core), seconds(2))).toBe(true);
  });

  test('ends when the time is up', async () => {
    const { core, clock, daemon } = setUp();
    core.sas = [{} as SaSnapshot];
    const waited = daemon.until(gone(core), seconds(2));
    clock.pass(2000);
    expect(await waited).toBe(false);
  });
});
