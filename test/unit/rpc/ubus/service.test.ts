import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { instant } from '../../../../src/base/time.ts';
import { Feed } from '../../../../src/rpc/feed.ts';
import { Rights } from '../../../../src/rpc/rights.ts';
import { methods } from '../../../../src/rpc/table.ts';
import { openUbus, type UbusConnection, UbusFailure } from '../../../../src/rpc/ubus/connection.ts';
import {
  type Message,
  MessageType,
  messageLength,
  readMessage,
  Status,
  writeMessage,
} from '../../../../src/rpc/ubus/message.ts';
import { UbusService } from '../../../../src/rpc/ubus/service.ts';
import { type FakeDaemon, fakeDaemon, note, phone } from '../fake-daemon.ts';
import { samples } from '../samples.ts';
import { Bus } from './bus.ts';

const sid = 'a'.repeat(32);
const stranger = 'b'.repeat(32);

let folder: string;
let path: string;
let daemon: FakeDaemon;
let bus: Bus;
let service: UbusService;
let told: string[];
let changes: number;
let broken: unknown[];
/** Timers that wait, and how long. */
let timers: { readonly ms: number; readonly run: () => void }[];
let feed: Feed;
const undo: (() => void | Promise<void>)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ikev2-ubus-'));
  path = join(folder, 'ubus.sock');
  [daemon, told, changes, timers, broken] = [fakeDaemon(), [], 0, [], []];
  bus = new Bus();
  await bus.listen(path);
  const after = (ms: number, run: () => void): (() => void) => {
    const timer = { ms, run };
    timers.push(timer);
    return () => {
      timers = timers.filter((one) => one !== timer);
    };
  };
  feed = new Feed({ daemon, after });
  service = new UbusService({
    ...{ path, methods, daemon, feed, after },
    rights: new Rights(
      (session, method) => service.access(session, method),
      () => instant(0),
    ),
    networkChanged: () => changes++,
    tell: (text) => told.push(text),
    broken: (error) => broken.push(error),
  });
});
afterEach(async () => {
  service.close();
  for (const step of undo.splice(0)) await step();
  await bus.kill().catch(() => {});
  rmSync(folder, { recursive: true, force: true });
  expect(broken).toEqual([]);
});

async function dial(): Promise<UbusConnection> {
  const connection = await openUbus({ path, closed: () => {} });
  undo.push(() => connection.close());
  return connection;
}

/** An rpcd: who has `sid` may call `status` and nothing else. */
async function startRpcd(): Promise<{ asked: number }> {
  const rpcd = await dial();
  const counter = { asked: 0 };
  await rpcd.add(
    'session',
    { access: {} },
    {
      async invoke({ data }) {
        counter.asked++;
        const { ubus_rpc_session: id, function: method, scope, object } = Object(data);
        if (id !== sid || scope !== 'ubus' || object !== 'ikev2')
          return { status: Status.NotFound };
        return { status: Status.Ok, data: { access: method === 'status' } };
      },
    },
  );
  return counter;
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise(setImmediate);
};
/** Lets the timer that waits run out. */
const ring = (): void => {
  const [next] = timers.splice(0, 1);
  next?.run();
};

test('all methods are on the bus, each with its arguments and their types', async () => {
  await service.start();
  expect(Object.keys(bus.signatureOf('ikev2') ?? {})).toEqual(Object.keys(methods));
  expect(bus.signatureOf('ikev2')).toMatchObject({
    status: {},
    terminate: { sa: 5, connection: 3, all: 7 },
    events: { sa: 5, level: 3, since: 5, limit: 5 },
    ca_create: { names: 1, force: 7 },
  });
  expect(told).toEqual(['object ikev2 is on the bus']);
});

test.each(Object.keys(methods))('%s answers over the bus what its shape promises', async (name) => {
  await service.start();
  daemon.happen(note('hello', 7));
  const result = await (await dial()).call('ikev2', name, samples[name] ?? {});
  const parsed = z.safeParse(methods[name]?.result ?? z.never(), result);
  expect(parsed.success ? [] : parsed.error.issues).toEqual([]);
});

