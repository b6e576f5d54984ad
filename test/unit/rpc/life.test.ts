// The life of an IKE SA as `ikectl log --sa` tells it, from the events of two simulated gateways.
import { describe, expect, test } from 'vitest';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import type { TraceEvent } from '../../../src/ike/events.ts';
import { levelOf } from '../../../src/ike/events.ts';
import { formatLife, type Life } from '../../../src/rpc/cli/life.ts';
import { mermaid } from '../../../src/rpc/cli/mermaid.ts';
import { type EntryView, viewEntry } from '../../../src/rpc/entry.ts';
import { household, roam } from '../../sim/household.ts';

const entriesOf = (events: readonly TraceEvent[]): EntryView[] =>
  events.map((event, i) =>
    viewEntry({ id: i + 1, at: 1_700_000_000_000 + 20 * i, level: levelOf[event.kind], event }),
  );
const lifeOf = (events: readonly TraceEvent[], gaps = new Map<number, number>()): Life => ({
  entries: entriesOf(events),
  gaps,
});

/** Connects, rekeys both, moves, is probed in vain, and hangs up. */
function aWholeLife(): readonly TraceEvent[] {
  const { world, gateway, phone, dial } = household();
  dial();
  world.run(seconds(5));
  const command = (one: Parameters<typeof world.input>[1]) => {
    world.input(gateway, one);
    world.run(seconds(5));
  };
  const sa = () => gateway.core.snapshot().sas[0];
  const first = sa();
  if (!first) throw new Error('the phone did not connect');
  const [child] = first.children;
  const rekey = { kind: 'rekey', sa: first.id } as const;
  command({ kind: 'command', command: { ...rekey, child: child?.ref } });
  command({ kind: 'command', command: { ...rekey, child: undefined } });
  roam(world, phone, '192.0.2.44');
  world.run(seconds(5));
  let lost = 0;
  world.wire = (packet) =>
    packet.from.ip === '203.0.113.2' && lost++ < 2 ? [] : [{ packet, delay: milliseconds(10) }];
  command({ kind: 'command', command: { kind: 'terminate', which: 'all' } });
  world.run(seconds(60));
  return gateway.events;
}

describe('a life in lines', () => {
  const text = formatLife(lifeOf(aWholeLife()));

  test('begins with the time, and counts from there', () => {
    const [head, first] = text.split('\n');
    expect(head).toBe(
      'begun 2023-11-14T22:13:20.000Z; seconds since, -> from the peer, <- from us',
    );
    expect(first).toMatch(/^ {4}\+0\.000 {2}-> IKE_SA_INIT request 0 \[SA KE No /);
  });

  test('has the exchanges, keys, the move, what was said again, and the end', () => {
    const said = text.replace(/\n +/g, ' ');
    for (const part of [
      / <- IKE_AUTH response 1 \[IDr AUTH CPRP SA TSi TSr/,
      / {4}up: 'anna@example\.org' on connection/,
      / {4}tunnel \d+ up: /,
      / <- CREATE_CHILD_SA request \d+ .*\(new keys for a tunnel\)/,
      / <- CREATE_CHILD_SA request \d+ .*\(new keys for the IKE SA\)/,
      / {4}new keys for the connection/,
      / -> INFORMATIONAL request \d+ .*\(I am somewhere else now\)/,
      / {4}moved: now from 192\.0\.2\.44/,
      / <- INFORMATIONAL request \d+ \[D\] .*\(delete\)/,
      / <- message \d+ again, attempt 1 {2}\(no answer so far\)/,
      / {4}down: .*: disconnected here/,
    ]) {
      expect(said).toMatch(part);
    }
  });

  test('fits a hundred columns where its words allow it', () => {
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });
});

test('what was forgotten is told where it stood', () => {
  const events = aWholeLife().slice(0, 4);
  const text = formatLife(lifeOf(events, new Map([[2, 17]])));
  const lines = text.split('\n').filter((line) => line.startsWith('    +'));
  expect(lines[2]).toMatch(/… 17 events were forgotten here$/);
});

describe('a life as a diagram', () => {
  test('has two sides, arrows between them, and notes over both', () => {
    const lines = mermaid(lifeOf(aWholeLife()), 'anna@example.org').split('\n');
    expect(lines.slice(0, 3)).toEqual([
      ...['sequenceDiagram', '  participant P as anna@example.org', '  participant G as gateway'],
    ]);
    expect(lines[3]).toMatch(/^ {2}P->>G: \+0\.000 s IKE_SA_INIT request 0 \[SA KE No/);
    expect(lines[4]).toMatch(/^ {2}G->>P: \+0\.020 s IKE_SA_INIT response 0/);
    expect(lines.some((line) => /^ {2}G-xP: .*again, attempt 1/.test(line))).toBe(true);
    expect(lines.some((line) => line.startsWith('  Note over P,G: '))).toBe(true);
  });

  test('lets no name of a peer pass for grammar', () => {
    const text = mermaid(lifeOf(aWholeLife().slice(0, 2)), 'end; G->>P: %%{init}\n<b> "#35;"');
    expect(text.split('\n')).toHaveLength(5);
    const [, name] = text.split('\n');
    expect(name).toMatch(/^ {2}participant P as #101;nd#59; G-#62;#62;P: /);
    expect(name).not.toMatch(/[;<>%{}"](?!\d)(?<!#\d+;)/);
  });
});
