import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import * as z from 'zod/mini';
import { ip } from '../../../../src/base/ip.ts';
import { Feed } from '../../../../src/rpc/feed.ts';
import { callMethod } from '../../../../src/rpc/object.ts';
import { methods } from '../../../../src/rpc/table.ts';
import {
  openWebSocket,
  type WebSocketLimits,
  type WebSocketPort,
  webSocketLimits,
} from '../../../../src/rpc/ws/server.ts';
import { type FakeDaemon, fakeDaemon, note, phone } from '../fake-daemon.ts';
import { samples } from '../samples.ts';

const sid = 'a'.repeat(32);
/** May read, and listen. */
const guest = 'b'.repeat(32);

let daemon: FakeDaemon;
let feed: Feed;
let broken: unknown[];
let port: WebSocketPort;
const undo: (() => void | Promise<void>)[] = [];
beforeEach(() => {
  daemon = fakeDaemon();
  feed = new Feed({ daemon, after: () => () => {} });
  broken = [];
});
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
  expect(broken).toEqual([]);
});

async function open(limits: Partial<WebSocketLimits> = {}, tls?: { cert: string; key: string }) {
  const complain = (error: unknown): void => void broken.push(error);
  port = await openWebSocket({
    ...{ at: { ip: ip('127.0.0.1'), port: 0 }, methods, tls, broken: complain },
    limits: { ...webSocketLimits, ...limits },
    call: (name, params) => callMethod({ methods, daemon, broken: complain }, name, params),
    mayCall: async (session, name) =>
      session === sid ||
      (session === guest && (name === ':subscribe' || methods[name]?.access === 'read')),
    follow: (listener) => feed.follow(listener),
  });
  undo.push(() => port.close());
}

async function dial(options: object = {}, scheme = 'ws', where = '/ubus'): Promise<WebSocket> {
  const ws = new WebSocket(`${scheme}://127.0.0.1:${port.port}${where}`, options);
  undo.push(() => ws.terminate());
  await once(ws, 'open');
  return ws;
}
async function ask(ws: WebSocket, message: unknown): Promise<unknown> {
  const answered = once(ws, 'message');
  ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  return JSON.parse(`${(await answered)[0]}`);
}
const callOf = (name: string, session = sid) => ({
  ...{ jsonrpc: '2.0', id: 1, method: 'call' },
  params: [session, 'ikev2', name, samples[name] ?? {}],
});
const stillServes = async (options: object = {}): Promise<void> => {
  const ws = await dial(options);
  expect(await ask(ws, callOf('pools'))).toMatchObject({ result: [0, { pools: [{}] }] });
  ws.terminate();
};
/** Another address of this host. */
const elsewhere = { localAddress: '127.0.0.2' };
const closeCode = async (ws: WebSocket): Promise<number> => (await once(ws, 'close'))[0];
const gone = (socket: Socket): Promise<void> =>
  new Promise((done) => {
    socket.on('error', () => {});
    socket.on('close', () => done());
    socket.resume();
  });
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((go) => setTimeout(go, 1));
};