test.each([
  ['terminate', { sa: 'x' }, Status.InvalidArgument],
  ['terminate', { nonsense: 1 }, Status.InvalidArgument],
  ['terminate', { sa: 99 }, Status.UnknownError],
  ['frobnicate', {}, Status.MethodNotFound],
  ['toString', {}, Status.MethodNotFound],
])('%s with %j ends with status %i', async (method, params, status) => {
  await service.start();
  const asked = (await dial()).call('ikev2', method, params);
  await expect(asked).rejects.toMatchObject({ name: 'UbusFailure', status });
});

test('a session without the right is refused, and rpcd is not asked again at once', async () => {
  await service.start();
  const counter = await startRpcd();
  const caller = await dial();
  const call = (method: string, session: string) =>
    caller.call('ikev2', method, { ...samples[method], ubus_rpc_session: session });
  expect(await call('status', sid)).toMatchObject({ version: '1.2.3' });
  const refused = { name: 'UbusFailure', status: Status.PermissionDenied };
  await expect(call('terminate', sid)).rejects.toMatchObject(refused);
  await expect(call('status', stranger)).rejects.toMatchObject(refused);
  await expect(call('status', 'no session')).rejects.toMatchObject(refused);
  expect(counter.asked).toBe(3);
  expect(await call('status', sid)).toMatchObject({ version: '1.2.3' });
  expect(counter.asked).toBe(3);
  expect(daemon.calls).toEqual([]);
});

test.each(Object.keys(methods))('%s is refused to a session without the right', async (name) => {
  await service.start();
  await startRpcd();
  const caller = await dial();
  const refused = { name: 'UbusFailure', status: Status.PermissionDenied };
  const sessions = name === 'status' ? [stranger] : [sid, stranger];
  for (const ubus_rpc_session of sessions) {
    const asked = caller.call('ikev2', name, { ...samples[name], ubus_rpc_session });
    await expect(asked).rejects.toMatchObject(refused);
  }
  expect(daemon.calls).toEqual([]);
});

test('nobody gets in where rpcd says nothing', async () => {
  await service.start();
  const asked = (await dial()).call('ikev2', 'status', { ubus_rpc_session: sid });
  await expect(asked).rejects.toMatchObject({ status: Status.PermissionDenied });
});

test('listeners hear events and samples, which are made only for them', async () => {
  await service.start();
  expect(daemon.followers.size).toBe(0);
  expect(timers).toEqual([]);
  const heard: Message[] = [];
  const { object } = await listener(heard);
  await until(() => daemon.followers.size === 1);
  daemon.happen({ kind: 'sa.closed', sa: phone.id, ...closed });
  ring();
  await until(() => heard.length === 2);
  expect(heard.map(({ attributes }) => attributes)).toMatchObject([
    { object, method: 'ike-down', data: { kind: 'sa.closed', sa: 7, level: 'info' } },
    { object, method: 'sample', data: { sas: [{ id: 7, rxBytes: 1500, txBytes: 2000 }] } },
  ]);
  for (const step of undo.splice(0)) await step();
  await until(() => daemon.followers.size === 0);
  expect(timers).toEqual([]);
});

test('when ubusd is killed and comes back, so does the object, and listeners hear again', async () => {
  await service.start();
  await listener([]);
  await until(() => daemon.followers.size === 1);
  await bus.kill();
  await until(() => timers.some(({ ms }) => ms === 1000));
  expect(service.isConnected).toBe(false);
  expect(daemon.followers.size).toBe(0);
  expect(told.at(-1)).toMatch(/^no bus at .*: ubusd hung up$/);
  ring(); // nobody is there yet
  await until(() => timers.length > 0);
  bus = new Bus();
  rmSync(path, { force: true });
  await bus.listen(path);
  ring();
  await until(() => service.isConnected);
  expect(changes).toBe(1); // what netifd said meanwhile, nobody heard
  expect(told.filter((text) => text.startsWith('no bus'))).toHaveLength(1);
  expect(await (await dial()).call('ikev2', 'pools', {})).toMatchObject({ pools: [{}] });
});

