// What a certification path must satisfy once its signatures hold (RFC 5280 §6.1, RFC 4945 §5.1.3).
import { anyExtendedKeyUsage, id_kp_clientAuth, id_kp_serverAuth } from '@peculiar/asn1-x509';
import { type Certificate, isSelfIssued } from './certificate.ts';
import { violation } from './constraints.ts';
import { KeyUsage } from './extensions.ts';
import { describe } from './names.ts';
import type { CertificationPath, Fault } from './path.ts';

export type Purpose = 'client' | 'server';

/** Wall time, and whether it can be believed: routers without a battery wake up in 1970. */
export interface WallClock {
  readonly now: Date;
  readonly plausible: boolean;
}

/** The first rule that the path breaks. Time comes last: «the clock is wrong» means that all else is right. */
export function pathFault(
  path: CertificationPath,
  purpose: Purpose,
  clock: WallClock,
): Fault | undefined {
  const [leaf, ...issuers] = path;
  if (!leaf) return { cause: 'malformed', why: 'there is no certificate' };
  return (
    firstOf(path, contentFault) ??
    firstOf(issuers, (issuer) => issuerFault(issuer, path)) ??
    firstOf(issuers, (issuer) => namesFault(issuer, path)) ??
    leafUsageFault(leaf) ??
    leafKindFault(path) ??
    firstOf(path, (certificate) => purposeFault(certificate, leaf, purpose)) ??
    clockFault(clock) ??
    firstOf(path, (certificate) => timeFault(certificate, clock.now))
  );
}

/** A key that we take, and nothing critical that we would have to ignore (RFC 5280 §4.2). */
function contentFault(certificate: Certificate): Fault | undefined {
  const { key } = certificate;
  if (!key.ok) return constraint(certificate, `has ${key.why}`);
  const [unknown] = certificate.extensions.unknownCritical;
  return unknown === undefined
    ? undefined
    : constraint(certificate, `has a critical extension ${unknown} that we do not know`);
}

/** RFC 5280 §6.1.4 (k) to (n). */
function issuerFault(issuer: Certificate, path: CertificationPath): Fault | undefined {
  const { isCa, keyUsage, pathLength } = issuer.extensions;
  if (!isCa) return constraint(issuer, 'is no authority, yet it issued a certificate');
  if (keyUsage !== undefined && (keyUsage & KeyUsage.KEY_CERT_SIGN) === 0) {
    return constraint(issuer, 'may not sign certificates');
  }
  const between = path.slice(1, path.indexOf(issuer)).filter((link) => !isSelfIssued(link));
  if (pathLength === undefined || between.length <= pathLength) return undefined;
  return constraint(
    issuer,
    `allows ${pathLength} authorities below it, there are ${between.length}`,
  );
}

/** Holds for all below, self-issued links excepted (RFC 5280 §6.1.3 (b), (c)). */
function namesFault(issuer: Certificate, path: CertificationPath): Fault | undefined {
  const { constraints } = issuer.extensions;
  if (!constraints) return undefined;
  const below = path.slice(0, path.indexOf(issuer));
  const bound = below.filter((certificate, i) => i === 0 || !isSelfIssued(certificate));
  return firstOf(bound, (certificate) => {
    const broken = violation(constraints, certificate);
    return broken === undefined
      ? undefined
      : constraint(certificate, `has ${broken} by ${describe(issuer)}`);
  });
}

/** RFC 4945 §5.1.3.2: either bit allows to sign AUTH. */
function leafUsageFault(leaf: Certificate): Fault | undefined {
  const { keyUsage } = leaf.extensions;
  const signing = KeyUsage.DIGITAL_SIGNATURE | KeyUsage.NON_REPUDIATION;
  if (keyUsage === undefined || (keyUsage & signing) !== 0) return undefined;
  return { cause: 'purpose', why: `${describe(leaf)} may not sign: its keyUsage forbids it` };
}

/** One that others vouch for is an authority or a peer; a certificate that vouches for itself often says both. */
function leafKindFault([leaf, issuer]: CertificationPath): Fault | undefined {
  if (!leaf?.extensions.isCa || !issuer) return undefined;
  return constraint(leaf, 'is the certificate of an authority, and of no peer');
}

/**
 * Extended key usage, of authorities too: theirs bounds what they issue. A server must say that it is one, so
 * that no device passes for the gateway; a client may stay silent.
 */
function purposeFault(
  certificate: Certificate,
  leaf: Certificate,
  purpose: Purpose,
): Fault | undefined {
  const { purposes } = certificate.extensions;
  if (purposes === undefined) {
    if (certificate !== leaf || purpose === 'client') return undefined;
    return {
      cause: 'purpose',
      why: `${describe(leaf)} does not say that it is a server (extendedKeyUsage serverAuth)`,
    };
  }
  const wanted = purpose === 'client' ? id_kp_clientAuth : id_kp_serverAuth;
  const fitting = [wanted, ipsecIke, anyExtendedKeyUsage];
  if (purposes.some((oid) => fitting.includes(oid))) return undefined;
  const why = `${describe(certificate)} is not meant for a ${purpose} (extendedKeyUsage)`;
  return { cause: 'purpose', why };
}

function clockFault({ now, plausible }: WallClock): Fault | undefined {
  if (plausible) return undefined;
  const why = `the router's clock says ${formatTime(now)}, which cannot be: certificates wait for the right time`;
  return { cause: 'clock', why };
}

function timeFault(certificate: Certificate, now: Date): Fault | undefined {
  const { notBefore, notAfter } = certificate;
  const clock = `our clock says ${formatTime(now)}`;
  if (now > notAfter) {
    const why = `${describe(certificate)} expired on ${formatTime(notAfter)}, ${clock}`;
    return { cause: 'expired', why };
  }
  if (now >= notBefore) return undefined;
  const why = `${describe(certificate)} is valid from ${formatTime(notBefore)} on, ${clock}`;
  return { cause: 'not-yet-valid', why };
}

/** `2026-08-25 14:03 UTC` */
export const formatTime = (time: Date): string =>
  `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const constraint = (certificate: Certificate, what: string): Fault => ({
  cause: 'constraint',
  why: `${describe(certificate)} ${what}`,
});

function firstOf(
  certificates: readonly Certificate[],
  judge: (certificate: Certificate) => Fault | undefined,
): Fault | undefined {
  for (const certificate of certificates) {
    const fault = judge(certificate);
    if (fault) return fault;
  }
  return undefined;
}

/** id-kp-ipsecIKE (RFC 4945 §5.1.3.12). */
const ipsecIke = '1.3.6.1.5.5.7.3.17';
