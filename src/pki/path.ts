// The search for a certification path (RFC 4158 in small): from the peer's certificate to an authority of ours,
// over whatever certificates lie around. Names and signatures only; rules.ts judges what is found.
import { equal } from '../base/bytes.ts';
import type { ChainFault } from '../ike/causes.ts';
import { type Certificate, isSelfIssued, sameCertificate } from './certificate.ts';
import { describe, describeIssuer } from './names.ts';
import { isKnownAlgorithm, isSignedWith } from './signed.ts';

export interface Fault {
  readonly cause: ChainFault;
  /** A sentence for the owner, without its full stop. */
  readonly why: string;
}

/** The peer's certificate first, an authority last; one certificate where the peer's own is trusted itself. */
export type CertificationPath = readonly Certificate[];

export interface Surroundings {
  /** Trusted because the owner says so. */
  readonly trusted: readonly Certificate[];
  /** Possible links, trusted by nobody. */
  readonly links: readonly Certificate[];
}

/** One search: it counts its own work, so that a crafted knot of cross-certificates cannot keep us busy. */
export class PathSearch {
  readonly #surroundings: Surroundings;
  #steps = 0;
  #brokenLink: Fault | undefined;
  #farthest: CertificationPath = [];

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** All paths from `leaf`, as far as the work allows; authorities are tried before links. */
  *pathsFrom(leaf: Certificate): Generator<CertificationPath> {
    yield* this.#extend([leaf], leaf);
  }

  /** Signatures verified so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Why no path was found. */
  get failure(): Fault {
    if (this.#brokenLink) return this.#brokenLink;
    const last = this.#farthest.at(-1);
    if (!last) return { cause: 'untrusted', why: 'no certificate leads to an authority of ours' };
    const who = describe(last);
    if (isSelfIssued(last)) {
      return { cause: 'untrusted', why: `${who} vouches for itself and is no authority of ours` };
    }
    const why = `${who} was issued by ${describeIssuer(last)}, which is no authority of ours`;
    return { cause: 'untrusted', why };
  }

  *#extend(path: CertificationPath, last: Certificate): Generator<CertificationPath> {
    if (path.length > this.#farthest.length) this.#farthest = path;
    if (this.#surroundings.trusted.some((anchor) => sameCertificate(anchor, last))) yield path;
    if (path.length === maxPathLength) return;
    for (const issuer of this.#issuersOf(last)) {
      if (path.some((used) => sameCertificate(used, issuer))) continue;
      if (this.#steps === maxSteps) return;
      this.#steps++;
      const fault = linkFault(last, issuer);
      this.#brokenLink ??= fault;
      if (!fault) yield* this.#extend([...path, issuer], issuer);
    }
  }

  #issuersOf({ issuer }: Certificate): readonly Certificate[] {
    const { trusted, links } = this.#surroundings;
    return [...trusted, ...links].filter(({ subject }) => equal(subject, issuer));
  }
}

/** What is wrong with the signature of one certificate by the next. */
function linkFault(certificate: Certificate, issuer: Certificate): Fault | undefined {
  const who = describe(certificate);
  if (!isKnownAlgorithm(certificate.algorithm)) {
    return { cause: 'constraint', why: `${who} is signed with a weak or unknown algorithm` };
  }
  const { key } = issuer;
  if (!key.ok) return { cause: 'constraint', why: `${describe(issuer)} has ${key.why}` };
  if (isSignedWith(key, certificate)) return undefined;
  const why = `${who} names ${describe(issuer)} as its issuer, but that key did not sign it`;
  return { cause: 'untrusted', why };
}

/** Certificates in a path, both ends counted. */
const maxPathLength = 8;
/** Signatures verified for one chain. */
const maxSteps = 16;
