// Failures provoked on purpose, and the explanation of each: the cause by its word, a sentence that names what is wrong,
// and an advice. None gets the cause of another.
import { beforeAll, describe, expect, test } from 'vitest';
import { fromText } from '../../../src/base/bytes.ts';
import { type Ip, ip } from '../../../src/base/ip.ts';
import { Secret } from '../../../src/base/secret.ts';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { ntHash } from '../../../src/crypto/nt-hash.ts';
import { findAccount } from '../../../src/daemon/accounts.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { PayloadType } from '../../../src/iana/payloads.ts';
import type { Cause } from '../../../src/ike/causes.ts';
import type { ChainVerdict } from '../../../src/ike/core.ts';
import type { Connection, Policy } from '../../../src/policy/policy.ts';
import { explain } from '../../../src/trace/explain.ts';
import { Ring } from '../../../src/trace/ring.ts';
import { decodeHeader } from '../../../src/wire/header.ts';
import { decodeMessage } from '../../../src/wire/message.ts';
import { household, pool } from '../household.ts';
import { Papers } from '../papers.ts';
import { connection, pattern, phone, policy, proposals } from '../policies.ts';
import { accountOf, annasPassword, eapPhone, eapPolicy, users } from '../users.ts';
import type { Ports, SimHost, Wire } from '../world.ts';

interface Failure {
  readonly gateway?: Policy;
  readonly phone?: Policy;
  readonly ports?: Ports;
  readonly wire?: Wire;
  /** Where it really is, when what is dialled is a router in front of it that forwards UDP 500 alone. */
  readonly behind?: string;
}
type Row = readonly [what: string, provoke: () => Failure, cause: Cause, says: RegExp];

/** What the gateway's owner reads. */
function explained({ wire, behind, ...fields }: Failure) {
  const { world, gateway, dial } = household(fields);
  if (wire) world.wire = wire;
  if (behind !== undefined) world.wire = forwarding(ip(gateway.address), behind);
  dial();
  if (behind !== undefined) gateway.address = behind;
  world.run(seconds(200));
  return explanationsOf(gateway);
}

const explanationsOf = (gateway: SimHost) =>
  gateway
    .eventsOf('attempt.failed')
    .map((event) => explain(event, { id: 1, at: 0, level: 'warn', event }, []));

const gatewayWith = (fields: Partial<Connection>): Policy => policy([connection(fields)]);
const phoneWith = (fields: Partial<Connection>): Policy => policy([phone(fields)]);

const ppk = (id: string, secret: string) => ({
  id: fromText(id),
  secret: new Secret(fromText(secret)),
  peers: [],
});
const withPpk = (id: string, secret = 'one', ppkRequired = false): Policy =>
  policy([connection({ ppkRequired })], { ppks: [ppk(id, secret)] });
const phoneWithPpk = (fields: Partial<Connection>): Policy =>
  policy([phone(fields)], { ppks: [ppk('anna', 'one')] });

/** Everything but what `isLost` says arrives. */
const losing =
  (isLost: (packet: Parameters<Wire>[0]) => boolean): Wire =>
  (packet) =>
    isLost(packet) ? [] : [{ packet, delay: milliseconds(10) }];
/** What is dialled is another address than the gateway has, and leads there on UDP 500. */
const forwarding =
  (outside: Ip, inner: string): Wire =>
  ({ from, to, bytes }) => {
    if (to.ip === outside && to.port !== 500) return [];
    const packet = {
      from: from.ip === inner ? { ...from, ip: outside } : from,
      to: to.ip === outside ? { ...to, ip: ip(inner) } : to,
      bytes,
    };
    return [{ packet, delay: milliseconds(10) }];
  };
const exchangeOf = (bytes: Uint8Array): number => decodeHeader(bytes).exchange;

