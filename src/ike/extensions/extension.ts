// What an extension of IKEv2 is here: one file with hooks, and one line in index.ts.
import type { Draft, Received } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';

export interface Extension {
  readonly name: string;
  /** Shown in `ikectl capabilities`. */
  readonly rfc: string;
  /** Adds payloads to a message that is about to leave. */
  readonly contribute?: (sa: IkeSa, draft: Draft) => void;
  /** Looks at a message before its exchange sees it. Before `established` nothing in it is authenticated. */
  readonly observe?: (sa: IkeSa, received: Received) => void;
}
