import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { ip } from '../../../src/base/ip.ts';
import { gather } from '../../../src/daemon/gather.ts';
import { type Place, type Service, startService } from '../../../src/daemon/service.ts';
import { everything } from '../../../src/policy/selectors.ts';
import { callDaemon, followDaemon } from '../../../src/rpc/client.ts';
import { leasesShape } from '../../../src/rpc/methods/pool.ts';
import { statusShape } from '../../../src/rpc/methods/service.ts';
import { Log } from '../../../src/trace/log.ts';
import { Cable, gatewayConfig, Home, phoneConfig, quietTools, startingConfig } from './place.ts';

let undo: (() => void | Promise<void>)[];
beforeEach(() => {
  undo = [];
});
afterEach(async () => {
  for (const step of undo.reverse()) await step();
});

async function start(config: string, cable: Cable, changes: Partial<Place> = {}) {
  const home = new Home(config);
  undo.push(() => home.remove());
  const lines: string[] = [];
  const { gathered, problems } = gather(home.configFile);
  if (!gathered) throw new Error(JSON.stringify(problems));
  const service = await startService(gathered, {
    configFile: home.configFile,
    runDir: home.runDir,
    log: new Log((line) => lines.push(line.trimEnd()), 'info'),
    tools: quietTools,
    openPlane: cable.open,
    failed: () => {},
    ...changes,
  });
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (!isStopped) await service.stop();
    isStopped = true;
  };
  undo.push(stop);
  const call = (method: string, params: object = {}) =>
    callDaemon(join(home.runDir, 'control.sock'), method, params);
  const status = async () => z.parse(statusShape, await call('status'));
  return { home, lines, service: service as Service, stop, call, status };
}
type Running = Awaited<ReturnType<typeof start>>;

/** Starts a gateway and a phone, and waits until the phone has its tunnel. */
async function connected(cable = new Cable()) {
  const gateway = await start(gatewayConfig, cable);
  const phone = await start(phoneConfig, cable);
  const up = eventOf(phone, 'child.established');
  await phone.call('initiate', { connection: 'home' });
  await up;
  return { gateway, phone, cable };
}

/** Waits for an event of that kind, past ones counted. */
async function eventOf({ home }: Running, kind: string, nth = 1): Promise<unknown> {
  let seen = 0;
  for await (const event of followDaemon(join(home.runDir, 'control.sock'), { last: 1000 })) {
    if ((event as { kind: string }).kind === kind && ++seen === nth) return event;
  }
  throw new Error('the daemon went away');
}