describe('on the WebSocket', () => {
  test('every method answers what its shape promises', async () => {
    await open({ burst: 1000 });
    daemon.happen(note('hello', 7));
    const ws = await dial();
    for (const [name, method] of Object.entries(methods)) {
      const answer = await ask(ws, callOf(name));
      const { result } = z.parse(z.object({ result: z.array(z.unknown()) }), answer);
      expect(result[0], name).toBe(0);
      expect(z.safeParse(method.result, result[1]).success, name).toBe(true);
    }
  });

  test('a session without the right is refused, whatever it asks for', async () => {
    await open({ burst: 1000 });
    const ws = await dial();
    for (const [name, { access }] of Object.entries(methods)) {
      const answer = await ask(ws, callOf(name, guest));
      if (access === 'read') expect(answer, name).toMatchObject({ result: [0, {}] });
      else expect(answer, name).toMatchObject({ error: { code: -32002 } });
      const stranger = await ask(ws, callOf(name, 'c'.repeat(32)));
      expect(stranger, name).toMatchObject({ error: { code: -32002 } });
    }
    expect(daemon.calls).toEqual([]);
  });

  test('events arrive, until the caller hangs up', async () => {
    await open();
    const ws = await dial();
    const subscribe = { jsonrpc: '2.0', id: 1, method: 'subscribe', params: [guest, 'ikev2'] };
    expect(await ask(ws, subscribe)).toMatchObject({ result: [0] });
    const heard = once(ws, 'message');
    daemon.happen({ kind: 'sa.moved', sa: phone.id, path: phone.path });
    expect(JSON.parse(`${(await heard)[0]}`)).toMatchObject({
      params: { object: 'ikev2', event: 'moved', data: { sa: 7 } },
    });
    ws.terminate();
    await until(() => daemon.followers.size === 0);
  });

  test('TLS and plain connections come in by the same port', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ikev2-ws-'));
    undo.push(() => rmSync(folder, { recursive: true }));
    const [key, cert] = ['key', 'cert'].map((name) => join(folder, name)) as [string, string];
    const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=r -days 1`;
    execFileSync('openssl', [...words.split(' '), '-keyout', key, '-out', cert], {
      stdio: 'ignore',
    });
    await open({}, { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') });
    const ws = await dial({ rejectUnauthorized: false }, 'wss');
    expect(await ask(ws, callOf('pools'))).toMatchObject({ result: [0, {}] });
    await stillServes();
  });
});

describe('is hung up on, and the service goes on', () => {
  test('a page from elsewhere', async () => {
    await open();
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.2']) {
      await expect(dial({ origin })).rejects.toThrow('403');
    }
    const ws = await dial({ origin: 'http://127.0.0.1:80' });
    expect(await ask(ws, callOf('pools'))).toMatchObject({ result: [0, {}] });
  });

  test('who asks for another path, or for a page', async () => {
    await open();
    await expect(dial({}, 'ws', '/other')).rejects.toThrow('404');
    const asked = request({ port: port.port, host: '127.0.0.1' }).end();
    expect((await once(asked, 'response'))[0].statusCode).toBe(426);
  });

  test('a frame that is too long', async () => {
    await open();
    const ws = await dial();
    ws.send('x'.repeat(64 * 1024 + 1));
    expect(await closeCode(ws)).toBe(1009);
    await stillServes();
  });

  test('a frame of bytes', async () => {
    await open();
    const ws = await dial();
    ws.send(Buffer.from([1, 2, 3]));
    expect(await closeCode(ws)).toBe(1003);
    await stillServes();
  });

  test('who asks too often', async () => {
    await open({ burst: 3, perSecond: 0.001 });
    const ws = await dial();
    for (let i = 0; i < 4; i++) ws.send(JSON.stringify(callOf('pools')));
    expect(await closeCode(ws)).toBe(1008);
    await stillServes(elsewhere);
  });

  // Whoever was hung up on called again, and had all his requests anew: a login took five seconds meanwhile.
  test('who asks too often without a session, and calls again', async () => {
    await open({ burst: 4, perSecond: 0.001 });
    for (const closed of [false, true]) {
      const ws = await dial();
      const isClosed = once(ws, 'close').then(() => true);
      const answer = ask(ws, callOf('pools', 'c'.repeat(32))).then(() => false);
      expect(await Promise.race([answer, isClosed])).toBe(closed);
      if (!closed) await ask(ws, callOf('pools', 'c'.repeat(32)));
      ws.terminate();
    }
    const refused = createConnection(port.port, '127.0.0.1');
    await gone(refused);
    await stillServes(elsewhere);
  });

  // A batch counted as one request, whatever was in it: thirty-two times as many questions as anybody may ask.
  test('who asks as often in a batch', async () => {
    await open({ burst: 3, perSecond: 0.001 });
    const ws = await dial();
    expect(await ask(ws, callOf('pools'))).toMatchObject({ result: [0, {}] });
    expect(await ask(ws, [callOf('pools'), callOf('pools')])).toMatchObject([{}, {}]);
    ws.send(JSON.stringify([callOf('terminate'), callOf('terminate')]));
    expect(await closeCode(ws)).toBe(1008);
    expect(daemon.calls).toEqual([]);
    await stillServes(elsewhere);
  });

  test.each([
    ['says nothing at all', ''],
    ['begins to speak HTTP', 'GET /ubus HTTP/1.1\r\nHost: x\r\n'],
    ['begins to speak TLS', '\x16\x03\x01'],
  ])('who %s', async (_, text) => {
    await open({ strangerMs: 30 });
    const socket = createConnection(port.port, '127.0.0.1');
    socket.write(text);
    await gone(socket);
    await until(() => port.callers === 0);
    await stillServes();
  });

  test('who shows no session, while who did may stay', async () => {
    await open({ strangerMs: 100 });
    const [known, stranger] = [await dial(), await dial()];
    expect(await ask(known, callOf('pools'))).toMatchObject({ result: [0, {}] });
    await ask(stranger, callOf('pools', 'c'.repeat(32)));
    await closeCode(stranger);
    expect(await ask(known, callOf('pools'))).toMatchObject({ result: [0, {}] });
  });

  test('who does not answer whether he is there', async () => {
    await open({ pingMs: 20 });
    const ws = await dial({ autoPong: false });
    await closeCode(ws);
    await until(() => port.callers === 0);
  });

  test('who asks nothing for too long', async () => {
    await open({ idleMs: 30 });
    expect(await closeCode(await dial())).toBe(1000);
  });

  test('who does not read what he subscribed to', async () => {
    await open({ mostUnread: 100_000 });
    const ws = await dial();
    await ask(ws, { jsonrpc: '2.0', id: 1, method: 'subscribe', params: [sid, 'ikev2'] });
    ws.pause();
    const heap = process.memoryUsage().heapUsed;
    for (let i = 0; i < 100_000 && daemon.followers.size > 0; i++) {
      daemon.happen({ kind: 'sa.moved', sa: phone.id, path: phone.path });
      if (i % 100 === 0) await new Promise(setImmediate);
    }
    expect(daemon.followers.size).toBe(0);
    expect(process.memoryUsage().heapUsed - heap).toBeLessThan(50e6);
    await stillServes();
  });

  test('a crowd of a thousand: so many as there is room for stay, and make room again', async () => {
    await open({ connections: 50, perAddress: 50, strangerMs: 500 });
    const sockets = Array.from({ length: 1000 }, () => createConnection(port.port, '127.0.0.1'));
    const ends = sockets.map(gone);
    await until(() => sockets.every((one) => one.destroyed || !one.connecting));
    expect(port.callers).toBeLessThanOrEqual(50);
    await Promise.all(ends);
    await until(() => port.callers === 0);
    await stillServes();
  });

  test('nobody, where a thousand listen at once: each hears, and the heap stays small', async () => {
    await open({ connections: 1100, perAddress: 1100, burst: 3000 });
    const heap = process.memoryUsage().heapUsed;
    const subscribe = { jsonrpc: '2.0', id: 1, method: 'subscribe', params: [sid, 'ikev2'] };
    const listeners: WebSocket[] = [];
    for (let i = 0; i < 1000; i++) {
      const ws = await dial();
      await ask(ws, subscribe);
      listeners.push(ws);
    }
    const heard = listeners.map((ws) => once(ws, 'message'));
    daemon.happen({ kind: 'sa.moved', sa: phone.id, path: phone.path });
    await Promise.all(heard);
    // Both ends of each are here.
    expect((process.memoryUsage().heapUsed - heap) / 1000).toBeLessThan(150_000);
    await stillServes();
  });

  test('one address alone, so that there is room for others', async () => {
    await open({ perAddress: 2 });
    await dial();
    await dial();
    await expect(dial()).rejects.toThrow();
    const other = createConnection({
      ...{ port: port.port, host: '127.0.0.1', localAddress: '127.0.0.9' },
    });
    other.write('GET /other HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(`${(await once(other, 'data'))[0]}`).toContain('426');
    other.destroy();
  });
});
