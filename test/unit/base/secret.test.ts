import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { fromHex } from '../../../src/base/bytes.ts';
import { Bug } from '../../../src/base/invariant.ts';
import { Secret } from '../../../src/base/secret.ts';

const key = () => fromHex('deadbeef');

test('prints its length and nothing else, however it is printed', () => {
  const secret = new Secret(key());
  const printed = [
    `${secret}`,
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ deep: { in: [secret] } }, { depth: 9, showHidden: true }),
    JSON.stringify(Object.entries(secret)),
    String(new Error(`${secret}`)),
  ];
  for (const text of printed) expect(text).not.toMatch(/de, ?ad|222|dead/i);
  expect(`${secret}`).toBe('«secret 4B»');
  expect(JSON.stringify({ secret })).toBe('{"secret":"«secret 4B»"}');
});

test('gives its bytes for immediate use', () => {
  const secret = new Secret(key());
  expect(secret.bytes).toEqual(key());
  expect(secret.length).toBe(4);
  expect(secret.isWiped).toBe(false);
});

test('is zero once wiped, also where its bytes were kept against the rules', () => {
  const owned = key();
  const secret = new Secret(owned);
  const kept = secret.bytes;
  secret.wipe();
  expect(owned).toEqual(new Uint8Array(4));
  expect(kept).toEqual(new Uint8Array(4));
  expect(secret.isWiped).toBe(true);
});

test('is a bug to use once wiped, and no bug to wipe twice or to print', () => {
  const secret = new Secret(key());
  secret.wipe();
  secret.wipe();
  expect(() => secret.bytes).toThrow(Bug);
  expect(`${secret}`).toBe('«secret 4B»');
});
