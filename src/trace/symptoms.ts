// What the owner of a device sees while this gateway sees the cause: error codes and messages of the systems, so that
// who searches for a code finds the reason.
import type { Cause } from '../ike/causes.ts';

export interface Symptom {
  readonly client: 'Windows' | 'iPhone, Mac' | 'Android' | 'strongSwan';
  /** As the system shows it. */
  readonly code: string;
}

/** A cause that is not here looks like any other failure on the device. */
export const symptomsOf = (cause: Cause): readonly Symptom[] => symptoms[cause] ?? [];

const windows = (code: string): Symptom => ({ client: 'Windows', code });
const apple = (code: string): Symptom => ({ client: 'iPhone, Mac', code });
const android = (code: string): Symptom => ({ client: 'Android', code });
const swan = (code: string): Symptom => ({ client: 'strongSwan', code });

const noAnswer = [
  windows('809'),
  apple('«The VPN server did not respond»'),
  android('«Unsuccessful», after 15 seconds'),
  swan('«giving up after 5 retransmits»'),
];
const noMatch = [
  windows('13868'),
  apple('«An unexpected error occurred»'),
  android('«Unsuccessful» at once'),
  swan('NO_PROPOSAL_CHOSEN'),
];
const noTrust = [
  windows('13801'),
  apple('«User Authentication failed», or error 1001 in the log'),
  android('«Unsuccessful» at once'),
  swan('«no trusted RSA public key found»'),
];
const noLogin = [
  windows('691'),
  apple('«User Authentication failed»'),
  android('«Unsuccessful»'),
  swan('«EAP_FAILURE received»'),
];
const refusedCertificate = [
  windows('13801, or 13806 where there is none'),
  apple('«User Authentication failed»'),
  swan('AUTHENTICATION_FAILED'),
];
const noTunnel = [windows('13868'), swan('«failed to establish CHILD_SA»')];

const symptoms: Partial<Record<Cause, readonly Symptom[]>> = {
  'group-2-only': [windows('13868')],
  'no-common-algorithm': noMatch,
  'no-common-tunnel-algorithm': noTunnel,
  'no-connection': noMatch,
  'we-are-not-believed': noTrust,
  'other-name-wanted': noTrust,
  'unknown-user': noLogin,
  'account-barred': noLogin,
  'no-password': noLogin,
  'wrong-password': noLogin,
  'too-many-guesses': noLogin,
  'method-not-allowed': [windows('13801, or 812'), apple('«User Authentication failed»')],
  'certificate-missing': [windows('13806'), ...refusedCertificate.slice(1)],
  'certificate-malformed': refusedCertificate,
  'certificate-untrusted': refusedCertificate,
  'certificate-expired': refusedCertificate,
  'certificate-not-yet-valid': refusedCertificate,
  'certificate-purpose': refusedCertificate,
  'certificate-constraint': refusedCertificate,
  'certificate-revoked': refusedCertificate,
  'certificate-unknown-status': refusedCertificate,
  'clock-wrong': refusedCertificate,
  'wrong-signature': refusedCertificate,
  'nothing-on-4500': noAnswer,
  'behind-cgnat': noAnswer,
  'behind-router': noAnswer,
  'esp-blocked': [
    android('connected, and nothing gets through'),
    apple('connected, and nothing gets through'),
    windows('connected, and nothing gets through'),
  ],
  'answer-lost': noAnswer,
  'fragments-lost': noAnswer,
  'pool-empty': [windows('13868'), apple('connects and drops at once')],
  'networks-refused': noTunnel,
};