const suites: readonly Row[] = [
  [
    'group 2 alone, as Windows comes',
    () => ({ phone: phoneWith({ ike: proposals('ike', 'aes256-sha1-modp1024') }) }),
    'group-2-only',
    /group 2/,
  ],
  [
    'another key exchange',
    () => ({ phone: phoneWith({ ike: proposals('ike', 'aes256-sha256-modp2048') }) }),
    'no-common-algorithm',
    /nearest miss: key exchange: it offers modp2048, here ecp256\./,
  ],
  [
    'another cipher',
    () => ({ phone: phoneWith({ ike: proposals('ike', 'aes128gcm16-prfsha256-x25519') }) }),
    'no-common-algorithm',
    /nearest miss: encryption: it offers aes128gcm16, here aes256gcm16\./,
  ],
  [
    'another hash',
    () => ({ phone: phoneWith({ ike: proposals('ike', 'aes256gcm16-prfsha512-x25519') }) }),
    'no-common-algorithm',
    /nearest miss: PRF: it offers prfsha512, here prfsha256\./,
  ],
  [
    'another cipher for the tunnel',
    () => ({ phone: phoneWith({ esp: proposals('esp', 'aes128-sha256') }) }),
    'no-common-tunnel-algorithm',
    /encryption: it offers aes128, here aes256gcm16/,
  ],
];
const whom: readonly Row[] = [
  [
    'an address that no connection serves',
    () => ({
      gateway: gatewayWith({ remote: [{ start: '192.0.2.1', end: '192.0.2.1' } as never] }),
    }),
    'no-connection',
    /no connection serves 198\.51\.100\.10/i,
  ],
  [
    'an identity that nobody expects',
    () => ({ gateway: gatewayWith({ remoteId: pattern('bert@example.org') }) }),
    'unknown-identity',
    /anna@example\.org/,
  ],
  [
    'a name that is not ours',
    () => ({ phone: phoneWith({ remoteId: pattern('other.example') }) }),
    'other-name-wanted',
    /other\.example/,
  ],
  [
    'a key where none is allowed',
    () => ({ gateway: eapPolicy() }),
    'method-not-allowed',
    /authenticate by psk/,
  ],
  [
    'EAP where none is allowed',
    () => ({ gateway: gatewayWith({}), phone: eapPhone() }),
    'method-not-allowed',
    /log in by EAP/,
  ],
  [
    'another shared key',
    () => ({
      phone: policy([phone()], {
        presharedKeys: [{ ids: [], secret: new Secret(fromText('wrong horse battery staple')) }],
      }),
    }),
    'other-shared-key',
    /not the same on both sides/,
  ],
  [
    'no shared key',
    () => ({ gateway: policy([connection()], { presharedKeys: [] }) }),
    'no-shared-key',
    /no pre-shared key/,
  ],
  [
    'another PPK of the same id',
    () => ({ gateway: withPpk('anna', 'another', true), phone: phoneWithPpk({}) }),
    'other-ppk',
    /PPK «anna» is another one over there, and its connection wants one/,
  ],
  [
    'a PPK that is not here, and that the device insists on',
    () => ({ gateway: withPpk('bert'), phone: phoneWithPpk({ ppkRequired: true }) }),
    'unknown-ppk',
    /no PPK «anna» for this peer, which insists on it/,
  ],
  [
    'a PPK that is not here, and that its connection insists on',
    () => ({ gateway: withPpk('bert', 'one', true), phone: phoneWithPpk({}) }),
    'unknown-ppk',
    /no PPK «anna» for this peer, and its connection wants one/,
  ],
  [
    'no PPK where one must be',
    () => ({ gateway: withPpk('anna', 'one', true) }),
    'ppk-missing',
    /uses no PPK/,
  ],
];
const hash = () => new Secret(ntHash(fromText(annasPassword)));
const accounts = [
  accountOf({ ntHash: hash() }),
  accountOf({ name: 'erin', ntHash: hash(), enabled: false }),
  accountOf({ name: 'fred', ntHash: hash(), expires: 1 }),
  accountOf({ kind: 'device', name: 'lost', ntHash: undefined, revoked: 1 }),
  accountOf({ name: 'gina', ntHash: undefined }),
];
const addresses = users();
const people: Ports = (question) =>
  question.kind === 'account' ? findAccount(accounts, question.name, 2) : addresses(question);
