// `ikectl log`: what happened lately, as it happens, or as the life of one IKE SA.
import * as z from 'zod/mini';
import { type EntryView, entryShape } from '../entry.ts';
import { eventsShape } from '../methods/trace.ts';
import { number, text, Usage, type Words } from './arguments.ts';
import type { Command, Surroundings } from './command.ts';
import { formatLife, type Life } from './life.ts';
import { mermaid } from './mermaid.ts';
import { formatTime } from './text.ts';

export const logCommand: Command = {
  summary: 'What happened lately, or the life of one IKE SA',
  usage: '[--follow] [--limit N] [--level error|warn|info|debug] | --sa ID [--mermaid]',
  options: {
    ...{ follow: 'boolean', limit: 'string', level: 'string' },
    ...{ sa: 'string', mermaid: 'boolean' },
  },
  words: 0,
  run: (words, around) =>
    words.values['sa'] === undefined ? showLog(words, around) : showLife(words, around),
};

async function showLog({ values }: Words, around: Surroundings): Promise<number> {
  if (values['mermaid']) throw new Usage('--mermaid draws one IKE SA: name it with --sa');
  const limit = number(values['limit']) ?? 50;
  const level = values['level'] ?? 'info';
  const print = (entry: EntryView): void =>
    around.print(`${formatTime(entry.at, around.now())} ${entry.level.padEnd(5)} ${entry.line}`);
  if (values['follow']) {
    for await (const entry of around.follow({ last: limit, level }))
      print(z.parse(entryShape, entry));
    return 0;
  }
  for (const entry of (await ask({ limit, level }, around)).events) print(entry);
  return 0;
}

async function showLife({ values }: Words, around: Surroundings): Promise<number> {
  for (const other of ['follow', 'limit', 'level']) {
    if (values[other] !== undefined) throw new Usage(`--${other} does not go with --sa`);
  }
  const sa = number(text(values, 'sa'));
  const life = sa === undefined ? undefined : await lifeOf(sa, around);
  if (!life || life.entries.length === 0) {
    around.print('nothing is remembered of this IKE SA');
    return 1;
  }
  around.print(values['mermaid'] ? mermaid(life, peerIn(life)) : formatLife(life));
  return 0;
}

/** New keys give an IKE SA another number: its life is that of all of them. */
async function lifeOf(sa: number, around: Surroundings): Promise<Life> {
  const links = (await ask({ limit: most }, around)).events.flatMap(linkIn);
  const chain = new Set([sa]);
  const lives: Answer[] = [];
  for (const id of chain) {
    const life = await ask({ sa: id, limit: most }, around);
    lives.push(life);
    links.push(...life.events.flatMap(linkIn));
    for (const { old, next } of links) {
      if (old === id) chain.add(next);
      if (next === id) chain.add(old);
    }
  }
  return {
    entries: lives.flatMap(({ events }) => events).sort((a, b) => a.id - b.id),
    gaps: new Map(lives.flatMap(({ gap }) => (gap ? [[gap.after, gap.forgotten] as const] : []))),
  };
}

/** Which IKE SA took the place of which. */
function linkIn({ kind, sa: next, fields }: EntryView): { old: number; next: number }[] {
  const { success, data } = z.safeParse(z.object({ old: z.number() }), fields);
  return kind === 'sa.rekeyed' && success && next !== undefined ? [{ old: data.old, next }] : [];
}

/** As far as anybody has proved who it is. */
function peerIn({ entries }: Life): string {
  for (const { fields } of entries) {
    const { success, data } = z.safeParse(z.object({ peer: z.string() }), fields);
    if (success) return data.peer;
  }
  return 'peer';
}

type Answer = z.infer<typeof eventsShape>;
const ask = async (params: object, around: Surroundings): Promise<Answer> =>
  z.parse(eventsShape, await around.call('events', params));
/** As many as are remembered. */
const most = 1000;
