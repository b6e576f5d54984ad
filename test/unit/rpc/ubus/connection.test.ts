import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fromHex } from '../../../../src/base/bytes.ts';
import { openUbus, UbusFailure } from '../../../../src/rpc/ubus/connection.ts';
import { Status } from '../../../../src/rpc/ubus/message.ts';
import { Replay } from './transcript.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ikev2-ubus-'));
  path = join(folder, 'ubus.sock');
});
afterEach(() => rmSync(folder, { recursive: true }));

const status = async (asked: Promise<unknown>): Promise<number> => {
  const failure: unknown = await asked.then(
    () => undefined,
    (error) => error,
  );
  return failure instanceof UbusFailure ? failure.status : Status.Ok;
};

test('says, byte for byte, what was said to a real ubusd', async () => {
  const replay = new Replay();
  await replay.listen(path);
  const closed: (string | undefined)[] = [];
  const ubus = await openUbus({ path, closed: (why) => closed.push(why) });
  const listened: boolean[] = [];
  const signature = { status: {}, terminate: { name: 3, force: 7 } };

  const object = await ubus.add('ikev2', signature, {
    async invoke({ method, data }) {
      if (method === 'status') return { status: Status.Ok, data: running };
      if (method !== 'terminate') return { status: Status.MethodNotFound };
      if (!('name' in data)) return { status: Status.InvalidArgument };
      return { status: Status.Ok, data: { terminated: data.name } };
    },
    active: (isActive) => listened.push(isActive),
  });
  expect(object).toBe(0xe99f1206);
  expect(await status(ubus.add('ikev2', {}, { invoke: async () => ({ status: 0 }) }))).toBe(2);
  expect(await status(ubus.call('nosuch', 'x', {}))).toBe(Status.NotFound);
  const login = { username: 'root', password: 'secret', timeout: 60 };
  const session: object = await ubus.call('session', 'login', login);
  const sid = 'ubus_rpc_session' in session ? session.ubus_rpc_session : '';
  const question = (id: unknown) => ({
    ...{ ubus_rpc_session: id, scope: 'ubus', object: 'ikev2', function: 'status' },
  });
  expect(await ubus.call('session', 'access', question(sid))).toEqual({ access: false });
  const nobody = question('00000000000000000000000000000001');
  expect(await status(ubus.call('session', 'access', nobody))).toBe(Status.NotFound);
  expect(await ubus.call('network.interface', 'dump', {})).toMatchObject({
    interface: [{ interface: 'lan' }, {}, {}],
  });
  await ubus.send('ikev2.sa', { id: 1, state: 'up' });
  let n = 0;
  const notify = (times: number): void => {
    for (let i = 0; i < times; i++) ubus.notify(object, 'sa', { n: n++, up: true });
  };
  // How many were told before each of the calls that came in between.
  for (const [before, times] of [
    [33, 3],
    [42, 1],
    [45, 1],
    [49, 5],
    [55, 2],
  ] as const) {
    await replay.reached(before);
    notify(times);
  }
  await replay.reached(57);

  expect(replay.complaint).toBe(undefined);
  expect(listened).toEqual([true, false]);
  ubus.close();
  expect(closed).toEqual([undefined]);
  replay.close();
});

const running = {
  ...{ running: true, version: '0.0.1', uptime: 12, bytes: 5_000_000_000, ratio: 1.5 },
  sas: [{ name: 'road', state: 'ESTABLISHED' }],
};

test.each([
  ['nothing', ''],
  ['garbage', 'ffffffffffffffffffffffffffffffff'],
  ['a message that never ends', '00000000ab39961900200000'],
])('does not take %s for a greeting', async (_, hex) => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(fromHex(hex));
  });
  server.listen(path);
  await once(server, 'listening');
  const closed: unknown[] = [];
  const opening = openUbus({ path, closed: (why) => closed.push(why), timeoutMs: 50 });
  await expect(opening).rejects.toThrow(UbusFailure);
  expect(closed).toEqual([]);
  server.close();
});

test('answers of a request end when ubusd does', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(fromHex('00000000ab39961900000004'));
    socket.on('data', () => socket.destroy());
  });
  server.listen(path);
  await once(server, 'listening');
  const closed: unknown[] = [];
  const ubus = await openUbus({ path, closed: (why) => closed.push(why) });
  expect(await status(ubus.call('session', 'list', {}))).toBe(Status.ConnectionFailed);
  expect(await status(ubus.call('session', 'list', {}))).toBe(Status.ConnectionFailed);
  expect(closed).toEqual(['ubusd hung up']);
  server.close();
});
