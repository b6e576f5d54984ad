// One failed attempt explained: what it was in a sentence, what helps, what was seen of it on the wire, and how it looks
// on the device.
import type { TraceEvent } from '../ike/events.ts';
import { summaryOf } from './line.ts';
import type { Entry } from './ring.ts';
import { type Symptom, symptomsOf } from './symptoms.ts';

export interface Explanation {
  /** A word for machines, one of `ike/causes.ts`. */
  readonly cause: string;
  /** One sentence each. */
  readonly says: string;
  readonly advice: string;
  /** What was seen, in its order. */
  readonly evidence: readonly string[];
  readonly symptoms: readonly Symptom[];
}
type Attempt = TraceEvent & { readonly kind: 'attempt.failed' };

/** @param history events of the same IKE SA, oldest first */
export function explain(attempt: Attempt, entry: Entry, history: readonly Entry[]): Explanation {
  const { cause, why, advice } = attempt;
  return {
    cause,
    says: sentence(why),
    advice: sentence(advice),
    evidence: evidenceOf(entry, history),
    symptoms: symptomsOf(cause),
  };
}

/** Messages with the seconds since the first of them, up to the attempt's end. */
function evidenceOf(entry: Entry, history: readonly Entry[]): readonly string[] {
  const before = history.filter(({ id }) => id <= entry.id);
  const [first = entry] = before;
  const since = ({ at }: Entry): string => `${((at - first.at) / 1000).toFixed(1)} s`;
  const seen = before.flatMap((one) => {
    const words = seenIn(one.event);
    return words === undefined ? [] : [`${since(one)}: ${words}`];
  });
  return [...seen.slice(-mostSeen), `${since(entry)}: given up`];
}

function seenIn(event: TraceEvent): string | undefined {
  switch (event.kind) {
    case 'message':
      return event.direction === 'in' ? `came ${inShort(event)}` : `went ${inShort(event)}`;
    case 'retransmit':
      return `went again, attempt ${event.attempt}: no answer so far`;
    case 'repeated':
      return 'came again: it has not got our answer';
    case 'dropped':
      return `dropped: ${event.why}`;
    default:
      return undefined;
  }
}

const inShort = ({ message, path }: TraceEvent & { readonly kind: 'message' }): string =>
  `${summaryOf(message)}, port ${path.local.port}`;

function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  const whole = /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
  return `${whole.charAt(0).toUpperCase()}${whole.slice(1)}`;
}

const mostSeen = 24;
