import { describe, expect, test } from 'vitest';
import { type Instant, instant } from '../../../src/base/time.ts';
import { causes } from '../../../src/ike/causes.ts';
import { Log } from '../../../src/trace/log.ts';
import { Ring } from '../../../src/trace/ring.ts';
import { Tracer } from '../../../src/trace/tracer.ts';
import { attempt, dropped, note } from './events.ts';

/** A tracer whose time stands still until it is told to pass. */
function setUp(level: 'info' | 'debug' = 'debug') {
  const lines: string[] = [];
  let now: Instant = instant(1000);
  const timers: { at: number; run: () => void }[] = [];
  const ring = new Ring();
  const tracer = new Tracer(new Log((line) => lines.push(line), level), ring, {
    monotonic: () => now,
    wall: () => 1_700_000_000_000 + now,
    after: (delay, run) => timers.push({ at: now + delay, run }),
  });
  const pass = (ms: number): void => {
    now = instant(now + ms);
    const due = timers.filter(({ at }) => at <= now);
    for (const timer of due) timers.splice(timers.indexOf(timer), 1);
    for (const { run } of due) run();
  };
  return { tracer, ring, lines, timers, pass };
}

describe('the tracer', () => {
  test('writes the level, the line and a newline', () => {
    const { tracer, lines } = setUp();
    tracer.report(note('something happened', 4));
    expect(lines).toEqual(['info: sa 4: something happened\n']);
  });

  test('writes nothing below the threshold but keeps it for the web page', () => {
    const { tracer, lines, ring } = setUp('info');
    tracer.report(dropped('short'));
    expect(lines).toEqual([]);
    expect(ring.events(0, 10)).toHaveLength(1);
  });

  test('follows a bug with its stack', () => {
    const { tracer, lines } = setUp();
    tracer.report({
      kind: 'bug',
      sa: undefined,
      why: 'no such slot',
      stack: 'Bug: x\n    at f (a.ts:1)',
    });
    expect(lines).toEqual([
      'error: bug in ikev2d: no such slot; please report it with the stack that follows\n',
      'error:   Bug: x\n',
      'error:   at f (a.ts:1)\n',
    ]);
  });

  // CVE-2026-78127: a stranger's nonsense fills log and memory.
  test('holds back a flood of one class and says how many there were', () => {
    const { tracer, lines, ring, pass } = setUp();
    for (let i = 0; i < 1000; i++) tracer.report(dropped(`number ${i}`));
    expect(lines).toHaveLength(5);
    expect(ring.events(0, 1000)).toHaveLength(5);
    pass(10_000);
    expect(lines).toHaveLength(6);
    expect(lines[5]).toBe(
      'debug: … 995 more like this: dropped a datagram from 198.51.100.10:61234: malformed: number 0\n',
    );
  });

  // A flood of wrong passwords hid every other AUTHENTICATION_FAILED, that there were too many of them too: where a
  // thousand came within ten seconds, explain did not know of it.
  test('tells failed attempts apart by their cause, whatever the peer was told', () => {
    const { tracer, lines, ring } = setUp();
    for (let i = 0; i < 500; i++) tracer.report(attempt({ cause: 'wrong-password' }));
    for (let i = 0; i < 500; i++) tracer.report(attempt({ cause: 'too-many-guesses' }));
    tracer.report(attempt({ cause: 'certificate-expired' }));
    expect(lines).toHaveLength(21);
    const kept = ring.attempts(0, 100).map(({ event }) => 'cause' in event && event.cause);
    expect(new Set(kept)).toEqual(
      new Set(['wrong-password', 'too-many-guesses', 'certificate-expired']),
    );
  });

  test('has room for every class that there is', () => {
    const { tracer, lines } = setUp('info');
    for (const cause of causes) for (let i = 0; i < 20; i++) tracer.report(attempt({ cause }));
    for (let i = 0; i < 60; i++) tracer.trouble(`do ${i}`, 'x');
    expect(lines).toHaveLength(10 * causes.length + 60);
  });

  test('writes few lines of ten thousand wrong passwords within half an hour', () => {
    const { tracer, lines, ring, pass } = setUp('info');
    for (let i = 0; i < 10_000; i++) {
      tracer.report(attempt({ peer: `user${i}`, why: `wrong password for user «user${i}»` }));
      pass(180);
    }
    // Ten and a summary in each window of ten seconds.
    expect(lines.length).toBeLessThan(2100);
    expect(lines.join('').length).toBeLessThan(2100 * 200);
    expect(ring.attempts(0, 10_000).length).toBeLessThanOrEqual(1000);
    expect(tracer.tally.refusals).toEqual({ AUTHENTICATION_FAILED: 10_000 });
  });

  test('lets the class through again in the next window, and has one timer at most', () => {
    const { tracer, lines, timers, pass } = setUp();
    for (let i = 0; i < 6; i++) tracer.report(dropped('early'));
    expect(timers).toHaveLength(1);
    pass(10_000);
    expect(timers).toHaveLength(0);
    tracer.report(dropped('late'));
    expect(lines.at(-1)).toContain('late');
  });

  test('writes trouble of a port, and holds back a flood of it', () => {
    const { tracer, lines, pass } = setUp('info');
    for (let i = 0; i < 100; i++) tracer.trouble('send a datagram', `ENETUNREACH ${i}`);
    tracer.trouble('lease an address', 'the disk is full');
    expect(lines).toHaveLength(6);
    expect(lines[0]).toBe('error: could not send a datagram: ENETUNREACH 0\n');
    expect(lines[5]).toBe('error: could not lease an address: the disk is full\n');
    pass(10_000);
    expect(lines.slice(6)).toEqual([
      'error: … 95 more like this: could not send a datagram: ENETUNREACH 0\n',
    ]);
  });

  test('stays silent about classes beyond what it counts', () => {
    const { tracer, lines } = setUp('info');
    for (let i = 0; i < 1000; i++) tracer.trouble(`do ${i}`, 'x');
    expect(lines.length).toBeLessThanOrEqual(128);
  });

  test('tells followers until they stop', () => {
    const { tracer } = setUp();
    const heard: number[] = [];
    const stop = tracer.follow(({ id }) => heard.push(id));
    tracer.report(note('one'));
    stop();
    tracer.report(note('two'));
    expect(heard).toEqual([1]);
  });
});

describe('the tally', () => {
  test('counts failed attempts by what was refused, also those that the log holds back', () => {
    const { tracer, lines } = setUp();
    for (let i = 0; i < 50; i++) tracer.report(attempt({}));
    tracer.report(attempt({ notify: 'no answer' }));
    tracer.report(note('nothing'));
    expect(lines.length).toBeLessThan(50);
    expect(tracer.tally.refusals).toEqual({ AUTHENTICATION_FAILED: 50, 'no answer': 1 });
  });

  test('does not grow with what peers invent', () => {
    const { tracer } = setUp();
    for (let i = 0; i < 1000; i++) tracer.report(attempt({ notify: `${i}` }));
    const { refusals } = tracer.tally;
    expect(Object.keys(refusals)).toHaveLength(33);
    expect(refusals['other']).toBe(1000 - 32);
  });
});
