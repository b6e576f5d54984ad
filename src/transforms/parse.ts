// Proposals as text in strongSwan's notation, `aes256gcm16-prfsha384-ecp384-ke1_mlkem768`, and back.
import {
  type AdditionalKe,
  type ChosenKe,
  readStepWord,
  type StepWord,
  stepsOf,
  stepWords,
  waysThrough,
} from './additional-ke.ts';
import { nearest } from './nearest.ts';
import {
  byKeyword,
  type Encr,
  type Esn,
  type Integ,
  type Ke,
  type Prf,
  type Transform,
  type TransformKind,
  type TransformOf,
  transforms,
} from './table.ts';

/** What a proposal is for: IKE SAs or CHILD_SAs. */
export type ProposalProtocol = 'ike' | 'esp';

/** Transforms of which a peer may combine one of each list, first is best. An empty list: none of that type. */
export interface Proposal {
  readonly protocol: ProposalProtocol;
  readonly encr: readonly Encr[];
  readonly prf: readonly Prf[];
  readonly integ: readonly Integ[];
  readonly ke: readonly Ke[];
  /** What follows the first key exchange, in the order of its steps. */
  readonly addKe: readonly AdditionalKe[];
  readonly esn: readonly Esn[];
}

/** What was chosen out of a proposal: at most one transform of each type (RFC 7296 §3.3). */
export interface Chosen {
  readonly encr: Encr;
  readonly prf?: Prf | undefined;
  readonly integ?: Integ | undefined;
  readonly ke?: Ke | undefined;
  readonly addKe?: readonly ChosenKe[] | undefined;
  readonly esn?: Esn | undefined;
}

/** A proposal, or why it is none and what to write instead. */
export type ParsedProposal = { readonly ok: true; readonly proposal: Proposal } | Refusal;
interface Refusal {
  readonly ok: false;
  readonly why: string;
  readonly cure: string;
}

/** Reads words joined by `-`, in any order; the order within a type is the order of preference. */
export function parseProposal(protocol: ProposalProtocol, text: string): ParsedProposal {
  const rows: Transform[] = [];
  const words: StepWord[] = [];
  for (const word of text.trim().toLowerCase().split('-')) {
    const step = readStepWord(word, (method) => aliases.get(method) ?? method);
    if (step && words.some((one) => one.step === step.step && one.method === step.method))
      return refuse(`${word} stands twice in «${text}»`, 'Name it once.');
    if (step) {
      words.push(step);
      continue;
    }
    const row = byKeyword(aliases.get(word) ?? word);
    if (!row) return unknown(protocol, word);
    if (!allowed(protocol, row)) return misplaced(protocol, row);
    if (rows.includes(row))
      return refuse(`${row.keyword} stands twice in «${text}»`, 'Name it once.');
    rows.push(row);
  }
  const proposal = withDefaults({
    protocol,
    encr: ofType(rows, 'ENCR'),
    prf: ofType(rows, 'PRF'),
    integ: ofType(rows, 'INTEG'),
    ke: ofType(rows, 'KE'),
    addKe: stepsOf(words),
    esn: ofType(rows, 'ESN'),
  });
  return incomplete(proposal) ?? { ok: true, proposal };
}

/** Canonical text: by type in the order of `Proposal`, without what `parseProposal` would add by itself. */
export function formatProposal(proposal: Proposal): string {
  const { encr, integ, prf, ke, addKe, esn } = proposal;
  const said = sameRows(prf, impliedPrf(integ)) ? [] : prf;
  const numbers = sameRows(esn, impliedEsn) ? [] : esn;
  const keywords = (rows: readonly Transform[]) => rows.map((row) => row.keyword);
  const algorithms = [encr, integ, said, ke].flatMap(keywords);
  return [...algorithms, ...addKe.flatMap(stepWords), ...keywords(numbers)].join('-');
}

/** What was agreed on, in the same notation: `aes256gcm16-prfsha384-ecp384`. */
export function formatSuite({ encr, prf, integ, ke, addKe, esn }: Chosen): string {
  const list = <T>(row: T | undefined): readonly T[] => (row === undefined ? [] : [row]);
  return formatProposal({
    protocol: prf ? 'ike' : 'esp',
    encr: [encr],
    prf: list(prf),
    integ: list(integ),
    ke: list(ke),
    addKe: (addKe ?? []).map(({ step, ke: one }) => ({ step, methods: [one], isOptional: false })),
    esn: list(esn),
  });
}

/** With classic integrity the PRF is the same HMAC unless said otherwise; ESP counts in 32 bits unless said otherwise. */
function withDefaults(proposal: Proposal): Proposal {
  const { protocol, encr, prf, integ, esn } = proposal;
  if (protocol === 'esp') return esn.length > 0 ? proposal : { ...proposal, esn: impliedEsn };
  const isClassic = !encr.some((row) => row.aead);
  return isClassic && prf.length === 0 ? { ...proposal, prf: impliedPrf(integ) } : proposal;
}

