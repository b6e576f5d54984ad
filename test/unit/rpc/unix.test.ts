import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { callDaemon, followDaemon, NotRunning, RpcFailure } from '../../../src/rpc/client.ts';
import { methods } from '../../../src/rpc/table.ts';
import {
  AddressInUse,
  type ControlSocket,
  controlLimits,
  openControlSocket,
} from '../../../src/rpc/unix.ts';
import { type FakeDaemon, fakeDaemon, note } from './fake-daemon.ts';
import { samples } from './samples.ts';

let folder: string;
let path: string;
let daemon: FakeDaemon;
let broken: unknown[];
let opened: ControlSocket[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ikev2-rpc-'));
  path = join(folder, 'control.sock');
  daemon = fakeDaemon();
  broken = [];
  opened = [];
});
afterEach(async () => {
  for (const socket of opened) await socket.close();
  rmSync(folder, { recursive: true, force: true });
  expect(broken).toEqual([]);
});

async function open(limits: Partial<typeof controlLimits> = {}): Promise<ControlSocket> {
  const control = await openControlSocket(path, { ...controlLimits, ...limits });
  opened.push(control);
  control.serve({ methods, daemon, broken: (error) => broken.push(error) });
  return control;
}

async function dial(): Promise<Socket> {
  const socket = createConnection(path);
  await once(socket, 'connect');
  return socket;
}

/** Errors are part of hanging up. */
function closed(socket: Socket): Promise<void> {
  socket.on('error', () => {});
  return new Promise((done) => {
    if (socket.closed) done();
    else socket.on('close', () => done());
  });
}

/** Everything that the daemon says until it hangs up. */
async function untilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  await closed(socket);
  return text;
}

const stillServes = async (): Promise<void> => {
  expect(await callDaemon(path, 'pools', {})).toMatchObject({ pools: [{ name: 'lan' }] });
};

