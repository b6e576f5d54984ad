// Additional key exchanges in a negotiation (RFC 9370 §2.2.1): every step that both sides have gets a method, no two
// the same one, and a step that one side lacks must be one that the other may leave out.
import { KeyExchangeMethod, TransformType } from '../../iana/transforms.ts';
import type { AdditionalKe, ChosenKe } from '../../transforms/additional-ke.ts';
import { byId, type Ke } from '../../transforms/table.ts';
import type { WireTransform } from '../../wire/payloads/sa.ts';

/** What a peer offers for one step. */
interface OfferedStep {
  readonly methods: ReadonlySet<number>;
  readonly isOptional: boolean;
}
export type OfferedSteps = ReadonlyMap<number, OfferedStep>;

/**
 * How often a method may still turn out to leave none to the steps behind it, in all proposals of a message together: they
 * are as many as the peer likes, and the ways through ours are many.
 */
export interface DeadEnds {
  left: number;
}

export const isAdditionalKe = (type: number): boolean =>
  type >= TransformType.ADDKE1 && type <= TransformType.ADDKE7;

/** 1 to 7, of ADDKE1 to ADDKE7. */
const stepOf = (type: number): number => type - TransformType.ADDKE1 + 1;
const typeOf = (step: number): number => TransformType.ADDKE1 + step - 1;

/** The steps of a proposal on the wire. */
export function offeredSteps(transforms: readonly WireTransform[]): OfferedSteps {
  const types = new Set(transforms.map(({ type }) => type).filter(isAdditionalKe));
  return new Map(
    [...types].map((type) => {
      const ids = transforms.filter((one) => one.isKnown && one.type === type).map(({ id }) => id);
      const isOptional = ids.includes(KeyExchangeMethod.NONE);
      return [stepOf(type), { methods: new Set(ids), isOptional }];
    }),
  );
}

/**
 * A method for each step. Steps are filled in their order, each with the first of our methods that leaves one to
 * those behind it.
 * @param first the method of the key exchange before them
 * @returns undefined where a step of either side stays empty and may not, or where no way was found before `deadEnds` ran out
 */
export function chooseSteps(
  ours: readonly AdditionalKe[],
  theirs: OfferedSteps,
  first: Ke | undefined,
  deadEnds: DeadEnds,
): readonly ChosenKe[] | undefined {
  const known = new Set(ours.map(({ step }) => step));
  for (const [step, { isOptional }] of theirs)
    if (!known.has(step) && !isOptional) return undefined;
  return fill(ours, theirs, { taken: first ? [first] : [], deadEnds });
}

function fill(
  [next, ...rest]: readonly AdditionalKe[],
  theirs: OfferedSteps,
  { taken, deadEnds }: { readonly taken: readonly Ke[]; readonly deadEnds: DeadEnds },
): readonly ChosenKe[] | undefined {
  if (!next) return [];
  const { step, methods, isOptional } = next;
  const offered = theirs.get(step);
  for (const ke of methods) {
    if (!offered?.methods.has(ke.id) || taken.includes(ke)) continue;
    const others = fill(rest, theirs, { taken: [...taken, ke], deadEnds });
    if (others) return [{ step, ke }, ...others];
    if (deadEnds.left === 0) return undefined;
    deadEnds.left--;
  }
  const mayLack = isOptional && (!offered || offered.isOptional);
  return mayLack ? fill(rest, theirs, { taken, deadEnds }) : undefined;
}

/** What we offer for our steps. */
export const stepsToWire = (steps: readonly AdditionalKe[]): readonly WireTransform[] =>
  steps.flatMap(({ step, methods, isOptional }) => [
    ...methods.map(({ id }) => toWire(step, id)),
    ...(isOptional ? [toWire(step, KeyExchangeMethod.NONE)] : []),
  ]);

/** The answer for each step that the peer offers: the method that was chosen, or NONE where it may be left out. */
export const answerSteps = (
  offered: OfferedSteps,
  chosen: readonly ChosenKe[],
): readonly WireTransform[] =>
  [...offered].flatMap(([step, { isOptional }]) => {
    const choice = chosen.find((one) => one.step === step);
    if (choice) return [toWire(step, choice.ke.id)];
    return isOptional ? [toWire(step, KeyExchangeMethod.NONE)] : [];
  });

/** Places of the chosen methods in our own lists: a step left out comes after all its methods. */
export const rankSteps = (ours: readonly AdditionalKe[], chosen: readonly ChosenKe[]): number[] =>
  ours.map(({ step, methods }) => {
    const choice = chosen.find((one) => one.step === step);
    return choice ? methods.indexOf(choice.ke) : methods.length;
  });

/** Whether `ours` accepts what was chosen. */
export const allowsSteps = (ours: readonly AdditionalKe[], chosen: readonly ChosenKe[]): boolean =>
  chosen.every(({ step }) => ours.some((one) => one.step === step)) &&
  ours.every(({ step, methods, isOptional }) => {
    const choice = chosen.find((one) => one.step === step);
    return choice ? methods.includes(choice.ke) : isOptional;
  });

/** `ke1_mlkem768`, or its number in the registry. */
export function formatStep(type: number, id: number): string {
  const row = byId(TransformType.KE, id, undefined);
  const method = id === KeyExchangeMethod.NONE ? 'none' : (row?.keyword ?? `#${id}`);
  return `ke${stepOf(type)}_${method}`;
}

const toWire = (step: number, id: number): WireTransform => ({
  type: typeOf(step),
  id,
  keyBits: undefined,
  isKnown: true,
});
