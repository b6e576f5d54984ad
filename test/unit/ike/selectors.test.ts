import { describe, expect, test } from 'vitest';
import { ip, parsePrefix, prefixRange } from '../../../src/base/ip.ts';
import {
  contains,
  fromWire,
  narrow,
  resolve,
  toWire,
  withFirst,
} from '../../../src/ike/negotiate/selectors.ts';
import { everything, formatSelector, type Selector } from '../../../src/policy/selectors.ts';

function net(text: string, protocol = 0, start = 0, end = 65535): Selector {
  const prefix = parsePrefix(text);
  if (!prefix) throw new Error(text);
  return { ...everything(prefixRange(prefix)), protocol, ports: { start, end } };
}
const narrowed = (allowed: Selector[], asked: Selector[]) =>
  narrow(allowed, toWire(asked)).map(formatSelector);

describe('narrowing (RFC 7296 §2.9)', () => {
  test('Windows and Apple ask for everything and get what the policy has (pitfall 55)', () => {
    const asked = [net('0.0.0.0/0'), net('::/0')];
    expect(narrowed([net('10.3.0.2'), net('fd00::2')], asked)).toEqual([
      '10.3.0.2/32',
      'fd00::2/128',
    ]);
  });

  test('the answer is never more than was asked (pitfall 54)', () => {
    expect(narrowed([net('10.0.0.0/8')], [net('10.1.0.0/24')])).toEqual(['10.1.0.0/24']);
  });

  test('overlaps are cut to the common part (pitfall 54)', () => {
    const allowed = [
      { ...net('10.1.0.0'), range: { start: ip('10.1.0.5'), end: ip('10.1.0.20') } },
    ];
    expect(narrowed(allowed, [net('10.1.0.0/28')])).toEqual(['10.1.0.5-10.1.0.15']);
  });

  test('protocols and ports are cut too', () => {
    expect(narrowed([net('10.1.0.0/24', 6, 0, 1023)], [net('10.1.0.0/24', 0, 80, 8080)])).toEqual([
      '10.1.0.0/24[6/80-1023]',
    ]);
    expect(narrowed([net('10.1.0.0/24', 6)], [net('10.1.0.0/24', 17)])).toEqual([]);
  });

  test('nothing in common leaves nothing', () => {
    expect(narrowed([net('10.1.0.0/24')], [net('10.2.0.0/24')])).toEqual([]);
    expect(narrowed([net('10.1.0.0/24')], [net('::/0')])).toEqual([]);
  });

  test('OPAQUE ports, 65535–0, select nothing (pitfall 54)', () => {
    expect(narrowed([net('10.1.0.0/24')], [net('10.1.0.0/24', 0, 65535, 0)])).toEqual([]);
  });

  test('the packet that triggered the request, a selector of its own, is not repeated (pitfall 54)', () => {
    const asked = [net('10.1.0.0/24'), net('10.1.0.9', 6, 443, 443)];
    expect(narrowed([net('10.1.0.0/24')], asked)).toEqual(['10.1.0.0/24']);
  });

  test('the first choice of a request is among the answer, or within it (pitfall 54)', () => {
    const packet = net('10.1.0.9', 6, 443, 443);
    const all = [net('10.1.0.0/24'), net('10.2.0.0/24')];
    expect(narrowed(all, [packet, net('10.0.0.0/8')])).toEqual(['10.1.0.0/24', '10.2.0.0/24']);
    expect(narrowed([net('10.1.0.9')], [packet, net('10.7.0.0/16')])).toEqual([
      '10.1.0.9/32[6/443]',
    ]);
    const many = Array.from({ length: 200 }, (_, i) => net(`10.2.${i}.0/25`));
    expect(narrowed([net('10.0.0.0/8')], [packet, ...many])[0]).toBe('10.1.0.9/32[6/443]');
  });

  test('the number of selectors is bounded', () => {
    const asked = Array.from({ length: 200 }, (_, i) => net(`10.1.${i}.0/25`));
    expect(narrow([net('10.0.0.0/8')], toWire(asked))).toHaveLength(32);
  });
});

test('a request begins with its first choice where the policy has it, and says nothing twice', () => {
  const all = [net('10.1.0.0/24'), net('10.2.0.9')];
  const texts = (first: Selector | undefined) => withFirst(first, all).map(formatSelector);
  expect(texts(undefined)).toEqual(['10.1.0.0/24', '10.2.0.9/32']);
  expect(texts(net('10.1.0.9', 17))).toEqual(['10.1.0.9/32[17]', '10.1.0.0/24', '10.2.0.9/32']);
  expect(texts(net('10.2.0.9'))).toEqual(['10.2.0.9/32', '10.1.0.0/24']);
  expect(texts(net('10.3.0.9'))).toEqual(['10.1.0.0/24', '10.2.0.9/32']);
});

test('dynamic stands for the assigned addresses (pitfall 55)', () => {
  expect(resolve('dynamic', [ip('10.3.0.2'), ip('fd00::2')]).map(formatSelector)).toEqual([
    '10.3.0.2/32',
    'fd00::2/128',
  ]);
  expect(resolve([net('10.1.0.0/24')], [ip('10.3.0.2')]).map(formatSelector)).toEqual([
    '10.1.0.0/24',
  ]);
});

test('selectors survive the wire', () => {
  const all = [net('10.1.0.0/24', 6, 80, 80), net('2001:db8::/32')];
  expect(fromWire(toWire(all))).toEqual(all);
});

test('containment includes protocol and ports', () => {
  expect(contains(net('10.0.0.0/8'), net('10.1.0.0/24', 6, 80, 80))).toBe(true);
  expect(contains(net('10.0.0.0/8', 6), net('10.1.0.0/24'))).toBe(false);
});
