import { describe, expect, test } from 'vitest';
import { KeyExchangeMethod as Ke, TransformType as T } from '../../../src/iana/transforms.ts';
import { allowsSuite, choose, offer } from '../../../src/ike/negotiate/proposals.ts';
import { formatSuite } from '../../../src/transforms/parse.ts';
import type { Sa } from '../../../src/wire/payloads/sa.ts';
import { proposals } from '../../sim/policies.ts';

const none = new Uint8Array(0);
const base = 'aes256gcm16-prfsha256-x25519';
const ike = (...words: string[]) => proposals('ike', ...words.map((word) => `${base}${word}`));
const wanted = { protocol: 'ike', ke: 'wanted', keSent: Ke.CURVE25519 } as const;

const chosen = (ours: string[], theirs: Sa, isSingle = false) => {
  const choice = choose(ike(...ours), theirs, { ...wanted, isSingle });
  return choice && formatSuite(choice.chosen).slice(base.length);
};
const offering = (...words: string[]): Sa => offer(ike(...words), none, true);

describe('a step', () => {
  test.each([
    ['is taken where both have it', ['-ke1_mlkem768'], ['-ke1_mlkem768'], '-ke1_mlkem768'],
    [
      'has our first method',
      ['-ke1_mlkem1024-ke1_mlkem768'],
      ['-ke1_mlkem768-ke1_mlkem1024'],
      '-ke1_mlkem1024',
    ],
    ['that they need and we lack is no common ground', [''], ['-ke1_mlkem768'], undefined],
    ['that we need and they lack is none either', ['-ke1_mlkem768'], [''], undefined],
    ['that we may leave out is left out', ['-ke1_mlkem768-ke1_none'], [''], ''],
    ['that they may leave out is left out', [''], ['-ke1_mlkem768-ke1_none'], ''],
    [
      'is rather taken than left out',
      ['-ke1_mlkem768-ke1_none'],
      ['-ke1_mlkem768-ke1_none'],
      '-ke1_mlkem768',
    ],
    [
      'with nothing in common is left out by both or not at all',
      ['-ke1_mlkem768-ke1_none'],
      ['-ke1_mlkem1024'],
      undefined,
    ],
    ['stands at its own place', ['-ke1_mlkem768'], ['-ke2_mlkem768'], undefined],
    ['leads to the proposal without it', ['-ke1_mlkem768', ''], ['-ke1_mlkem1024', ''], ''],
  ])('%s (pitfall 26)', (_, ours, theirs, result) => {
    expect(chosen(ours, offering(...theirs))).toBe(result);
  });

  test('never has the method of another one (RFC 9370 §2.2.1)', () => {
    const twice = offering('-ke1_mlkem768-ke1_mlkem1024-ke2_mlkem768');
    expect(chosen(['-ke1_mlkem768-ke1_mlkem1024-ke2_mlkem768'], twice)).toBe(
      '-ke1_mlkem1024-ke2_mlkem768',
    );
    expect(chosen(['-ke1_x25519'], offering('-ke1_x25519'))).toBeUndefined();
  });

  test('is never taken of a peer that cannot do IKE_INTERMEDIATE', () => {
    expect(chosen(['-ke1_mlkem768-ke1_none'], offering('-ke1_mlkem768-ke1_none'), true)).toBe('');
    expect(chosen(['-ke1_mlkem768', ''], offering('-ke1_mlkem768', ''), true)).toBe('');
    expect(chosen(['-ke1_mlkem768', ''], offering('-ke1_mlkem768'), true)).toBeUndefined();
  });
});

test('what iOS 26 offers gets one method a step, and NONE for the others (pitfall 26)', () => {
  const steps = [T.ADDKE1, T.ADDKE2, T.ADDKE3, T.ADDKE4, T.ADDKE5, T.ADDKE6, T.ADDKE7];
  const [first] = offering('').proposals;
  if (!first) throw new Error('no proposal');
  const more = steps.flatMap((type) =>
    [Ke.ML_KEM_768, Ke.ML_KEM_1024, Ke.NONE].map((id) => ({
      type,
      id,
      keyBits: undefined,
      isKnown: true,
    })),
  );
  const theirs = { proposals: [{ ...first, transforms: [...first.transforms, ...more] }] };
  const choice = choose(ike('-ke1_mlkem768', ''), theirs, wanted);
  expect(choice?.answer(none).proposals[0]?.transforms.slice(-7)).toMatchObject([
    { type: T.ADDKE1, id: Ke.ML_KEM_768 },
    ...steps.slice(1).map((type) => ({ type, id: Ke.NONE })),
  ]);
});

test('in IKE_AUTH no key exchange counts, and proposals that differ in nothing else are said once', () => {
  const esp = proposals(
    'esp',
    'aes256gcm16-x25519-ke1_mlkem768',
    'aes256gcm16-x25519',
    'aes256gcm16',
  );
  const spi = Uint8Array.of(1, 2, 3, 4);
  expect(offer(esp, spi, false).proposals).toHaveLength(1);
  const choice = choose(esp, offer(esp, spi, true), { protocol: 'esp', ke: 'ignored' });
  expect(choice && formatSuite(choice.chosen)).toBe('aes256gcm16');
  expect(choice?.answer(spi).proposals[0]?.transforms.map(({ type }) => type)).toEqual([
    T.ENCR,
    T.ESN,
  ]);
});

test('a suite is allowed where all its steps are, and none is missing', () => {
  const choice = choose(ike('-ke1_mlkem768'), offering('-ke1_mlkem768'), wanted);
  if (!choice) throw new Error('no choice');
  const allows = (...words: string[]) => allowsSuite(ike(...words), choice.chosen);
  expect([
    allows('-ke1_mlkem768'),
    allows('-ke1_mlkem768-ke1_none'),
    allows('', '-ke1_mlkem768'),
  ]).toEqual([true, true, true]);
  expect([allows(''), allows('-ke1_mlkem1024'), allows('-ke1_mlkem768-ke2_mlkem1024')]).toEqual([
    false,
    false,
    false,
  ]);
});

// The ways through our steps are bounded for one proposal, but every proposal of a message was tried on each of ours: 64 of
// them, none of which fits at its last step, held everybody up for a tenth of a second, as often as somebody liked.
describe('many offers that lead nowhere', () => {
  const all = ['ecp256', 'ecp384', 'modp2048', 'modp3072', 'modp4096', 'mlkem768', 'mlkem1024'];
  const wide = [1, 2, 3].flatMap((step) => all.map((method) => `-ke${step}_${method}`)).join('');
  const narrow = `${wide}-ke4_x25519`; // which the first key exchange takes
  const hopeless = Array.from({ length: 60 }, () => narrow);
  const needsSecondTry = '-ke1_mlkem768-ke1_mlkem1024-ke2_mlkem768';
  const theirs = (...words: string[]): Sa => ({
    proposals: words.flatMap((word) => offering(word).proposals),
  });

  test('are given up together', () => {
    const ours = [narrow, needsSecondTry];
    expect(chosen(ours, theirs(narrow, needsSecondTry))).toBe('-ke1_mlkem1024-ke2_mlkem768');
    expect(chosen(ours, theirs(...hopeless, needsSecondTry))).toBeUndefined();
  });

  test('do not hide one that fits at once', () => {
    expect(chosen([narrow, '-ke1_mlkem768'], theirs(...hopeless, '-ke1_mlkem768'))).toBe(
      '-ke1_mlkem768',
    );
  });
});