test('waits ever longer for a ubusd that is not there, and complains once', async () => {
  await bus.kill();
  const waits: (number | undefined)[] = [];
  await service.start();
  for (let i = 0; i < 7; i++) {
    waits.push(timers[0]?.ms);
    ring();
    await until(() => timers.length > 0);
  }
  expect(waits).toEqual([1000, 1000, 2000, 5000, 10_000, 30_000, 30_000]);
  expect(told).toHaveLength(1);
});

test('does not take the place of an object that has the name', async () => {
  const first = await dial();
  await first.add('ikev2', {}, { invoke: async () => ({ status: Status.Ok }) });
  await service.start();
  expect(service.isConnected).toBe(false);
  expect(told).toEqual([`no bus at ${path}: add ikev2: status ${Status.InvalidArgument}`]);
});

test('netifd says that an interface came or went', async () => {
  await service.start();
  const netifd = await dial();
  await netifd.send('network.interface', { action: 'ifdown', interface: 'wan' });
  await netifd.send('network.interface', { action: 'ifup', interface: 'wan' });
  await netifd.send('network.other', {});
  await until(() => changes === 2);
  await netifd.call('ikev2', 'pools', {});
  expect(changes).toBe(2);
});

test('events of netifd in bad order, doubled or senseless each mean one more look, and nothing else', async () => {
  await service.start();
  const netifd = await dial();
  const events = [
    { action: 'ifup', interface: 'wan' }, // up before it was down
    { action: 'ifup', interface: 'wan' },
    { action: 'ifdown', interface: 'wan' },
    { action: 'ifupdate', interface: 'nobody' },
    { action: 'ifdown' },
    { interface: ['wan'], action: { down: true } },
    {},
    { action: 'x'.repeat(100_000) },
  ];
  for (const event of events) await netifd.send('network.interface', event);

  await until(() => changes === events.length);
  await netifd.call('ikev2', 'pools', {});
  expect(changes).toBe(events.length);
});

test('an answer longer than a message may be is a status, and the object stays', async () => {
  await service.start();
  const caller = await dial();
  const huge = { ...phone, peer: 'x'.repeat(2 ** 20) };
  Object.assign(daemon, { snapshot: () => ({ sas: [huge], counters: {} }) });
  await expect(caller.call('ikev2', 'sas', {})).rejects.toThrow(UbusFailure);
  expect(await caller.call('ikev2', 'pools', {})).toMatchObject({ pools: [{}] });
});

const closed = {
  ...{ connection: 'phones', peer: 'anna', path: phone.path, why: 'gone' },
  cause: 'timeout',
} as const;

/** Subscribes with a socket of its own. */
async function listener(heard: Message[]): Promise<{ object: number }> {
  const socket = createConnection(path);
  undo.push(() => void socket.destroy());
  const say = (type: number, attributes: Message['attributes']) =>
    socket.write(writeMessage({ type, sequence: 1, peer: 0, attributes }));
  let unread = Buffer.alloc(0);
  let object = 0;
  socket.on('data', (chunk) => {
    unread = Buffer.concat([unread, chunk]);
    for (let n = messageLength(unread); n && n <= unread.length; n = messageLength(unread)) {
      const message = readMessage(unread.subarray(0, n));
      unread = unread.subarray(n);
      if (message.type === MessageType.Hello) say(MessageType.Lookup, { path: 'ikev2' });
      if (message.type === MessageType.Data) {
        object = message.attributes.object ?? 0;
        say(MessageType.Subscribe, { object });
      }
      if (message.type === MessageType.Invoke) heard.push(message);
    }
  });
  await until(() => object !== 0);
  return { object };
}
