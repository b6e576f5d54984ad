// What an import does to a configuration that is there: nothing without a word, and nothing that breaks it.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfiguration } from '../../../../src/config/load.ts';
import { importDesk } from '../../../../src/daemon/desk/imports.ts';
import type { ImportRequest } from '../../../../src/rpc/importing.ts';

let folder: string;
let configFile: string;
let reloads: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ikev2-import-'));
  configFile = join(folder, 'ikev2');
  reloads = 0;
  writeFileSync(configFile, "# mine\nconfig service 'main'\n\toption enabled '0'\n");
});
afterEach(() => rmSync(folder, { recursive: true }));

const office = `
config remote 'office'
	option enabled '1'
	option gateway 'vpn.office.example'
	option pre_shared_key 'correct horse battery'
	option local_identifier 'home.example'
	list tunnel 'lan'
config tunnel 'lan'
	list local_subnet '192.168.1.0/24'
	list remote_subnet '192.168.2.0/24'
`;

const take = (content: string, how: Partial<ImportRequest> = {}) =>
  importDesk({
    configFile,
    now: () => new Date(),
    random: (bytes) => new Uint8Array(bytes),
    async configured() {
      reloads++;
      return undefined;
    },
    filesChanged: () => {},
  }).importStrongswan({ content, isTrial: false, force: false, ...how });
const text = (): string => readFileSync(configFile, 'utf8');

test('sections come behind those that are there, and the service uses them at once', async () => {
  const report = await take(office);

  expect(report).toMatchObject({ isWritten: true, sections: ["connection 'office'"] });
  expect(text()).toMatch(/^# mine\nconfig service 'main'\n\toption enabled '0'\n\nconfig conn/);
  expect(text()).toContain("\toption psk 'correct horse battery'\n");
  expect(loadConfiguration(text()).problems.filter(({ severity }) => severity === 'error')).toEqual(
    [],
  );
  expect(statSync(configFile).mode & 0o777).toBe(0o600);
  expect(reloads).toBe(1);
});

test('a dry run shows what would be written, but for secrets, and writes nothing', async () => {
  const before = text();

  const report = await take(office, { isTrial: true });

  expect(report.isWritten).toBe(false);
  expect(report.text).toContain("list remote_ts '192.168.2.0/24'");
  expect(report.text).toContain("option psk '…'");
  expect(JSON.stringify(report)).not.toContain('correct horse');
  expect(text()).toBe(before);
  expect(reloads).toBe(0);
});

test('what is there is replaced only when one says so', async () => {
  await take(office);
  const changed = office.replace('192.168.2.0', '192.168.5.0');
  const before = text();

  await expect(take(changed)).rejects.toThrow("has connection 'office' already: --force replaces");
  expect(text()).toBe(before);

  await take(changed, { force: true });
  expect(text()).toContain("list remote_ts '192.168.5.0/24'");
  expect(text()).not.toContain('192.168.2.0');
  expect(text()).toContain('# mine');
});

test('a connection that lacks something comes switched off, and the rest can be used', async () => {
  const lacking = office.replace('correct horse battery', '');

  const report = await take(`${lacking}${office.replaceAll(/'(office|lan)'/g, "'$1_two'")}`);

  expect(report.remarks).toContainEqual(
    expect.objectContaining({
      section: "connection 'office'",
      why: expect.stringMatching(/^switched off: /),
    }),
  );
  expect(loadConfiguration(text()).configuration?.policy.connections).toMatchObject([
    { name: 'office_two' },
  ]);
});

test('what is no configuration, or has nothing in it, changes nothing', async () => {
  const before = text();
  await expect(take("config remote 'a")).rejects.toThrow('it cannot be read: ');
  expect(await take('config ipsec\n')).toMatchObject({ isWritten: false, sections: [] });
  expect(text()).toBe(before);
});
