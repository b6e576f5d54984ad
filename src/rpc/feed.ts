// What listeners on the bus are told: events by the names they have there, and a sample of the traffic from time to
// time. Nothing of it is made while nobody listens.
import { type Duration, seconds } from '../base/time.ts';
import type { EventKind } from '../ike/events.ts';
import type { Entry } from '../trace/ring.ts';
import type { DaemonApi } from './api.ts';
import { viewEntry } from './entry.ts';
import { viewSa } from './shapes.ts';

export type Listener = (event: string, data: object) => void;

export interface FeedOptions {
  readonly daemon: DaemonApi;
  /** @returns how to cancel */
  readonly after: (delay: Duration, run: () => void) => () => void;
}

/** Any number of listeners, one sample for all. */
export class Feed {
  readonly #options: FeedOptions;
  readonly #listeners = new Set<Listener>();
  #stop: (() => void) | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** @returns how to stop following */
  follow(listener: Listener): () => void {
    this.#listeners.add(listener);
    this.#stop ??= this.#start();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.close();
    };
  }

  close(): void {
    this.#listeners.clear();
    this.#stop?.();
    this.#stop = undefined;
  }

  #start(): () => void {
    const { daemon, after } = this.#options;
    const unfollow = daemon.events.follow((entry) => this.#pass(entry));
    let cancel = (): void => {};
    const sampleLater = (): void => {
      cancel = after(sampleEvery, () => {
        this.#tell('sample', sample(daemon));
        sampleLater();
      });
    };
    sampleLater();
    return () => {
      unfollow();
      cancel();
    };
  }

  #pass(entry: Entry): void {
    const name = eventNames[entry.event.kind];
    if (name !== undefined) this.#tell(name, viewEntry(entry));
  }

  #tell(event: string, data: object): void {
    for (const listener of [...this.#listeners]) listener(event, data);
  }
}

/** Events as they are called on the bus; others are for the log alone. */
export const eventNames: Readonly<Partial<Record<EventKind, string>>> = {
  'sa.established': 'ike-up',
  'sa.closed': 'ike-down',
  'child.established': 'child-up',
  'child.closed': 'child-down',
  'sa.rekeyed': 'rekey',
  'sa.moved': 'moved',
  'attempt.failed': 'attempt-failed',
  'certificate.expiring': 'certificate-expiring',
};

function sample(daemon: DaemonApi): object {
  const sas = daemon.snapshot().sas.map((sa) => {
    const { id, rxBytes, txBytes } = viewSa(daemon, sa);
    return { id, rxBytes, txBytes };
  });
  return { at: daemon.wallSeconds(daemon.now()), sas };
}

const sampleEvery = seconds(2);
