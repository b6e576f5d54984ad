// Answers the question `verifyChain`: are these certificates a peer that our authorities vouch for? Nothing is
// fetched from anywhere (CVE-2022-40617): what the peer sent and what is stored must do.
import type { ChainVerdict } from '../ike/core.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { describe, provenIdentities } from './names.ts';
import { type Fault, PathSearch, type Surroundings } from './path.ts';
import { type Purpose, pathFault, type WallClock } from './rules.ts';

/** A certificate that we have stored. */
export interface Anchor {
  readonly certificate: Certificate;
  /** `authority`: the owner trusts it, root or not; `intermediate`: a link that peers may leave out. */
  readonly kind: 'authority' | 'intermediate';
}

/**
 * Judges the chain of a peer. Asynchronous for its callers' sake: an answer may one day come from elsewhere.
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
  const fault = chainFault(leaf, surroundings(rest, anchors), purpose, { now, plausible });
  return fault ? { ok: false, ...fault } : accept(leaf);
}

/** The fault of the first path that was complete, else why there is none; undefined: some path is good. */
function chainFault(
  leaf: Certificate,
  around: Surroundings,
  purpose: Purpose,
  clock: WallClock,
): Fault | undefined {
  const search = new PathSearch(around);
  let first: Fault | undefined;
  for (const path of search.pathsFrom(leaf)) {
    const fault = pathFault(path, purpose, clock);
    if (!fault) return undefined;
    first ??= fault;
  }
  return first ?? search.failure;
}

/** Further certificates that cannot be read are left out: no path leads over them. */
function surroundings(sent: readonly Uint8Array[], anchors: readonly Anchor[]): Surroundings {
  const readings = sent.map(readCertificate);
  const links = readings.flatMap((reading) => (reading.ok ? [reading.certificate] : []));
  const stored = (kind: Anchor['kind']) =>
    anchors.filter((anchor) => anchor.kind === kind).map(({ certificate }) => certificate);
  return { trusted: stored('authority'), links: [...links, ...stored('intermediate')] };
}

function accept(leaf: Certificate): ChainVerdict {
  const { key, spki } = leaf;
  if (!key.ok) return { ok: false, cause: 'constraint', why: `${describe(leaf)} has ${key.why}` };
  return { ok: true, spki, keyType: key.keyType, identities: provenIdentities(leaf) };
}

const malformed = (why: string): ChainVerdict => ({ ok: false, cause: 'malformed', why });

const maxCertificates = 16;
/** Five large certificates; who has proven nothing yet could keep us reading for long with more. */
const maxChainBytes = 16_384;
