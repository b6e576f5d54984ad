// Users of a simulated gateway, and what scripted peers need to log in as one of them.
import { fromText } from '../../src/base/bytes.ts';
import { Secret } from '../../src/base/secret.ts';
import type { Account } from '../../src/config/configuration.ts';
import { ntHash } from '../../src/crypto/nt-hash.ts';
import { PayloadType as P } from '../../src/iana/payloads.ts';
import type { AccountAnswer } from '../../src/ike/core.ts';
import { msChapMsk, msChapProofs } from '../../src/ike/eap/ms-chap.ts';
import { decodeMsChap, encodeMsChap } from '../../src/ike/eap/mschapv2-packet.ts';
import { decodeEap, type EapPacket, type EapTalk, encodeEap } from '../../src/ike/eap/packet.ts';
import type { Connection, Policy } from '../../src/policy/policy.ts';
import { find, type Payload, payload } from '../../src/wire/payloads/index.ts';
import { pool } from './household.ts';
import { primitives } from './payloads.ts';
import { connection, phone, policy } from './policies.ts';
import type { Ports } from './world.ts';

export const annasPassword = 'correct horse';

/** A record as the configuration has it; of Anna, who has no password yet, unless `fields` say otherwise. */
export const accountOf = (fields: Partial<Account>): Account => ({
  kind: 'user',
  name: 'anna',
  section: 'anna',
  ntHash: undefined,
  certificate: undefined,
  issuer: undefined,
  owner: undefined,
  platform: undefined,
  routing: 'all',
  isOnDemand: false,
  profile: undefined,
  enabled: true,
  expires: undefined,
  created: undefined,
  revoked: undefined,
  connection: undefined,
  addresses: [],
  maxDevices: undefined,
  ...fields,
});

/** Answers `account` for these users and their passwords, and `lease` from a pool. */
export function users(
  passwords: Readonly<Record<string, string>> = { anna: annasPassword },
  grants: Readonly<Record<string, readonly string[]>> = {},
): Ports {
  const addresses = pool(Array.from({ length: 40 }, (_, i) => `10.3.0.${i + 2}`));
  return (question) => {
    if (question.kind !== 'account') return addresses(question);
    return account(question.name, passwords[question.name], grants[question.name]);
  };
}

function account(
  name: string,
  password: string | undefined,
  connections: readonly string[] | undefined,
): AccountAnswer {
  if (password === undefined)
    return { ok: false, cause: 'unknown-user', why: `there is no user «${name}»`, advice: '' };
  return { ok: true, name, ntHash: new Secret(ntHash(fromText(password))), connections };
}

/** A gateway that proves itself by a key, and lets users in by EAP. */
export const eapPolicy = (...more: readonly Partial<Connection>[]): Policy =>
  policy((more.length > 0 ? more : [{}]).map((one) => connection({ ...byMsChap, ...one })));

const byMsChap = { remoteAuth: ['eap-mschapv2'] } as const;

/** A phone of ours that logs in by EAP. */
export const eapPhone = (
  fields: Partial<Connection> = {},
  login: { name: string; password: string } = { name: 'anna', password: annasPassword },
): Policy =>
  policy([
    phone({
      localAuth: 'eap-mschapv2',
      login: { name: login.name, password: new Secret(fromText(login.password)) },
      ...fields,
    }),
  ]);

/** An EAP payload. */
export const eap = (packet: EapPacket): Payload => payload(P.EAP, { data: encodeEap(packet) });

/** The EAP packet among payloads. @throws Error when there is none */
export function eapIn(payloads: readonly Payload[] | undefined): EapPacket {
  const found = find(payloads ?? [], P.EAP);
  if (!found) throw new Error('no EAP payload');
  return decodeEap(found.data);
}

/** ... which is a request. @throws Error when it is not */
export function requestIn(payloads: readonly Payload[] | undefined): EapTalk {
  const packet = eapIn(payloads);
  if (packet.code !== 'request') throw new Error(`EAP ${packet.code} instead of a request`);
  return packet;
}

/** An answer to a request of the gateway. */
export const answerTo = (request: EapTalk, type: number, data: Uint8Array | string): Payload =>
  eap({
    code: 'response',
    identifier: request.identifier,
    type,
    data: typeof data === 'string' ? fromText(data) : data,
  });

/** The right answer to a challenge of MSCHAPv2 for some password, and the MSK that comes of it. */
export function msChapAnswer(
  challenge: Uint8Array,
  { name, password }: { readonly name: string; readonly password: string },
) {
  const userName = fromText(name);
  const chap = {
    authenticatorChallenge: challenge,
    peerChallenge: new Uint8Array(16).fill(7),
    userName,
  };
  const hash = ntHash(fromText(password));
  const { ntResponse } = msChapProofs(primitives.sha1, chap, hash);
  const data = encodeMsChap({ op: 'response', id: 0, ntResponse, name: userName, ...chap });
  return { data, msk: msChapMsk(primitives.sha1, hash, ntResponse).bytes };
}

/** The challenge in a packet of MSCHAPv2. @throws Error when it is another packet */
export function challengeIn(request: EapTalk): Uint8Array {
  const packet = decodeMsChap(request.data);
  if (packet.op !== 'challenge') throw new Error(`MSCHAPv2 ${packet.op}`);
  return packet.challenge;
}
