import { expect, test } from 'vitest';
import { type Duration, milliseconds, seconds } from '../../../src/base/time.ts';
import { AccountWatch } from '../../../src/daemon/account-watch.ts';
import type { SaRef, SaSnapshot } from '../../../src/ike/core.ts';
import { household } from '../../sim/household.ts';
import { accountOf, eapPhone, eapPolicy, users } from '../../sim/users.ts';
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

// The account was judged when the password was, and the tunnel came up by AUTH, up to two minutes later. Whoever's time
// ended between the two had no name yet by which he could be hung up, and nobody looked again: he stayed for good.
test('whoever logs in while his time ends is hung up as soon as he is in', () => {
  const end = Date.UTC(2030, 0, 1, 12);
  let now = end;
  let whenItEnds = (): void => {};
  const all = [accountOf({ expires: end })];
  const answers = users();
  const { world, gateway, phone, dial } = household({
    ...{ gateway: eapPolicy(), phone: eapPhone() },
    ports(question) {
      if (question.kind === 'account') {
        now++;
        world.after(milliseconds(1), () => whenItEnds());
      }
      return answers(question);
    },
  });
  const watch = new AccountWatch({
    after(_, run) {
      whenItEnds = run;
      return () => {};
    },
    ...{ now: () => now, accounts: () => all, sas: () => gateway.core.snapshot().sas },
    hangUp: (which) =>
      world.input(gateway, { kind: 'command', command: { kind: 'terminate', which } }),
  });
  gateway.watcher = (event) => watch.heed(event);

  dial();
  world.run(seconds(5));

  expect(gateway.eventsOf('sa.established')).toHaveLength(1);
  expect(phone.eventsOf('sa.closed')).toMatchObject([{ cause: 'deleted-by-peer' }]);
  expect(gateway.core.snapshot().sas).toEqual([]);
});
