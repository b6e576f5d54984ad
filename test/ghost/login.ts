// How a ghost proves who it is, and what makes it believe the gateway: two choices of their own, for with EAP the one
// is a password and the other a certificate.
import { sign, verify, X509Certificate } from 'node:crypto';
import { concat, equal, fromHex, fromText } from '../../src/base/bytes.ts';
import { parseIp } from '../../src/base/ip.ts';
import type { Mac, Rng } from '../../src/crypto/primitives.ts';
import { AuthMethod, SignatureHash } from '../../src/iana/authentication.ts';
import type { Auth } from '../../src/wire/payloads/auth.ts';
import { insist } from './displeased.ts';
import type { Insistence, Model } from './model.ts';
import { MsChapDialogue, type Typist } from './mschapv2.ts';

export interface Login {
  readonly proof: Proof;
  readonly belief: Belief;
}

/** The client's side of authentication: AUTH by itself at once, or after a dialogue (RFC 7296 §2.16). */
export interface Proof {
  /** End entity first, DER; empty: no CERT payload. */
  readonly chain: readonly Uint8Array[];
  /** AUTH over the octets of RFC 7296 §2.15; undefined: by EAP. */
  prove(octets: Uint8Array, context: ProofContext): Auth | undefined;
  /** A new dialogue, for those that prove nothing at once. */
  converse?(rng: Rng): Dialogue;
}
export interface ProofContext {
  readonly prf: Mac;
  readonly peerHashes: readonly number[];
}
/** EAP, from the client's side. */
export interface Dialogue {
  /** The key that both sides have in the end. */
  readonly msk: Uint8Array | undefined;
  /** @returns the packet to send, or undefined when EAP is through. @throws Displeased when it failed */
  answer(packet: Uint8Array): Uint8Array | undefined;
}

/** What the client makes of the gateway's AUTH. */
export interface Belief {
  /** SHA-1 of the authority's key, for CERTREQ; undefined: no certificates are wanted. */
  readonly authority: Uint8Array | undefined;
  /** @throws Displeased */
  check(octets: Uint8Array, theirs: Auth, context: BeliefContext): void;
}
export interface BeliefContext {
  readonly prf: Mac;
  /** As they came, DER. */
  readonly certificates: readonly Uint8Array[];
  readonly insists: Insistence;
  /** The name that was dialled. */
  readonly server: string;
}

/** A pre-shared key for both directions (RFC 7296 §2.15). */
export function bySharedKey(secret: string): Login {
  const key = fromText(secret);
  const auth = (prf: Mac, octets: Uint8Array) => sharedKeyAuth(prf, key, octets).data;
  return {
    proof: { chain: [], prove: (octets, { prf }) => sharedKeyAuth(prf, key, octets) },
    belief: {
      authority: undefined,
      check(octets, { method, data }, { prf }) {
        insist(
          method === AuthMethod.SHARED_KEY,
          `the gateway used authentication method ${method}`,
        );
        insist(equal(data, auth(prf, octets)), 'the gateway does not have our pre-shared key');
      },
    },
  };
}

/** AUTH with a key that both have (RFC 7296 §2.15). */
export const sharedKeyAuth = (prf: Mac, key: Uint8Array, octets: Uint8Array): Auth => ({
  method: AuthMethod.SHARED_KEY,
  data: prf.compute(prf.compute(key, fromText('Key Pad for IKEv2')), octets),
});

/** A user name and a password. */
export const byPassword = (typist: Typist): Proof => ({
  chain: [],
  prove: () => undefined,
  converse: (rng) => new MsChapDialogue(typist, rng),
});

