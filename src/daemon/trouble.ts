// What keeps the daemon from starting, in the owner's words.

/** The start cannot go on; nothing of ours is broken. */
export class Trouble extends Error {
  override readonly name = 'Trouble';
  /** What the owner can do. */
  readonly cure: string;
  constructor(why: string, cure: string) {
    super(why);
    this.cure = cure;
  }

  /** One line, as `formatProblem` words it. */
  override toString(): string {
    return `${this.message}. ${this.cure}`;
  }
}

/** The `code` of a system error (`ENOENT`, `EACCES`, …), if `error` is one. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
