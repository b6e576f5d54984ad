// Whether somebody revoked a certificate: the own list, CRLs of files, then OCSP and CRLs of the network where the
// owner wants that. Asked only about paths that are good otherwise: the addresses to ask stand in certificates, and a
// stranger's are not to be believed (CVE-2022-40617).
import { type Certificate, sameCertificate } from './certificate.ts';
import { type Crl, isCrlOf, readCrl, type Status, statusIn } from './crl.ts';
import { describe } from './names.ts';
import { type OcspAnswer, ocspAnswer, ocspRequest } from './ocsp.ts';
import type { CertificationPath, Fault } from './path.ts';
import { type Revocation, referenceTo, revokedFault } from './revoked.ts';

/** How an authority is asked; `soft`: who cannot be asked has revoked nothing, `hard`: has let nobody in. */
export interface RevocationPolicy {
  readonly mode: 'none' | 'soft' | 'hard';
  /** URLs that the owner wrote: they may lead anywhere, into the own network too. */
  readonly crlUrls: readonly string[];
  readonly ocspUrl: string | undefined;
}

export interface FetchRequest {
  readonly url: string;
  /** An OCSP request to post; undefined: to get. */
  readonly body?: Uint8Array;
  /** The owner wrote the address; else it stood in a certificate, and must not lead into a network of ours. */
  readonly isOwners: boolean;
}
/** Bounded in time and size; undefined, and a word in the log, when there is no answer. */
export type Fetch = (request: FetchRequest) => Promise<Uint8Array | undefined>;

/** What is known of the authorities of the moment. */
export interface RevocationSources {
  readonly revoked: ReadonlyMap<string, Revocation>;
  /** Of files. */
  readonly crls: readonly Crl[];
  readonly policyOf: (anchor: Certificate) => RevocationPolicy;
}

/** What the owner wants of each authority; of one that he says nothing about, nothing. */
export function policiesOf(
  anchors: readonly { readonly certificate: Certificate; readonly revocation?: RevocationPolicy }[],
): RevocationSources['policyOf'] {
  return (anchor) =>
    anchors.find(({ certificate }) => sameCertificate(certificate, anchor))?.revocation ??
    untouched;
}
const untouched: RevocationPolicy = { mode: 'none', crlUrls: [], ocspUrl: undefined };

export class RevocationCheck {
  readonly #fetch: Fetch;
  readonly #random: (bytes: number) => Uint8Array;
  readonly #crls = new Memory<Crl | undefined>();
  readonly #answers = new Memory<OcspAnswer | undefined>();

  constructor(fetch: Fetch, random: (bytes: number) => Uint8Array) {
    this.#fetch = fetch;
    this.#random = random;
  }

