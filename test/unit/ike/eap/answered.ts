// Runs the steps of one EAP method to their end, with the answers that a test gives to what they ask.
import type { Answer, Question } from '../../../../src/ike/core.ts';
import type { Steps } from '../../../../src/ike/steps.ts';

/** @throws Error when something is asked and there is no `answer` */
export function answered<T>(steps: Steps<T>, answer?: (question: Question) => Answer): T {
  let next = steps.next();
  while (!next.done) {
    if (next.value.kind !== 'ask' || !answer) throw new Error(`a step of kind ${next.value.kind}`);
    next = steps.next(answer(next.value.question));
  }
  return next.value;
}