function impliedPrf(integ: readonly Integ[]): readonly Prf[] {
  return integ.map((row) => byKeyword<'PRF'>(`prf${row.keyword}`, 'PRF'));
}

/** A peer that offers all of them makes us look for one that both sides have. */
const mostWays = 1000;

const impliedEsn: readonly Esn[] = [byKeyword('noesn', 'ESN')];

/** What a proposal lacks, or has too much of. */
function incomplete({ protocol, encr, prf, integ, ke, addKe }: Proposal): Refusal | undefined {
  const aead = encr.filter((row) => row.aead);
  const [cipher] = encr.filter((row) => !row.aead);
  if (encr.length === 0) return refuse('no encryption is named', `Add ${ciphers(protocol)}.`);
  // An INTEG belongs to one kind and must not stand beside the other (RFC 7296 §3.3, RFC 5282 §8).
  if (aead[0] && cipher) {
    return refuse(
      `${aead[0].keyword} brings its own integrity, ${cipher.keyword} does not: they cannot share a proposal`,
      'Write two proposals.',
    );
  }
  if (aead[0] && integ[0]) {
    return refuse(
      `${aead[0].keyword} brings its own integrity, so ${integ[0].keyword} has no place beside it`,
      protocol === 'ike' && prf.length === 0
        ? `Replace ${integ[0].keyword} by prf${integ[0].keyword}.`
        : `Remove ${integ[0].keyword}.`,
    );
  }
  if (cipher && integ.length === 0) {
    return refuse(`${cipher.keyword} needs an integrity algorithm`, 'Add sha256.');
  }
  const empty = addKe.find(({ methods }) => methods.length === 0);
  if (empty) {
    return refuse(
      `step ${empty.step} has no method`,
      `Add ke${empty.step}_mlkem768, or leave it out.`,
    );
  }
  if (addKe.length > 0 && ke.length === 0) {
    return refuse('an additional key exchange follows a first one', 'Add x25519 or ecp256.');
  }
  if (waysThrough(addKe) > mostWays) {
    return refuse(
      `the steps can be combined in ${waysThrough(addKe)} ways, and ${mostWays} are allowed`,
      'Name fewer methods for each step.',
    );
  }
  if (protocol === 'esp') return undefined;
  if (prf.length === 0) return refuse('no pseudorandom function is named', 'Add prfsha256.');
  if (ke.length === 0) return refuse('no key exchange is named', 'Add x25519 or ecp256.');
  return undefined;
}

function allowed(protocol: ProposalProtocol, row: Transform): boolean {
  if (row.type === 'ENCR') return row[protocol];
  if (row.type === 'PRF') return protocol === 'ike';
  if (row.type === 'ESN') return protocol === 'esp';
  return true;
}

function misplaced(protocol: ProposalProtocol, row: Transform): Refusal {
  if (row.type !== 'ENCR')
    return refuse(
      `${row.keyword} has no place in an ${protocol} proposal`,
      `Remove ${row.keyword}.`,
    );
  return refuse(`${protocol} with ${row.keyword} is not supported`, `Use ${ciphers(protocol)}.`);
}

function unknown(protocol: ProposalProtocol, word: string): Refusal {
  const known = transforms.filter((row) => allowed(protocol, row)).map((row) => row.keyword);
  const [, step = '', method = word] = /^(ke[1-7]_)(.*)$/.exec(word) ?? [];
  const methods = transforms.filter(({ type }) => type === 'KE').map((row) => row.keyword);
  const close = nearest(method, step === '' ? known : [...methods, 'none']);
  const guess = close && `${step}${close}`;
  if (word === '')
    return refuse('a word is missing', `Join words of this list by «-»: ${known.join(', ')}.`);
  const cure = guess ? `Did you mean ${guess}?` : `Known are ${known.join(', ')}.`;
  return refuse(`«${word}» is not a known algorithm`, cure);
}

function ciphers(protocol: ProposalProtocol): string {
  const rows = transforms.filter((row) => row.type === 'ENCR' && row[protocol]);
  return rows.map((row) => row.keyword).join(' or ');
}

const refuse = (why: string, cure: string): Refusal => ({ ok: false, why, cure });

const sameRows = (a: readonly Transform[], b: readonly Transform[]): boolean =>
  a.length === b.length && a.every((row, i) => row === b[i]);

function ofType<T extends TransformKind>(
  rows: readonly Transform[],
  type: T,
): readonly TransformOf<T>[] {
  return rows.filter((row): row is TransformOf<T> => row.type === type);
}

/** Other words of strongSwan's for the same rows. */
const aliases: ReadonlyMap<string, string> = new Map([
  ['aes', 'aes128'],
  ['aes128gcm128', 'aes128gcm16'],
  ['aes192gcm128', 'aes192gcm16'],
  ['aes256gcm128', 'aes256gcm16'],
  ['sha', 'sha1'],
  ['sha2_256', 'sha256'],
  ['sha2_384', 'sha384'],
  ['sha2_512', 'sha512'],
  ['curve25519', 'x25519'],
]);