  /** The first certificate of the path that is revoked, or that nobody speaks for although somebody has to. */
  async faultOf(
    path: CertificationPath,
    now: Date,
    sources: RevocationSources,
  ): Promise<Fault | undefined> {
    const here = revokedFault(path, sources.revoked);
    const anchor = path.at(-1);
    if (here || !anchor) return here;
    const policy = sources.policyOf(anchor);
    const links = path.slice(0, -1).map((certificate, i) => {
      return { certificate, issuer: path[i + 1] ?? certificate };
    });
    const all = await Promise.all(links.map((link) => this.#statusOf(link, now, policy, sources)));
    const revoked = links.find((_, i) => all[i] === 'revoked');
    if (revoked) {
      return {
        cause: 'revoked',
        why: `${describe(revoked.certificate)} was revoked by its authority`,
      };
    }
    const silent = policy.mode === 'hard' ? links.find((_, i) => all[i] !== 'good') : undefined;
    if (!silent) return undefined;
    const why = `nobody could be asked whether ${describe(silent.certificate)} was revoked`;
    return { cause: 'no-status', why };
  }

  /** The cheapest source first; the first that knows has the last word. */
  async #statusOf(
    link: Link,
    now: Date,
    policy: RevocationPolicy,
    { crls }: RevocationSources,
  ): Promise<Status> {
    const stored = statusInAny(crls, link, now);
    if (stored !== 'unknown' || policy.mode === 'none') return stored;
    for (const [url, isOwners] of urlsOf(policy.ocspUrl, link.certificate.extensions.ocspUrls)) {
      const answer = await this.#ask(link, now, { url, isOwners });
      if (answer && answer.status !== 'unknown') return answer.status;
    }
    const places = urlsOf(policy.crlUrls, link.certificate.extensions.crlUrls);
    // All at once: one after the other silent servers would outlast the handshake that waits for them.
    const lists = await Promise.all(
      places.map(([url, isOwners]) => this.#load(now, { url, isOwners })),
    );
    return statusInAny(
      lists.filter((list) => list !== undefined),
      link,
      now,
    );
  }

  #ask(link: Link, now: Date, to: FetchRequest): Promise<OcspAnswer | undefined> {
    const { certificate, issuer } = link;
    const key = `${to.isOwners} ${to.url} ${referenceTo(certificate, issuer)}`;
    return this.#answers.remember(key, now, async () => {
      const nonce = this.#random(nonceBytes);
      const body = ocspRequest(certificate, issuer, nonce);
      const bytes = await this.#fetch({ ...to, body });
      const answer = bytes && ocspAnswer(bytes, certificate, issuer, { now, nonce });
      return { value: answer, until: answer?.until };
    });
  }

  #load(now: Date, from: FetchRequest): Promise<Crl | undefined> {
    // What the owner wrote is asked for, whether or not a certificate may lead there.
    const key = `${from.isOwners} ${from.url}`;
    return this.#crls.remember(key, now, async () => {
      const bytes = await this.#fetch(from);
      const reading = bytes && readCrl(bytes);
      const crl = reading?.ok ? reading.crl : undefined;
      return { value: crl, until: crl?.nextUpdate };
    });
  }
}

interface Link {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
}

/** Of lists that contradict each other the one that says «revoked» counts. */
function statusInAny(crls: readonly Crl[], { certificate, issuer }: Link, now: Date): Status {
  const all = crls
    .filter((crl) => isCrlOf(crl, issuer))
    .map((crl) => statusIn(crl, certificate, now));
  return (
    all.find((status) => status === 'revoked') ?? all.find((one) => one === 'good') ?? 'unknown'
  );
}

/** The owner's addresses, and only without any those of the certificate. */
function urlsOf(
  owners: string | readonly string[] | undefined,
  ofCertificate: readonly string[],
): readonly (readonly [string, boolean])[] {
  const own = typeof owners === 'string' ? [owners] : (owners ?? []);
  if (own.length > 0) return own.map((url) => [url, true] as const);
  return ofCertificate.slice(0, mostUrls).map((url) => [url, false] as const);
}

/** Remembers answers for a while, failures for a moment, and asks once where many want to know. */
class Memory<T> {
  readonly #entries = new Map<string, { readonly until: number; readonly value: Promise<T> }>();

  async remember(
    key: string,
    now: Date,
    find: () => Promise<{ readonly value: T; readonly until: Date | undefined }>,
  ): Promise<T> {
    const known = this.#entries.get(key);
    if (known && now.getTime() < known.until) return known.value;
    const found = find();
    const value = found.then((one) => one.value);
    // While the question is under way, and after a failure: nobody asks again for a moment.
    this.#keep(key, now.getTime() + momentMs, value);
    const { until } = await found;
    if (until) this.#keep(key, Math.min(until.getTime(), now.getTime() + longestMs), value);
    return value;
  }

  #keep(key: string, until: number, value: Promise<T>): void {
    this.#entries.delete(key);
    this.#entries.set(key, { until, value });
    if (this.#entries.size <= mostRemembered) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}

const nonceBytes = 16;
const mostUrls = 2;
const mostRemembered = 64;
const momentMs = 60_000;
/** A revocation is known a day later at the latest, whatever its list says of the next one. */
const longestMs = 86_400_000;
