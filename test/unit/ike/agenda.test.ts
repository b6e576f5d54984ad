import fc from 'fast-check';
import { expect, test } from 'vitest';
import { instant } from '../../../src/base/time.ts';
import { Agenda } from '../../../src/ike/sa/agenda.ts';

const entry = (at: number, what: number, isCurrent = () => true) => ({
  at: instant(at),
  what,
  isCurrent,
});

test('what is due comes in the order of time, and nothing before', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000)), fc.nat(1000), (times, now) => {
      const agenda = new Agenda<number>();
      for (const at of times) agenda.add(entry(at, at));
      const taken: number[] = [];
      for (
        let due = agenda.take(instant(now));
        due !== undefined;
        due = agenda.take(instant(now))
      ) {
        taken.push(due);
      }
      expect(taken).toEqual(times.filter((at) => at <= now).sort((a, b) => a - b));
      expect(agenda.next()).toBe(
        times
          .filter((at) => at > now)
          .reduce<number | undefined>((a, b) => Math.min(a ?? b, b), undefined),
      );
    }),
  );
});

test('of what no longer stands, little is kept', () => {
  const agenda = new Agenda<number>();
  for (let i = 0; i < 10_000; i++) agenda.add(entry(i, i, () => i % 100 === 0));
  expect(agenda.size).toBeLessThan(3 * 100);
});

test('what was stopped is passed over', () => {
  const agenda = new Agenda<number>();
  let stands = true;
  agenda.add(entry(1, 1, () => stands));
  agenda.add(entry(2, 2));
  stands = false;
  expect(agenda.next()).toBe(2);
  expect(agenda.take(instant(5))).toBe(2);
  expect(agenda.take(instant(5))).toBeUndefined();
});

test('what was stopped long before its time does not pile up', () => {
  const agenda = new Agenda<number>();
  agenda.add(entry(1, 0));
  let asked = 0;
  const stopped = () => {
    asked++;
    return false;
  };
  for (let i = 0; i < 10_000; i++) agenda.add(entry(3_600_000 + i, i, stopped));
  asked = 0;
  agenda.take(instant(10_000_000));
  expect(agenda.take(instant(10_000_000))).toBeUndefined();
  expect(asked).toBeLessThan(100);
});
