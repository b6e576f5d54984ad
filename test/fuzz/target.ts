// What a fuzz target is.
export interface Target {
  /** Takes any bytes; whatever it throws is a finding. */
  run(data: Uint8Array): void | Promise<void>;
  /** What to begin with, besides the corpus. */
  readonly seeds: () => readonly Uint8Array[];
  /** Words that are worth trying. */
  readonly words: readonly (string | Uint8Array)[];
}
