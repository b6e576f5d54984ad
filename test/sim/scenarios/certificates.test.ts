import { beforeAll, describe, expect, test } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import type { ChainVerdict } from '../../../src/ike/core.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import type { CertificateOptions } from '../../lab/pki.ts';
import { gatewayAddress } from '../doorstep.ts';
import { household, talk } from '../household.ts';
import { Papers } from '../papers.ts';
import { connection, identity, pattern, phone, policy } from '../policies.ts';

const keys = ['rsa2048', 'p256', 'p384', 'ed25519'] as const;
type Kind = (typeof keys)[number];
let papers: Papers;

beforeAll(async () => {
  const pairs = keys.flatMap((key): [string, CertificateOptions][] => [
    [`gateway ${key}`, { name: 'CN=home', key, san: ['home.example'], eku: ['serverAuth'] }],
    [`phone ${key}`, { name: 'C=CH, O=Home, CN=anna', key, san: ['anna@example.org'] }],
  ]);
  papers = await Papers.issue(Object.fromEntries(pairs));
});

/** Under the name by which connections find it. */
const own = (name: string, key: Kind, keyId = `${name} ${key}`) => ({
  ...papers.own(`${name} ${key}`, keyId),
  name,
});

const gateway = (key: Kind, fields: Partial<Parameters<typeof connection>[0]> = {}): Policy =>
  policy([connection({ localAuth: 'pubkey', remoteAuth: ['pubkey'], ...fields })], {
    certificates: [own('gateway', key)],
    authorities: [new Uint8Array(20).fill(1)],
  });
const dialer = (key: Kind, fields: Partial<Parameters<typeof phone>[0]> = {}): Policy =>
  policy([phone({ localAuth: 'pubkey', remoteAuth: ['pubkey'], ...fields })], {
    certificates: [own('phone', key)],
    authorities: [new Uint8Array(20).fill(1)],
  });

function dialled(fields: Parameters<typeof household>[0]) {
  const house = household({ ports: papers.ports(), ...fields });
  house.dial();
  house.world.run(seconds(3));
  return house;
}

