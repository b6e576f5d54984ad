import { expect, test } from 'vitest';
import { BadParams } from '../../../src/rpc/method.ts';
import { captureMethods } from '../../../src/rpc/methods/capture.ts';
import { fakeDaemon } from './fake-daemon.ts';

test('whoever may only look hears of captures, and gets none', () => {
  const rights = Object.entries(captureMethods).map(([name, { access }]) => [name, access]);
  expect(Object.fromEntries(rights)).toEqual({
    captures: 'read',
    capture_start: 'write',
    capture_stop: 'write',
    capture_fetch: 'write',
    capture_delete: 'write',
  });
});

test.each([
  ['nobody', {}],
  ['an endless time', { peer: 'anna', seconds: 601 }],
  ['no time', { peer: 'anna', seconds: 0 }],
  ['more than there is room for', { peer: 'anna', bytes: 5 * 1024 * 1024 }],
  ['a name without end', { peer: 'a'.repeat(300) }],
  ['keys by another word', { peer: 'anna', withKeys: true }],
])('a capture of %s is refused', async (_, params) => {
  const start = captureMethods['capture_start'];
  await expect(start?.call(fakeDaemon(), params)).rejects.toThrow(BadParams);
});
