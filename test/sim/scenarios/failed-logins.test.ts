// Whatever is wrong with a login, the gateway does the same work for it and says the same: only its owner learns why.
import { expect, test } from 'vitest';
import { fromText } from '../../../src/base/bytes.ts';
import { Secret } from '../../../src/base/secret.ts';
import { seconds } from '../../../src/base/time.ts';
import { ntHash } from '../../../src/crypto/nt-hash.ts';
import { findAccount } from '../../../src/daemon/accounts.ts';
import { household } from '../household.ts';
import { accountOf, annasPassword, eapPhone, eapPolicy, users } from '../users.ts';
import type { Ports } from '../world.ts';

const hash = () => new Secret(ntHash(fromText(annasPassword)));
const accounts = [
  accountOf({ ntHash: hash() }),
  accountOf({ name: 'erin', ntHash: hash(), enabled: false }),
  accountOf({ name: 'fred', ntHash: hash(), expires: 1 }),
  accountOf({ kind: 'device', name: 'lost', ntHash: undefined, revoked: 1 }),
];
const addresses = users();
const ports: Ports = (question) =>
  question.kind === 'account' ? findAccount(accounts, question.name, 2) : addresses(question);

/** What the gateway asked of its ports and said on the wire, and what its owner reads. */
function attempt(name: string, password: string) {
  const phone = eapPhone({}, { name, password });
  const { world, gateway, dial } = household({ gateway: eapPolicy(), phone, ports });
  dial();
  world.run(seconds(60));
  const said = world.sent.filter(({ from }) => from.ip === gateway.address);
  return {
    work: gateway.asked.map(({ question }) => question.kind),
    wire: said.map(({ bytes }) => bytes.length),
    why: gateway.eventsOf('attempt.failed').map(({ why }) => why),
    advice: gateway.eventsOf('attempt.failed').map((event) => event.advice),
  };
}

test.each([
  ['mary', annasPassword, 'there is no user «mary»'],
  ['erin', annasPassword, 'the user «erin» is disabled'],
  ['fred', annasPassword, 'the account of user «fred» has expired'],
  ['lost', annasPassword, 'the device «lost» was revoked on 1970-01-01'],
])(
  '%s: the same questions and the same bytes as for a wrong password (attack 11)',
  (name, password, why) => {
    const wrong = attempt('anna', 'wrong');
    const other = attempt(name, password);

    expect(wrong.why).toEqual(['wrong password for user «anna»']);
    expect(wrong.work).toContain('account');
    expect(other.why).toEqual([why]);
    expect(other.advice[0]).toMatch(/\.$/);
    expect({ work: other.work, wire: other.wire }).toEqual({ work: wrong.work, wire: wrong.wire });
  },
);
