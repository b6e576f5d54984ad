// Routers that know each other by one pasted line instead of certificates (RFC 7670).
import { describe, expect, test } from 'vitest';
import { seconds } from '../../../src/base/time.ts';
import { makeEd25519Key, signWith, verifySignature } from '../../../src/pki/keys.ts';
import { keyIdentity, pinnedKey } from '../../../src/pki/spki.ts';
import { formatIdentity } from '../../../src/policy/identity.ts';
import type { Connection, OwnCertificate, PinnedKey } from '../../../src/policy/policy.ts';
import { household, pool } from '../household.ts';
import { connection, identity, pattern, phone, policy } from '../policies.ts';
import type { Ports } from '../world.ts';

const keys = { home: makeEd25519Key(), cabin: makeEd25519Key(), thief: makeEd25519Key() };
type Who = keyof typeof keys;

const own = (who: Who): OwnCertificate => ({
  name: 'key',
  keyId: who,
  keyType: 'ed25519',
  chain: [],
  publicKey: keys[who].spki,
  identities: [keyIdentity(keys[who].spki)],
});
function pinned(who: Who): PinnedKey {
  const read = pinnedKey(keys[who].spki);
  if (!read.ok) throw new Error(read.why);
  return read.key;
}

const addresses = pool(Array.from({ length: 20 }, (_, i) => `10.3.0.${i + 2}`));
let verified = 0;
const ports: Ports = (question) => {
  if (question.kind === 'sign') {
    return signWith(keys[question.keyId as Who], question.scheme, question.octets);
  }
  if (question.kind !== 'verify') return addresses(question);
  verified++;
  return verifySignature(question.spki, question.scheme, question.octets, question.signature);
};

const byKey = { localAuth: 'pubkey', remoteAuth: ['pubkey'], certificate: 'key' } as const;

interface Pair {
  /** Whose private key each side has. */
  readonly home?: Who;
  readonly cabin?: Who;
  readonly atHome?: Partial<Connection>;
  readonly atCabin?: Partial<Connection>;
  /** Instead of a bare key nothing is shown, as strongSwan does. */
  readonly isSilent?: boolean;
}

function dialled({ home = 'home', cabin = 'cabin', atHome, atCabin, isSilent }: Pair = {}) {
  verified = 0;
  const mine = own(cabin);
  const { publicKey: _, ...silent } = mine;
  const house = household({
    ports,
    gateway: policy([connection({ ...byKey, remoteKeys: [pinned('cabin')], ...atHome })], {
      certificates: [own(home)],
    }),
    phone: policy([phone({ ...byKey, remoteKeys: [pinned('home')], ...atCabin })], {
      certificates: [isSilent ? silent : mine],
    }),
  });
  house.dial();
  house.world.run(seconds(3));
  return house;
}

describe('routers with pasted keys', () => {
  test.each([[true], [false]])('come up, whether the key is shown or not (%s)', (isSilent) => {
    const { gateway, phone: cabin } = dialled({ isSilent });

    expect(gateway.sa.peer).toBe(formatIdentity(pinned('cabin').identity));
    expect(cabin.sa.phase).toBe('established');
    expect(gateway.sa.children).toHaveLength(1);
  });

  test('have the names that the owner wrote', () => {
    const { gateway } = dialled({
      atHome: { remoteId: pattern('cabin.example') },
      atCabin: { localId: identity('cabin.example') },
    });

    expect(gateway.sa.peer).toBe('cabin.example');
  });

  test('are told apart among several by their keys', () => {
    const { gateway } = dialled({
      isSilent: true,
      atHome: { remoteKeys: [pinned('thief'), pinned('cabin')] },
    });

    expect(gateway.sa.peer).toBe(formatIdentity(pinned('cabin').identity));
  });
});

describe('nobody comes in', () => {
  test.each<[string, Pair, RegExp]>([
    ['with an unknown key', { cabin: 'thief' }, /knows the public key/],
    ['with an unknown key that is not shown', { cabin: 'thief', isSilent: true }, /signature/],
    [
      'with a known key under another name',
      {
        atHome: { remoteId: pattern('office.example') },
        atCabin: { localId: identity('x.example') },
      },
      /knows the public key/,
    ],
  ])('%s', (_, pair, why) => {
    const { gateway } = dialled(pair);

    expect(gateway.core.snapshot().sas).toEqual([]);
    expect(gateway.eventsOf('attempt.failed')[0]).toMatchObject({
      notify: 'AUTHENTICATION_FAILED',
      why: expect.stringMatching(why),
      advice: expect.stringContaining('ikectl key show'),
    });
    expect(verified).toBe(1); // a stranger costs no less than a wrong signature
  });

  test('with a known key shown, and the signature of another', () => {
    const forged = household({
      ports,
      gateway: policy([connection({ ...byKey, remoteKeys: [pinned('cabin')] })], {
        certificates: [own('home')],
      }),
      phone: policy([phone({ ...byKey, remoteKeys: [pinned('home')] })], {
        certificates: [{ ...own('cabin'), keyId: 'thief' }],
      }),
    });
    forged.dial();
    forged.world.run(seconds(3));
    expect(forged.gateway.core.snapshot().sas).toEqual([]);
    expect(forged.gateway.eventsOf('attempt.failed')[0]?.why).toMatch(/signature does not fit/);
  });

  test('and a gateway with another key than the pasted one is not believed', () => {
    const { phone: cabin } = dialled({ home: 'thief' });

    expect(cabin.core.snapshot().sas).toEqual([]);
    expect(cabin.eventsOf('attempt.failed')[0]?.why).toMatch(/knows the public key/);
  });
});
