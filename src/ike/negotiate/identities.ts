// Which connection an authenticated peer belongs to, who we are to it, and which key it must know
// (RFC 7296 §2.15, §3.5).
import { type Ip, inRange } from '../../base/ip.ts';
import type { Secret } from '../../base/secret.ts';
import {
  exactness,
  formatIdentity,
  type Identity,
  type IdentityPattern,
  matchesIdentity,
  sameIdentity,
} from '../../policy/identity.ts';
import {
  type Connection,
  isTwoRounds,
  type OwnCertificate,
  type Policy,
  type RemoteAuth,
} from '../../policy/policy.ts';
import type { Cause } from '../causes.ts';

/** Connections that answer a peer at this address, which it has proved to have. */
export function servingConnections({ connections }: Policy, origin: Ip): readonly Connection[] {
  return connections.filter(
    ({ role, remote }) =>
      role !== 'initiator' &&
      (remote.length === 0 || remote.some((range) => inRange(origin, range))),
  );
}

export interface Claim {
  readonly auth: RemoteAuth;
  /** What the peer proved, or with a pre-shared key is about to prove: the first is its name in the log. */
  readonly identities: readonly Identity[];
  /** Whom the peer wants to talk to. */
  readonly idR: Identity | undefined;
}
export interface Selected {
  readonly connection: Connection;
  readonly localId: Identity;
  readonly peer: Identity;
}

/** Why no connection takes a peer. */
export interface Unwelcome {
  readonly cause: Cause;
  readonly why: string;
  readonly advice: string;
}

/** The connection that names the peer most exactly, the first of several; or why there is none. */
export function selectConnection(
  policy: Policy,
  candidates: readonly Connection[],
  { auth, identities, idR }: Claim,
): Selected | Unwelcome {
  const willing = candidates.filter(({ remoteAuth }) => remoteAuth.includes(auth));
  if (willing.length === 0) {
    if (auth === 'pubkey' && candidates.some((one) => one.remoteAuth.some(isTwoRounds))) {
      return {
        cause: 'method-not-allowed',
        why: 'the peer has a certificate, and does not log in by EAP after it',
        advice:
          'Set the device to a certificate and then EAP, or add pubkey to option remote_auth.',
      };
    }
    return {
      cause: 'method-not-allowed',
      why: `no connection lets a peer authenticate by ${auth}`,
      advice: `Add ${auth} to option remote_auth, or change the method on the device.`,
    };
  }
  const known = fitting(willing, 'remoteId', identities);
  if (known.length === 0) {
    const who = identities.map(formatIdentity).join(' or ') || 'nobody';
    return {
      cause: 'unknown-identity',
      why: `no connection accepts the identity ${who}`,
      advice:
        'Set option remote_id of the connection to this identity, or correct it on the device.',
    };
  }
  for (const { connection, peer } of known) {
    const localId = ownIdentity(policy, connection, idR);
    if (localId) return { connection, localId, peer };
  }
  const asked = idR ? formatIdentity(idR) : 'any';
  return {
    cause: 'other-name-wanted',
    why: `the peer wants to talk to ${asked}, which is not our name`,
    advice: 'Set the remote identifier on the device to option identity of this router.',
  };
}

/**
 * The connections whose pattern fits what the peer proved, the most exact pattern first, whatever their order is.
 * @param identities of the peer, the best first: it counts where patterns are equally exact
 */
export function fitting(
  connections: readonly Connection[],
  pattern: 'remoteId' | 'eapId',
  identities: readonly Identity[],
): readonly Pick<Selected, 'connection' | 'peer'>[] {
  return connections
    .flatMap((connection) => {
      const at = identities.findIndex((one) => matchesIdentity(connection[pattern], one));
      const peer = identities[at];
      return peer ? [{ connection, peer, at }] : [];
    })
    .sort(
      (a, b) => exactness(b.connection[pattern]) - exactness(a.connection[pattern]) || a.at - b.at,
    );
}

/** Who we are on this connection; a peer that named somebody else is not answered under another name. */
export function ownIdentity(
  policy: Policy,
  connection: Connection,
  asked: Identity | undefined,
): Identity | undefined {
  const names = connection.localAuth === 'psk' ? [] : certificateOf(policy, connection)?.identities;
  const own = connection.localId ? [connection.localId, ...(names ?? [])] : (names ?? []);
  if (!asked) return own[0];
  // In the peer's own spelling: Android and Apple compare the answer byte by byte.
  return own.some((identity) => sameIdentity(identity, asked)) ? asked : undefined;
}

/** The certificate that a connection names, or else the first that carries its identity. */
export function certificateOf(
  { certificates }: Policy,
  { certificate, localId }: Connection,
): OwnCertificate | undefined {
  if (certificate !== undefined) return certificates.find(({ name }) => name === certificate);
  if (!localId) return certificates.find(({ chain }) => chain.length > 0);
  return certificates.find(({ identities }) => identities.some((id) => sameIdentity(id, localId)));
}

/** The pre-shared key of a pair; the entry that names both sides most exactly goes first, and the peer before us. */
export function presharedKey(
  { presharedKeys }: Policy,
  peer: Identity,
  own: Identity,
): Secret | undefined {
  let best: { readonly scores: readonly [number, number]; readonly secret: Secret } | undefined;
  for (const { ids, secret } of presharedKeys) {
    const scores = [exactnessOf(ids, peer), exactnessOf(ids, own)] as const;
    if (ids.length > 0 && scores[0] < 0) continue;
    if (!best || (scores[0] - best.scores[0] || scores[1] - best.scores[1]) > 0) {
      best = { scores, secret };
    }
  }
  return best?.secret;
}

/** Of the most exact pattern that fits; -1: none does. */
const exactnessOf = (patterns: readonly IdentityPattern[], identity: Identity): number =>
  Math.max(-1, ...patterns.filter((pattern) => matchesIdentity(pattern, identity)).map(exactness));
