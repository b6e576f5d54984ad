import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { accessFile, completionScript, rpcPage } from '../../../src/rpc/document.ts';
import { methods } from '../../../src/rpc/table.ts';

const root = join(import.meta.dirname, '../../..');
const completion = 'openwrt/ikev2-ts/files/ikectl.bash';

test.each([
  ['docs/rpc.md', rpcPage],
  ['luci-app/root/usr/share/rpcd/acl.d/luci-app-ikev2.json', accessFile],
  [completion, completionScript],
])('%s is as `node cross/gen-docs.mjs` writes it', (file, written) => {
  expect(readFileSync(join(root, file), 'utf8')).toBe(written());
});

describe('the rights of the page', () => {
  const { read, write } = JSON.parse(accessFile())['luci-app-ikev2'];

  test('name every method once, and who may only read changes nothing', () => {
    const all = [...read.ubus.ikev2, ...write.ubus.ikev2];
    expect(all.sort()).toEqual([':subscribe', ...Object.keys(methods)].sort());
    for (const name of read.ubus.ikev2) {
      if (name !== ':subscribe') expect(methods[name]?.access, name).toBe('read');
    }
    expect(read.uci).toEqual({ firewall: ['read'] }); // in ikev2 and ddns there are secrets
  });
});

test('the page has every method with every parameter, and its default', () => {
  const page = rpcPage();
  for (const [name, { params }] of Object.entries(methods)) {
    const section = page.split(`\n## ${name}\n`)[1]?.split('\n## ')[0] ?? '';
    for (const parameter of Object.keys(params.shape))
      expect(section).toContain(`| \`${parameter}\` |`);
    expect(section).toMatch(/Result: `\w+`/);
  }
  expect(page).toContain('| `limit` | number | `100` |');
  expect(page).toContain('| `level` | `error`, `warn`, `info`, `debug` | `"debug"` |');
});

describe('bash completes', () => {
  const complete = (...words: string[]): string[] => {
    const script = `. ${join(root, completion)}; COMP_WORDS=(ikectl "$@"); COMP_CWORD=$#; _ikectl; echo "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' })
      .trim()
      .split(' ');
  };
  test('commands and methods', () => {
    expect(complete('sta')).toEqual(['status']);
    expect(complete('config_c')).toEqual(['config_check']);
  });
  test('options of a command', () => {
    expect(complete('counters', '--')).toEqual(['--json', '--all']);
    expect(complete('down', '--s')).toEqual(['--sa']);
  });
  test('nothing where there is no such command', () => {
    expect(complete('nonsense', '--')).toEqual(['']);
  });
});
