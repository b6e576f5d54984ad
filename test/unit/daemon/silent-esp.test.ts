import { expect, test } from 'vitest';
import { SilentEsp } from '../../../src/daemon/silent-esp.ts';
import type { ChildSnapshot, SaSnapshot } from '../../../src/ike/core.ts';
import type { TraceEvent } from '../../../src/ike/events.ts';
import { phone } from '../rpc/fake-daemon.ts';
import { FakeClock } from './fakes.ts';

const [tunnel] = phone.children as [ChildSnapshot];
const everything: ChildSnapshot = { ...tunnel, encap: 'raw', local: ['0.0.0.0/0', '::/0'] };
const android: SaSnapshot = { ...phone, children: [everything] };

/** What is told of an SA, twenty seconds after its tunnel came up. */
function toldOf(sa: SaSnapshot, rxPackets: bigint, meanwhile?: TraceEvent): TraceEvent[] {
  const clock = new FakeClock();
  const told: TraceEvent[] = [];
  const silent = new SilentEsp({
    after: (delay, run) => clock.after(delay, run),
    sas: () => [sa],
    stats: () => ({ rxPackets }),
    report: (event) => told.push(event),
  });
  for (const child of sa.children) silent.heed({ kind: 'child.established', sa: sa.id, child });
  if (meanwhile) silent.heed(meanwhile);
  clock.pass(60_000);
  return told;
}

test('a device that is connected and never heard is told of, once', () => {
  expect(toldOf(android, 0n)).toMatchObject([
    {
      kind: 'attempt.failed',
      cause: 'esp-blocked',
      peer: 'anna@example.org',
      why: expect.stringMatching(/in 20 s no ESP packet came from it/),
    },
  ]);
});

test.each([
  ['one packet came', android, 1n],
  [
    'ESP travels in UDP, as IKE does',
    { ...android, children: [{ ...everything, encap: 'udp' }] },
    0n,
  ],
  ['it reaches some networks alone, and may want nothing there', phoneOf(['10.1.0.0/24']), 0n],
  ['it is a network of its own, without an address from us', { ...android, addresses: [] }, 0n],
  ['we dialled it', { ...android, dialled: true }, 0n],
] as const)('nothing is told where %s', (_, sa, rxPackets) => {
  expect(toldOf(sa, rxPackets)).toEqual([]);
});

test('nothing is told of one that has gone', () => {
  const closed: TraceEvent = {
    ...{ kind: 'sa.closed', sa: android.id, connection: 'phones', peer: 'anna', why: '' },
    ...{ path: android.path, cause: 'deleted-by-peer' },
  };
  expect(toldOf(android, 0n, closed)).toEqual([]);
});

function phoneOf(local: readonly string[]): SaSnapshot {
  return { ...android, children: [{ ...everything, local }] };
}
