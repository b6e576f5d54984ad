import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PastCounters } from '../../../src/daemon/past-counters.ts';
import { Log } from '../../../src/trace/log.ts';

let folder: string;
let file: string;
let lines: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ikev2-counters-'));
  file = join(folder, 'counters.json');
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const counters = (at = file) => new PastCounters(at, new Log((line) => lines.push(line), 'info'));
/** What a service counted that began with these. */
const countedBy = (past: PastCounters) => ({
  snapshot: () => ({ sas: [], counters: past.ike({ retransmit: 2 }) }),
  espCounters: () => past.esp({ replay: 2n ** 40n }),
  refusals: () => past.refusals({ NO_PROPOSAL_CHOSEN: 1 }),
});

describe('counters', () => {
  test('go on where the last service stopped, over any number of restarts', () => {
    for (let i = 0; i < 3; i++) {
      const past = counters();
      past.keep(countedBy(past));
    }
    const past = counters();
    expect(past.ike({ bug: 1 })).toEqual({ retransmit: 6, bug: 1 });
    expect(past.esp({ replay: 1n })).toEqual({ replay: 3n * 2n ** 40n + 1n });
    expect(past.refusals({})).toEqual({ NO_PROPOSAL_CHOSEN: 3 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(lines).toEqual([]);
  });

  test.each(['', 'damaged', '[]', '7', '{"ike":{"a":"b","c":-1,"d":1.5,"e":null}}'])(
    'begin anew after a file with %j',
    (text) => {
      writeFileSync(file, text);
      const past = counters();
      expect(past.ike({ bug: 1 })).toEqual({ bug: 1 });
      past.keep(countedBy(past));
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ ike: { retransmit: 2 } });
    },
  );

  test('that cannot be written cost a line in the log', () => {
    const past = counters(join(folder, 'no/such/file'));
    past.keep(countedBy(past));
    expect(lines).toEqual([expect.stringMatching(/counters are not remembered \(ENOENT\)/)]);
  });
});
