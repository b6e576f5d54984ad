// Feeds a target with inputs that grow from those that reached something new. No more than that: no fork, no
// instrumentation; V8 says what ran.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { blockOf } from './coverage.ts';
import { Mutator } from './mutate.ts';
import type { Target } from './target.ts';

export interface FuzzerOptions {
  readonly target: Target;
  /** What ran since it was asked last. */
  readonly coverage: { take(): readonly number[] };
  /** Is told what comes next. */
  readonly watchdog: { begin(input: Uint8Array): void };
  readonly longest: number;
  /** The first gets what is learnt. */
  readonly folders: readonly string[];
  /** What the names of findings begin with. */
  readonly prefix: string;
}

export class Fuzzer {
  readonly #options: FuzzerOptions;
  readonly #mutator: Mutator;
  readonly #features = new Set<number>();
  readonly #blocks = new Set<number>();
  readonly #inputs: Uint8Array[] = [];
  executions = 0;
  hasFound = false;

  constructor(options: FuzzerOptions) {
    this.#options = options;
    this.#mutator = new Mutator(options.longest, options.target.words);
  }

  get figures(): string {
    const { size } = this.#blocks;
    return `#${this.executions}\tcov: ${size} ft: ${this.#features.size} corp: ${this.#inputs.length}`;
  }

  /** Until the time is over, or something is found. */
  async run(seconds: number): Promise<void> {
    const { target, folders } = this.#options;
    const end = performance.now() + seconds * 1000;
    const corpus = [Uint8Array.of(0), ...target.seeds(), ...folders.flatMap(readFolder)];
    for (const input of corpus) {
      if (this.hasFound || performance.now() > end) return;
      if (await this.#measure(input)) this.#inputs.push(input);
    }
    while (!this.hasFound && performance.now() < end) await this.#batch();
  }

  /** Of those in `from`, the inputs that reach a block that none in `kept` does; how often does not matter. */
  async merge(kept: string, from: readonly string[]): Promise<void> {
    const candidates = from
      .flatMap(readFolder)
      .filter(({ length }) => length <= this.#options.longest)
      .sort((a, b) => a.length - b.length);
    const known = [...this.#options.target.seeds(), ...readFolder(kept)];
    for (const input of known) await this.#measure(input);
    for (const input of candidates) {
      const before = this.#blocks.size;
      await this.#measure(input);
      if (this.#blocks.size > before) save(kept, input);
    }
  }

  /** Asking V8 takes longer than most inputs: it is asked for many at once, and for each where there was news. */
  async #batch(): Promise<void> {
    const batch: Uint8Array[] = [];
    const start = performance.now();
    while (batch.length < batchInputs && performance.now() < start + batchMs) {
      const input = this.#mutator.mutate(this.#parent(), this.#parent());
      batch.push(input);
      await this.#try(input);
      if (this.hasFound) return;
    }
    if (!this.#options.coverage.take().some((feature) => !this.#features.has(feature))) return;
    for (const input of batch) if (await this.#measure(input)) this.#keep(input);
  }

  /** The youngest have had the fewest children. */
  #parent(): Uint8Array {
    const { length } = this.#inputs;
    const back =
      this.#mutator.roll(2) === 0
        ? this.#mutator.roll(Math.min(length, 30))
        : this.#mutator.roll(length);
    return this.#inputs[length - 1 - back] ?? Uint8Array.of(0);
  }

  /** Runs an input alone. @returns whether it reached what no other did */
  async #measure(input: Uint8Array): Promise<boolean> {
    const { coverage } = this.#options;
    coverage.take();
    await this.#try(input);
    const reached = coverage.take();
    const isNew = reached.some((feature) => !this.#features.has(feature));
    for (const feature of reached) {
      this.#features.add(feature);
      this.#blocks.add(blockOf(feature));
    }
    return isNew;
  }

  #keep(input: Uint8Array): void {
    this.#inputs.push(input);
    const [folder] = this.#options.folders;
    if (folder) save(folder, input);
    process.stdout.write(`${this.figures} NEW\n`);
  }

  async #try(input: Uint8Array): Promise<void> {
    const { target, watchdog, prefix } = this.#options;
    this.executions++;
    watchdog.begin(input);
    try {
      await target.run(input);
    } catch (error) {
      this.hasFound = true;
      const file = `${prefix}${nameOf(input)}`;
      writeFileSync(file, input);
      process.stdout.write(`${error instanceof Error ? error.stack : String(error)}\n${file}\n`);
    }
  }
}

function readFolder(folder: string): Uint8Array[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((file) => new Uint8Array(readFileSync(`${folder}/${file}`)));
}

const save = (folder: string, input: Uint8Array): void =>
  writeFileSync(`${folder}/${nameOf(input)}`, input);

const nameOf = (input: Uint8Array): string =>
  createHash('sha1').update(input).digest('hex').slice(0, 16);

const batchInputs = 64;
const batchMs = 500;
