// Answers the question `verifyChain`: are these certificates a peer that our authorities vouch for? What the peer
// sent and what is stored must do; whether something was revoked is asked only once a path to an authority of ours
// is good, since the addresses to ask stand in the certificates (CVE-2022-40617).
import type { ChainVerdict } from '../ike/core.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { describe, provenIdentities } from './names.ts';
import { type CertificationPath, type Fault, PathSearch, type Surroundings } from './path.ts';
import type { RevocationPolicy } from './revocation.ts';
import { referenceTo } from './revoked.ts';
import { type Purpose, pathFault } from './rules.ts';

/** A certificate that we have stored. */
export interface Anchor {
  readonly certificate: Certificate;
  /** `authority`: the owner trusts it, root or not; `intermediate`: a link that peers may leave out. */
  readonly kind: 'authority' | 'intermediate';
  /** Of an authority: whose certificates it makes believable; undefined: any. */
  readonly vouchesFor?: 'any' | 'clients' | 'servers' | undefined;
  /** Of an authority: how it is asked what it revoked. */
  readonly revocation?: RevocationPolicy;
}

/** What is revoked, or not known not to be, in a path that is good otherwise. */
export type JudgeRevocation = (path: CertificationPath, now: Date) => Promise<Fault | undefined>;

/**
 * Judges the chain of a peer.
 * @param chain end entity first, the rest in any order; DER
 * @param plausible whether `now` can be true at all; false leads to the cause `clock`
 * @returns never rejects, whatever the bytes
 */
export async function verifyChain(
  chain: readonly Uint8Array[],
  purpose: Purpose,
  anchors: readonly Anchor[],
  now: Date,
  plausible: boolean,
  revocation: JudgeRevocation = async () => undefined,
): Promise<ChainVerdict> {
  const bytes = chain.reduce((sum, der) => sum + der.length, 0);
  const [first, ...rest] = chain;
  if (!first) return malformed('the peer sent no certificate');
  if (chain.length > maxCertificates)
    return malformed(`the peer sent ${chain.length} certificates`);
  if (bytes > maxChainBytes) return malformed(`the peer sent ${bytes} bytes of certificates`);
  const reading = readCertificate(first);
  if (!reading.ok) return malformed(`the peer's certificate cannot be read: ${reading.why}`);
  const leaf = reading.certificate;
  const found = await findPath(leaf, surroundings(rest, anchors, purpose), async (path) => {
    return pathFault(path, purpose, { now, plausible }) ?? (await revocation(path, now));
  });
  return 'path' in found ? accept(leaf, found.path) : { ok: false, ...found, key: keyOf(leaf) };
}

const keyOf = ({ key, spki }: Certificate) => (key.ok ? { spki, keyType: key.keyType } : undefined);

/** The first path that is good; else the fault of the first that was complete; else why there is none. */
async function findPath(
  leaf: Certificate,
  around: Surroundings,
  faultOf: (path: CertificationPath) => Promise<Fault | undefined>,
): Promise<Fault | { readonly path: CertificationPath }> {
  const search = new PathSearch(around);
  let first: Fault | undefined;
  for (const path of search.pathsFrom(leaf)) {
    const fault = await faultOf(path);
    if (!fault) return { path };
    first ??= fault;
  }
  return first ?? search.failure;
}

/** Further certificates that cannot be read are left out: no path leads over them. */
function surroundings(
  sent: readonly Uint8Array[],
  anchors: readonly Anchor[],
  purpose: Purpose,
): Surroundings {
  const readings = sent.map(readCertificate);
  const links = readings.flatMap((reading) => (reading.ok ? [reading.certificate] : []));
  const stored = (kind: Anchor['kind']) =>
    anchors
      .filter((anchor) => anchor.kind === kind && counts(anchor, purpose))
      .map(({ certificate }) => certificate);
  return { trusted: stored('authority'), links: [...links, ...stored('intermediate')] };
}

/** Whoever dials a provider believes its authority, and yet lets nobody in whom that one certified. */
const counts = ({ vouchesFor = 'any' }: Anchor, purpose: Purpose): boolean =>
  vouchesFor === 'any' || vouchesFor === `${purpose}s`;

function accept(leaf: Certificate, [, issuer = leaf]: CertificationPath): ChainVerdict {
  const { key, spki } = leaf;
  if (!key.ok) return { ok: false, cause: 'constraint', why: `${describe(leaf)} has ${key.why}` };
  const identities = provenIdentities(leaf);
  const certificate = referenceTo(leaf, issuer);
  return { ok: true, spki, keyType: key.keyType, identities, certificate };
}

const malformed = (why: string): ChainVerdict => ({ ok: false, cause: 'malformed', why });

const maxCertificates = 16;
/** Five large certificates; who has proven nothing yet could keep us reading for long with more. */
const maxChainBytes = 16_384;