/** An RSA certificate. Method 1 with SHA-1 is the habit of some, and what is left where the gateway announced nothing. */
export function byCertificate(fields: {
  readonly chain: readonly Uint8Array[];
  readonly keyPem: string;
  readonly habit: Model['signs'];
}): Proof {
  const { chain, keyPem, habit } = fields;
  return {
    chain,
    prove(octets, { peerHashes }) {
      const algorithm = algorithms.find(({ hash }) => hash === habit);
      if (!algorithm || !peerHashes.includes(algorithm.number)) {
        return { method: AuthMethod.RSA_SIGNATURE, data: sign('sha1', octets, keyPem) };
      }
      const identifier = fromHex(algorithm.rsa);
      const signature = sign(algorithm.hash, octets, keyPem);
      const data = concat(Uint8Array.of(identifier.length), identifier, signature);
      return { method: AuthMethod.DIGITAL_SIGNATURE, data };
    },
  };
}

/** Believes whoever has a certificate of one authority for the name that was dialled. */
export function inAuthority(authorityPem: string, authorityKeyHash: Uint8Array): Belief {
  const authority = new X509Certificate(authorityPem);
  return {
    authority: authorityKeyHash,
    check(octets, theirs, { certificates, insists, server }) {
      const [first] = certificates;
      insist(first, 'the gateway shows no certificate, though we ask for none by name');
      const leaf = new X509Certificate(first);
      const kind = leaf.publicKey.asymmetricKeyType ?? 'unknown';
      insist(
        insists.serverKeys.some((one) => one === kind),
        `the gateway has a key of type ${kind}`,
      );
      insist(leaf.verify(authority.publicKey), 'the gateway is not of our authority');
      judgeName(leaf, server, insists);
      judgeUse(leaf, insists);
      insist(
        insists.serverMethods.includes(theirs.method),
        `authentication method ${theirs.method}`,
      );
      insist(verifies(leaf, octets, theirs), 'the signature of the gateway is wrong');
    },
  };
}

function judgeName(leaf: X509Certificate, server: string, { subjectAltName }: Insistence): void {
  const isIp = parseIp(server) !== undefined;
  const subject = subjectAltName ? 'never' : 'default';
  const found = isIp ? leaf.checkIP(server) : leaf.checkHost(server, { subject });
  insist(found !== undefined, `the certificate is not for ${server}`);
}

function judgeUse(leaf: X509Certificate, { serverAuth, certificateDays }: Insistence): void {
  const uses = leaf.keyUsage ?? [];
  insist(!serverAuth || uses.includes('1.3.6.1.5.5.7.3.1'), 'the certificate is not for servers');
  const days = (Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)) / 86_400_000;
  const most = certificateDays ?? Number.POSITIVE_INFINITY;
  insist(days <= most, `the certificate is valid for ${Math.round(days)} days, ${most} at most`);
}

function verifies(leaf: X509Certificate, octets: Uint8Array, { method, data }: Auth): boolean {
  const key = leaf.publicKey;
  if (method === AuthMethod.RSA_SIGNATURE) return verify('sha1', octets, key, data);
  const [length = 0] = data;
  const identifier = data.subarray(1, 1 + length);
  const signature = data.subarray(1 + length);
  return algorithms.some(
    ({ hash, rsa, ecdsa }) =>
      [rsa, ecdsa].some((one) => equal(fromHex(one), identifier)) &&
      verify(hash, octets, key, signature),
  );
}

/** AlgorithmIdentifiers of PKCS#1 v1.5 and ECDSA (RFC 7427 A.1, A.3). */
const algorithms = [
  {
    hash: 'sha256',
    number: SignatureHash.SHA2_256,
    rsa: '300d06092a864886f70d01010b0500',
    ecdsa: '300a06082a8648ce3d040302',
  },
  {
    hash: 'sha384',
    number: SignatureHash.SHA2_384,
    rsa: '300d06092a864886f70d01010c0500',
    ecdsa: '300a06082a8648ce3d040303',
  },
  {
    hash: 'sha512',
    number: SignatureHash.SHA2_512,
    rsa: '300d06092a864886f70d01010d0500',
    ecdsa: '300a06082a8648ce3d040304',
  },
] as const;
