import { describe, expect, test } from 'vitest';
import { isPostQuantum } from '../../../src/transforms/additional-ke.ts';
import { formatProposal, formatSuite, parseProposal } from '../../../src/transforms/parse.ts';
import { byKeyword } from '../../../src/transforms/table.ts';

const base = 'aes256gcm16-prfsha256-x25519';

test.each([
  `${base}-ke1_mlkem768`,
  `${base}-ke1_mlkem768-ke1_mlkem1024-ke1_none`,
  `${base}-ke1_mlkem512-ke2_mlkem768-ke3_mlkem1024`,
  `${base}-ke2_ecp384-ke7_mlkem768-ke7_none`,
])('%s is read and written again', (text) => {
  const parsed = parseProposal('ike', text);
  expect(parsed.ok && formatProposal(parsed.proposal)).toBe(text);
});

test('steps are sorted, whatever the order of the words, and methods are not', () => {
  const parsed = parseProposal(
    'esp',
    'ke2_mlkem768-aes256gcm16-ke1_curve25519-ecp256-ke2_mlkem512',
  );
  expect(parsed.ok && formatProposal(parsed.proposal)).toBe(
    'aes256gcm16-ecp256-ke1_x25519-ke2_mlkem768-ke2_mlkem512',
  );
});

const everyWay = [1, 2, 3, 4, 5, 6, 7]
  .flatMap((step) => ['x25519', 'ecp256', 'ecp384'].map((method) => `ke${step}_${method}`))
  .reduce((text, word) => `${text}-${word}`, base);

describe('refuses', () => {
  test.each([
    ['a step with nothing but NONE', `${base}-ke1_none`, 'Add ke1_mlkem768, or leave it out.'],
    // Whoever answers a peer that offers all of them looks for one that leaves a method to every step.
    ['more ways through the steps than one may try', everyWay, 'Name fewer methods for each step.'],
    ['a word twice', `${base}-ke1_mlkem768-ke1_mlkem768`, 'Name it once.'],
    ['a method that is none', `${base}-ke1_mlkem786`, 'Did you mean ke1_mlkem768?'],
    ['an eighth step', `${base}-ke8_mlkem768`, 'Did you mean mlkem768?'],
    ['a cipher in its place', `${base}-ke1_aes256`, expect.any(String)],
    ['a step without a first exchange', 'aes256gcm16-ke1_mlkem768', 'Add x25519 or ecp256.'],
  ])('%s', (_, text, cure) => {
    const protocol = text.startsWith(base) ? 'ike' : 'esp';
    expect(parseProposal(protocol, text)).toMatchObject({ ok: false, cure });
  });
});

test('what was agreed on is told with its steps', () => {
  const encr = byKeyword('aes256gcm16', 'ENCR');
  const ke = byKeyword('x25519', 'KE');
  const addKe = [{ step: 1, ke: byKeyword('mlkem768', 'KE') }];
  expect(formatSuite({ encr, ke, addKe, esn: byKeyword('noesn', 'ESN') })).toBe(
    'aes256gcm16-x25519-ke1_mlkem768',
  );
});

test('one ML-KEM makes it post-quantum, and no curve does', () => {
  const [x25519, mlkem] = [byKeyword('x25519', 'KE'), byKeyword('mlkem512', 'KE')];
  expect(isPostQuantum([x25519, undefined])).toBe(false);
  expect(isPostQuantum([x25519, mlkem])).toBe(true);
});
