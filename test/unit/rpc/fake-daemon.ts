// A daemon with one phone connected, for the tests of methods, sessions and the control socket.
import { isDeepStrictEqual } from 'node:util';
import { ip } from '../../../src/base/ip.ts';
import { instant } from '../../../src/base/time.ts';

import type { ChildRef, SaRef, SaSnapshot } from '../../../src/ike/core.ts';
import type { TraceEvent } from '../../../src/ike/events.ts';
import type { DaemonApi } from '../../../src/rpc/api.ts';
import type { CaptureDesk, CaptureFacts } from '../../../src/rpc/captures.ts';
import { Refused } from '../../../src/rpc/method.ts';
import { type Entry, Ring } from '../../../src/trace/ring.ts';
import { fakeAccounts } from './fake-accounts.ts';
import { fakeDesk } from './fake-desk.ts';

export const phone: SaSnapshot = {
  id: 7 as SaRef,
  spiI: '0011223344556677',
  spiR: '8899aabbccddeeff',
  role: 'responder',
  dialled: false,
  peerAddresses: [],
  phase: 'established',
  connection: 'phones',
  certificate: undefined,
  user: undefined,
  ppk: undefined,
  peer: 'anna@example.org',
  path: {
    local: { ip: ip('203.0.113.2'), port: 4500 },
    remote: { ip: ip('198.51.100.10'), port: 61234 },
  },
  nat: { local: false, remote: true },
  suite: 'aes256gcm16-prfsha384-ecp384',
  postQuantum: false,
  createdAt: instant(1000),
  rekeyAt: undefined,
  establishedAt: instant(2000),
  addresses: [ip('10.3.0.10')],
  children: [
    {
      ref: 9 as ChildRef,
      spiIn: 'c0ffee01',
      spiOut: 'c0ffee02',
      suite: 'aes256gcm16',
      encap: 'udp',
      local: ['0.0.0.0/0'],
      remote: ['10.3.0.10/32'],
      createdAt: instant(2000),
      rekeyAt: instant(3_600_000),
    },
  ],
};

export interface FakeDaemon extends DaemonApi {
  readonly calls: unknown[];
  /** Makes an event happen. */
  happen(event: TraceEvent): void;
  readonly followers: Set<(entry: Entry) => void>;
}

/** One capture of three bytes, that is over as soon as it is looked at again. */
function fakeCaptures(): CaptureDesk {
  const kept: CaptureFacts[] = [];
  const facts: CaptureFacts = {
    ...{ id: '1', peer: 'anna', state: 'finished', why: 'time', fault: undefined },
    ...{ since: 1_700_000_000, until: 1_700_000_060, packets: 2, bytes: 3, missed: 0 },
    ...{ withKeys: false, files: [{ name: 'capture.pcapng', bytes: 3 }] },
  };
  const keyFiles = ['ikev2_decryption_table', 'esp_sa'].map((name) => ({ name, bytes: 3 }));
  return {
    start({ peer, withKeys }) {
      const files = [...facts.files, ...(withKeys ? keyFiles : [])];
      kept.splice(0, 1, { ...facts, peer, withKeys, files });
      return { ...facts, state: 'running', why: undefined, files: [] };
    },
    stop: () => facts,
    list: () => [...kept],
    fetch: (_, file, offset) => ({
      content: new TextEncoder().encode(`${file[0]}${offset}`),
      next: offset === 0 ? 2 : undefined,
    }),
    remove() {
      kept.splice(0);
      return true;
    },
  };
}

const fakeLink = { id: 'a1', device: 'anna-iphone', format: 'sswan', expires: 1_893_456_000 };

