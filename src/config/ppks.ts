// Post-quantum pre-shared keys (RFC 8784): the sections `ppk`, and which of them a connection uses.
import { equal } from '../base/bytes.ts';
import type { Secret } from '../base/secret.ts';
import { formatPpkId } from '../ike/extensions/ppk.ts';
import { type Identity, type IdentityPattern, matchesIdentity } from '../policy/identity.ts';
import type { Connection, Ppk } from '../policy/policy.ts';
import type { Problem } from '../policy/problem.ts';
import { quote } from '../schema/kinds.ts';
import type { PpkFile } from './configuration.ts';
import type { Findings } from './findings.ts';
import { cureOfReference } from './proofs.ts';
import type { Section, Sections } from './read.ts';
import { secret as secretKind } from './values.ts';

/** Those whose secret stands in the file, and those whose secret is in a file of its own. */
export function loadPpks(
  sections: readonly Section<'ppk'>[],
  findings: Findings,
): { readonly ppks: readonly Ppk[]; readonly ppkFiles: readonly PpkFile[] } {
  const ppks: Ppk[] = [];
  const ppkFiles: PpkFile[] = [];
  for (const entry of sections) {
    const { id, secret, file, peer: peers } = entry.options;
    checkId(entry, sections, findings);
    if (secret && file === undefined) {
      const weakness = weaknessOf(secret);
      if (weakness) findings.warning({ ...entry, option: 'secret' }, weakness.why, weakness.cure);
      ppks.push({ id, secret, peers });
    } else if (!secret && file !== undefined) {
      ppkFiles.push({ id, peers, file, section: entry.section.label, line: entry.section.line });
    } else reportNotOne(entry, findings);
  }
  return { ppks, ppkFiles };
}

/** What the file of a PPK holds: one line, in the notation of option secret. */
export function readPpkFile(
  { id, peers, file, section, line }: PpkFile,
  bytes: Uint8Array,
): { readonly ppk: Ppk | undefined; readonly problems: readonly Problem[] } {
  const place = { section, option: 'file', line };
  const text = Buffer.from(bytes).toString('utf8').trim();
  bytes.fill(0);
  const parsed = secretKind.schema.safeParse(text);
  if (text === '' || !parsed.success) {
    const why = `${file} cannot be read, or holds no secret`;
    const cure = `Make one: (printf 0s; openssl rand -base64 32) > ${file}`;
    return { ppk: undefined, problems: [{ ...place, why, cure, severity: 'error' }] };
  }
  const weakness = weaknessOf(parsed.data);
  return {
    ppk: { id, secret: parsed.data, peers },
    problems: weakness ? [{ ...place, ...weakness, severity: 'warning' }] : [],
  };
}

/** Which PPK a connection dials with, and whether it must. */
export function loadPpkUse(
  { section, options }: Section<'connection'>,
  remoteId: IdentityPattern,
  { ppk: sections }: Sections,
  findings: Findings,
): Pick<Connection, 'ppkId' | 'ppkRequired'> {
  const { ppk_id: ppkId, ppk_required: ppkRequired, role } = options;
  const known = sections.map((each) => each.options.id);
  if (ppkId && role !== 'initiator') {
    findings.warning(
      { section, option: 'ppk_id' },
      'it has no effect: who dials says which PPK it is',
      'Remove it; which peers may use a PPK says list peer of its section.',
    );
  } else if (ppkId && !known.some((id) => equal(id, ppkId))) {
    findings.error(
      { section, option: 'ppk_id' },
      `there is no section ppk with the id ${quote(formatPpkId(ppkId))}`,
      cureOfReference('ppk', known.map(formatPpkId)),
    );
  } else if (ppkRequired && !ppkId && !sections.some((each) => mayServe(each, remoteId))) {
    findings.error(
      { section, option: 'ppk_required' },
      'there is no PPK for its peers: nobody could connect',
      'Add a section ppk with id and secret, and its peers in list peer.',
    );
  }
  return { ppkId: role === 'initiator' ? ppkId : undefined, ppkRequired };
}

/** Of peers that may have many names nothing can be said. */
function mayServe({ options: { peer } }: Section<'ppk'>, remoteId: IdentityPattern): boolean {
  if (peer.length === 0 || remoteId.kind !== 'exact') return true;
  const identity: Identity = remoteId.identity;
  return peer.some((pattern) => matchesIdentity(pattern, identity));
}

/** The peer asks for it by its id alone. */
function checkId(
  { section, options }: Section<'ppk'>,
  all: readonly Section<'ppk'>[],
  findings: Findings,
): void {
  const first = all.find((each) => equal(each.options.id, options.id));
  if (!first || first.section === section) return;
  findings.error(
    { section, option: 'id' },
    `${first.section.label} has the same id`,
    'Give each PPK an id of its own.',
  );
}

function reportNotOne({ section, options }: Section<'ppk'>, findings: Findings): void {
  const hasBoth = options.secret !== undefined;
  findings.error(
    { section, option: hasBoth ? 'file' : 'secret' },
    hasBoth ? 'it has a secret and a file with one' : 'it has neither a secret nor a file with one',
    'Write one of the two: option secret, or option file.',
  );
}

/** A quantum computer halves the length of what has to be guessed (RFC 8784 §6). */
function weaknessOf({ length }: Secret): Pick<Problem, 'why' | 'cure'> | undefined {
  if (length >= leastBytes) return undefined;
  return {
    why: `the secret has ${length} bytes: too few against a quantum computer`,
    cure: `Use ${leastBytes} random bytes: 0s and what «openssl rand -base64 32» prints.`,
  };
}

const leastBytes = 32;
