// Which of the gateway's algorithms a client is told to offer: the first proposal of which it has a word for each part.
import { withoutAdditional } from '../transforms/additional-ke.ts';
import type { Proposal } from '../transforms/parse.ts';
import type { Transform } from '../transforms/table.ts';
import { CannotMake } from './device.ts';

/** The client's words, by our keywords. */
export interface Vocabulary {
  readonly encr: Words;
  readonly integ: Words;
  readonly prf: Words;
  readonly ke: Words;
}
type Words = Readonly<Record<string, string>>;

/** In words of the client, which knows one hash for PRF and integrity. */
export interface SpokenIke {
  readonly encr: string;
  readonly hash: string;
  readonly ke: string;
}
export interface SpokenEsp {
  readonly encr: string;
  /** Undefined: the cipher brings its own. */
  readonly integ: string | undefined;
}

/** @throws CannotMake */
export function speakIke(
  proposals: readonly Proposal[],
  words: Vocabulary,
  client: string,
): SpokenIke {
  for (const { encr: ciphers, integ, prf, ke: methods } of withoutAdditional(proposals)) {
    const [encr] = inWords(ciphers, words.encr);
    const [ke] = inWords(methods, words.ke);
    const beside = inWords(integ, words.integ);
    const hash = inWords(prf, words.prf).find(
      (word) => integ.length === 0 || beside.includes(word),
    );
    if (encr !== undefined && hash !== undefined && ke !== undefined) return { encr, hash, ke };
  }
  throw nothingInCommon(client, 'ike');
}

/** @throws CannotMake */
export function speakEsp(
  proposals: readonly Proposal[],
  words: Pick<Vocabulary, 'encr' | 'integ'>,
  client: string,
): SpokenEsp {
  for (const { encr: ciphers, integ: beside } of withoutAdditional(proposals)) {
    const [encr] = inWords(ciphers, words.encr);
    const [integ] = inWords(beside, words.integ);
    if (encr !== undefined && (beside.length === 0 || integ !== undefined)) return { encr, integ };
  }
  throw nothingInCommon(client, 'esp');
}

/**
 * What a client offers that always brings ML-KEM-768 as the one additional key exchange: the rest of those proposals.
 * @throws CannotMake where the gateway takes none
 */
export function besideMlKem(proposals: readonly Proposal[], option: string): readonly Proposal[] {
  const hybrid = proposals.filter(({ addKe: [first, ...more] }) => {
    const isFirst =
      first?.step === 1 && first.methods.some(({ keyword }) => keyword === 'mlkem768');
    return isFirst && more.every(({ isOptional }) => isOptional);
  });
  if (hybrid.length > 0) return hybrid.map((proposal) => ({ ...proposal, addKe: [] }));
  throw new CannotMake(
    `option ${option} of the connection allows no mlkem768: add ke1_mlkem768 to it, or choose a suite`,
  );
}

/** Whether keys of the tunnel may be renewed with a key exchange of their own, by that method. */
export const allowsPfs = (proposals: readonly Proposal[], ke: string, words: Words): boolean =>
  proposals.some(({ ke: methods }) => inWords(methods, words).includes(ke));

const inWords = (rows: readonly Transform[], words: Words): readonly string[] =>
  rows.flatMap(({ keyword }) => words[keyword] ?? []);

const nothingInCommon = (client: string, option: string): CannotMake =>
  new CannotMake(
    `${client} has none of the algorithms that option ${option} of the connection allows: add some, or choose suite 'compatible'`,
  );