export function fakeDaemon(): FakeDaemon {
  const calls: unknown[] = [];
  const ring = new Ring();
  const followers = new Set<(entry: Entry) => void>();
  const checked = {
    isFine: false,
    summary: '1 error',
    problems: [
      {
        section: "connection 'phones'",
        option: 'ike',
        line: 12,
        why: 'no such cipher',
        cure: 'Write aes256gcm16.',
        severity: 'error' as const,
      },
    ],
  };
  return {
    calls,
    followers,
    certificates: fakeDesk,
    accounts: fakeAccounts,
    links: {
      create: async () => ({ ...fakeLink, url: 'http://192.168.1.1:8501/t', isSecure: false }),
      list: () => [fakeLink],
      remove: () => true,
    },
    captures: fakeCaptures(),
    imports: {
      importStrongswan: async () => ({
        sections: ["connection 'office'"],
        text: "config connection 'office'\n",
        remarks: [{ section: "remote 'office'", option: 'updown', why: 'no script is run' }],
        isWritten: true,
      }),
    },
    held: () => [{ kind: 'certificate', name: 'gateway', notAfter: 1_893_456_000 }],
    service: {
      version: '1.2.3',
      startedAt: instant(0),
      device: 'ipsec0',
      listen: ['0.0.0.0:500', '0.0.0.0:4500'],
      aead: 'gcm-vaes',
      keylog: undefined,
      websocket: '192.168.1.1:8500',
    },
    identity: () => 'vpn.example.org',
    now: () => instant(62_000),
    wallSeconds: (at) => 1_700_000_000 + at / 1000,
    snapshot: () => ({ sas: [phone], counters: { 'dropped.malformed': 3 } }),
    connections: () => ['phones'],
    carriedBefore: (sa) => ({ rxBytes: sa === 7 ? 500n : 0n, txBytes: 0n }),
    childFigures: (ref) =>
      ref === 9
        ? {
            rxPackets: 10n,
            rxBytes: 1000n,
            txPackets: 20n,
            txBytes: 2000n,
            idleMs: 1600,
            pathMtu: 1500,
            innerMtu: 1438,
            drops: { replay: 1n },
          }
        : undefined,
    espCounters: () => ({ 'unknown-spi': 4n, 'rx-packets': 9n }),
    refusals: () => ({ AUTHENTICATION_FAILED: 2, 'no answer': 1 }),
    pools: () => [{ name: 'lan', ranges: ['10.3.0.0/24'], used: 1, size: 253 }],
    leases: () => [
      { pool: 'lan', identity: 'anna@example.org', address: ip('10.3.0.10'), isHeld: true },
      { pool: 'other', identity: 'bob', address: ip('10.4.0.10'), isHeld: false },
    ],
    events: {
      all: (since, limit) => ring.events(since, limit),
      ofSa: (sa, since, limit) => ring.ofSa(sa, since, limit),
      gapOf: (sa) => ring.gapOf(sa),
      attempts: (since, limit) => ring.attempts(since, limit),
      follow(follower) {
        followers.add(follower);
        return () => followers.delete(follower);
      },
    },
    terminate(which) {
      calls.push(['terminate', which]);
      return isDeepStrictEqual(which, { connection: 'cabin' }) ? ['cabin'] : [];
    },
    rekey: (sa, child) => void calls.push(['rekey', [sa, child]]),
    async initiate(connection) {
      if (connection !== 'office') throw new Refused(`there is no connection '${connection}'`);
      calls.push(['initiate', connection]);
    },
    reload: async () => checked,
    checkConfiguration: async () => checked,
    capabilities: () => ({
      transforms: { ENCR: ['aes256gcm16'] },
      engine: { sha256: 'node' },
      cpu: ['aes'],
      extensions: [{ name: 'mobike', rfc: 'RFC 4555' }],
    }),
    selfTest: async () => [
      { name: 'clock', state: 'fine', says: 'it is late' },
      { name: 'public address', state: 'broken', says: 'it is shared', cure: 'Ask for another.' },
    ],
    happen(event) {
      const entry = ring.add(1_700_000_000_500, event);
      for (const follower of followers) follower(entry);
    },
  };
}

export const note = (why: string, sa?: number): TraceEvent => ({
  kind: 'note',
  sa: sa as SaRef | undefined,
  why,
});

export const message: TraceEvent = {
  kind: 'message',
  sa: phone.id,
  direction: 'in',
  path: phone.path,
  bytes: 100,
  message: {
    ...{ exchange: 'INFORMATIONAL', isRequest: true, messageId: 2 },
    ...{ payloads: [], fragments: 1 },
  },
};
