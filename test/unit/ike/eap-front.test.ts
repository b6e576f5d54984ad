import { describe, expect, test } from 'vitest';
import { fromText } from '../../../src/base/bytes.ts';
import { Secret } from '../../../src/base/secret.ts';
import { eapMethod } from '../../../src/ike/eap/index.ts';
import type { EapMethodRow } from '../../../src/ike/eap/method.ts';
import { selectByEap } from '../../../src/ike/exchanges/eap-front.ts';
import { userIdentity } from '../../../src/policy/identity.ts';
import type { Connection } from '../../../src/policy/policy.ts';
import { connection, identity, pattern } from '../../sim/policies.ts';

const peap = eapMethod('eap-peap') as EapMethodRow;
const byPeap = (fields: Partial<Connection> = {}): Connection =>
  connection({ remoteAuth: ['eap-peap'], ...fields });

/** Anna has logged in by PEAP with MSCHAPv2 inside. */
function select(candidates: readonly Connection[], isUnbound: boolean) {
  const [first] = candidates;
  if (!first) throw new Error('no connection');
  const front = { connection: first, localId: identity('home.example'), shown: undefined };
  const msk = new Secret(fromText('tunnel'));
  const grant = { connections: undefined };
  const outcome = { identities: [userIdentity('anna')], msk, isUnbound, grant };
  return selectByEap({ ...front, candidates }, peap, outcome);
}

// Whoever had a login by bare MSCHAPv2 shown to him could pass it on inside a PEAP of his own: without cryptobinding it
// rests on the key of his TLS alone. He was let in as the user.
describe('PEAP whose method is not bound to its TLS', () => {
  test('lets nobody in (attack 14)', () => {
    expect(select([byPeap()], false)).toMatchObject({ connection: { name: 'phones' } });
    expect(select([byPeap()], true)).toMatchObject({
      cause: 'method-not-allowed',
      advice: expect.stringContaining('peap_unbound'),
    });
  });

  test('lets in where the owner says so, and not by another connection that says so', () => {
    const lax = byPeap({ peapUnbound: true });
    expect(select([lax], true)).toMatchObject({ connection: { name: 'phones' } });
    const annas = byPeap({ eapId: pattern('anna') });
    expect(select([lax, annas], true)).toMatchObject({ cause: 'method-not-allowed' });
  });
});

// Whether somebody was held to remote_id hung on a field that a verdict on a chain may leave out.
test('who logs in by a certificate inside EAP is held to remote_id, whatever the certificate is called', () => {
  const tls = eapMethod('eap-tls') as EapMethodRow;
  const open = connection({ remoteAuth: ['eap-tls'], remoteId: pattern('boss') });
  const front = { connection: open, localId: identity('home.example'), shown: undefined };
  const outcome = { identities: [userIdentity('anna')], msk: undefined };
  expect(selectByEap({ ...front, candidates: [open] }, tls, outcome)).toMatchObject({
    cause: 'unknown-identity',
  });
});
