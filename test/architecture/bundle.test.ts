// The bundle as it goes to the router: small enough for its flash, and a program that starts.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
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

test('says what of others is in it, with versions and licences that its own allows', () => {
  const bill = JSON.parse(readFileSync(join(out, 'lib/sbom.cdx.json'), 'utf8'));
  const names: string[] = bill.components.map(({ name }: { name: string }) => name);
  expect(names).toEqual(expect.arrayContaining(['@noble/curves', 'koffi', 'ws', 'zod']));
  expect(names).not.toContain('vitest');
  expect(names.filter((name) => name.startsWith('@koromix/'))).toHaveLength(1);
  for (const { version, purl, licenses, hashes } of bill.components) {
    expect(purl.endsWith(`@${version}`)).toBe(true);
    expect(licenses[0].expression).toMatch(/^(?:MIT|Apache-2\.0|BSD-3-Clause|0BSD|ISC)$/);
    expect(hashes[0].content).toMatch(/^[0-9a-f]{128}$/);
  }
});

test.each(['ikev2d', 'ikectl'])('%s starts from wherever it stands', (program) => {
  expect(runNow([join(out, 'bin', program), '--version'])).toMatch(/\d+\.\d+\.\d+/);
});
