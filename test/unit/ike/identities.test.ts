import { expect, test } from 'vitest';
import { fromText, toText } from '../../../src/base/bytes.ts';
import { Secret } from '../../../src/base/secret.ts';
import { presharedKey } from '../../../src/ike/negotiate/identities.ts';
import { identity, pattern, policy } from '../../sim/policies.ts';

const entries = [
  [],
  ['any'],
  ['*.example.org'],
  ['*.cabin.example.org'],
  ['roof.cabin.example.org'],
  ['roof.cabin.example.org', 'vpn.example.org'],
] as const;
const keyFor = (peer: string, lists: readonly (readonly string[])[]): string | undefined => {
  const presharedKeys = lists.map((ids) => {
    return { ids: ids.map(pattern), secret: new Secret(fromText(ids.join(' '))) };
  });
  const own = identity('vpn.example.org');
  const secret = presharedKey(policy([], { presharedKeys }), identity(peer), own);
  return secret && toText(secret.bytes);
};

test.each([
  ['roof.cabin.example.org', 'roof.cabin.example.org vpn.example.org'],
  ['wood.cabin.example.org', '*.cabin.example.org'],
  ['hut.example.org', '*.example.org'],
  ['example.net', 'any'],
])('%s has the pre-shared key of the entry that names it most exactly', (peer, entry) => {
  expect(keyFor(peer, entries)).toBe(entry);
  expect(keyFor(peer, [...entries].reverse())).toBe(entry);
});

test('an entry that names us alone is for no peer, and one without names for any', () => {
  expect(keyFor('hut.example.org', [['vpn.example.org']])).toBeUndefined();
  expect(keyFor('hut.example.org', [['vpn.example.org'], []])).toBe('');
});
