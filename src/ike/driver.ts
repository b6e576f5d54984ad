// Runs exchanges: resumes the right generator with the right message, answer or failure, and turns what it
// yields into datagrams and questions. Nothing else in the core catches.
import { milliseconds } from '../base/time.ts';
import { Exchange } from '../iana/exchanges.ts';
import type { Answer, Path, Question, Ticket } from './core.ts';
import { pathsToTry } from './extensions/additional-addresses.ts';
import { extensions } from './extensions/index.ts';
import type { Host } from './host.ts';
import { Draft, type Received } from './message.ts';
import { refuse, reportFailedAttempt, type Setback } from './refusal.ts';
import type { Run } from './run.ts';
import type { IkeSa, Queued } from './sa/ike-sa.ts';
import { giveBack } from './sa/lease.ts';
import { retire } from './sa/lifecycle.ts';
import { ordered, pack } from './sa/transport.ts';
import type { Step, Steps } from './steps.ts';
import { wordsOf } from './summary.ts';

export class Driver {
  readonly #host: Host;
  readonly #pumping = new Set<IkeSa>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Begins an exchange of ours as soon as none of ours is under way. */
  spawn(sa: IkeSa, exchange: Queued): void {
    sa.queue.push(exchange);
    this.#pump(sa);
  }

  /** Begins what waits for its turn, if it may. */
  resume(sa: IkeSa): void {
    this.#pump(sa);
  }

  /**
   * A request never seen before: the next of the exchange that waits for one, or the first of another.
   * `inspect` may throw a refusal, which ends the exchange.
   */
  request(sa: IkeSa, received: Received, inspect: () => void, respond: Respond): void {
    sa.window.accept(received.messageId);
    const { incoming } = sa;
    if (incoming?.waits.for === 'request' && incoming.exchange === received.exchange) {
      this.#advance(sa, incoming, received, inspect);
      return;
    }
    incoming?.steps.return(undefined);
    const { exchange } = received;
    const steps = respond(sa, received);
    sa.incoming = { side: 'incoming', exchange, steps, waits: { for: 'nothing' } };
    this.#advance(sa, sa.incoming, undefined, inspect);
  }

  /** The response to our request; `inspect` may throw a refusal, which ends the exchange. */
  response(sa: IkeSa, received: Received, inspect: () => void): void {
    const run = sa.outgoing;
    if (run?.waits.for !== 'response') return;
    sa.timers.stop('retransmit');
    this.#advance(sa, run, received, inspect);
  }

  answer(ticket: Ticket, answer: Answer): void {
    const waiting = this.#host.waiting.get(ticket);
    if (!waiting) {
      // Too late: the exchange went on without, or its SA is gone. What was granted goes back.
      if (typeof answer === 'object' && 'lease' in answer) {
        giveBack(this.#host, answer.lease);
      }
      if (typeof answer === 'object' && 'tls' in answer) {
        this.#host.emit({ kind: 'closeTls', tls: answer.tls });
      }
      // Keys that TLS exported are the asker's to wipe, and he is gone.
      if (answer instanceof Uint8Array) answer.fill(0);
      return;
    }
    this.#host.waiting.delete(ticket);
    const { sa, run } = waiting;
    sa.timers.stop(askTimer[run.side]);
    this.#advance(sa, run, answer);
  }

  /** Nobody answered in time: the exchange goes on without an answer. */
  giveUpAsking(run: Run | undefined): void {
    if (run?.waits.for === 'answer') this.answer(run.waits.ticket, undefined);
  }

  /** Sends our request again, or gives the peer up (RFC 7296 §2.1, §2.4). */
  retransmit(sa: IkeSa): void {
    const { pending } = sa.window;
    if (!pending) return;
    const { retransmitTries } = this.#host.policy.timing;
    if (pending.attempts >= retransmitTries) {
      const why = `the peer did not answer ${pending.attempts + 1} transmissions`;
      if (sa.establishedAt === undefined) {
        const pieces = sa.phase === 'intermediate' ? pending.datagrams.length : 1;
        reportFailedAttempt(this.#host, sa, pieces > 1 ? noKeys(why, pieces) : noAnswer(why));
      }
      retire(sa, { cause: 'timeout', why });
      return;
    }
    const paths = pathsToTry(sa, pending.attempts);
    const datagrams = sa.window.repeat();
    for (const path of paths) this.#transmit(sa, path, datagrams);
    const { attempts: attempt, messageId } = pending;
    this.#host.report({ kind: 'retransmit', sa: sa.id, path: sa.path, messageId, attempt });
    this.#scheduleRetransmission(sa);
  }

  /** Sends the last response that the peer's request gets, and ends the SA if that was decided meanwhile. */
  conclude(sa: IkeSa, draft: Draft): void {
    this.#respond(sa, draft);
    if (sa.closing) retire(sa, sa.closing);
  }

  /** Says something once, without waiting to be heard: the SA is about to go. */
  sayOnce(sa: IkeSa, draft: Draft): void {
    this.#transmit(sa, sa.path, pack(sa, draft, sa.window.nextMessageId));
  }

  #advance(sa: IkeSa, run: Run, value: unknown, inspect?: () => void): void {
    run.waits = { for: 'nothing' };
    try {
      inspect?.();
      const next = run.steps.next(value);
      if (next.done) this.#finish(sa, run, next.value);
      else this.#perform(sa, run, next.value);
    } catch (error) {
      // A message that was refused before the exchange saw it ends the exchange all the same.
      run.steps.return(undefined);
      this.#forget(sa, run);
      refuse(this, this.#host, sa, run, error);
      this.#pump(sa);
    }
  }

  #perform(sa: IkeSa, run: Run, step: Step): void {
    switch (step.kind) {
      case 'request':
        this.#sendRequest(sa, step.draft);
        run.waits = { for: 'response' };
        break;
      case 'again': // the request is still out, and goes on being retransmitted
        this.#scheduleRetransmission(sa);
        run.waits = { for: 'response' };
        break;
      case 'reply':
        this.#respond(sa, step.draft);
        run.waits = { for: 'request' };
        break;
      case 'ask':
        this.#ask(sa, run, step.question);
    }
  }

  #finish(sa: IkeSa, run: Run, last: unknown): void {
    this.#forget(sa, run);
    if (last instanceof Draft) this.conclude(sa, last);
    else if (sa.closing) retire(sa, sa.closing);
    this.#pump(sa);
  }

