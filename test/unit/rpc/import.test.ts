// `ikectl import` where no daemon runs: what it says, and what stands in the configuration afterwards.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { deskWithoutDaemon } from '../../../src/daemon/desk/alone.ts';
import { runTool } from '../../../src/rpc/cli/run.ts';
import { methods } from '../../../src/rpc/table.ts';

const folder = mkdtempSync(join(tmpdir(), 'ikev2-import-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'ikev2');
const theirs = join(folder, 'ipsec');

async function ikectl(...args: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runTool(['--config', file, '--run-dir', folder, ...args], {
    version: '0',
    methods,
    withoutDaemon: async (config) => deskWithoutDaemon(config),
    terminal: { out: (line) => out.push(line), err: (line) => err.push(line) },
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

beforeEach(() => {
  writeFileSync(file, "config service 'main'\n");
  writeFileSync(
    theirs,
    `
config remote 'office'
	option enabled '1'
	option gateway '203.0.113.9'
	option pre_shared_key 'correct horse battery'
	option updown '/etc/updown'
	list tunnel 'lan'
config tunnel 'lan'
	list remote_subnet '192.168.2.0/24'
`,
  );
});

test('says what it writes, what it leaves out, and what to do next', async () => {
  const { code, out } = await ikectl('import', theirs);

  expect(code).toBe(0);
  expect(out).toContain("remote 'office', updown: no script is run");
  expect(out).toContain("written: connection 'office'");
  expect(out).toContain('service swanctl stop');
  expect(readFileSync(file, 'utf8')).toContain("option psk 'correct horse battery'");
});

test('with --dry-run it shows the sections without their secrets', async () => {
  const { out } = await ikectl('import', theirs, '--dry-run');

  expect(out).toContain("config connection 'office'\n");
  expect(out).toContain("option psk '…'");
  expect(out).toContain('nothing is written yet');
  expect(readFileSync(file, 'utf8')).toBe("config service 'main'\n");
});

test('a second time it needs to be told', async () => {
  await ikectl('import', theirs);
  expect(await ikectl('import', theirs)).toMatchObject({
    code: 1,
    err: expect.stringContaining("connection 'office' already: --force replaces"),
  });
  expect((await ikectl('import', theirs, '--force')).code).toBe(0);
});

test('a file that is not there is named', async () => {
  const { code, err } = await ikectl('import', join(folder, 'none'));
  expect([code, err]).toEqual([2, expect.stringContaining(join(folder, 'none'))]);
});
