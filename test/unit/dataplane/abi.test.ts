import { expect, test } from 'vitest';
import { constants, structs } from '../../../src/dataplane/abi.ts';
import { readAbi } from '../../../src/dataplane/native.ts';
import { libraryPath, whySkipped } from './library.ts';

/** The mirror in the form in which the library tells its own layout. */
function mirrored(): ReadonlyMap<string, readonly [number, number]> {
  const entries = new Map<string, readonly [number, number]>();
  for (const [name, value] of Object.entries(constants)) entries.set(name, [value, 0]);
  for (const [name, struct] of Object.entries(structs)) {
    entries.set(name, [struct.bytes, 0]);
    for (const [field, { offset, bytes }] of Object.entries(struct.fields)) {
      entries.set(`${name}.${field}`, [offset, bytes]);
    }
  }
  return entries;
}

test.skipIf(whySkipped)('abi.ts says of every struct and constant what the C module says', () => {
  const told = readAbi(libraryPath);
  expect(told.size).toBeGreaterThan(80);
  expect([...told].sort()).toEqual([...mirrored()].sort());
});
