// `ikectl cert` where no daemon runs: the whole life of certificates, from nothing to a file on a phone.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deskWithoutDaemon } from '../../../src/daemon/desk/alone.ts';
import { runTool } from '../../../src/rpc/cli/run.ts';
import { methods } from '../../../src/rpc/table.ts';
import { hasOpenssl, openssl } from '../../lab/openssl.ts';

const folder = mkdtempSync(join(tmpdir(), 'ikev2-cert-'));
afterAll(() => rmSync(folder, { recursive: true }));
const inFolder = (name: string) => join(folder, name);

async function ikectl(...args: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runTool(['--config', inFolder('ikev2'), '--run-dir', folder, ...args], {
    version: '0',
    methods,
    withoutDaemon: async (config) => deskWithoutDaemon(config),
    terminal: { out: (line) => out.push(line), err: (line) => err.push(line) },
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

let made: Awaited<ReturnType<typeof ikectl>>;
beforeAll(async () => {
  writeFileSync(inFolder('ikev2'), `config service 'main'\n\toption folder '${inFolder('own')}'\n`);
  made = await ikectl('cert', 'init', '--name', 'vpn.example.org', '--address', '203.0.113.7');
});

test('init says what was made and what to do next', () => {
  expect(made).toMatchObject({ code: 0, err: '' });
  expect(made.out).toMatch(/^Made the home CA O=Home VPN, CN=vpn.example.org CA [0-9a-f]{8}: /);
  expect(made.out).toContain('gateway for vpn.example.org, 203.0.113.7');
  expect(made.out).toContain('\nNext:\n- Keep a copy of ');
});

test('init a second time is refused and says what to do instead', async () => {
  const again = await ikectl('cert', 'init', '--name', 'vpn.example.org');

  expect(again).toMatchObject({ code: 1, err: expect.stringContaining('--force') });
});

test('issue writes a file that its passphrase opens, and never over another', async () => {
  const file = inFolder('anna.p12');
  const args = ['cert', 'issue', '--name', 'anna-iphone', '--owner', 'anna', '--out', file];

  const { code, out } = await ikectl(...args);

  expect(code).toBe(0);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const passphrase = /passphrase: (\S+)/.exec(out)?.[1] ?? '';
  const read = (secret: string) =>
    openssl({ p: readFileSync(file) }, 'pkcs12', '-in', 'p', '-passin', `pass:${secret}`, '-nodes');
  if (hasOpenssl) {
    expect(`${read(passphrase)}`).toContain('CN = anna-iphone');
    expect(read('another')).toBeUndefined();
  }
  const [name] = args.slice(-1);
  expect(await ikectl('cert', 'issue', '--name', 'bert', '--out', name ?? '')).toMatchObject({
    code: 2,
    err: expect.stringContaining('is there already'),
  });
  expect((await ikectl('cert', 'list')).out).not.toContain('bert');
});

test('list and show tell names, days left and who was revoked', async () => {
  await ikectl(
    'cert',
    'issue',
    '--name',
    'carl',
    '--form',
    'modern',
    '--out',
    inFolder('carl.p12'),
  );

  expect(await ikectl('cert', 'revoke', 'carl')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^revoked carl \(serial number [0-9a-f]{32}\)/),
  });

  const { out } = await ikectl('cert', 'list');
  expect(out).toMatch(/^authority {2}home .* 365\d d /m);
  expect(out).toMatch(/^gateway +gateway +CN=vpn.example.org .* 79\d d /m);
  expect(out).toMatch(/^device +carl .* revoked \d{4}-/m);
  expect((await ikectl('cert', 'show', 'gateway')).out).toMatch(
    /^kind {5}gateway, issued here\n[\s\S]*^names {4}vpn.example.org, 203.0.113.7$/m,
  );
});

test('renew, import and export do what they say', async () => {
  expect((await ikectl('cert', 'renew', '--name', 'new.example.org')).out).toMatch(
    /^gateway: for new.example.org, until /,
  );
  const pem = (await ikectl('cert', 'export')).out;
  expect(pem).toMatch(/^-----BEGIN CERTIFICATE-----/);
  expect(await ikectl('cert', 'export', '--der', '--out', inFolder('ca.der'))).toMatchObject({
    code: 0,
  });
  expect(readFileSync(inFolder('ca.der')).toString('base64')).toBe(
    pem.replaceAll(/-----[A-Z ]+-----|\n/g, ''),
  );
  const gateway = inFolder('own/gateway.pem');
  expect((await ikectl('cert', 'import', '--name', 'copy', gateway)).out).toMatch(
    /^copy: CN=new.example.org, until /,
  );
});

test.each([
  [['cert', 'init']],
  [['cert', 'issue']],
  [['cert', 'dance']],
  [['cert', 'show']],
  [['cert', 'show', 'nobody']],
  [['cert', 'revoke']],
  [['cert', 'import', '--name', 'x']],
  [['cert', 'import', '--name', 'x', '/nonexistent/file']],
])('%j is answered with what is missing', async (args) => {
  const { code, err } = await ikectl(...args);

  expect(code).toBe(2);
  expect(err).toMatch(/^ikectl: /);
});

test('the methods are commands too, and others still want a daemon', async () => {
  expect((await ikectl('certificates')).out).toContain('"kind": "authority"');
  expect(await ikectl('ca_create', '--names', 'a.example,b.example')).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is a home CA already'),
  });
  expect(await ikectl('status')).toMatchObject({ code: 3 });
});

test('key show makes the key of the router once, and prints the line to paste', async () => {
  const first = await ikectl('key', 'show');
  const second = await ikectl('key');

  const line = /^list remote_key '([A-Za-z0-9+/=]{60})'$/m.exec(first.out)?.[1] ?? '';
  expect(first.out).toContain('router.key: keep a copy of it');
  expect(second.out).toContain(line);
  expect(second.out).not.toContain('router.key');
  expect(statSync(join(inFolder('own'), 'router.key')).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(inFolder('own'), 'router.key'), 'utf8')).toContain('PRIVATE KEY');
});