const loggingIn = (name: string, password = annasPassword): Failure => ({
  gateway: eapPolicy(),
  phone: eapPhone({}, { name, password }),
  ports: people,
});
const logins: readonly Row[] = [
  [
    'a wrong password',
    () => loggingIn('anna', 'wrong'),
    'wrong-password',
    /wrong password for user «anna»/i,
  ],
  ['a user that is not there', () => loggingIn('mary'), 'unknown-user', /no user «mary»/],
  ['a disabled user', () => loggingIn('erin'), 'account-barred', /«erin» is disabled/],
  ['an account that is over', () => loggingIn('fred'), 'account-barred', /«fred» has expired/],
  ['a revoked device', () => loggingIn('lost'), 'account-barred', /«lost» was revoked/],
  ['a user without a password', () => loggingIn('gina'), 'no-password', /«gina» has no password/],
  [
    'a method that the device does not want',
    () => ({ ...loggingIn('anna'), phone: eapPhone({ localAuth: 'eap-gtc' }) }),
    'method-not-allowed',
    /does not take the EAP methods/,
  ],
];
const ways: readonly Row[] = [
  [
    'nothing comes to port 4500',
    () => ({ wire: losing(({ to }) => to.port === 4500 && to.ip === '203.0.113.2') }),
    'nothing-on-4500',
    /did not go on/,
  ],
  [
    'a router in front forwards one port of two',
    () => ({ behind: '192.168.178.20' }),
    'behind-router',
    /dialled another address than ours, 192\.168\.178\.20: a router stands in front/,
  ],
  [
    'the provider has us behind its own NAT',
    () => ({ behind: '100.72.3.4' }),
    'behind-cgnat',
    /100\.72\.3\.4 is shared by customers of the provider/,
  ],
  [
    'our first answer is lost',
    () => ({ wire: losing(({ from }) => from.ip === '203.0.113.2') }),
    'answer-lost',
    /asks again and again for the first answer for \d+ s, and does not go on/,
  ],
  [
    'our certificate never arrives',
    () => ({
      ...loggingIn('anna'),
      wire: losing(
        ({ from, bytes }) =>
          from.ip === '203.0.113.2' && bytes.length > 28 && exchangeOf(bytes) === Exchange.IKE_AUTH,
      ),
    }),
    'answer-lost',
    /answer with our certificate/,
  ],
  [
    'the device has gone while it logged in',
    () => {
      let heard = 0;
      return {
        ...loggingIn('anna'),
        wire: losing(
          ({ to, bytes }) =>
            to.ip === '203.0.113.2' && exchangeOf(bytes) === Exchange.IKE_AUTH && ++heard > 2,
        ),
      };
    },
    'login-given-up',
    /gave up while it logged in/,
  ],
];
const tunnels: readonly Row[] = [
  ['no address is free', () => ({ ports: pool([]) }), 'pool-empty', /no free IPv4 address/],
  [
    'no address is wanted',
    () => ({ phone: phoneWith({ virtualIps: [] }) }),
    'no-address-wanted',
    /asked for no virtual address/,
  ],
  [
    'networks do not overlap',
    () => ({
      phone: phoneWith({
        remoteTs: [
          {
            range: { start: '172.16.0.0', end: '172.16.0.255' },
            protocol: 0,
            ports: { start: 0, end: 65535 },
          } as never,
        ],
      }),
    }),
    'networks-refused',
    /nothing of TSr is allowed/i,
  ],
];

describe('explains', () => {
  const rows = [...suites, ...whom, ...logins, ...ways, ...tunnels];
  test.each(rows)('%s', (_, provoke, cause, says) => {
    const found = explained(provoke());
    expect(found.map((one) => one.cause)).toContain(cause);
    const [own] = found.filter((one) => one.cause === cause);
    expect(own?.says).toMatch(says);
    expect(own?.says).toMatch(/^[A-Z«].*\.$/s);
    expect(own?.advice).toMatch(/^[A-Z].*\.$/s);
    expect(new Set(found.map((one) => one.cause)).size).toBe(1);
  });
});

