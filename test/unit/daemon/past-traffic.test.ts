import { expect, test } from 'vitest';
import { PastTraffic } from '../../../src/daemon/past-traffic.ts';
import type { ChildRef, SaRef } from '../../../src/ike/core.ts';

const [sa, next] = [7 as SaRef, 8 as SaRef];
const child = (n: number): ChildRef => n as ChildRef;
const stats = (rxBytes: bigint, txBytes: bigint) => ({
  ...{ rxBytes, txBytes, rxPackets: 1n, txPackets: 1n },
  ...{ idleMs: 0, pathMtu: 1500, innerMtu: 1438, drops: {} },
});

test('what a tunnel carried stays with its peer when its keys are renewed', () => {
  const past = new PastTraffic();
  past.install({ ref: child(1), sa });
  past.install({ ref: child(2), sa });
  past.remove(child(1), stats(10n, 20n));
  expect(past.of(sa)).toEqual({ rxBytes: 10n, txBytes: 20n });
  past.remove(child(2), stats(1n, 2n));
  expect(past.of(sa)).toEqual({ rxBytes: 11n, txBytes: 22n });
});

test('and when the IKE SA goes on under another number', () => {
  const past = new PastTraffic();
  past.install({ ref: child(1), sa });
  past.install({ ref: child(2), sa });
  past.remove(child(1), stats(10n, 20n));
  past.heed({ kind: 'sa.rekeyed', sa: next, old: sa });
  past.remove(child(2), stats(5n, 5n));
  expect(past.of(next)).toEqual({ rxBytes: 15n, txBytes: 25n });
  expect(past.of(sa)).toEqual({ rxBytes: 0n, txBytes: 0n });
});

test('nothing is kept of an SA that ended, or of a tunnel that never was', () => {
  const past = new PastTraffic();
  past.install({ ref: child(1), sa });
  past.remove(child(1), undefined);
  past.remove(child(9), stats(1n, 1n));
  expect(past.of(sa)).toEqual({ rxBytes: 0n, txBytes: 0n });
  past.install({ ref: child(2), sa });
  past.remove(child(2), stats(3n, 4n));
  const path = { local: { ip: '10.0.0.1', port: 500 }, remote: { ip: '10.0.0.2', port: 500 } };
  const ended = { connection: undefined, peer: undefined, cause: 'timeout', why: '' } as const;
  past.heed({ kind: 'sa.closed', sa, path: path as never, ...ended });
  expect(past.of(sa)).toEqual({ rxBytes: 0n, txBytes: 0n });
});
