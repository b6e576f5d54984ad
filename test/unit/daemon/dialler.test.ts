import { beforeEach, describe, expect, test } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { Dialler } from '../../../src/daemon/dialler.ts';
import type { Standing } from '../../../src/daemon/redial.ts';
import type { Path, SaRef } from '../../../src/ike/core.ts';
import type { TraceEvent } from '../../../src/ike/events.ts';
import { Refused } from '../../../src/rpc/method.ts';
import { FakeClock, logTo, path } from './fakes.ts';

const to = (address: string): Path => ({ ...path, remote: { ip: ip(address), port: 500 } });

let clock: FakeClock;
let lines: string[];
let standings: Map<string, Standing>;
let ways: Record<string, readonly Path[]>;
let dialler: Dialler;
beforeEach(() => {
  clock = new FakeClock();
  lines = [];
  standings = new Map();
  ways = { cabin: [to('203.0.113.1'), to('2001:db8::1')], office: [to('203.0.113.9')] };
  dialler = new Dialler({
    clock,
    log: logTo(lines),
    chance: () => 0,
    async pathsTo(name) {
      const paths = ways[name];
      if (!paths) throw new Refused(`${name}.example cannot be resolved`);
      return paths;
    },
    standings: () => standings,
    dial: (name) => standings.set(name, 'handshake'),
  });
});

/** Lets time pass, and what was promised meanwhile be kept. */
async function pass(ms: number): Promise<string[]> {
  clock.pass(ms);
  for (let i = 0; i < 5; i++) {
    await Promise.resolve();
    await new Promise(setImmediate);
    clock.pass(0);
  }
  return lines.splice(0);
}
const keep = (...names: string[]): void => dialler.keep(names, ['cabin', 'office']);
const failed = (connection: string | undefined): TraceEvent => ({
  kind: 'attempt.failed',
  sa: 1 as SaRef,
  path,
  peer: undefined,
  connection,
  notify: 'no answer',
  why: 'nobody is there',
  advice: '',
});
/** The handshake of a connection ends in nothing. */
function fail(name: string): void {
  standings.delete(name);
  dialler.heed(failed(name));
}

describe('a connection that is kept up', () => {
  test('is dialled at all its addresses, then rests, and says so', async () => {
    keep('cabin');
    expect(await pass(0)).toEqual(["info: connection 'cabin': dialling 203.0.113.1:500"]);
    fail('cabin');
    expect(await pass(0)).toEqual(["info: connection 'cabin': dialling [2001:db8::1]:500"]);
    fail('cabin');
    expect(await pass(0)).toEqual(["info: connection 'cabin' is down: dialled again in 1 s"]);
    expect(await pass(999)).toEqual([]);
    expect(await pass(1)).toEqual(["info: connection 'cabin': dialling 203.0.113.1:500"]);
  });

  test('is dialled with the addresses that its name has by then', async () => {
    delete ways['cabin'];
    keep('cabin');
    expect(await pass(0)).toEqual([
      "warn: connection 'cabin' cannot be dialled: cabin.example cannot be resolved",
      "info: connection 'cabin' is down: dialled again in 1 s",
    ]);
    ways['cabin'] = [to('203.0.113.7')];
    expect(await pass(1000)).toEqual(["info: connection 'cabin': dialling 203.0.113.7:500"]);
  });

  test('is left alone while it stands, and no timer runs', async () => {
    keep('cabin');
    await pass(0);
    standings.set('cabin', 'established');
    dialler.heed({ ...failed('cabin'), kind: 'bug', why: '', stack: '' });
    expect(await pass(1_000_000)).toEqual([]);
    expect(clock.waits).toEqual([]);
  });

  test('has its own time, whatever another does', async () => {
    delete ways['cabin'];
    keep('cabin', 'office');
    await pass(0);
    await pass(1000);
    await pass(2000);
    fail('office');
    await pass(0);
    expect(clock.waits).toEqual([1000]);
    expect((await pass(1000)).filter((line) => line.includes('office'))).toHaveLength(1);
  });

  test('is not dialled any more when the configuration says so, or has it no more', async () => {
    keep('cabin', 'office');
    await pass(0);
    fail('cabin');
    fail('office');
    await pass(0);
    fail('cabin');
    await pass(0);
    dialler.keep([], ['cabin']);
    expect(await pass(100_000)).toEqual([]);
    expect(dialler.isKept('cabin')).toBe(false);
  });

  test('stays hung up over a reload, until it is dialled', async () => {
    keep('cabin');
    await pass(0);
    dialler.down(['cabin']);
    standings.clear();
    keep('cabin');
    expect(await pass(100_000)).toEqual([]);
    expect(dialler.isKept('cabin')).toBe(false);
    await dialler.up('cabin');
    expect(dialler.isKept('cabin')).toBe(true);
    expect(await pass(0)).toEqual(["info: connection 'cabin': dialling 203.0.113.1:500"]);
    fail('cabin');
    await pass(0);
    fail('cabin');
    expect(await pass(0)).toEqual(["info: connection 'cabin' is down: dialled again in 1 s"]);
  });

  test('is dialled no more once the service ends', async () => {
    keep('cabin');
    dialler.close();
    expect(await pass(100_000)).toEqual([]);
  });
});

describe('a connection that is dialled on command', () => {
  test('is tried at all its addresses once', async () => {
    await dialler.up('cabin');
    await pass(0);
    fail('cabin');
    expect(await pass(0)).toEqual(["info: connection 'cabin': dialling [2001:db8::1]:500"]);
    fail('cabin');
    expect(await pass(100_000)).toEqual([]);
  });

  test('is refused with the reason when there is nobody to dial, or no need to', async () => {
    await expect(dialler.up('nowhere')).rejects.toThrow('cannot be resolved');
    await dialler.up('cabin');
    await expect(dialler.up('cabin')).rejects.toThrow('is being dialled already');
    standings.set('cabin', 'established');
    await expect(dialler.up('cabin')).rejects.toThrow('is up already');
  });

  test('does not wait for its next turn', async () => {
    keep('cabin');
    await pass(0);
    for (let i = 0; i < 20; i++) {
      fail('cabin');
      await pass(1000);
    }
    lines.length = 0;
    standings.clear();
    await dialler.up('cabin');
    expect(lines).toEqual(["info: connection 'cabin': dialling 203.0.113.1:500"]);
  });
});

test('events of connections that nobody dials cause no look', async () => {
  keep('cabin');
  await pass(0);
  standings.set('cabin', 'established');
  dialler.heed(failed(undefined));
  await pass(0);
  dialler.heed(failed('phones'));
  expect(clock.waits).toEqual([]);
});
