import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import type { Account } from '../../../src/config/configuration.ts';
import { findAccount } from '../../../src/daemon/accounts.ts';

const account = (fields: Partial<Account>): Account => ({
  name: 'anna',
  ntHash: new Secret(new Uint8Array(16)),
  enabled: true,
  expires: undefined,
  connection: undefined,
  ...fields,
});

describe('an account', () => {
  test.each(['anna', 'Anna', 'HOME\\anna', 'home\\ANNA'])('is found as %s', (name) => {
    const found = findAccount([account({ name: 'bob' }), account({})], name, 0);

    expect(found).toMatchObject({ ok: true, name: 'anna', connections: undefined });
  });

  test.each(['', 'ann', 'anna@home.example', 'anna\\', 'HOME/anna'])(
    'is not found as %s',
    (name) => {
      expect(findAccount([account({})], name, 0)).toMatchObject({ ok: false });
    },
  );

  test('may be for one connection alone', () => {
    const found = findAccount([account({ connection: 'phones' })], 'anna', 0);

    expect(found).toMatchObject({ connections: ['phones'] });
  });

  test.each([
    ['disabled', { enabled: false }, 0, false],
    ['on its last day', { expires: 1000 }, 1000, true],
    ['after its last day', { expires: 1000 }, 1001, false],
  ])('%s', (_, fields, now, ok) => {
    expect(findAccount([account(fields)], 'anna', now).ok).toBe(ok);
  });
});
