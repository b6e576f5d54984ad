import { beforeAll, describe, expect, test } from 'vitest';
import { fromText } from '../../../src/base/bytes.ts';
import { seconds } from '../../../src/base/time.ts';
import type { Answer, ChainVerdict, Question, Scheme } from '../../../src/ike/core.ts';
import { readCertificate } from '../../../src/pki/certificate.ts';
import { readPrivateKey, signWith, verifySignature } from '../../../src/pki/keys.ts';
import { provenIdentities } from '../../../src/pki/names.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { issue, type LabCertificate, type LabKey, makeCa } from '../../lab/pki.ts';
import { household, pool, talk } from '../household.ts';
import { connection, identity, pattern, phone, policy } from '../policies.ts';
import type { Ports } from '../world.ts';

const keyTypes = { rsa2048: 'rsa', p256: 'p256', p384: 'p384', ed25519: 'ed25519' } as const;
type Kind = keyof typeof keyTypes;
const certificates = new Map<string, LabCertificate>();

beforeAll(async () => {
  const ca = await makeCa({ key: 'p256' });
  for (const key of Object.keys(keyTypes) as (Kind & LabKey)[]) {
    const server = { name: 'CN=home', key, san: ['home.example'], eku: ['serverAuth'] as const };
    certificates.set(`gateway ${key}`, await issue(ca, server));
    const client = { name: 'C=CH, O=Home, CN=anna', key, san: ['anna@example.org'] };
    certificates.set(`phone ${key}`, await issue(ca, client));
  }
});

const certificateOf = (name: string): LabCertificate => {
  const found = certificates.get(name);
  if (!found) throw new Error(`no certificate ${name}`);
  return found;
};

function own(name: string, key: Kind) {
  const { der } = certificateOf(`${name} ${key}`);
  const reading = readCertificate(der);
  if (!reading.ok) throw new Error(reading.why);
  const identities = provenIdentities(reading.certificate);
  return { name, keyId: `${name} ${key}`, keyType: keyTypes[key], chain: [der], identities };
}

/** The daemon's answers, with the mathematics real and the trust decided by `judge`. */
function ports(judge: (verdict: ChainVerdict) => ChainVerdict = (verdict) => verdict): Ports {
  const lease = pool(['10.3.0.2']);
  const schemes: Scheme[] = [];
  const answer = (question: Question): Answer | 'never' => {
    if (question.kind === 'verifyChain') return judge(verdictOn(question.chain[0] as Uint8Array));
    if (question.kind === 'verify') {
      const { spki, scheme, octets, signature } = question;
      return verifySignature(spki, scheme, octets, signature);
    }
    if (question.kind !== 'sign') return lease(question);
    schemes.push(question.scheme);
    const key = readPrivateKey(fromText(certificateOf(question.keyId).keyPem));
    if (!key.ok) throw new Error('no key');
    return signWith(key.key, question.scheme, question.octets);
  };
  return Object.assign(answer, { schemes });
}

function verdictOn(der: Uint8Array): ChainVerdict {
  const found = [...certificates].find(([, { der: other }]) => other.join() === der.join());
  const reading = readCertificate(der);
  if (!found || !reading.ok) return { ok: false, cause: 'untrusted', why: 'a stranger' };
  const spki = new Uint8Array(found[1].certificate.publicKey.rawData);
  const keyType = keyTypes[found[1].key as Kind];
  return { ok: true, spki, keyType, identities: provenIdentities(reading.certificate) };
}

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
  const house = household({ ports: ports(), ...fields });
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
    const world = ports();
    const house = dialled({ gateway: gateway(key), phone: dialer(key), ports: world });
    expect(house.gateway.core.snapshot().sas).toMatchObject([
      { phase: 'established', peer: 'anna@example.org' },
    ]);
    expect((world as Ports & { schemes: Scheme[] }).schemes).toEqual([scheme, scheme]);
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

  test('a connection for one name does not serve another certificate of the same authority', () => {
    const house = dialled({
      gateway: gateway('p256', { remoteId: pattern('boss@example.org') }),
      phone: dialer('p256', { localId: identity('boss@example.org'), certificate: 'phone' }),
    });
    expect(house.phone.eventsOf('attempt.failed')).toMatchObject([
      { notify: 'AUTHENTICATION_FAILED' },
    ]);
    expect(house.gateway.core.snapshot().sas).toEqual([]);
  });

  test('the same name with another key does not pass (CVE-2020-16088)', () => {
    const stolen = { ...own('phone', 'p256'), keyId: 'gateway p256' };
    const house = dialled({
      gateway: gateway('p256'),
      phone: { ...dialer('p256'), certificates: [stolen] },
    });
    expect(house.gateway.eventsOf('attempt.failed')).toMatchObject([
      { why: 'the signature does not fit the certificate' },
    ]);
  });

  test.each(['expired', 'untrusted', 'clock', 'revoked'] as const)(
    '«%s» sounds the same to the peer, and its reason stands in our log',
    (cause) => {
      const judge = (): ChainVerdict => ({ ok: false, cause, why: `because it is ${cause}` });
      const house = dialled({
        gateway: gateway('p256'),
        phone: dialer('p256'),
        ports: ports(judge),
      });
      expect(house.phone.eventsOf('attempt.failed')).toMatchObject([
        { notify: 'AUTHENTICATION_FAILED' },
      ]);
      expect(house.gateway.eventsOf('attempt.failed')).toMatchObject([
        { why: `because it is ${cause}` },
      ]);
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
    const house = dialled({ gateway: gateway('p256'), phone: dialer('p256'), ports: ports(judge) });
    expect(house.gateway.eventsOf('attempt.failed')).toMatchObject([
      { why: 'the peer did not accept who we are' },
    ]);
    expect(house.gateway.children.size).toBe(0);
    expect(house.gateway.released).toEqual(['10.3.0.2']);
  });
});

test('asymmetric: the gateway shows a certificate, the phone knows a key', () => {
  const house = dialled({
    gateway: gateway('p256', { remoteAuth: ['psk', 'pubkey'] }),
    phone: policy([phone({ localAuth: 'psk', remoteAuth: ['pubkey'] })]),
  });
  expect(house.gateway.core.snapshot().sas).toMatchObject([{ peer: 'anna@example.org' }]);
  expect(house.phone.core.snapshot().sas).toMatchObject([{ peer: 'home.example' }]);
});
