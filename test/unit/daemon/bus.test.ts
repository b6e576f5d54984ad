import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { gather } from '../../../src/daemon/gather.ts';
import { startService } from '../../../src/daemon/service.ts';
import { openUbus } from '../../../src/rpc/ubus/connection.ts';
import { Log } from '../../../src/trace/log.ts';
import { Bus } from '../rpc/ubus/bus.ts';
import { Cable, gatewayConfig, Home, quietTools } from './place.ts';

const undo: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

test('without a bus the WebSocket takes the token of the log, and nothing else', async () => {
  const home = new Home(gatewayConfig.replace("'none'", "'127.0.0.1:18500'"));
  undo.push(() => home.remove());
  const { lines, service } = await start(home, join(home.folder, 'nothing.sock'));
  undo.push(() => service.stop());
  const find = () =>
    [lines.join('\n')].map((line) =>
      /WebSocket on (\S+)[\s\S]* session of the WebSocket is (\w+)/.exec(line),
    );
  await until(() => find().some((match) => match !== null));
  const [, where, token] = find().find((match) => match !== null) ?? [];
  const ask = async (session: string | undefined): Promise<unknown> => {
    const ws = new WebSocket(`ws://${where}/ubus`);
    await once(ws, 'open');
    const answered = once(ws, 'message');
    const params = [session, 'ikev2', 'status', {}];
    ws.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'call', params }));
    const [text] = await answered;
    ws.terminate();
    return JSON.parse(`${text}`);
  };
  expect(await ask(token)).toMatchObject({ result: [0, { connections: ['phones'] }] });
  expect(await ask('a'.repeat(32))).toMatchObject({ error: { code: -32002 } });
});

test('a WebSocket that cannot be had costs a warning', async () => {
  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  undo.push(() => void taken.close());
  const { port } = taken.address() as AddressInfo;
  const home = new Home(gatewayConfig.replace("'none'", `'127.0.0.1:${port}'`));
  undo.push(() => home.remove());
  const { lines, service } = await start(home, join(home.folder, 'nothing.sock'));
  undo.push(() => service.stop());
  await until(() => lines.some((line) => line.includes(`no WebSocket on 127.0.0.1:${port}`)));
});

test('a ubusd that accepts and says nothing keeps no service from stopping', async () => {
  const home = new Home(gatewayConfig);
  undo.push(() => home.remove());
  const path = join(home.folder, 'ubus.sock');
  const gone: Promise<unknown>[] = [];
  const silent = createServer((socket) => gone.push(once(socket.resume(), 'close')));
  silent.listen(path);
  await once(silent, 'listening');
  undo.push(() => void silent.close());
  const { service } = await start(home, path);
  await until(() => gone.length === 1);
  await service.stop();
  await Promise.all(gone);
});

test('a service stands on the bus of its router, and leaves it when it stops', async () => {
  const home = new Home(gatewayConfig);
  undo.push(() => home.remove());
  const ubusSocket = join(home.folder, 'ubus.sock');
  const bus = new Bus();
  await bus.listen(ubusSocket);
  undo.push(() => bus.kill());
  const { lines, service } = await start(home, ubusSocket);
  await until(() => lines.some((line) => line.includes('object ikev2 is on the bus')));
  const caller = await openUbus({ path: ubusSocket, closed: () => {} });
  expect(await caller.call('ikev2', 'status', {})).toMatchObject({ connections: ['phones'] });
  await service.stop();
  await until(() => !bus.paths.includes('ikev2'));
  caller.close();
  rmSync(ubusSocket, { force: true });
});

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise(setImmediate);
};

async function start({ configFile, runDir }: Home, ubusSocket: string) {
  const lines: string[] = [];
  const { gathered } = gather(configFile);
  if (!gathered) throw new Error('the configuration is broken');
  const service = await startService(gathered, {
    ...{ configFile, runDir, tools: quietTools, ubusSocket },
    log: new Log((line) => lines.push(line.trimEnd()), 'info'),
    openPlane: new Cable().open,
    failed: () => {},
  });
  return { lines, service };
}
