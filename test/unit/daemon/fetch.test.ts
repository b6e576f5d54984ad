import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { fetcher } from '../../../src/daemon/fetch.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** @returns the address of a server on the loopback */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function fetched(
  url: string,
  { isOwners = true, body }: { isOwners?: boolean; body?: Uint8Array } = {},
) {
  const complaints: string[] = [];
  const fetch = fetcher({ complain: (_, why) => complaints.push(why), timeout: 300 });
  const bytes = await fetch({ url, isOwners, ...(body ? { body } : {}) });
  return bytes ? Buffer.from(bytes).toString() : complaints.join();
}

test('gets a list, and posts a request', async () => {
  const host = await serve((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const { method, url, headers } = request;
      const type = headers['content-type'] ?? '';
      response.end(`${method} ${url} ${headers.host} ${type} ${Buffer.concat(parts)}`);
    });
  });
  expect(await fetched(`http://${host}/a?b`)).toBe(`GET /a?b ${host}  `);
  expect(await fetched(`http://${host}/`, { body: Buffer.from('x') })).toBe(
    `POST / ${host} application/ocsp-request x`,
  );
});

describe('what a certificate names', () => {
  test.each([
    ['127.0.0.1'],
    ['localhost'],
    ['10.1.2.3'],
    ['192.168.1.1'],
    ['169.254.169.254'],
    ['100.64.0.1'],
    ['0.0.0.0'],
    ['[::1]'],
    ['[::]'],
    ['[fd00::1]'],
    ['[fe80::1]'],
    ['[::ffff:127.0.0.1]'],
    ['[64:ff9b::7f00:1]'],
    ['0x7f.1'],
    ['2130706433'],
  ])('does not lead to %s', async (host) => {
    const url = `http://${host}:1/`;
    expect(await fetched(url, { isOwners: false })).toContain('private network');
  });
});

test.each([
  ['a redirection', 302, 'the server answers 302'],
  ['an error', 500, 'the server answers 500'],
])('does not follow %s', async (_, status, why) => {
  const host = await serve((_request, response) => {
    response.writeHead(status, { Location: 'http://127.0.0.1/' }).end('text');
  });
  expect(await fetched(`http://${host}/`)).toBe(why);
});

test('gives up on a server that is silent, slow, or endless', async () => {
  const silent = await serve(() => {});
  expect(await fetched(`http://${silent}/`)).toBe('no answer in time');
  const slow = await serve((_request, response) => response.write('a'));
  expect(await fetched(`http://${slow}/`)).toBe('no answer in time');
  const endless = await serve((_request, response) => {
    const more = (): boolean => response.write(Buffer.alloc(65_536)) && more();
    response.on('drain', more);
    more();
  });
  expect(await fetched(`http://${endless}/`)).toMatch(/too large|in time/);
});

test.each([['https://a.example/'], ['file:///etc/passwd'], ['ldap://x/'], ['nonsense']])(
  'does not fetch %s',
  async (url) => {
    expect(await fetched(url)).toMatch(/no http address|Invalid URL/);
  },
);
