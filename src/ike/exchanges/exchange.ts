// How the core answers one exchange type.

import type { Draft, Received } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Phase } from '../sa/phase.ts';
import type { Steps } from '../steps.ts';

export interface Responder {
  /** Phases in which such a request is legal; in any other it has no effect (RFC 7296 §2.21.2). */
  readonly phases: readonly Phase[];
  /** Our role in the IKE SA; a peer that sends our own messages back must not be taken for a client. */
  readonly role?: 'responder';
  readonly respond: (sa: IkeSa, request: Received) => Steps<Draft>;
}
