// How a ghost proves who it is, and what makes it believe the gateway: two choices of their own, for with EAP the one
// is a password and the other a certificate.
import { sign, verify, X509Certificate } from 'node:crypto';
import { concat, equal, fromHex, fromText } from '../../src/base/bytes.ts';
import { parseIp } from '../../src/base/ip.ts';
import type { Mac } from '../../src/crypto/primitives.ts';
import { AuthMethod, SignatureHash } from '../../src/iana/authentication.ts';
import type { Auth } from '../../src/wire/payloads/auth.ts';
import { insist } from './displeased.ts';
import type { Insistence, Model } from './model.ts';

export interface Login {
  readonly proof: Proof;
  readonly belief: Belief;
}

/** The client's side of authentication. One without AUTH in its first message (EAP) is another of these. */
export interface Proof {
  /** End entity first, DER; empty: no CERT payload. */
  readonly chain: readonly Uint8Array[];
  /** AUTH over the octets of RFC 7296 §2.15. */
  prove(octets: Uint8Array, context: { prf: Mac; peerHashes: readonly number[] }): Auth;
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
  const auth = (prf: Mac, octets: Uint8Array): Uint8Array =>
    prf.compute(prf.compute(fromText(secret), fromText('Key Pad for IKEv2')), octets);
  return {
    proof: {
      chain: [],
      prove: (octets, { prf }) => ({ method: AuthMethod.SHARED_KEY, data: auth(prf, octets) }),
    },
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
