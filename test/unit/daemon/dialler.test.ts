import { beforeEach, describe, expect, test } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { Dialler } from '../../../src/daemon/dialler.ts';
import type { Standing } from '../../../src/daemon/redial.ts';
import type { Path, SaRef, WaitingPacket } from '../../../src/ike/core.ts';
import type { TraceEvent } from '../../../src/ike/events.ts';
import { everything } from '../../../src/policy/selectors.ts';
import { Refused } from '../../../src/rpc/method.ts';
import { FakeClock, logTo, path } from './fakes.ts';

const to = (address: string): Path => ({ ...path, remote: { ip: ip(address), port: 500 } });

let clock: FakeClock;
let lines: string[];
let standings: Map<string, Standing>;
let ways: Record<string, readonly Path[]>;
let waiting: Map<string, WaitingPacket>;
/** What traps are told, and what is asked of the core. */
let told: string[];
let dialler: Dialler;
beforeEach(() => {
  clock = new FakeClock();
  lines = [];
  standings = new Map();
  waiting = new Map();
  told = [];
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
    dial(name, _, packet) {
      standings.set(name, 'handshake');
      if (packet) told.push(`dial ${name} for a packet`);
    },
    widen: (name) => told.push(`widen ${name}`),
    traps: {
      keep: (names) => told.push(`traps ${names.join(' ') || 'none'}`),
      waitingFor: (name) => waiting.get(name),
      drop(name) {
        if (waiting.delete(name)) told.push(`drop ${name}`);
      },
    },
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
const keep = (...always: string[]): void =>
  dialler.keep({ always, onDemand: [] }, ['cabin', 'office']);
const failed = (connection: string | undefined): TraceEvent => ({
  kind: 'attempt.failed',
  sa: 1 as SaRef,
  path,
  peer: undefined,
  connection,
  notify: 'no answer',
  cause: 'no-answer',
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
    dialler.keep({ always: [], onDemand: [] }, ['cabin']);
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

describe('a connection that waits for a packet', () => {
  const host = everything({ start: ip('10.1.0.1'), end: ip('10.1.0.1') });
  const wait = (): void => dialler.keep({ always: [], onDemand: ['cabin'] }, ['cabin', 'office']);
  async function packet(): Promise<string[]> {
    waiting.set('cabin', { local: host, remote: host });
    dialler.wanted();
    return pass(0);
  }
  const up = async (): Promise<void> => {
    standings.set('cabin', 'established');
    waiting.delete('cabin');
    dialler.heed({ ...failed('cabin'), kind: 'bug', why: '', stack: '' });
    await pass(0);
  };

  test('is left alone until one comes, and dialled for that one', async () => {
    wait();
    expect(await pass(1_000_000)).toEqual([]);
    expect(clock.waits).toEqual([]);
    expect(await packet()).toEqual(["info: connection 'cabin': dialling 203.0.113.1:500"]);
    expect(told).toEqual(['traps cabin', 'dial cabin for a packet']);
  });

  test('is dialled once, however often the packet is looked at', async () => {
    wait();
    await packet();
    dialler.wanted();
    expect(await pass(0)).toEqual([]);
    expect(told.filter((each) => each.startsWith('dial'))).toHaveLength(1);
  });

  test('rests after it failed at every address, and waits again', async () => {
    wait();
    await packet();
    fail('cabin');
    await pass(0);
    fail('cabin');
    expect(await pass(0)).toEqual([
      "info: connection 'cabin' is down: dialled again with the next packet, not before 1 s",
    ]);
    expect(told.at(-1)).toBe('drop cabin');
    expect(await pass(1000)).toEqual([]);
    expect(clock.waits).toEqual([]);
    expect(await packet()).toEqual(["info: connection 'cabin': dialling 203.0.113.1:500"]);
    fail('cabin');
    await pass(0);
    fail('cabin');
    expect(await pass(0)).toEqual([
      "info: connection 'cabin' is down: dialled again with the next packet, not before 2 s",
    ]);
  });

  test('waits for the next packet when it ended', async () => {
    wait();
    await packet();
    await up();
    await pass(100_000);
    fail('cabin');
    expect(await pass(0)).toEqual([
      "info: connection 'cabin' is down: dialled again with the next packet, not before 1 s",
    ]);
    expect(await pass(100_000)).toEqual([]);
    expect(await packet()).toHaveLength(1);
  });

  test('is dialled after its rest for a packet that came meanwhile', async () => {
    wait();
    await packet();
    await up();
    standings.delete('cabin');
    expect(await packet()).toEqual([
      "info: connection 'cabin' is down: dialled again with the next packet, not before 1 s",
    ]);
    expect(told).not.toContain('drop cabin');
    expect(await pass(999)).toEqual([]);
    expect(await pass(1)).toEqual(["info: connection 'cabin': dialling 203.0.113.1:500"]);
  });

  test('is asked for one more tunnel where it stands, once for each packet', async () => {
    wait();
    standings.set('cabin', 'established');
    await packet();
    dialler.wanted();
    await pass(0);
    expect(told).toEqual(['traps cabin', 'widen cabin']);
    expect(await packet()).toEqual([]);
    expect(told).toEqual(['traps cabin', 'widen cabin', 'widen cabin']);
  });

  test('is dialled for a packet whose connection ended before it got its tunnel', async () => {
    wait();
    standings.set('cabin', 'established');
    await packet();
    fail('cabin');
    expect(await pass(0)).toEqual(["info: connection 'cabin': dialling 203.0.113.1:500"]);
    expect(told).toEqual(['traps cabin', 'widen cabin', 'dial cabin for a packet']);
  });

  test('has no trap once it was hung up, until it is dialled', async () => {
    wait();
    dialler.down(['cabin']);
    wait();
    expect(dialler.isKept('cabin')).toBe(false);
    await dialler.up('cabin');
    dialler.keep({ always: [], onDemand: [] }, ['cabin', 'office']);
    expect(told).toEqual(['traps cabin', 'traps none', 'traps none', 'traps cabin', 'traps none']);
  });

  test('is dialled at once when a reload says start', async () => {
    wait();
    keep('cabin');
    expect(await pass(0)).toEqual(["info: connection 'cabin': dialling 203.0.113.1:500"]);
    expect(told).toEqual(['traps cabin', 'traps none']);
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
