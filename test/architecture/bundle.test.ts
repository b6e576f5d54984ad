// The bundle as it goes to the router: small enough for its flash, and a program that starts.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inCheckout } from '../lab/checkout.ts';
import { runNow } from '../lab/command.ts';

const out = mkdtempSync(join(tmpdir(), 'ikev2-bundle-'));
beforeAll(() => {
  runNow([process.execPath, inCheckout('cross/bundle.mjs'), '--minify', '--out', out]);
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

test('is smaller than a megabyte when it is minified', () => {
  expect(statSync(join(out, 'lib/ikev2.mjs')).size).toBeLessThan(1_000_000);
});

test.each(['ikev2d', 'ikectl'])('%s starts from wherever it stands', (program) => {
  expect(runNow([join(out, 'bin', program), '--version'])).toMatch(/\d+\.\d+\.\d+/);
});
