// openwrt/ikev2-ts/Makefile, run by make with a stand-in for the SDK's rules and a real cross compiler: it has to
// install what the ipk holds.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inCheckout } from '../lab/checkout.ts';
import { runNow } from '../lab/command.ts';
import { packageIn } from './dist.ts';
import { type IpkContent, readIpk } from './ipk-reader.ts';

const dir = mkdtempSync(join(tmpdir(), 'ikev2-sdk-'));
const root = join(dir, 'root');
let ipk: IpkContent;

beforeAll(() => {
  ipk = readIpk(packageIn('opkg', 'aarch64_generic', 'ikev2-ts'));
  make('default');
}, 300_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('installs the same files with the same modes and, the compiler’s work apart, the same bytes', () => {
  for (const [path, { kind, mode, data }] of ipk.files) {
    expect(`${path} ${(statSync(join(root, path)).mode & 0o7777).toString(8)}`).toBe(
      `${path} ${mode.toString(8)}`,
    );
    if (kind === 'directory' || path.endsWith('/libikev2esp.so')) continue;
    expect(`${path} ${readFileSync(join(root, path)).equals(data)}`).toBe(`${path} true`);
  }
});

test('installs nothing else', () => {
  const found = runNow(['find', root, '-mindepth', '1', '-printf', '/%P\n']).trim().split('\n');
  expect(found.sort()).toEqual([...ipk.files.keys()].sort());
});

test('has the same name, version, conffiles and script', () => {
  const [name, conffiles] = make('about').trim().split('\n');
  make(`${root}.postrm`);

  expect(name).toBe(`${ipk.control.get('Package')} ${ipk.control.get('Version')}`);
  expect(conffiles).toBe(ipk.conffiles.join(' '));
  expect(readFileSync(`${root}.postrm`, 'utf8')).toBe(ipk.scripts.get('postrm'));
});

function make(target: string): string {
  const sdk = [`TOPDIR=${inCheckout('test/package/sdk')}`, `DESTDIR=${root}`];
  const recipe = inCheckout('openwrt/ikev2-ts');
  return runNow(['make', '-s', '--no-print-directory', '-C', recipe, ...sdk, target], {
    limit: 280_000,
  });
}
