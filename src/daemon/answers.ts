// Question → port. Whatever goes wrong becomes «no answer» for the core and a line for the owner.
import type { Duration } from '../base/time.ts';
import type { DataPlane } from '../dataplane/dataplane.ts';
import type { Answer, Input, Question, QuestionKind, Questions, Ticket } from '../ike/core.ts';
import type { Complain } from './perform.ts';

/** Who answers which kind of question: at once, or later. */
export type Answering = {
  readonly [K in QuestionKind]: (
    ask: Questions[K]['ask'],
  ) => Questions[K]['answer'] | undefined | Promise<Questions[K]['answer'] | undefined>;
};

/** @param give takes the answers; those that come at once are given before `ask` returns */
export function asker(
  answering: Answering,
  complain: Complain,
  give: (input: Input) => void,
): (ticket: Ticket, question: Question) => void {
  return (ticket, question) => {
    const reply = (answer: Answer): void => give({ kind: 'answer', ticket, answer });
    const fail = (error: unknown): void => {
      complain(doing[question.kind], error instanceof Error ? error.message : `${error}`);
      reply(undefined);
    };
    let answer: Answer | Promise<Answer>;
    try {
      answer = answerTo(answering, question);
    } catch (error) {
      return fail(error);
    }
    if (answer instanceof Promise) answer.then(reply, fail);
    else reply(answer);
  };
}

/** How long no authenticated packet came in on any of the children; undefined when none is installed. */
export function shortestIdle(
  plane: Pick<DataPlane, 'stats'>,
  { children }: Questions['idle']['ask'],
): Duration | undefined {
  const idle = children.flatMap((child) => plane.stats(child)?.idleMs ?? []);
  return idle.length === 0 ? undefined : (Math.min(...idle) as Duration);
}

/** Packets in both directions; undefined when it is not installed. */
export function carriedBy(
  plane: Pick<DataPlane, 'stats'>,
  { child }: Questions['carried']['ask'],
): number | undefined {
  const stats = plane.stats(child);
  return stats && Number(stats.rxPackets + stats.txPackets);
}

function answerTo<K extends QuestionKind>(
  answering: Answering,
  question: Question & { readonly kind: K },
): Answer | Promise<Answer> {
  return answering[question.kind](question);
}

const doing: Readonly<Record<QuestionKind, string>> = {
  verifyChain: 'judge a certificate',
  verify: 'verify a signature',
  sign: 'sign',
  lease: 'lease an address',
  account: 'look up a user',
  openTls: 'begin TLS',
  tls: 'go on with TLS',
  exportTls: 'export keys of TLS',
  idle: 'tell how long a peer has been silent',
  carried: 'tell how much a tunnel has carried',
};