  #forget(sa: IkeSa, run: Run): void {
    if (run.side === 'incoming') sa.incoming = undefined;
    else {
      sa.outgoing = undefined;
      this.#settle(sa);
    }
  }

  /** Our request needs no more retransmission. */
  #settle(sa: IkeSa): void {
    if (!sa.window.isFree) sa.window.settle();
    sa.timers.stop('retransmit');
  }

  /** Begins one exchange after the other until one has to wait: a loop, for some end at once. */
  #pump(sa: IkeSa): void {
    if (this.#pumping.has(sa)) return;
    this.#pumping.add(sa);
    while (!sa.outgoing && sa.phase !== 'closing') {
      const begin = sa.queue.shift();
      if (!begin) break;
      const steps = begin(sa);
      sa.outgoing = { side: 'outgoing', exchange: undefined, steps, waits: { for: 'nothing' } };
      this.#advance(sa, sa.outgoing, undefined);
    }
    this.#pumping.delete(sa);
  }

  #ask(sa: IkeSa, run: Run, question: Question): void {
    const ticket = this.#host.nextTicket();
    run.waits = { for: 'answer', ticket };
    this.#host.waiting.set(ticket, { sa, run });
    sa.timers.start(askTimer[run.side], this.#host.now, this.#host.policy.timing.question);
    this.#host.emit({ kind: 'ask', ticket, question });
  }

  #sendRequest(sa: IkeSa, draft: Draft): void {
    this.#settle(sa);
    for (const extension of extensions) extension.contribute?.(sa, draft);
    const messageId = sa.window.nextMessageId;
    const datagrams = pack(sa, draft, messageId);
    if (isInit(draft) && sa.handshake) sa.handshake.request = datagrams[0] as Uint8Array;
    if (sa.outgoing) sa.outgoing.exchange = draft.exchange;
    sa.window.sent(datagrams);
    this.#trace(sa, draft, messageId, datagrams);
    this.#transmit(sa, sa.path, datagrams);
    this.#scheduleRetransmission(sa);
  }

  /** Each wait is 1.8 times as long as the one before. */
  #scheduleRetransmission(sa: IkeSa): void {
    const { retransmitBase } = this.#host.policy.timing;
    const wait = milliseconds(retransmitBase * 1.8 ** (sa.window.pending?.attempts ?? 0));
    sa.timers.start('retransmit', this.#host.now, wait);
  }

  #respond(sa: IkeSa, draft: Draft): void {
    for (const extension of extensions) extension.contribute?.(sa, draft);
    const messageId = sa.window.answering;
    const datagrams = pack(sa, draft, messageId);
    if (isInit(draft) && sa.handshake) sa.handshake.response = datagrams[0] as Uint8Array;
    sa.window.answer(datagrams);
    this.#trace(sa, draft, messageId, datagrams);
    this.#transmit(sa, sa.replyPath, datagrams);
    draft.onSealed?.();
  }

  #transmit(sa: IkeSa, path: Path, datagrams: readonly Uint8Array[]): void {
    sa.saidAt = this.#host.now;
    for (const bytes of datagrams) this.#host.emit({ kind: 'send', path, bytes });
  }

  #trace(sa: IkeSa, draft: Draft, messageId: number, datagrams: readonly Uint8Array[]): void {
    this.#host.report({
      kind: 'message',
      sa: sa.id,
      direction: 'out',
      path: sa.path,
      bytes: datagrams.reduce((sum, datagram) => sum + datagram.length, 0),
      message: wordsOf({ ...draft, messageId, payloads: ordered(draft) }, datagrams.length),
    });
  }
}

export type Respond = (sa: IkeSa, request: Received) => Steps<Draft>;

const noAnswer = (why: string): Setback => ({
  ...{ fault: 'no answer', cause: 'no-answer' },
  why,
  advice: 'Check the address, and that UDP ports 500 and 4500 reach the peer.',
});
/** IKE_SA_INIT was answered, so the way is open for what is small. */
const noKeys = (why: string, pieces: number): Setback => ({
  ...{ fault: 'no answer', cause: 'fragments-lost' },
  why: `${why} of a post-quantum key, ${pieces} fragments each`,
  advice:
    'The way carries small packets and loses large ones: lower option fragment_size (576), or look for a firewall that drops fragments.',
});
const isInit = (draft: Draft): boolean => draft.exchange === Exchange.IKE_SA_INIT;
const askTimer = { incoming: 'ask-incoming', outgoing: 'ask-outgoing' } as const;