describe('the control socket', () => {
  test('is for its owner alone and gone after closing', async () => {
    const control = await open();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await control.close();
    expect(existsSync(path)).toBe(false);
  });

  test('answers, and passes errors on', async () => {
    await open();
    await stillServes();
    await expect(callDaemon(path, 'terminate', { sa: 99 })).rejects.toThrow(
      new RpcFailure(-32000, 'there is no IKE SA 99'),
    );
  });

  test.each(Object.keys(methods))('%s answers what its shape promises', async (name) => {
    await open();
    daemon.happen(note('hello', 7));
    const result = await callDaemon(path, name, samples[name] ?? {});
    expect(z.safeParse(methods[name]?.result ?? z.never(), result).success).toBe(true);
  });

  const isRoot = process.getuid?.() === 0;
  const unless = isRoot ? '' : ' (skipped: only root can be somebody else)';
  test.runIf(isRoot)(`is refused to any other user${unless}`, async () => {
    await open();
    chmodSync(folder, 0o755);
    const script = `require('net').createConnection(${JSON.stringify(path)})
      .on('connect', () => console.log('in')).on('error', ({ code }) => console.log(code))`;
    const other = spawn(process.execPath, ['-e', script], {
      ...{ uid: 65534, gid: 65534, stdio: ['ignore', 'pipe', 'inherit'] },
    });
    expect(`${(await once(other.stdout, 'data'))[0]}`.trim()).toBe('EACCES');
    await once(other, 'exit');
  });

  test('lets callers wait who come before the service is ready', async () => {
    const control = await openControlSocket(path);
    opened.push(control);
    const asked = callDaemon(path, 'pools', {});
    const early = await dial();
    control.serve({ methods, daemon, broken: (error) => broken.push(error) });
    expect(await asked).toHaveProperty('pools');
    early.destroy();
  });

  test('tells a follower of events', async () => {
    await open();
    const events = followDaemon(path, {});
    const first = events.next();
    while (daemon.followers.size === 0) await new Promise(setImmediate);
    daemon.happen(note('it rains'));
    expect((await first).value).toMatchObject({ line: 'it rains' });
    await events.return(undefined);
    while (daemon.followers.size > 0) await new Promise(setImmediate);
  });

  test('answers requests that come in pieces, and several in one', async () => {
    await open();
    const socket = await dial();
    const request = '{"jsonrpc":"2.0","id":1,"method":"pools"}\n';
    for (const byte of request.slice(0, -1)) socket.write(byte);
    socket.end(`\n\r\n${request}`);
    expect((await untilClosed(socket)).trim().split('\n')).toHaveLength(2);
  });

  test('takes the place of a service that was killed', async () => {
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
    const killed = spawn(process.execPath, ['-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(killed.stdout, 'data');
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect(existsSync(path)).toBe(true);
    await open();
    await stillServes();
  });

  test('does not take the place of a service that lives', async () => {
    await open();
    await expect(openControlSocket(path)).rejects.toThrow(AddressInUse);
    await stillServes();
  });
});

describe('nobody at the control socket', () => {
  test('is told apart from an answer', async () => {
    await expect(callDaemon(path, 'status', {})).rejects.toMatchObject(
      new NotRunning(path, 'ENOENT'),
    );
  });
});

// CVE class 24 (CVE-2018-5388): wrong lengths, garbage and slowness at the control socket.
describe('a caller who misbehaves is hung up on, and the service goes on', () => {
  test('with a line that is too long', async () => {
    await open();
    const socket = await dial();
    const said = untilClosed(socket);
    socket.write('x'.repeat(64 * 1024 + 1));
    expect(await said).toContain('a line has at most 65536 bytes');
    await stillServes();
  });

  test('with ten megabytes without a newline', async () => {
    await open();
    const socket = await dial();
    const said = untilClosed(socket);
    socket.write(Buffer.alloc(10 * 1024 * 1024, 0x20));
    await said;
    await stillServes();
  });

  test('with garbage', async () => {
    await open();
    for (const garbage of [
      Buffer.from([0, 0xff, 0xfe, 0x0a]),
      'GET / HTTP/1.1\r\n\r\n',
      '{"a":\n',
    ]) {
      const socket = await dial();
      const said = untilClosed(socket);
      socket.write(garbage);
      expect(await said).toContain('-32700');
    }
    await stillServes();
  });

  test('with a line that does not end in time', async () => {
    await open({ lineMs: 20 });
    const socket = await dial();
    const said = untilClosed(socket);
    socket.write('{"jsonrpc":"2.0","id":1,"method":"pools"}\n{"jsonrpc"');
    expect(await said).toContain('the line did not end in time');
    await stillServes();
  });

  test('with silence', async () => {
    await open({ idleMs: 20 });
    expect(await untilClosed(await dial())).toContain('nothing was asked for too long');
    await stillServes();
  });

  test('by not reading what it subscribed to', async () => {
    await open({ mostUnread: 100_000 });
    const socket = await dial();
    socket.write('{"jsonrpc":"2.0","id":1,"method":"subscribe"}\n');
    while (daemon.followers.size === 0) await new Promise(setImmediate);
    for (let i = 0; i < 2000 && daemon.followers.size > 0; i++) {
      daemon.happen(note('x'.repeat(1000)));
      if (i % 100 === 0) await new Promise(setImmediate);
    }
    while (daemon.followers.size > 0) await new Promise(setImmediate);
    socket.destroy();
    await stillServes();
  });

  test('by taking more connections than there are', async () => {
    await open({ connections: 3 });
    const taken = [await dial(), await dial(), await dial()];
    const refused = createConnection(path);
    await closed(refused);
    for (const socket of taken) socket.destroy();
    for (const socket of taken) await closed(socket);
    while (true) {
      try {
        await stillServes();
        break;
      } catch (error) {
        if (!(error instanceof RpcFailure)) throw error;
      }
    }
  });

  test('by hanging up while it is answered', async () => {
    await open();
    for (let i = 0; i < 20; i++) {
      const socket = await dial();
      socket.write('{"jsonrpc":"2.0","id":1,"method":"status"}\n'.repeat(50));
      socket.destroy();
      await closed(socket);
    }
    await stillServes();
  });
});
