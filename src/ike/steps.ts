// How an exchange stops to wait. Only this file casts; everyone else sees typed results.
import type { Question, QuestionKind, Questions } from './core.ts';
import type { Draft, Received } from './message.ts';

export type Step =
  | { readonly kind: 'request'; readonly draft: Draft }
  | { readonly kind: 'again' }
  | { readonly kind: 'reply'; readonly draft: Draft }
  | { readonly kind: 'ask'; readonly question: Question };
export type Steps<T> = Generator<Step, T, unknown>;

/** Sends a request and waits for its response. The driver owns Message IDs and retransmission. */
export function* request(draft: Draft): Steps<Received> {
  return (yield { kind: 'request', draft }) as Received;
}

/** Waits for another response to the request already out: an unprotected refusal need not be the last word (RFC 7296 §2.21.1). */
export function* again(): Steps<Received> {
  return (yield { kind: 'again' }) as Received;
}

/**
 * Answers a request and waits for the next one of the same exchange type (EAP, RFC 7296 §2.16). The last answer
 * is returned instead.
 * @public
 */
export function* reply(draft: Draft): Steps<Received> {
  return (yield { kind: 'reply', draft }) as Received;
}

/** Asks the world; the answer's type follows from the question's kind. Undefined: it has none, or took too long. */
export function* ask<K extends QuestionKind>(
  kind: K,
  about: Questions[K]['ask'],
): Steps<Questions[K]['answer'] | undefined> {
  const question = { kind, ...about } as Question;
  return (yield { kind: 'ask', question }) as Questions[K]['answer'] | undefined;
}
