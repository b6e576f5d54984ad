import { describe, expect, test } from 'vitest';
import { Bug } from '../../../src/base/invariant.ts';
import { Window } from '../../../src/ike/sa/window.ts';

const datagrams = [Uint8Array.of(1, 2, 3)];

function answered(...messageIds: number[]): Window {
  const window = new Window();
  for (const messageId of messageIds) {
    window.accept(messageId);
    window.answer([Uint8Array.of(messageId)]);
  }
  return window;
}

describe('requests of the peer (RFC 7296 §2.2, §2.3)', () => {
  test('the first has Message ID 0, each further one is one higher (pitfall 1)', () => {
    const window = answered(0, 1, 2);
    expect(window.judge(3)).toBe('new');
    expect(window.judge(4)).toBe('outside');
  });

  test('the one just answered is repeated, older ones are outside (class 26, pitfalls 2, 6)', () => {
    const window = answered(0, 1);
    expect(window.judge(1)).toBe('repeated');
    expect(window.judge(0)).toBe('outside');
    expect(window.takeRepeat()).toEqual([Uint8Array.of(1)]);
  });

  test('it is repeated so often and no more, lest a recorded request floods somebody', () => {
    const window = answered(0);
    const repeats = Array.from({ length: 100 }, () => window.takeRepeat().length);
    expect(repeats.filter((length) => length > 0)).toHaveLength(16);
  });

  test('one that is still worked on is neither new nor repeated', () => {
    const window = answered(0);
    window.accept(1);
    expect(window.judge(1)).toBe('in-progress');
    expect(window.judge(2)).toBe('outside');
    expect(window.judge(0)).toBe('repeated');
  });

  test('accepting one twice is a bug of ours', () => {
    const window = answered(0);
    expect(() => window.accept(0)).toThrow(Bug);
  });
});

describe('our requests', () => {
  test('there is one at a time (pitfall 5)', () => {
    const window = new Window();
    window.sent(datagrams);
    expect(window.isFree).toBe(false);
    expect(() => window.sent(datagrams)).toThrow(Bug);
  });

  test('a retransmission is bit-exact and counted (pitfall 3)', () => {
    const window = new Window();
    window.sent(datagrams);
    expect(window.repeat()).toBe(datagrams);
    expect(window.pending?.attempts).toBe(1);
  });

  test('only the response with its number is awaited', () => {
    const window = new Window();
    window.sent(datagrams);
    expect(window.isAwaited(0)).toBe(true);
    expect(window.isAwaited(1)).toBe(false);
    window.settle();
    expect(window.isAwaited(0)).toBe(false);
    expect(window.nextMessageId).toBe(1);
  });

  test('IKE_SA_INIT begins again with Message ID 0 (pitfall 1)', () => {
    const window = new Window();
    window.sent(datagrams);
    window.restart();
    expect(window.isFree).toBe(true);
    expect(window.nextMessageId).toBe(0);
  });
});
