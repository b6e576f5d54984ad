import { expect, test } from 'vitest';
import { nearest } from '../../../src/transforms/nearest.ts';

const words = ['aes128', 'aes256', 'aes256gcm16', 'sha256', 'prfsha256', 'x25519', 'esn'];

test.each([
  ['aes265', 'aes256'],
  ['aes256gcm', 'aes256gcm16'],
  ['x2551', 'x25519'],
  ['prf256', undefined],
  ['blowfish', undefined],
  ['', undefined],
  ['esn', 'esn'],
])('«%s» was probably meant to be %s', (word, guess) => {
  expect(nearest(word, words)).toBe(guess);
});

test('of equally near words the first is taken', () => {
  expect(nearest('aes1', ['aes2', 'aes3'])).toBe('aes2');
});
