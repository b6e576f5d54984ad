// `ikectl user` and `ikectl device` where no daemon runs: what stands in the configuration afterwards.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { fromText, toHex } from '../../../src/base/bytes.ts';
import { loadConfiguration } from '../../../src/config/load.ts';
import { ntHash } from '../../../src/crypto/nt-hash.ts';
import { deskWithoutDaemon } from '../../../src/daemon/desk/alone.ts';
import { runTool } from '../../../src/rpc/cli/run.ts';
import { methods } from '../../../src/rpc/table.ts';

const folder = mkdtempSync(join(tmpdir(), 'ikev2-user-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'ikev2');
const secretFile = join(folder, 'secret');

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

const config = () => readFileSync(file, 'utf8');
const accounts = () => loadConfiguration(config()).configuration?.accounts ?? [];
const hashes = () =>
  Object.fromEntries(accounts().map(({ name, ntHash: hash }) => [name, hash && toHex(hash.bytes)]));
const hashOf = (password: string) => toHex(ntHash(fromText(password)));

beforeEach(() => {
  rmSync(join(folder, 'own'), { recursive: true, force: true });
  writeFileSync(
    file,
    `# mine\nconfig service 'main'\n\toption folder '${join(folder, 'own')}'\n\nconfig pool 'anna'\n\tlist range '10.3.0.0/24'\n`,
  );
  writeFileSync(secretFile, 'correct horse\nsecond line\n');
});

describe('user', () => {
  test('add makes a password, tells it once, and keeps its hash alone', async () => {
    const { code, out } = await ikectl('user', 'add', 'anna@home.example');

    expect(code).toBe(0);
    const password = /password: (\S+)/.exec(out)?.[1] ?? '';
    expect(password.length).toBeGreaterThan(20);
    expect(hashes()).toEqual({ 'anna@home.example': hashOf(password) });
    expect(config()).toContain('# mine\n');
    expect(config()).not.toContain(password);
  });

  test('add takes the first line of a file as the password, and says nothing of it', async () => {
    const { out } = await ikectl('user', 'add', 'bob', '--password-file', secretFile);

    expect(out).toBe('bob is added');
    expect(hashes()).toEqual({ bob: hashOf('correct horse') });
    expect(config()).not.toContain('correct horse');
  });

  test('add gives the section a name that no other section has', async () => {
    await ikectl('user', 'add', 'anna');

    expect(accounts()).toMatchObject([{ name: 'anna', section: 'anna_2' }]);
  });

  test('set changes what is said and leaves the rest', async () => {
    await ikectl('user', 'add', 'bob', '--password-file', secretFile, '--max-devices', '2');

    await ikectl('user', 'set', 'BOB', '--expires', '2035-05-01', '--address', '10.3.0.9');

    expect(accounts()).toMatchObject([
      { name: 'bob', maxDevices: 2, addresses: ['10.3.0.9'], expires: Date.UTC(2035, 4, 2) - 1 },
    ]);
    expect(hashes()).toEqual({ bob: hashOf('correct horse') });
    await ikectl('user', 'set', 'bob', '--expires', 'none', '--address', 'none');
    await ikectl('user', 'set', 'bob', '--max-devices', 'none');
    expect(accounts()).toMatchObject([
      { maxDevices: undefined, addresses: [], expires: undefined },
    ]);
  });

  test('disable and enable turn the account off and on', async () => {
    await ikectl('user', 'add', 'bob');

    await ikectl('user', 'disable', 'bob');
    expect(accounts()).toMatchObject([{ enabled: false }]);
    expect((await ikectl('user', 'list')).out).toMatch(/bob +no +ever +all/);
    await ikectl('user', 'enable', 'bob');
    expect(accounts()).toMatchObject([{ enabled: true }]);
  });

  test('delete takes the section out, and the devices with it', async () => {
    await ikectl('user', 'add', 'bob');
    const before = config();
    await ikectl('user', 'add', 'eve');
    await ikectl('device', 'add', 'eves-phone', '--owner', 'eve');

    const { out } = await ikectl('user', 'delete', 'eve');

    expect(out).toContain('eves-phone');
    expect(config().trimEnd()).toBe(before.trimEnd());
  });

  // «cert issue --owner» leaves no record of a device: its certificate came in on after «user delete» had said «out».
  test('delete revokes every certificate of the user, whichever way it was made', async () => {
    await ikectl('cert', 'init', '--name', 'vpn.example.org');
    await ikectl('user', 'add', 'eve');
    const out = (name: string) => ['--out', join(folder, 'own', `${name}.p12`)];
    await ikectl('device', 'add', 'eves-phone', '--owner', 'eve', '--certificate', ...out('phone'));
    await ikectl('cert', 'issue', '--name', 'eves-pad', '--owner', 'eve', ...out('pad'));
    await ikectl('cert', 'issue', '--name', 'bobs-pad', '--owner', 'bob', ...out('bob'));

    const deleted = await ikectl('user', 'delete', 'eve');

    expect(deleted.out).toMatch(/eves-phone.*eves-pad/s);
    const list = (await ikectl('cert', 'list')).out;
    expect(list).toMatch(/eves-phone.*revoked/);
    expect(list).toMatch(/eves-pad.*revoked/);
    expect(list).not.toMatch(/bobs-pad.*revoked/);
    expect((await ikectl('cert', 'revoke', 'eves-pad')).err).toContain('revoked already');
  });

  test.each([
    [['user', 'add', 'a*b'], /user name/],
    [['user', 'add', 'bob', '--expires', 'tomorrow'], /neither a day nor a time/],
    [['user', 'add', 'bob', '--connection', 'phones'], /no section connection/],
    [['user', 'add', 'bob', '--address', '10.3.0'], /address/],
    [['user', 'set', 'nobody', '--generate'], /no user 'nobody'/],
    [['user', 'delete', 'nobody'], /no user 'nobody'/],
    [['device', 'add', 'x', '--owner', 'nobody'], /no user 'nobody'/],
    [['device', 'revoke', 'nobody'], /no device 'nobody'/],
  ])('%j is refused, and nothing is written', async (args, why) => {
    const before = config();

    const { code, err } = await ikectl(...args);

    expect(code).toBe(1);
    expect(err).toMatch(why);
    expect(config()).toBe(before);
  });

  test('a password among the words of the command is not taken', async () => {
    const { code, err } = await ikectl('user', 'add', 'bob', '--password', 'secret');

    expect(code).toBe(2);
    expect(err).not.toContain('secret');
  });
});

describe('device', () => {
  test('add makes a password for each, as many as the owner may have', async () => {
    await ikectl('user', 'add', 'anna', '--max-devices', '2');

    const one = await ikectl('device', 'add', 'anna-iphone', '--owner', 'Anna');
    await ikectl('device', 'add', 'anna-laptop', '--owner', 'anna');
    const third = await ikectl('device', 'add', 'anna-tablet', '--owner', 'anna');

    const password = /password: +(\S+)/.exec(one.out)?.[1] ?? '';
    expect(hashes()['anna-iphone']).toBe(hashOf(password));
    expect(third).toMatchObject({ code: 1, err: expect.stringContaining('revoke one') });
    expect(accounts().slice(1)).toMatchObject([
      { kind: 'device', name: 'anna-iphone', owner: 'anna' },
      { kind: 'device', name: 'anna-laptop', owner: 'anna' },
    ]);
  });

  test('revoke keeps the record without its password, makes room, and frees the name', async () => {
    await ikectl('user', 'add', 'anna', '--max-devices', '1');
    await ikectl('device', 'add', 'anna-iphone', '--owner', 'anna');

    const { code } = await ikectl('device', 'revoke', 'anna-iphone');

    expect(code).toBe(0);
    expect(hashes()['anna-iphone']).toBeUndefined();
    expect((await ikectl('device', 'list')).out).toMatch(/anna-iphone .* no: .*was revoked on/);
    expect((await ikectl('device', 'revoke', 'anna-iphone')).err).toContain('revoked already');
    expect((await ikectl('device', 'add', 'anna-iphone', '--owner', 'anna')).code).toBe(0);
    expect(hashes()['anna-iphone']).toBeDefined();
  });

  test('add with a certificate notes its serial number; revoke revokes that too', async () => {
    await ikectl('cert', 'init', '--name', 'vpn.example.org');

    const out = join(folder, 'tablet.p12');
    const made = await ikectl('device', 'add', 'tablet', '--certificate', '--out', out);

    expect(made.out).toMatch(/passphrase: \S+/);
    const [device] = accounts();
    expect(device).toMatchObject({ name: 'tablet', ntHash: undefined });
    const listed = JSON.parse((await ikectl('cert', 'list', '--json')).out).certificates;
    const own = listed.find(({ name }: { name: string }) => name === 'tablet');
    expect(own).toMatchObject({ serial: device?.certificate });
    await ikectl('device', 'revoke', 'tablet');
    expect((await ikectl('cert', 'list')).out).toMatch(/tablet .* revoked /);
  });
});