describe('explains a certificate', () => {
  let papers: Papers;
  beforeAll(async () => {
    const gateway = { name: 'CN=home', san: ['home.example'], eku: ['serverAuth'] } as const;
    papers = await Papers.issue({
      gateway: { ...gateway, key: 'p256' },
      phone: { name: 'CN=anna', key: 'rsa2048', san: ['anna@example.org'] },
      thief: { name: 'CN=thief', key: 'rsa2048', san: ['thief@example.org'] },
    });
  });
  const byCertificate = { localAuth: 'pubkey', remoteAuth: ['pubkey'] } as const;
  const authorities = [new Uint8Array(20).fill(1)];
  const meeting = (judge?: (verdict: ChainVerdict) => ChainVerdict, keyId = 'phone'): Failure => ({
    gateway: policy([connection(byCertificate)], {
      certificates: [papers.own('gateway')],
      authorities,
    }),
    phone: policy([phone({ ...byCertificate, fragmentSize: 576 })], {
      certificates: [papers.own('phone', keyId)],
      authorities,
    }),
    ports: papers.ports(judge),
  });

  test.each([
    ['untrusted', 'certificate-untrusted'],
    ['expired', 'certificate-expired'],
    ['not-yet-valid', 'certificate-not-yet-valid'],
    ['clock', 'clock-wrong'],
    ['purpose', 'certificate-purpose'],
    ['constraint', 'certificate-constraint'],
    ['revoked', 'certificate-revoked'],
    ['no-status', 'certificate-unknown-status'],
    ['malformed', 'certificate-malformed'],
    ['barred', 'account-barred'],
  ] as const)('that is %s', (fault, cause) => {
    // The phone believes the gateway; it is the gateway that does not believe the phone.
    const judge = (verdict: ChainVerdict): ChainVerdict =>
      verdict.ok && verdict.keyType === 'rsa'
        ? { ok: false, cause: fault, why: `it is ${fault}`, key: verdict }
        : verdict;
    const [own, ...more] = explained(meeting(judge));
    expect(more).toEqual([]);
    expect(own).toMatchObject({ cause, says: `It is ${fault}.` });
    expect(own?.advice).toMatch(/^[A-Z].*\.$/);
  });

  test('whose key the device has not', () => {
    const [own] = explained(meeting(undefined, 'thief'));
    expect(own?.cause).toBe('wrong-signature');
  });

  test('of ours that the device does not believe', () => {
    const judge = (verdict: ChainVerdict): ChainVerdict =>
      verdict.ok && verdict.keyType === 'p256'
        ? { ok: false, cause: 'untrusted', why: 'no', key: verdict }
        : verdict;
    const found = explained(meeting(judge));
    expect(found.map(({ cause }) => cause)).toEqual(['we-are-not-believed']);
  });

  test('that comes in pieces, of which some are lost', () => {
    const wire = losing(({ to, bytes }) => {
      const last = to.ip === gatewayIp ? decodeMessage(bytes).payloads.at(-1) : undefined;
      return last?.type === PayloadType.SKF && last.body.number === 2;
    });
    const [own] = explained({ ...meeting(), wire });
    expect(own).toMatchObject({ cause: 'fragments-lost' });
    expect(own?.says).toMatch(/in \d fragments, of which \d came in/);
  });
});

test('shows what was seen, with the seconds since the first message', () => {
  const ring = new Ring();
  const { world, gateway, dial } = household({
    phone: eapPhone(),
    gateway: eapPolicy(),
    ports: () => ({ ok: false, cause: 'unknown-user', why: 'nobody', advice: '' }) as never,
  });
  dial();
  world.run(seconds(30));
  const entries = gateway.events.map((event, i) => ring.add(i * 100, event));
  const entry = entries.find(({ event }) => event.kind === 'attempt.failed');
  const event = entry?.event;
  expect(event?.kind).toBe('attempt.failed');
  if (entry && event?.kind === 'attempt.failed') {
    const { evidence } = explain(event, entry, entries);
    expect(evidence[0]).toMatch(/^0\.0 s: came IKE_SA_INIT request 0 \[SA KE .*\], port 500$/);
    expect(evidence.at(-1)).toMatch(/^\d+\.\d s: given up$/);
  }
});

const gatewayIp = '203.0.113.2';
