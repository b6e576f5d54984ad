// Our proposals in the words of libreswan.
import { expect, test } from 'vitest';
import { libreswanIke } from '../../../src/onboard/proposal-list.ts';
import { suite } from '../../../src/transforms/suites.ts';

// libreswan was built without group 2, and refused the whole connection of suite legacy for one proposal that named it.
test('libreswan is not told of group 2, nor of a proposal that has nothing else', () => {
  const all = libreswanIke(suite('legacy'));

  expect(all).not.toContain('modp1024');
  expect(all).not.toMatch(/-(?:,|$)/);
  const single = suite('legacy').ike.filter(({ addKe }) => addKe.length === 0);
  expect(all.split(',')).toHaveLength(single.length - 1);
});
