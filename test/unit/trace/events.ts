// Events as the core makes them, for the tests of this folder.
import { ip } from '../../../src/base/ip.ts';
import { instant } from '../../../src/base/time.ts';
import type { ChildRef, ChildSnapshot, Path, SaRef } from '../../../src/ike/core.ts';
import type { TraceEvent } from '../../../src/ike/events.ts';

export const sa = (id: number): SaRef => id as SaRef;
export const child = (id: number): ChildRef => id as ChildRef;
export const path: Path = {
  local: { ip: ip('203.0.113.2'), port: 4500 },
  remote: { ip: ip('198.51.100.10'), port: 61234 },
};
export const childSnapshot: ChildSnapshot = {
  ref: child(5),
  spiIn: 'c0ffee01',
  spiOut: 'c0ffee02',
  suite: 'aes256gcm16',
  encap: 'udp',
  local: ['0.0.0.0/0', '::/0'],
  remote: ['10.3.0.10/32'],
  createdAt: instant(0),
  rekeyAt: undefined,
};

export const note = (why: string, of?: number): TraceEvent => ({
  kind: 'note',
  sa: of === undefined ? undefined : sa(of),
  why,
});
export const attempt = (fields: Partial<TraceEvent & { kind: 'attempt.failed' }>): TraceEvent => ({
  kind: 'attempt.failed',
  sa: sa(7),
  path,
  peer: 'anna@example.org',
  connection: 'phones',
  notify: 'AUTHENTICATION_FAILED',
  cause: 'other-shared-key',
  why: 'the key does not fit',
  advice: 'Compare the PSK on both sides',
  ...fields,
});
export const dropped = (why: string): TraceEvent => ({
  kind: 'dropped',
  sa: undefined,
  path,
  reason: 'malformed',
  why,
});
