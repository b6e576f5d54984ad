// The search for secrets finds what it is for.
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { fromText, toHex } from '../../../src/base/bytes.ts';
import { Secret } from '../../../src/base/secret.ts';
import { ntHash } from '../../../src/crypto/nt-hash.ts';
import { secretsIn, shown } from '../../lab/secrets.ts';
import { section } from '../../lab/uci.ts';
import { Secrecy } from '../../sim/secrecy.ts';

const password = 'correct horse';
const bytes = fromText(password);
const known = [{ name: 'it', bytes }];

describe('a secret is found', () => {
  test.each([
    ['as it is', `user anna: ${password}!`],
    ['in hexadecimal', Buffer.from(bytes).toString('hex')],
    ['in capital letters', Buffer.from(bytes).toString('hex').toUpperCase()],
    ['in pairs', Buffer.from(bytes).toString('hex').replace(/../g, '$&:')],
    ['as node prints a buffer', inspect(Buffer.from(bytes))],
    ['as node prints an array', inspect(bytes)],
    ['as JSON', JSON.stringify({ password: [...bytes] })],
    ['as JSON of an array of bytes', JSON.stringify({ password: bytes })],
    ['in base64', Buffer.from(`${password} and more`).toString('base64')],
  ])('%s', (_, text) => {
    expect(shown(`before ${text} after`, known)).toEqual(['it']);
  });
});

test('a secret that prints itself is not found', () => {
  const secret = new Secret(bytes.slice());

  expect(shown(`${secret} ${JSON.stringify(secret)} ${inspect({ secret })}`, known)).toEqual([]);
});

test('a configuration has its secrets found, and their hashes', () => {
  const secrets = secretsIn([
    section('user', 'anna', { name: 'anna-anna', password }),
    section('psk', 'k', { secret: '0x00112233445566778899' }),
  ]);
  const hash = Buffer.from(ntHash(bytes)).toString('hex');

  expect(shown(`anna-anna ${hash}`, secrets)).toEqual(["option password of user 'anna'"]);
  expect(shown('00:11:22:33:44:55:66:77:88:99', secrets)).toEqual(["option secret of psk 'k'"]);
  expect(shown('anna-anna', secrets)).toEqual([]);
});

test('a simulated host is caught that tells a key', () => {
  const secrecy = new Secrecy();
  secrecy.ofSa([bytes]);
  const snapshot = { sas: [], counters: {} };
  const note = (why: string) => ({ kind: 'note', sa: undefined, why }) as const;

  expect(secrecy.told([note('hello')], snapshot)).toEqual([]);
  expect(secrecy.told([note(`SK_ei ${toHex(bytes)}`)], snapshot)).toEqual(['SK_e or SK_a']);
});
