// How both sides of a connection prove who they are, and whether what that takes is there.
import { printable } from '../base/printable.ts';
import { eapMethod } from '../ike/eap/index.ts';
import {
  formatIdentity,
  type Identity,
  type IdentityPattern,
  matchesIdentity,
} from '../policy/identity.ts';
import { eapOf, isEap, isTwoRounds, type LocalAuth, type RemoteAuth } from '../policy/policy.ts';
import { quote } from '../schema/kinds.ts';
import type { Findings } from './findings.ts';
import type { Section, Sections } from './read.ts';

export interface Proofs {
  readonly localAuth: LocalAuth;
  readonly remoteAuth: readonly RemoteAuth[];
  /** Name of the certificate that the owner asked for. */
  readonly certificate: string | undefined;
}
/** What both sides call themselves. */
export interface Names {
  readonly localId: Identity | undefined;
  readonly remoteId: IdentityPattern;
}

/** Ways in which the peer shows a certificate: as who logs in, and as who is logged in to. */
const showsPeer: readonly string[] = ['pubkey', 'eap-tls'];
const showsServer: readonly string[] = ['pubkey', 'eap-tls', 'eap-ttls', 'eap-peap'];

export function loadProofs(
  entry: Section<'connection'>,
  names: Names,
  sections: Sections,
  findings: Findings,
): Proofs {
  const { local_auth: localAuth, certificate } = entry.options;
  checkEapRole(entry, findings);
  const remoteAuth = loadRemoteAuth(entry, findings);
  const usesPsk = localAuth === 'psk' || remoteAuth.includes('psk');
  if (usesPsk) checkPsk(entry, names, sections, findings);
  else reportUnused(entry, 'psk', 'neither side proves itself with a secret', findings);
  const showsOne =
    localAuth === 'pubkey' ||
    isTwoRounds(localAuth) ||
    (isEap(localAuth) && entry.options.role !== 'initiator');
  const ownKey = ownKeyOf(entry, sections);
  if (ownKey !== undefined) {
    reportUnused(entry, 'certificate', 'the gateway shows its key instead', findings);
  } else if (showsOne) checkCertificate(entry, sections, findings);
  else if (localAuth !== 'eap-tls') {
    reportUnused(entry, 'certificate', 'the gateway proves itself without one', findings);
  }
  const sees = entry.options.role === 'initiator' ? [localAuth, ...remoteAuth] : remoteAuth;
  const ofPeers = entry.options.role === 'initiator' ? showsServer : showsPeer;
  const isPinned = remoteAuth.includes('pubkey') && entry.options.remote_key.length > 0;
  if (!remoteAuth.includes('pubkey')) {
    reportUnused(entry, 'remote_key', 'the peer does not prove itself by pubkey', findings);
  }
  const believes = (auth: RemoteAuth) =>
    isTwoRounds(auth) || (ofPeers.includes(auth) && !(isPinned && auth === 'pubkey'));
  if (sees.some(believes)) checkAuthorities(entry, sections, findings);
  return {
    localAuth,
    remoteAuth,
    certificate: certificateFor(localAuth, ownKey, certificate),
  };
}

/** The file of the private key that we use without a certificate; undefined: we show a certificate, or none. */
export function ownKeyOf(
  { options }: Section<'connection'>,
  { service }: Pick<Sections, 'service'>,
): string | undefined {
  const { local_auth: auth, local_key: file, remote_key: keys, certificate } = options;
  if (auth !== 'pubkey') return undefined;
  if (file !== undefined) return file;
  if (keys.length === 0 || certificate !== undefined) return undefined;
  return routerKey(service[0]?.options.folder ?? '/etc/ikev2');
}

/** Where `ikectl key` keeps the key of this router. */
export const routerKey = (folder: string): string => `${folder}/router.key`;
/** No section can have such a name. */
export const nameOfKey = (file: string): string => `key ${file}`;

function certificateFor(
  auth: LocalAuth,
  ownKey: string | undefined,
  certificate: string | undefined,
): string | undefined {
  if (auth === 'psk') return undefined;
  return ownKey === undefined ? certificate : nameOfKey(ownKey);
}

function loadRemoteAuth(
  { section, options }: Section<'connection'>,
  findings: Findings,
): readonly RemoteAuth[] {
  const option = 'remote_auth';
  const known: RemoteAuth[] = [];
  for (const [index, auth] of askedRemoteAuth(options).entries()) {
    if (auth !== 'eap-radius' && (!isEap(auth) || eapMethod(auth))) known.push(auth);
    else
      findings.warning(
        { section, option, index },
        `${auth} is not yet supported by this version: ignored`,
        'Remove it, or leave it for a later version.',
      );
  }
  if (known.length === 0) {
    findings.error(
      { section, option },
      'no way is left for the peer to prove who it is',
      'Add pubkey, psk or a method of EAP, or disable the connection.',
    );
  }
  return known;
}

/** What stands in the file, or follows from it. */
export function askedRemoteAuth({
  remote_auth: asked,
  local_auth: own,
  role,
}: Section<'connection'>['options']): Section<'connection'>['options']['remote_auth'] {
  if (asked.length > 0) return asked;
  return [eapOf(own) && role === 'initiator' ? 'pubkey' : own];
}

