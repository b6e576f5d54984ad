/** The client that a ghost plays would show its owner an error here. */
export class Displeased extends Error {
  override readonly name = 'Displeased';
}

/** @throws Displeased when `condition` does not hold */
export function insist(condition: unknown, why: string): asserts condition {
  if (!condition) throw new Displeased(why);
}