describe('certificates on both sides', () => {
  test.each([
    ['rsa2048', 'rsa-sha256'],
    ['p256', 'ecdsa-sha256'],
    ['p384', 'ecdsa-sha384'],
    ['ed25519', 'ed25519'],
  ] as const)('%s signs %s and is believed', (key, scheme) => {
    const world = papers.ports();
    const house = dialled({ gateway: gateway(key), phone: dialer(key), ports: world });
    expect(house.gateway.core.snapshot().sas).toMatchObject([
      { phase: 'established', peer: 'anna@example.org' },
    ]);
    expect(world.schemes).toEqual([scheme, scheme]);
  });

  test('the chain and CERTREQ travel where RFC 7296 §1.2 puts them (pitfall 44)', () => {
    const house = dialled({ gateway: gateway('p256'), phone: dialer('p256') });
    const said = talk(house.gateway);
    expect(said[1]).toMatch(/SA KE No .*CERTREQ/);
    expect(said[2]).toContain(
      '[IDi CERT CERTREQ IDr AUTH CPRQ SA TSi TSr N(INITIAL_CONTACT) N(MOBIKE_SUPPORTED)]',
    );
    expect(said[3]).toContain('[IDr CERT AUTH CPRP SA TSi TSr N(MOBIKE_SUPPORTED)]');
  });

  test('a long message goes in fragments that no path must cut', () => {
    const small = { fragmentSize: 576 };
    const house = dialled({ gateway: gateway('rsa2048', small), phone: dialer('rsa2048', small) });
    const sizes = house.world.sent.map(({ bytes }) => bytes.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(576 - 20 - 8 - 4);
    expect(talk(house.gateway)[3]).toMatch(/in \d fragments/);
    expect(house.gateway.core.snapshot().sas).toMatchObject([{ phase: 'established' }]);
  });

  test('IDi is believed only where the certificate proves it (RFC 7296 §3.5)', () => {
    const house = dialled({
      gateway: gateway('p256'),
      phone: dialer('p256', { localId: identity('boss@example.org'), certificate: 'phone' }),
    });
    const [sa] = house.gateway.core.snapshot().sas;
    expect(sa?.peer).toBe('C=CH, O=Home, CN=anna');
  });

  test('a connection for one name does not serve another certificate of the same authority (attack 4)', () => {
    const house = dialled({
      gateway: gateway('p256', { remoteId: pattern('boss@example.org') }),
      phone: dialer('p256', { localId: identity('boss@example.org'), certificate: 'phone' }),
    });
    expect(house.phone.eventsOf('attempt.failed')).toMatchObject([
      { notify: 'AUTHENTICATION_FAILED' },
    ]);
    expect(house.gateway.core.snapshot().sas).toEqual([]);
  });

  test('the same name with another key does not pass (CVE-2020-16088, class 4, attack 12)', () => {
    const stolen = own('phone', 'p256', 'gateway p256');
    const house = dialled({
      gateway: gateway('p256'),
      phone: { ...dialer('p256'), certificates: [stolen] },
    });
    expect(house.gateway.eventsOf('attempt.failed')).toMatchObject([
      { why: 'the signature does not fit the certificate' },
    ]);
  });

  test('a signature under the wrong algorithm identifier does not pass (attack 6)', () => {
    const honest = papers.ports();
    const ports: typeof honest = Object.assign(
      (question: Parameters<typeof honest>[0]) =>
        honest(
          question.kind === 'sign' && question.keyId.startsWith('phone')
            ? { ...question, scheme: 'ecdsa-sha512' }
            : question,
        ),
      { schemes: honest.schemes },
    );
    const house = dialled({ gateway: gateway('p256'), phone: dialer('p256'), ports });
    expect(honest.schemes).toEqual(['ecdsa-sha512']);
    expect(house.gateway.eventsOf('attempt.failed')).toMatchObject([
      { why: 'the signature does not fit the certificate' },
    ]);
    expect(house.phone.eventsOf('attempt.failed')).toMatchObject([
      { notify: 'AUTHENTICATION_FAILED' },
    ]);
  });

  test.each(['expired', 'untrusted', 'clock', 'revoked'] as const)(
    '«%s» sounds the same to the peer, and its reason stands in our log',
    (cause) => {
      const judge = (): ChainVerdict => ({ ok: false, cause, why: `because it is ${cause}` });
      const house = dialled({
        gateway: gateway('p256'),
        phone: dialer('p256'),
        ports: papers.ports(judge),
      });
      expect(house.phone.eventsOf('attempt.failed')).toMatchObject([
        { notify: 'AUTHENTICATION_FAILED' },
      ]);
      expect(house.gateway.eventsOf('attempt.failed')).toMatchObject([
        { why: `because it is ${cause}` },
      ]);
    },
  );

  // Who copied a certificate, and has no key for it, learned from the time whether it was still good: the signature of
  // a revoked one was not even looked at.
  test.each(['expired', 'untrusted', 'revoked', 'barred'] as const)(
    '«%s» takes the same questions and the same bytes as a signature that does not fit (attack 11)',
    (cause) => {
      const attempt = (judge?: (verdict: ChainVerdict) => ChainVerdict) => {
        const copied = own('phone', 'p256', 'gateway p256');
        const phone = { ...dialer('p256'), certificates: [copied] };
        const ports = papers.ports(judge);
        const { gateway: host, world } = dialled({ gateway: gateway('p256'), phone, ports });
        return {
          work: host.asked.map(({ question }) => question.kind),
          wire: world.sent
            .filter(({ from }) => from.ip === host.address)
            .map((one) => one.bytes.length),
          why: host.eventsOf('attempt.failed').map(({ why }) => why),
        };
      };
      const refused = (verdict: ChainVerdict): ChainVerdict =>
        verdict.ok ? { ok: false, cause, why: cause, key: verdict } : verdict;

      const wrong = attempt();
      const other = attempt(refused);

      expect(wrong.why).toEqual(['the signature does not fit the certificate']);
      expect(wrong.work).toEqual(['verifyChain', 'verify']);
      expect(other).toEqual({ ...wrong, why: [cause] });
    },
  );

  test('a check that never ends is given up, and fails', () => {
    const house = dialled({
      gateway: gateway('p256'),
      phone: dialer('p256'),
      ports: () => 'never',
    });
    house.world.run(seconds(40));
    expect(house.gateway.core.snapshot().sas).toEqual([]);
  });

  test('a phone that does not believe the gateway says so, and the gateway hears it (RFC 7296 §2.21.2)', () => {
    let asked = 0;
    const judge = (verdict: ChainVerdict): ChainVerdict =>
      ++asked === 2 ? { ok: false, cause: 'untrusted', why: 'unknown authority' } : verdict;
    const house = dialled({
      gateway: gateway('p256'),
      phone: dialer('p256'),
      ports: papers.ports(judge),
    });
    expect(house.gateway.eventsOf('attempt.failed')).toMatchObject([
      { why: 'the peer did not accept who we are' },
    ]);
    expect(house.gateway.children.size).toBe(0);
    expect(house.gateway.released).toEqual(['10.3.0.2']);
  });
});

describe('of several connections that fit a certificate', () => {
  const subject = 'C=CH, O=Home, CN=anna';
  const peerOf = (patterns: readonly string[]) => {
    const connections = patterns.map((text) =>
      connection({
        name: text,
        remoteId: pattern(text),
        localAuth: 'pubkey',
        remoteAuth: ['pubkey'],
      }),
    );
    const serving = policy(connections, { certificates: [own('gateway', 'p256')] });
    return dialled({ gateway: serving, phone: dialer('p256') }).gateway.sa;
  };

  test.each([
    [['any', '*@example.org', 'anna@example.org']],
    [['any', 'C=CH, O=*, CN=*', subject]],
    [['any', 'C=CH, O=*, CN=*', 'C=CH, O=Home, CN=*']],
    [['any', '*.org', '*@example.org']],
  ])('the one that names it most exactly serves, first or last of %j', (patterns) => {
    const name = patterns.at(-1);
    expect(peerOf(patterns)).toMatchObject({ connection: name });
    expect(peerOf([...patterns].reverse())).toMatchObject({ connection: name });
  });

  test('and the name that the phone goes by counts where both are exact', () => {
    const chosen = { connection: 'anna@example.org', peer: 'anna@example.org' };
    expect(peerOf([subject, 'anna@example.org'])).toMatchObject(chosen);
    expect(peerOf(['anna@example.org', subject])).toMatchObject(chosen);
  });
});

test('asymmetric: the gateway shows a certificate, the phone knows a key (scenario 4)', () => {
  const house = dialled({
    gateway: gateway('p256', { remoteAuth: ['psk', 'pubkey'] }),
    phone: policy([phone({ localAuth: 'psk', remoteAuth: ['pubkey'] })]),
  });
  expect(house.gateway.core.snapshot().sas).toMatchObject([{ peer: 'anna@example.org' }]);
  expect(house.phone.core.snapshot().sas).toMatchObject([{ peer: 'home.example' }]);
});

// Whoever had seen it could send it again from elsewhere while its certificate was being looked at, which takes seconds
// where the authority is asked: the tunnel was made with that address.
test('a response that comes again from elsewhere, while we look at its certificate, moves nothing', () => {
  const house = household({
    ...{ gateway: gateway('p256', { mobike: false }), phone: dialer('p256') },
    ports: papers.ports(),
  });
  const { world, phone: caller } = house;
  const answers = caller.ports;
  caller.ports = (question) => (question.kind === 'verifyChain' ? 'never' : answers(question));
  world.wire = (packet) => {
    const elsewhere = { ...packet, from: { ip: ip('198.51.100.99'), port: 4500 } };
    const copies = packet.from.ip === gatewayAddress ? [packet, elsewhere] : [packet];
    return copies.map((one, i) => ({ packet: one, delay: milliseconds(10 + i) }));
  };
  house.dial();
  world.run(milliseconds(500));
  expect(caller.asked.map(({ question }) => question.kind)).toContain('verifyChain');
  const [sa] = caller.core.snapshot().sas;
  expect(sa?.path.remote.ip).toBe(gatewayAddress);
});
