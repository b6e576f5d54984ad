import { expect, test } from 'vitest';
import { type Duration, milliseconds } from '../../../src/base/time.ts';
import { AccountWatch } from '../../../src/daemon/account-watch.ts';
import type { SaRef, SaSnapshot } from '../../../src/ike/core.ts';
import { accountOf } from '../../sim/users.ts';
import { phone as sa } from '../rpc/fake-daemon.ts';

test('a tunnel ends right after the moment until which its user may be here', () => {
  let now = Date.UTC(2030, 0, 1, 12);
  const waiting: { delay: Duration; run: () => void }[] = [];
  let sas: readonly SaSnapshot[] = [{ ...sa, user: 'anna' }];
  const hungUp: [SaRef, string][] = [];
  const anna = accountOf({ expires: now + 90_000 });
  const watch = new AccountWatch({
    after(delay, run) {
      waiting.push({ delay, run });
      return () => waiting.splice(0);
    },
    now: () => now,
    accounts: () => [accountOf({ name: 'bob' }), anna],
    sas: () => sas,
    hangUp(ref, why) {
      sas = [];
      hungUp.push([ref, why]);
    },
  });
  const pass = (): void => {
    const [next] = waiting.splice(0);
    now += next?.delay ?? 0;
    next?.run();
  };

  pass();
  expect(hungUp).toEqual([]);
  expect(waiting[0]?.delay).toBe(milliseconds(30_001)); // to the moment itself

  pass();

  expect(hungUp).toEqual([[sa.id, expect.stringContaining('«anna» has expired')]]);
  expect(waiting).toEqual([]); // nobody else ends
  watch.close();
});
