// The life of one IKE SA as a sequence that one reads, or pastes where somebody helps: who said what when, what had to be
// said again, keys, moves and the end. From the events alone, which hold no secret.
import * as z from 'zod/mini';
import { printable } from '../../base/printable.ts';
import type { EntryView } from '../entry.ts';
import { wrap } from './text.ts';

export interface Life {
  /** Oldest first, of this SA and of those whose place it took, or that took its place. */
  readonly entries: readonly EntryView[];
  /** Events that were forgotten, by the entry that they stood behind. */
  readonly gaps: ReadonlyMap<number, number>;
}

/** One line of it. */
export interface Step {
  readonly at: number;
  /** Who speaks; undefined: something that happened. */
  readonly from: 'peer' | 'us' | undefined;
  readonly text: string;
  /** What it amounts to, or went wrong, in a few words. */
  readonly gist: string;
  /** What was sent went into silence. */
  readonly isLost: boolean;
}

export function stepsOf({ entries, gaps }: Life): readonly Step[] {
  return entries.flatMap((entry) => {
    const forgotten = gaps.get(entry.id);
    const told = `… ${forgotten} events were forgotten here`;
    const gap = { ...quiet, at: entry.at, text: told };
    return forgotten === undefined ? [stepOf(entry)] : [stepOf(entry), gap];
  });
}

/** @param now seconds since 1970 */
export function formatLife(life: Life): string {
  const steps = stepsOf(life);
  const [first] = steps;
  if (!first) return '';
  const lines = steps.map(({ at, from, text, gist }) => {
    const since = `+${(at - first.at).toFixed(3)}`.padStart(10);
    const arrow = from === undefined ? '    ' : from === 'peer' ? ' -> ' : ' <- ';
    const said = gist === '' ? text : `${text}  (${gist})`;
    return wrap(`${since} ${arrow}`, said, width);
  });
  return [
    `begun ${new Date(first.at * 1000).toISOString()}; seconds since, -> from the peer, <- from us`,
    ...lines,
  ].join('\n');
}

function stepOf(entry: EntryView): Step {
  const { at, kind, fields } = entry;
  const read = Object.hasOwn(readers, kind) ? readers[kind]?.(fields) : undefined;
  return { ...quiet, at, ...(read ?? { text: printable(lineOf(entry), 300) }) };
}

/** The line of the log, without the number of the SA, which all of them have. */
const lineOf = ({ line }: EntryView): string => line.replace(/^sa \d+: /, '');

type Read = (fields: unknown) => Partial<Step> | undefined;
const readers: Readonly<Record<string, Read>> = {
  message(fields) {
    const parsed = z.safeParse(messageShape, fields);
    if (!parsed.success) return undefined;
    const { direction, bytes, path, message } = parsed.data;
    const { exchange, isRequest, messageId, payloads, fragments } = message;
    const name = `${exchange} ${isRequest ? 'request' : 'response'} ${messageId}`;
    const pieces = fragments > 1 ? ` in ${fragments} fragments` : '';
    const size = `${bytes} bytes${pieces}, port ${path.local.port}`;
    return {
      from: direction === 'in' ? 'peer' : 'us',
      text: printable(`${name} [${payloads.join(' ')}] ${size}`, 300),
      gist: gistOf(message),
    };
  },
  retransmit(fields) {
    const { success, data } = z.safeParse(retransmitShape, fields);
    const text = success ? `message ${data.messageId} again, attempt ${data.attempt}` : 'again';
    return { from: 'us', text, gist: 'no answer so far', isLost: true };
  },
  repeated(fields) {
    const { success, data } = z.safeParse(repeatedShape, fields);
    const text = `response${success ? ` ${data.messageId}` : ''} again`;
    return { from: 'us', text, gist: 'the peer asked again: it had not got it' };
  },
};

type Message = z.infer<typeof messageShape>['message'];

/** What a message is for, where its payloads do not say so at once. */
function gistOf({ exchange, isRequest, payloads }: Message): string {
  const has = (name: string): boolean => payloads.includes(name);
  if (exchange === 'CREATE_CHILD_SA' && isRequest) {
    if (has('N(REKEY_SA)')) return 'new keys for a tunnel';
    return has('TSi') ? 'another tunnel' : 'new keys for the IKE SA';
  }
  if (exchange !== 'INFORMATIONAL') return '';
  if (has('D')) return isRequest ? 'delete' : 'deleted';
  if (has('N(UPDATE_SA_ADDRESSES)')) return 'I am somewhere else now';
  if (payloads.length > 0) return '';
  return isRequest ? 'are you there?' : '';
}

const quiet: Step = { at: 0, from: undefined, text: '', gist: '', isLost: false };
const messageShape = z.object({
  direction: z.enum(['in', 'out']),
  bytes: z.number(),
  path: z.object({ local: z.object({ port: z.number() }) }),
  message: z.object({
    exchange: z.string(),
    isRequest: z.boolean(),
    messageId: z.number(),
    payloads: z.array(z.string()),
    fragments: z.number(),
  }),
});
const repeatedShape = z.object({ messageId: z.number() });
const retransmitShape = z.object({ messageId: z.number(), attempt: z.number() });
const width = 100;
