// One exchange under way: a generator that stopped at a step, and what it waits for.
import type { Ticket } from './core.ts';
import type { Steps } from './steps.ts';

export interface Run {
  /** `incoming`: the peer asked and we answer; `outgoing`: we asked. */
  readonly side: 'incoming' | 'outgoing';
  /** The exchange type that it answers, or of the request that is out. */
  exchange: number | undefined;
  /** Ends with the last response where it is incoming. */
  readonly steps: Steps<unknown>;
  waits:
    | { readonly for: 'nothing' | 'response' | 'request' }
    | { readonly for: 'answer'; readonly ticket: Ticket };
}
