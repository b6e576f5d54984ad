// Additional key exchanges (RFC 9370): up to seven steps after the first one, each with methods of its own, and their
// words in proposals, `ke1_mlkem768-ke1_none`.
import { byKeyword, type Ke } from './table.ts';

/** One of ADDKE1 to ADDKE7 in a proposal. */
export interface AdditionalKe {
  /** 1 to 7. */
  readonly step: number;
  /** First is best. */
  readonly methods: readonly Ke[];
  /** NONE is among the methods: the step may be left out. */
  readonly isOptional: boolean;
}

/** The method that was chosen for a step. */
export interface ChosenKe {
  /** 1 to 7. */
  readonly step: number;
  readonly ke: Ke;
}

/** A word of one step; `method` undefined: NONE. */
export interface StepWord {
  readonly step: number;
  readonly method: Ke | undefined;
}

/** Reads `ke1_mlkem768`; undefined: it is no such word, or its method is not known. */
export function readStepWord(
  word: string,
  alias: (method: string) => string,
): StepWord | undefined {
  const [, digit, name] = /^ke([1-7])_(.+)$/.exec(word) ?? [];
  if (digit === undefined || name === undefined) return undefined;
  const step = Number(digit);
  if (name === 'none') return { step, method: undefined };
  const method = byKeyword(alias(name), 'KE');
  return method && { step, method };
}

/** The steps of these words, in the order in which they are done. */
export function stepsOf(words: readonly StepWord[]): readonly AdditionalKe[] {
  const steps = [...new Set(words.map(({ step }) => step))].sort((a, b) => a - b);
  return steps.map((step) => {
    const own = words.filter((word) => word.step === step);
    return {
      step,
      methods: own.flatMap(({ method }) => method ?? []),
      isOptional: own.some(({ method }) => method === undefined),
    };
  });
}

/** In so many ways one method can be taken for each step: who answers may have to try all of them. */
export const waysThrough = (steps: readonly AdditionalKe[]): number =>
  steps.reduce(
    (ways, { methods, isOptional }) => ways * (methods.length + (isOptional ? 1 : 0)),
    1,
  );

/** The words of a step, NONE at the end. */
export function stepWords({ step, methods, isOptional }: AdditionalKe): readonly string[] {
  const words = methods.map(({ keyword }) => `ke${step}_${keyword}`);
  return isOptional ? [...words, `ke${step}_none`] : words;
}

/** What is left of proposals for a peer that knows one key exchange only. */
export const withoutAdditional = <P extends { readonly addKe: readonly AdditionalKe[] }>(
  proposals: readonly P[],
): readonly P[] =>
  proposals
    .filter(({ addKe }) => addKe.every(({ isOptional }) => isOptional))
    .map((proposal) => ({ ...proposal, addKe: [] }));

/** Whether keys made by these methods stay closed to a quantum computer. */
export const isPostQuantum = (methods: readonly (Ke | undefined)[]): boolean =>
  methods.some((method) => method?.postQuantum === true);
