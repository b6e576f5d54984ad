import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
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

test('a service stands on the bus of its router, and leaves it when it stops', async () => {
  const home = new Home(gatewayConfig);
  undo.push(() => home.remove());
  const ubusSocket = join(home.folder, 'ubus.sock');
  const bus = new Bus();
  await bus.listen(ubusSocket);
  undo.push(() => bus.kill());
  const lines: string[] = [];
  const { gathered } = gather(home.configFile);
  if (!gathered) throw new Error('the configuration is broken');
  const service = await startService(gathered, {
    ...{ configFile: home.configFile, runDir: home.runDir, tools: quietTools, ubusSocket },
    log: new Log((line) => lines.push(line.trimEnd()), 'info'),
    openPlane: new Cable().open,
    failed: () => {},
  });
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise(setImmediate);
  };
  await until(() => lines.some((line) => line.includes('object ikev2 is on the bus')));
  const caller = await openUbus({ path: ubusSocket, closed: () => {} });
  expect(await caller.call('ikev2', 'status', {})).toMatchObject({ connections: ['phones'] });
  await service.stop();
  await until(() => !bus.paths.includes('ikev2'));
  caller.close();
  rmSync(ubusSocket, { force: true });
});