describe('two services', () => {
  test('connect: the gateway knows the phone and gives it an address', async () => {
    const { gateway, phone, cable } = await connected();
    const { sas, pools } = await gateway.status();
    expect(sas).toMatchObject([
      {
        phase: 'established',
        connection: 'phones',
        peer: 'anna@home.example',
        addresses: ['10.3.0.2'],
      },
    ]);
    expect(pools).toMatchObject([{ name: 'lan', used: 1 }]);
    expect((await phone.status()).sas).toMatchObject([
      { role: 'initiator', peer: 'vpn.home.example' },
    ]);
    expect(cable.ends.map((end) => end.children.length)).toEqual([1, 1]);
  });

  test('agree on the keys, and count what passes', async () => {
    const { gateway, cable } = await connected();
    const [there, here] = cable.ends;
    const ref = here?.children[0]?.ref;
    expect(ref !== undefined && here?.sendInner(ref, new Uint8Array(100))).toBe(true);
    await new Promise(setImmediate);
    expect(there?.counters()).toEqual({});
    expect((await gateway.status()).sas[0]).toMatchObject({
      rxBytes: 100,
      children: [{ rxPackets: 1 }],
    });
  });

  test('tell each other when one is stopped, and the address is free again', async () => {
    const { gateway, phone } = await connected();
    const down = eventOf(phone, 'sa.closed');
    await gateway.stop();
    expect(await down).toMatchObject({ fields: { cause: 'deleted-by-peer' } });
    expect((await phone.status()).sas).toEqual([]);
    const file = join(gateway.home.runDir, 'leases.json');
    expect(readFileSync(file, 'utf8')).toContain('anna@home.example');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('remember over a restart who had which address', async () => {
    const { gateway, phone } = await connected();
    const release = eventOf(gateway, 'sa.closed');
    await phone.call('terminate', { all: true });
    await release;
    const { leases } = z.parse(leasesShape, await gateway.call('leases'));
    expect(leases).toEqual([
      { pool: 'lan', identity: 'anna@home.example', address: ip('10.3.0.2'), held: false },
    ]);
    await gateway.stop();
    expect(existsSync(join(gateway.home.runDir, 'control.sock'))).toBe(false);
    const again = await start(gatewayConfig, new Cable(), { runDir: gateway.home.runDir });
    const socket = join(gateway.home.runDir, 'control.sock');
    expect(again.lines.some((line) => line.startsWith('warn'))).toBe(false);
    expect(await callDaemon(socket, 'leases', {})).toEqual({ leases });
  });

  test('do not wait for a peer that is gone', { timeout: 10_000 }, async () => {
    const { gateway, cable } = await connected();
    cable.isCut = true;
    const before = performance.now();
    await gateway.stop();
    expect(performance.now() - before).toBeLessThan(4000);
  });

  test('connect by themselves where one is told to start, and again when the other hung up', async () => {
    const cable = new Cable();
    const gateway = await start(gatewayConfig, cable);
    const phone = await start(startingConfig, cable);
    await eventOf(phone, 'child.established');
    await gateway.call('terminate', { all: true });
    await eventOf(phone, 'sa.closed');
    const again = phone.lines.length;
    await eventOf(phone, 'child.established', 2);
    expect(phone.lines.slice(again - 5).join('\n')).toMatch(
      /'home' is down: dialled again in [01](\.\d)? s.*'home': dialling 127\.0\.0\.1:500/s,
    );
  });

  test('stay apart when the owner hung up, until the owner dials', async () => {
    const cable = new Cable();
    await start(gatewayConfig, cable);
    const phone = await start(startingConfig, cable);
    await eventOf(phone, 'child.established');
    await expect(phone.call('initiate', { connection: 'home' })).rejects.toThrow('is up already');
    expect(await phone.call('terminate', { connection: 'home' })).toEqual({
      terminated: 1,
      stopped: ['home'],
    });
    await eventOf(phone, 'sa.closed');
    expect(await phone.call('reload')).toMatchObject({ ok: true });
    await expect(phone.call('terminate', { connection: 'home' })).rejects.toThrow('no IKE SA');
    expect(phone.lines.some((line) => line.includes('dialled again'))).toBe(false);
    await phone.call('initiate', { connection: 'home' });
    await eventOf(phone, 'child.established', 2);
  });

  test('hang up by connection, and say so in the log', async () => {
    const { gateway, phone } = await connected();
    const down = eventOf(phone, 'sa.closed');
    expect(await gateway.call('terminate', { connection: 'phones' })).toMatchObject({
      terminated: 1,
    });
    await down;
    expect(phone.lines.some((line) => line.includes("down: peer 'vpn.home.example'"))).toBe(true);
  });
});

describe('two sites that wait for a packet', () => {
  const site = (here: number, there: number): string =>
    `config service 'main'\n\toption log 'debug'
config connection 'site'
	option role 'initiator'
	option start 'trap'
	list remote '127.0.0.1'
	option local_id 'site${here}.example'
	option remote_id 'site${there}.example'
	option local_auth 'psk'
	option psk 'correct horse battery staple'
	list local_ts '10.${here}.0.0/24'
	list remote_ts '10.${there}.0.0/24'
`;
  const one = (address: string) => everything({ start: ip(address), end: ip(address) });
  const packet = (from: number, to: number) => ({
    local: one(`10.${from}.0.1`),
    remote: one(`10.${to}.0.1`),
  });

  async function waiting() {
    const cable = new Cable();
    const sites = [await start(site(1, 2), cable), await start(site(2, 1), cable)] as const;
    const [left, right] = cable.ends;
    if (!left || !right) throw new Error('no planes');
    return { sites, left, right };
  }
  const received = async ({ status }: Running): Promise<number> =>
    (await status()).sas.reduce((sum, { rxBytes }) => sum + rxBytes, 0);

  test('are joined by the first, which is not lost, and by the next after a hanging up', async () => {
    const { sites, left } = await waiting();
    const [here, there] = sites;
    left.dispatch(packet(1, 2), new Uint8Array(50));
    await eventOf(there, 'child.established');
    await eventOf(here, 'child.established');
    await new Promise(setImmediate);
    expect(await received(there)).toBe(50);
    expect(here.lines).toContain("info: connection 'site': dialling 127.0.0.1:500");

    await there.call('terminate', { connection: 'site' });
    await eventOf(here, 'sa.closed');
    expect((await here.status()).sas).toEqual([]);
    left.dispatch(packet(1, 2), new Uint8Array(50));
    await eventOf(here, 'child.established', 2);
    expect((await here.status()).sas).toHaveLength(1);
  });

  test('end with one connection when both have one at once', async () => {
    const { sites, left, right } = await waiting();
    const [here, there] = sites;
    const closed = [eventOf(here, 'sa.closed'), eventOf(there, 'sa.closed')];
    left.dispatch(packet(1, 2), new Uint8Array(50));
    right.dispatch(packet(2, 1), new Uint8Array(50));
    await Promise.all(closed);
    for (const { status } of sites) expect((await status()).sas).toHaveLength(1);
    left.dispatch(packet(1, 2), new Uint8Array(70));
    right.dispatch(packet(2, 1), new Uint8Array(70));
    await new Promise(setImmediate);
    for (const one of sites) expect(await received(one)).toBeGreaterThanOrEqual(70);
  });
});

describe('a service', () => {
  test('says what it is when it is ready', async () => {
    const { lines } = await start(gatewayConfig, new Cable());
    expect(lines).toEqual([
      'debug: ip -4 address add 10.3.0.1/24 dev ipsec0',
      'info: listening on *:500 *:4500, tunnels on ipsec0, ESP by memory',
      expect.stringMatching(/^info: cryptography of IKE: (node|noble)/),
      'info: ready: 1 connection, 1 pool, 0 certificates, 1 shared key',
    ]);
  });

  test('closes everything when the start fails late', async () => {
    const cable = new Cable();
    const tools = { ...quietTools, run: () => Promise.reject(new Error('no way')) };
    await expect(start(gatewayConfig, cable, { tools })).rejects.toThrow('no way');
    await start(gatewayConfig, cable);
  });

  test('refuses to share its run directory', async () => {
    const { home, status } = await start(gatewayConfig, new Cable());
    const second = start(gatewayConfig, new Cable(), { runDir: home.runDir });
    await expect(second).rejects.toThrow(/another ikev2d answers at/);
    expect((await status()).state).toBe('running');
  });

  test('uses a new configuration, and tunnels that it does not concern stay', async () => {
    const { gateway } = await connected();
    gateway.home.write(
      gatewayConfig
        .replace("local_auth 'psk'", "local_auth 'psk'\n\toption dpd '60'\n\toption jitter '0.5'")
        .concat(
          "\nconfig psk 'office'\n\tlist id 'office'\n\toption secret 'another long secret'\n",
        ),
    );
    expect(await gateway.call('reload')).toMatchObject({ ok: true, problems: [] });
    expect((await gateway.status()).sas).toHaveLength(1);
    expect(gateway.lines.some((line) => line.includes('is hung up'))).toBe(false);
  });

  test.each([
    [
      'its connection is gone',
      "connection 'phones'",
      "connection 'guests'",
      'not in the configuration',
    ],
    ['its networks are others', '0.0.0.0/0', '192.168.1.0/24', 'its connection changed (local_ts)'],
    ['its secret is another', 'battery', 'coffee', 'its shared secret changed'],
  ])('hangs up on a peer when %s, and says why', async (_, before, after, why) => {
    const { gateway, phone } = await connected();
    const down = eventOf(phone, 'sa.closed');
    gateway.home.write(gatewayConfig.replace(before, after));
    expect(await gateway.call('reload')).toMatchObject({ ok: true });
    expect(await down).toMatchObject({ fields: { cause: 'deleted-by-peer' } });
    const line = gateway.lines.find((each) => each.includes('is hung up'));
    expect(line).toContain(`'anna@home.example' is hung up: `);
    expect(line).toContain(why);
  });

  test('gives the next client an address of a new range, and leaves the others theirs', async () => {
    const { gateway } = await connected();
    gateway.home.write(gatewayConfig.replace('10.3.0.0/24', '10.9.0.0/24'));
    expect(await gateway.call('reload')).toMatchObject({ ok: true, problems: [] });
    expect((await gateway.status()).pools).toMatchObject([{ ranges: ['10.9.0.0/24'], used: 0 }]);
    expect(await gateway.call('leases')).toMatchObject({
      leases: [{ address: '10.3.0.2', held: true }],
    });
    const commands = gateway.lines.filter((line) => line.startsWith('debug: ip '));
    expect(commands.slice(1)).toEqual([
      'debug: ip -4 address add 10.9.0.1/24 dev ipsec0',
      'debug: ip -4 route add 10.3.0.2/32 dev ipsec0',
      'debug: ip -4 address del 10.3.0.1/24 dev ipsec0',
    ]);
  });

  test('keeps the old configuration when there is an error in the new one', async () => {
    const { home, call, status, lines } = await start(gatewayConfig, new Cable());
    home.write(gatewayConfig.replace("local_auth 'psk'", "local_auth 'prayer'"));
    expect(await call('reload')).toMatchObject({
      ok: false,
      problems: [{ severity: 'error', section: "connection 'phones'", option: 'local_auth' }],
    });
    expect((await status()).connections).toEqual(['phones']);
    expect(lines.at(-1)).toBe('error: configuration refused (1 error): the old one stays in use');
  });

  test('says what a reload cannot change, each time, and goes on as it is', async () => {
    const { home, call, status } = await start(gatewayConfig, new Cable());
    home.write(
      gatewayConfig.replace(
        'option log',
        "option port '501'\n\toption device 'tun7'\n\toption log",
      ),
    );
    for (let i = 0; i < 2; i++) {
      expect(await call('reload')).toMatchObject({
        ok: true,
        problems: ['port', 'device'].map((option) => ({
          severity: 'warning',
          option,
          cure: expect.stringContaining('restart'),
        })),
      });
    }
    expect(await status()).toMatchObject({ device: 'ipsec0', listen: ['*:500', '*:4500'] });
  });

  test('checks its configuration without using it', async () => {
    const { home, call, status } = await start(gatewayConfig, new Cable());
    home.write("config connection 'phones'\n\toption role 'bystander'\n");
    expect(await call('config_check')).toMatchObject({ ok: false });
    expect((await status()).connections).toEqual(['phones']);
  });

  test('writes keys for Wireshark when asked, and does not hide it', async () => {
    const cable = new Cable();
    const keylog = new Home('');
    undo.push(() => keylog.remove());
    const config = gatewayConfig.replace(
      'option log',
      `option keylog '${keylog.folder}'\n\toption log`,
    );
    const gateway = await start(config, cable);
    const phone = await start(phoneConfig, cable);
    const up = eventOf(phone, 'child.established');
    await phone.call('initiate', { connection: 'home' });
    await up;
    expect((await gateway.status()).keylog).toBe(keylog.folder);
    const rowsIn = (file: string): number =>
      readFileSync(join(keylog.folder, file), 'utf8').trimEnd().split('\n').length;
    expect(rowsIn('ikev2_decryption_table')).toBe(1);
    expect(rowsIn('esp_sa')).toBe(2);
  });

  test('says whom it cannot dial', async () => {
    const { call } = await start(gatewayConfig, new Cable());
    await expect(call('initiate', { connection: 'phones' })).rejects.toThrow(
      'its role is responder',
    );
    await expect(call('initiate', { connection: 'nobody' })).rejects.toThrow(
      "no connection 'nobody'",
    );
  });
});
