// The gateway's own list of revoked certificates: a line for each, in a file that it rewrites. It holds whatever an
// authority's CRL or OCSP responder says, and works without any network.
import { createHash } from 'node:crypto';
import { toHex } from '../base/bytes.ts';
import type { Certificate } from './certificate.ts';
import { describe } from './names.ts';
import type { CertificationPath, Fault } from './path.ts';

export interface Revocation {
  /** What `referenceTo` gives. */
  readonly reference: string;
  readonly at: Date;
  /** What the owner calls it; letters, digits and `.@_-`. */
  readonly name: string;
}

/** Issuer and serial number, which together name one certificate (RFC 5280 §4.1.2.2): an issuer is its key here. */
export function referenceTo(
  { serial }: Pick<Certificate, 'serial'>,
  issuer: Pick<Certificate, 'spki'>,
): string {
  return `${issuerIn(issuer)}:${toHex(serial)}`;
}

/** How references to what this authority issued begin. */
export const issuerIn = ({ spki }: Pick<Certificate, 'spki'>): string =>
  createHash('sha256').update(spki).digest('hex').slice(0, 40);

/** @returns the list, or the number of the first line that is none of ours */
export function readRevoked(text: string): readonly Revocation[] | { readonly brokenLine: number } {
  const list: Revocation[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const [, reference = '', at = '', name = ''] = lineForm.exec(line) ?? [];
    if (reference === '') return { brokenLine: i + 1 };
    list.push({ reference, at: new Date(at), name });
  }
  return list;
}

/** As whoever judges a certificate looks for it. */
export const byReference = (list: readonly Revocation[]): ReadonlyMap<string, Revocation> =>
  new Map(list.map((entry) => [entry.reference, entry]));

export function formatRevoked(list: readonly Revocation[]): string {
  const lines = list.map(({ reference, at, name }) => {
    return `${reference} ${at.toISOString().replace(/\.\d+/, '')} ${name}\n`;
  });
  return `${heading}\n${lines.join('')}`;
}

/** Anchors are believed because the owner says so; what is below them may be in the list. */
export function revokedFault(
  path: CertificationPath,
  list: ReadonlyMap<string, Revocation>,
): Fault | undefined {
  for (const [i, certificate] of path.entries()) {
    const issuer = path[i + 1] ?? certificate;
    const entry = list.get(referenceTo(certificate, issuer));
    if (!entry) continue;
    const day = entry.at.toISOString().slice(0, 10);
    return { cause: 'revoked', why: `${describe(certificate)} was revoked here on ${day}` };
  }
  return undefined;
}

const heading =
  '# Revoked certificates: issuer and serial number, when, and which. Written by ikev2d.';
const lineForm =
  /^([0-9a-f]{40}:[0-9a-f]{2,128}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) ([\w.@-]{1,128})$/;
