// What scenarios with ghosts begin with: certificates for both sides, a gateway as the daemon makes it unless told
// otherwise, and what must hold between the two at any time.
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { fromText } from '../../src/base/bytes.ts';
import { Secret } from '../../src/base/secret.ts';
import { minutes, seconds } from '../../src/base/time.ts';
import { ntHash } from '../../src/crypto/nt-hash.ts';
import { findAccount } from '../../src/daemon/accounts.ts';
import { readCertificate } from '../../src/pki/certificate.ts';
import type { Connection } from '../../src/policy/policy.ts';
import { type SuiteName, suite } from '../../src/transforms/suites.ts';
import { byCertificate, byPassword, bySharedKey, inAuthority, type Login } from '../ghost/login.ts';
import type { Model } from '../ghost/model.ts';
import type { Typist } from '../ghost/mschapv2.ts';
import type { CertificateOptions } from '../lab/pki.ts';
import { Haunt, type HauntFields, sameTunnels } from './haunt.ts';
import { Papers } from './papers.ts';
import { connection, policy } from './policies.ts';
import { accountOf, annasPassword, users } from './users.ts';
import type { Ports } from './world.ts';

export type LoginKind = Model['logins'][number];

/** A gateway's certificate that every client takes, and a phone's; what is told differs for the gateway's. */
export function ghostPapers(gateway: CertificateOptions = {}): Promise<Papers> {
  const years = { notBefore: new Date('2026-01-01'), notAfter: new Date('2027-12-31') };
  const rsa = { key: 'rsa2048', ...years } as const;
  const server = { name: 'CN=home', san: ['home.example'], eku: ['serverAuth'] } as const;
  return Papers.issue({
    gateway: { ...rsa, ...server, ...gateway },
    phone: { ...rsa, name: 'C=CH, O=Home, CN=anna', san: ['anna@example.org'] },
  });
}

export interface Encounter {
  readonly papers: Papers;
  readonly model: Model;
  readonly kind: LoginKind;
  readonly suite?: SuiteName;
  readonly connection?: Partial<Connection>;
  readonly others?: Partial<HauntFields>;
}

/** A gateway that authenticates by the client's own method. */
export function haunted({ papers, model, kind, ...fields }: Encounter): Haunt {
  const algorithms = suite(fields.suite ?? 'compatible');
  const method = methods[kind];
  const served = connection({ ...usual, ...algorithms, ...method, ...fields.connection });
  const authorities = [new Uint8Array(20).fill(1)];
  const reading = readCertificate(papers.of('phone').der);
  if (!reading.ok) throw new Error(reading.why);
  return new Haunt({
    model,
    login: loginOf(papers, model, kind),
    policy: policy([served], { certificates: [papers.own('gateway')], authorities }),
    ports: papers.ports(undefined, annasHome()),
    subject: kind === 'certificate' ? reading.certificate.subject : undefined,
    ...fields.others,
  });
}

/** Nobody complains, both have the same tunnels once what was replaced is gone, and packets pass. */
export function expectHarmony(scene: Haunt): void {
  scene.after(seconds(20));
  expect(scene.ghost.complaints).toEqual([]);
  expect(scene.ghost.phase).toBe('up');
  expect(sameTunnels(scene)).toBe(true);
  expect(scene.ping()).toBe('carried');
}

/** How often something stands in the diary. */
export const timesIn = ({ ghost }: Haunt, what: RegExp): number =>
  ghost.diary.filter((entry) => what.test(entry)).length;

export function loginOf(papers: Papers, model: Model, kind: LoginKind): Login {
  if (kind === 'psk') return bySharedKey('correct horse battery staple');
  const { der, keyPem } = papers.of('phone');
  const { pem, certificate } = papers.authority;
  const hash = createHash('sha1').update(Buffer.from(certificate.publicKey.rawData)).digest();
  const belief = inAuthority(pem, new Uint8Array(hash));
  if (kind === 'eap') return { proof: byPassword(annaAt(model)), belief };
  return { proof: byCertificate({ chain: [der], keyPem, habit: model.signs }), belief };
}

/** Addresses, and the accounts as the daemon finds them. */
function annasHome(): Ports {
  const addresses = users();
  return (question) =>
    question.kind === 'account' ? findAccount([anna], question.name, 0) : addresses(question);
}
const anna = accountOf({ ntHash: new Secret(ntHash(fromText(annasPassword))) });

/** Anna, who knows her password. */
export const annaAt = ({ eapIdentity }: Model): Typist => ({
  user: 'anna',
  passwords: [annasPassword],
  identity: eapIdentity,
});

/** The gateway proves itself by its certificate before it hears a password. */
const methods = {
  psk: { localAuth: 'psk', remoteAuth: ['psk'] },
  certificate: { localAuth: 'pubkey', remoteAuth: ['pubkey'] },
  eap: { localAuth: 'pubkey', remoteAuth: ['eap-mschapv2'] },
} as const;

/** What the daemon does unless it is told otherwise. */
const usual = {
  dpd: seconds(180),
  ikeLifetime: minutes(240),
  childLifetime: minutes(60),
  jitter: 0.1,
} satisfies Partial<Connection>;
