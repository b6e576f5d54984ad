import { expect, test } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { followRedirect } from '../../../src/daemon/follow-redirect.ts';
import type { Input } from '../../../src/ike/core.ts';
import { Log } from '../../../src/trace/log.ts';

async function follow(to: string) {
  const given: Input[] = [];
  const lines: string[] = [];
  const log = new Log((line) => void lines.push(line), 'debug');
  const from = ip('192.0.2.1');
  const effect = { kind: 'redirect', connection: 'home', to, from, instead: undefined } as const;
  await followRedirect(effect, 500, { give: (input) => given.push(input), log });
  return { given, lines };
}

test('an address that a gateway names is dialled from our address on the way there', async () => {
  const { given } = await follow('127.0.0.1');
  expect(given).toMatchObject([
    {
      command: {
        kind: 'initiate',
        connection: 'home',
        path: { local: { ip: '127.0.0.1', port: 500 }, remote: { ip: '127.0.0.1', port: 500 } },
        redirected: { from: '192.0.2.1' },
      },
    },
  ]);
});

test('a name that leads nowhere is told, and nothing dialled', async () => {
  const { given, lines } = await follow('nowhere.invalid');
  expect(given).toEqual([]);
  expect(lines.join()).toContain("connection 'home' was sent to nowhere.invalid");
});
