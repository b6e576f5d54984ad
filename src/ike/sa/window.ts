// Message IDs, one request at a time each way, and what must be sent again bit by bit (RFC 7296 §2.1–2.3).
import { invariant } from '../../base/invariant.ts';

/** How a request with some Message ID stands to the ones before it. */
export type Verdict = 'new' | 'in-progress' | 'repeated' | 'outside';

interface Answered {
  readonly messageId: number;
  readonly datagrams: readonly Uint8Array[];
  repeatsLeft: number;
}

interface Pending {
  readonly messageId: number;
  readonly datagrams: readonly Uint8Array[];
  /** Transmissions after the first. */
  attempts: number;
}

/** Window size is 1: we never announce SET_WINDOW_SIZE, and never need more from a peer (RFC 7296 §2.3). */
export class Window {
  #expected = 0;
  #inProgress: number | undefined;
  #answered: Answered | undefined;
  #next = 0;
  #pending: Pending | undefined;

  judge(messageId: number): Verdict {
    if (messageId === this.#inProgress) return 'in-progress';
    if (messageId === this.#answered?.messageId) return 'repeated';
    return messageId === this.#expected && this.#inProgress === undefined ? 'new' : 'outside';
  }

  /** The peer's request is being worked on: repetitions of it are ignored until it is answered. */
  accept(messageId: number): void {
    invariant(this.judge(messageId) === 'new', `request ${messageId} was accepted twice`);
    this.#inProgress = messageId;
  }

  /** Keeps the response for as long as the peer may repeat the request. */
  answer(datagrams: readonly Uint8Array[]): void {
    const messageId = this.#inProgress;
    invariant(messageId !== undefined, 'an answer without a request');
    this.#answered = { messageId, datagrams, repeatsLeft: mostRepeats };
    this.#expected = messageId + 1;
    this.#inProgress = undefined;
  }

  /** The Message ID to answer with. */
  get answering(): number {
    invariant(this.#inProgress !== undefined, 'no request is being answered');
    return this.#inProgress;
  }

  /** The Message ID that was answered last. */
  get answeredId(): number | undefined {
    return this.#answered?.messageId;
  }

  /**
   * The response to repeat, whole: all fragments, same IVs. Empty once it was repeated more often than any
   * honest peer asks for: a recorded request must not serve to flood somebody else.
   */
  takeRepeat(): readonly Uint8Array[] {
    if (!this.#answered || this.#answered.repeatsLeft === 0) return [];
    this.#answered.repeatsLeft--;
    return this.#answered.datagrams;
  }

  get isFree(): boolean {
    return this.#pending === undefined;
  }

  /** The Message ID of our next request. */
  get nextMessageId(): number {
    return this.#next;
  }

  sent(datagrams: readonly Uint8Array[]): void {
    invariant(this.isFree, 'a second request before the first was answered');
    this.#pending = { messageId: this.#next, datagrams, attempts: 0 };
  }

  get pending(): Readonly<Pending> | undefined {
    return this.#pending;
  }

  /** Counts a retransmission and returns the datagrams to repeat. */
  repeat(): readonly Uint8Array[] {
    invariant(this.#pending, 'nothing to retransmit');
    this.#pending.attempts++;
    return this.#pending.datagrams;
  }

  /** Another path: what was lost on the old one says nothing about it. */
  forgetLosses(): void {
    if (this.#pending) this.#pending.attempts = 0;
  }

  isAwaited(messageId: number): boolean {
    return this.#pending?.messageId === messageId;
  }

  /** The response came. */
  settle(): void {
    this.#pending = undefined;
    this.#next++;
  }

  /** IKE_SA_INIT begins again with a cookie or another key exchange: still Message ID 0 (RFC 7296 §2.2). */
  restart(): void {
    invariant(this.#pending?.messageId === 0, 'only IKE_SA_INIT starts again');
    this.#pending = undefined;
  }
}

const mostRepeats = 16;
