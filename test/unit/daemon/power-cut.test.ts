// The power fails at any moment of a write: whoever reads next finds the old file or the new one, whole, and the next
// write goes through.
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { setOptions } from '../../../src/config/edit.ts';
import { writeAtomically } from '../../../src/daemon/atomic-file.ts';
import { editConfiguration } from '../../../src/daemon/config-file.ts';
import { readLeases, writeLeases } from '../../../src/pools/leases.ts';
import { losingPower, type Remains } from './power-cut.ts';

vi.mock('node:fs', async (original) =>
  (await import('./power-cut.ts')).withSwitch(await original()),
);

const folder = mkdtempSync(join(tmpdir(), 'ikev2-power-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'file');
beforeEach(() => rmSync(path, { force: true }));

const leases = (last: number) => [
  { pool: 'lan', identity: 'anna', address: ip(`10.3.0.${last}`) },
  { pool: 'lan', identity: 'ben', address: ip(`10.3.0.${last + 1}`) },
];
const port = (number: string) => (text: string) =>
  setOptions(text, { type: 'service', name: 'main' }, { port: number });

interface Kind {
  readonly write: (which: 'old' | 'new') => void;
  readonly read: () => unknown;
}
const kinds: Readonly<Record<string, Kind>> = {
  leases: {
    write: (which) => writeLeases(path, leases(which === 'old' ? 2 : 12)),
    read: () => {
      const { remembered, problem } = readLeases(path);
      return { remembered, problem };
    },
  },
  configuration: {
    write: (which) => editConfiguration(path, port(which === 'old' ? '500' : '501')),
    read: () => readFileSync(path, 'utf8'),
  },
  'key and certificate': {
    write: (which) => writeAtomically(path, `-----BEGIN ${which}-----\n`.repeat(100)),
    read: () => readFileSync(path, 'utf8'),
  },
};

describe.each(Object.entries(kinds))('%s', (_name, { write, read }) => {
  test.each<Remains>(['nothing', 'half', 'all'])(
    'are old or new wherever the power fails, and %s is on the disk of what was not synchronized',
    (remains) => {
      const found = new Set<string>();
      write('old');
      const old = JSON.stringify(read());
      write('new');
      const next = JSON.stringify(read());
      expect(next).not.toBe(old);
      let operations = 0;
      for (let isOff = true; isOff; operations++) {
        write('old');
        isOff = losingPower(operations, remains, () => write('new'));
        const seen = JSON.stringify(read());
        expect([old, next]).toContain(seen);
        found.add(seen);
        write('new'); // whatever was left behind is not in the way
        expect(JSON.stringify(read())).toBe(next);
      }
      expect(operations).toBeGreaterThan(3);
      expect(found.size).toBe(2);
    },
  );
});

test('a writer that does not synchronize is found by this', () => {
  const careless = () => {
    const file = openSync(`${path}.new`, 'w');
    writeFileSync(file, 'new');
    closeSync(file);
    renameSync(`${path}.new`, path);
    rmSync(`${path}.old`, { force: true }); // whatever comes next
  };
  const seen = [0, 1, 2, 3].map((after) => {
    writeFileSync(path, 'old');
    losingPower(after, 'nothing', careless);
    return readFileSync(path, 'utf8');
  });
  expect(seen).toEqual(['old', 'old', 'old', '']);
});
