import { describe, expect, test } from 'vitest';
import { type Answering, asker, carriedBy, shortestIdle } from '../../../src/daemon/answers.ts';
import type { Input, Question } from '../../../src/ike/core.ts';
import { child, complainTo, ticket } from './fakes.ts';

const question: Question = { kind: 'lease', pool: 'lan', identity: 'anna', v4: true, v6: false };
const refused = { ok: false, why: 'full' } as const;
const unasked = (): never => {
  throw new Error('was not asked');
};
const nobody: Answering = {
  verifyChain: unasked,
  verify: unasked,
  sign: unasked,
  lease: unasked,
  account: unasked,
  openTls: unasked,
  tls: unasked,
  exportTls: unasked,
  idle: unasked,
  carried: unasked,
};

function setUp(answering: Partial<Answering>) {
  const given: Input[] = [];
  const lines: string[] = [];
  const ask = asker({ ...nobody, ...answering }, complainTo(lines), (input) => given.push(input));
  return { ask, given, lines };
}

describe('a question', () => {
  test('that can be answered at once is answered before ask returns', () => {
    const { ask, given } = setUp({ lease: () => refused });
    ask(ticket(4), question);
    expect(given).toEqual([{ kind: 'answer', ticket: 4, answer: refused }]);
  });

  test('that takes time is answered when the answer comes', async () => {
    let answer: (value: boolean) => void = () => {};
    const { ask, given } = setUp({ verify: () => new Promise((done) => (answer = done)) });
    const bytes = new Uint8Array();
    ask(ticket(4), {
      kind: 'verify',
      spki: bytes,
      scheme: 'ed25519',
      octets: bytes,
      signature: bytes,
    });
    expect(given).toEqual([]);
    answer(true);
    await new Promise(setImmediate);
    expect(given).toEqual([{ kind: 'answer', ticket: 4, answer: true }]);
  });

  test('whose port throws gets no answer, and a line in the log', () => {
    const { ask, given, lines } = setUp({
      lease: () => {
        throw new Error('the disk is full');
      },
    });
    ask(ticket(4), question);
    expect(given).toEqual([{ kind: 'answer', ticket: 4, answer: undefined }]);
    expect(lines).toEqual(['could not lease an address: the disk is full']);
  });

  test('whose port fails later gets no answer, and a line in the log', async () => {
    const { ask, given, lines } = setUp({
      sign: () => Promise.reject(new Error('the token is gone')),
    });
    ask(ticket(4), { kind: 'sign', keyId: 'k', scheme: 'ed25519', octets: new Uint8Array() });
    await new Promise(setImmediate);
    expect(given).toEqual([{ kind: 'answer', ticket: 4, answer: undefined }]);
    expect(lines).toEqual(['could not sign: the token is gone']);
  });
});

describe('how long a peer has been silent', () => {
  const idleOf: Record<number, number> = { 1: 5000, 2: 200 };
  const plane = {
    stats: (ref: number) => {
      const idleMs = idleOf[ref];
      const mtus = { pathMtu: 1500, innerMtu: 1438 };
      const none = { rxPackets: 0n, rxBytes: 0n, txPackets: 0n, txBytes: 0n, ...mtus, drops: {} };
      return idleMs === undefined ? undefined : { ...none, idleMs };
    },
  };

  test('is counted from the last packet on any of its tunnels', () => {
    expect(shortestIdle(plane, { children: [child(1), child(2), child(9)] })).toBe(200);
  });

  test('is another question than what a tunnel carried, which goes both ways', () => {
    const carrying = {
      stats: (ref: number) => {
        const stats = plane.stats(ref);
        return stats && { ...stats, rxPackets: 3n, txPackets: 4n };
      },
    };
    expect(carriedBy(carrying, { child: child(1) })).toBe(7);
    expect(carriedBy(carrying, { child: child(9) })).toBeUndefined();
  });

  test('is not known without a tunnel', () => {
    expect(shortestIdle(plane, { children: [] })).toBeUndefined();
    expect(shortestIdle(plane, { children: [child(9)] })).toBeUndefined();
  });
});