/** EAP runs one way only: who dialled logs in (RFC 7296 §2.16). */
function checkEapRole({ section, options }: Section<'connection'>, findings: Findings): void {
  const { role, local_auth: own } = options;
  const asksForEap = askedRemoteAuth(options).some((auth) => auth !== 'eap-radius' && eapOf(auth));
  const proves = (auth: string): boolean => isEap(auth) && eapMethod(auth)?.isMutual === true;
  if (role !== 'initiator' && proves(own)) {
    const weak = askedRemoteAuth(options).find((auth) => !proves(auth));
    if (weak) {
      findings.error(
        { section, option: 'local_auth' },
        `${own} proves the gateway only to peers that log in by such a method, and ${weak} is none`,
        'Set local_auth to pubkey, or take the other methods out of remote_auth.',
      );
    }
  } else if (role !== 'initiator' && eapOf(own)) {
    findings.error(
      { section, option: 'local_auth' },
      'a responder cannot log in by EAP',
      'Set local_auth to pubkey, or option role to initiator.',
    );
  }
  const hasTwo = askedRemoteAuth(options).some(isTwoRounds);
  if (role === 'initiator' && (hasTwo || (asksForEap && !isEap(own)))) {
    findings.error(
      { section, option: 'remote_auth' },
      'who is dialled cannot log in by EAP',
      'Set remote_auth to pubkey, or local_auth to the same method of EAP.',
    );
  }
  checkServerProof({ section, options }, asksForEap, findings);
}

/** Whoever is logged in to by EAP MUST be proven by a public key (RFC 7296 §2.16). */
function checkServerProof(
  { section, options }: Pick<Section<'connection'>, 'section' | 'options'>,
  asksForEap: boolean,
  findings: Findings,
): void {
  const { role, local_auth: own } = options;
  if (role !== 'initiator' && own === 'psk' && asksForEap) {
    findings.error(
      { section, option: 'local_auth' },
      'everybody who knows the shared secret could pose as the gateway, and find out passwords',
      'Set local_auth to pubkey; «ikectl cert init» makes the certificate for it.',
    );
  }
  if (role === 'initiator' && eapOf(own) && askedRemoteAuth(options).includes('psk')) {
    findings.error(
      { section, option: 'remote_auth' },
      'everybody who knows the shared secret could pose as the other side, and find out our password',
      'Set remote_auth to pubkey, and add the authority of its certificate.',
    );
  }
}

function checkPsk(
  { section, options }: Section<'connection'>,
  names: Names,
  { psk }: Sections,
  findings: Findings,
): void {
  const option = 'psk';
  checkOwnName({ section, options }, names, findings);
  if (options.psk || psk.some(({ options: { id } }) => fits(id, names))) return;
  if (psk.length === 0) {
    findings.error(
      { section, option },
      'there is no shared secret for it',
      "Add a line: option psk '…', with at least 16 characters, or a section psk.",
    );
    return;
  }
  const { remoteId } = names;
  const peer = remoteId.kind === 'exact' ? printable(formatIdentity(remoteId.identity), 60) : '…';
  findings.error(
    { section, option },
    'none of the psk sections is for its peer',
    `Add list id '${peer}' to one of them, or set option psk here.`,
  );
}

/** Of a peer that may have many names nothing can be said. */
function fits(ids: readonly IdentityPattern[], { remoteId }: Names): boolean {
  if (ids.length === 0 || remoteId.kind !== 'exact') return true;
  return ids.some((id) => matchesIdentity(id, remoteId.identity));
}

/** With a certificate the certificate has the name; a secret has none. */
function checkOwnName(
  { section, options }: Section<'connection'>,
  { localId }: Names,
  findings: Findings,
): void {
  if (localId || options.local_auth !== 'psk') return;
  const where = { section, option: 'local_id' };
  const why = 'with a shared secret the gateway needs a name for itself, and has none';
  const cure = "Set option identity in the section service 'main' to the name that clients dial.";
  if (options.role === 'initiator') findings.error(where, why, cure);
  else findings.warning(where, why, cure);
}

function checkCertificate(
  { section, options }: Section<'connection'>,
  { certificate: all }: Sections,
  findings: Findings,
): void {
  const option = 'certificate';
  const { certificate: wanted } = options;
  if (wanted === undefined) {
    if (all.length > 0) return;
    findings.error(
      { section, option: 'local_auth' },
      'the gateway has no certificate to prove itself with',
      'Make one with «ikectl cert init», add a section certificate with file and key, or set option local_auth to psk.',
    );
    return;
  }
  const names = all.map((each) => each.section.name);
  if (names.includes(wanted)) return;
  findings.error(
    { section, option },
    `there is no section certificate ${quote(wanted)}`,
    cureOfReference('certificate', names),
  );
}

function checkAuthorities(
  { section }: Section<'connection'>,
  { authority }: Sections,
  findings: Findings,
): void {
  if (authority.length > 0) return;
  findings.error(
    { section, option: 'remote_auth' },
    'no authority is known whose certificates could be believed',
    'Make one with «ikectl cert init», or add a section authority with the file of its certificate.',
  );
}

function reportUnused(
  { section }: Section<'connection'>,
  option: 'psk' | 'certificate' | 'remote_key',
  because: string,
  findings: Findings,
): void {
  if (!section.options.has(option)) return;
  findings.warning(
    { section, option },
    `it has no effect: ${because}`,
    'Remove it, or correct local_auth and remote_auth.',
  );
}

/** What to write instead of the name of a section that is not there. */
export function cureOfReference(type: string, names: readonly (string | undefined)[]): string {
  const known = names.filter((name) => name !== undefined);
  if (known.length === 0) return `Add a section: config ${type} 'NAME'.`;
  return `Write one of ${known.join(', ')}, or add the section.`;
}
