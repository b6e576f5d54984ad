// `ikectl explain`: why the last attempts failed and what helps, the newest first, and repetitions told once.
import * as z from 'zod/mini';
import { formatSocket, type Ip } from '../../base/ip.ts';
import { printable } from '../../base/printable.ts';
import type { AttemptView } from '../methods/trace.ts';
import { formatTime, wrap } from './text.ts';

/** @param attempts oldest first, @param now seconds since 1970 */
export function formatAttempts(
  attempts: readonly AttemptView[],
  now: number,
  detail: Detail = 'brief',
): string {
  const groups = new Map<string, Group>();
  for (const { at, fields, ...view } of attempts) {
    const attempt = { ...view, ...z.parse(fieldsShape, fields) };
    const { peer, connection, notify, why } = attempt;
    const key = JSON.stringify([attempt.path.remote.ip, peer, connection, notify, why]);
    const before = groups.get(key);
    groups.delete(key); // in the order of the last of each
    groups.set(key, { attempt, at, since: before?.since ?? at, count: (before?.count ?? 0) + 1 });
  }
  return [...groups.values()]
    .reverse()
    .map((group) => paragraph(group, now, detail))
    .join('\n\n');
}

interface Group {
  readonly attempt: Omit<AttemptView, 'at' | 'fields'> & z.infer<typeof fieldsShape>;
  /** When it was tried last, and first. */
  readonly at: number;
  readonly since: number;
  readonly count: number;
}

function paragraph({ attempt, at, since, count }: Group, now: number, detail: Detail): string {
  const { path, peer, connection, notify, says, advice, evidence, codes } = attempt;
  const shown = codes.map(({ client, code }) => `${client} ${code}`).join('; ');
  const { ip, port } = path.remote;
  const who = [
    formatSocket({ ip: ip as Ip, port }),
    ...(peer === undefined ? [] : [`as '${printable(peer, 60)}'`]),
    ...(connection === undefined ? [] : [`on connection '${printable(connection, 40)}'`]),
  ].join(' ');
  const times = count === 1 ? '' : `, ${count} times since ${formatTime(since, now)}`;
  return [
    `${formatTime(at, now)}  ${who}${times}`,
    wrap('  why: ', `${printable(says, 600)} (${printable(notify, 60)})`, width),
    ...(advice === '' ? [] : [wrap('  do:  ', printable(advice, 400), width)]),
    ...(detail === 'brief' || shown === '' ? [] : [wrap('  on the device: ', shown, width)]),
    ...(detail === 'brief' ? [] : evidence.map((line) => `  ${printable(line, 200)}`)),
  ].join('\n');
}

const fieldsShape = z.object({
  path: z.object({ remote: z.object({ ip: z.string(), port: z.number() }) }),
  peer: z.optional(z.string()),
  connection: z.optional(z.string()),
  notify: z.string(),
  why: z.string(),
});
type Detail = 'brief' | 'full';

const width = 96;
