/** We are wrong, not the peer: the SA is dropped, the trace kept, and the log says `error`. */
export class Bug extends Error {
  override readonly name = 'Bug';
}

/** @throws Bug when `condition` does not hold */
export function invariant(condition: unknown, why: string): asserts condition {
  if (!condition) throw new Bug(why);
}

/** Makes the compiler prove that a `switch` covers its union. */
export function unreachable(value: never): never {
  throw new Bug(`unreachable: ${JSON.stringify(value)}`);
}
