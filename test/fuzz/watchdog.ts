// Ends a program that stands still: the input that it stands over is written to a file first, by another thread.
import { Worker } from 'node:worker_threads';

/** Bounded time: no input may take so long, in seconds. */
const patience = 20;

export class Watchdog {
  readonly #length: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #worker: Worker;

  constructor(longest: number, file: string) {
    const memory = new SharedArrayBuffer(8 + longest);
    this.#length = new Int32Array(memory, 0, 2);
    this.#bytes = new Uint8Array(memory, 8);
    const workerData = { memory, file, patience, pid: process.pid };
    this.#worker = new Worker(watch, { eval: true, workerData });
    this.#worker.unref();
  }

  /** This input is next. */
  begin(input: Uint8Array): void {
    this.#bytes.set(input);
    this.#length[1] = input.length;
    Atomics.add(this.#length, 0, 1);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

const watch = `
const { workerData: { memory, file, patience, pid } } = require('node:worker_threads');
const state = new Int32Array(memory, 0, 2);
let seen = -1;
let stood = 0;
setInterval(() => {
  const now = Atomics.load(state, 0);
  stood = now === seen ? stood + 1 : 0;
  seen = now;
  if (stood < patience) return;
  require('node:fs').writeFileSync(file, new Uint8Array(memory, 8, state[1]));
  process.stderr.write('an input took more than ' + patience + ' s\\n');
  process.kill(pid, 'SIGKILL');
}, 1000);
`;
