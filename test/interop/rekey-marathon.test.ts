// Renewals of the tunnel's keys, and a quarter as many of the IKE SA's, under a TCP stream, asked for by strongSwan, by
// us, and by both at once; strongSwan is the client in one half and the server in the other. `make marathon` does two
// hundred and fifty of them each, `make test` a tenth.
import { expect, test } from 'vitest';
import { RpcFailure } from '../../src/rpc/client.ts';
import type { Outcome } from '../lab/command.ts';
import { Gateway, type Status } from '../lab/gateway.ts';
import { address, type Home } from '../lab/home.ts';
import { basics, presharedKey, pskGuests, wayHome } from '../lab/household.ts';
import { startPhone } from '../lab/phone.ts';
import type { Service } from '../lab/service.ts';
import { stage } from '../lab/stage.ts';
import { pskGateway, SwanGateway } from '../lab/swan-gateway.ts';
import { section } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;
const renewalsOfChild = Number(process.env['RENEWALS'] ?? 20);
const scene = stage({ needs: ['our gateway', 'strongSwan'], play: async () => ({}) });

type Half = 'child' | 'ike';
/** A connected pair, and how each end is told to renew. */
interface Pair {
  readonly ours: Gateway;
  readonly theirs: (half: Half) => Promise<Outcome>;
  /** How many IKE SAs strongSwan has. */
  readonly theirSas: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

async function theyDial(home: Home): Promise<Pair> {
  const sections = [...basics({ log: 'info' }), pskGuests(), presharedKey(anna.id, anna.secret)];
  const ours = await Gateway.start(home.lab, home.router, sections);
  const phone = await startPhone(home, { home: { login: anna } });
  expect(await phone.initiate('home')).toMatchObject({ code: 0 });
  return {
    ours,
    theirs: (half) => phone.control(['--rekey', `--${half}`, 'home']),
    theirSas: async () => (await phone.listSas()).length,
    stop: async () => {
      await phone.stop();
      await ours.stop();
    },
  };
}

async function weDial(home: Home): Promise<Pair> {
  const swan = await SwanGateway.start(home, pskGateway(anna));
  const ours = await Gateway.start(
    home.lab,
    home.phone,
    [section('service', 'main', { retransmit_base: 0.5 }), wayHome(anna)],
    { name: 'our-phone' },
  );
  expect(await ours.ikectl('up', 'way_home')).toMatchObject({ code: 0 });
  await until('we are connected', async () => (await ours.tunnels()).length > 0);
  const names = { child: 'net', ike: 'phones' } as const;
  return {
    ours,
    theirs: (half) => swan.charon.control(['--rekey', `--${half}`, names[half]]),
    theirSas: async () => (await swan.charon.listSas()).length,
    stop: async () => {
      await ours.stop();
      await swan.stop();
    },
  };
}

async function renewOurs({ ours }: Pair, half: Half): Promise<unknown> {
  const { sas } = (await ours.call('status')) as Status;
  const sa = sas.find(({ phase }) => phase === 'established');
  const child = half === 'child' ? { child: sa?.children.at(-1)?.id } : {};
  // The other end may renew it in the meantime: then there is no such SA any more.
  return ours.call('rekey', { sa: sa?.id, ...child }).catch((error: unknown) => {
    if (!(error instanceof RpcFailure)) throw error;
  });
}

const renewals = {
  strongSwan: (pair: Pair, half: Half) => pair.theirs(half),
  we: renewOurs,
  both: (pair: Pair, half: Half) => Promise.all([pair.theirs(half), renewOurs(pair, half)]),
};

/** How often our end said that there are new keys. */
const told = (pair: Pair, half: Half): number =>
  pair.ours.log.split(half === 'child' ? ' up: ' : ': new keys for the connection').length;

/** One after the other. Whoever is still busy with the last one overhears the order, and gets it again. */
async function renew(pair: Pair, who: keyof typeof renewals, half: Half, times: number) {
  for (let i = 1; i <= times; i += 1) {
    const before = told(pair, half);
    let nextOrder = 0;
    await until(
      `renewal ${i} of the ${half} SA`,
      async () => {
        if (performance.now() > nextOrder) {
          await renewals[who](pair, half);
          nextOrder = performance.now() + 2_000;
        }
        return told(pair, half) > before;
      },
      20_000,
    );
  }
}

/** A TCP stream through the tunnel that goes on until it is stopped; every second of it is a line. */
async function stream({
  lab,
  lan,
  phone,
}: Home): Promise<{ client: Service; stop(): Promise<void> }> {
  port += 1;
  const server = lab.start(lan, `iperf-server-${port}`, ['iperf3', '-s', '-p', `${port}`]);
  await until('iperf3 listens', () => lan.runNow('ss', '-tln').includes(`:${port} `));
  const endless = ['-t', '3600', '-b', '20M', '-i', '1', '-f', 'k', '--forceflush'];
  const argv = ['iperf3', '-c', address.lan, '-p', `${port}`, ...endless];
  const client = lab.start(phone, `iperf-client-${port}`, argv);
  await until('the stream flows', () => seconds(client).length > 1);
  return {
    client,
    async stop() {
      await client.stop('SIGKILL');
      await server.stop('SIGKILL');
    },
  };
}
let port = 5200;

/** What each full second of the stream carried, in kbit/s. */
const seconds = (client: Service): number[] =>
  [...client.log.matchAll(/sec .*? ([\d.]+) Kbits\/sec/g)].map(([, rate]) => Number(rate));

test.each([
  ['strongSwan dials, strongSwan renews', theyDial, 'strongSwan'],
  ['strongSwan dials, we renew', theyDial, 'we'],
  ['strongSwan dials, both renew at once', theyDial, 'both'],
  ['we dial, strongSwan renews', weDial, 'strongSwan'],
  ['we dial, we renew', weDial, 'we'],
  ['we dial, both renew at once', weDial, 'both'],
] as const)(
  `%s: ${renewalsOfChild} times the tunnel, a quarter as often the IKE SA, and the TCP stream never stands still (pitfalls 57–60)`,
  async (_name, dial, who) => {
    const { home } = scene();
    const pair = await dial(home);
    const { client, stop } = await stream(home);
    try {
      await renew(pair, who, 'child', renewalsOfChild);
      await renew(pair, who, 'ike', Math.ceil(renewalsOfChild / 4));

      const after = seconds(client).length;
      await until('the stream goes on', () => seconds(client).length > after + 1);
      expect(client.isRunning).toBe(true);
      expect(Math.min(...seconds(client))).toBeGreaterThan(0);
      // Who was to delete a redundant one may have lost track of it: then it goes after a minute.
      await until('one IKE SA with one tunnel is left', () => isAlone(pair), 90_000);
      await until('strongSwan has one IKE SA', async () => (await pair.theirSas()) === 1, 90_000);
      expect(pair.ours.log).not.toContain('bug in ikev2d');
    } finally {
      await stop();
      await pair.stop();
    }
  },
  120_000 + 1_500 * renewalsOfChild,
);

async function isAlone({ ours }: Pair): Promise<boolean> {
  const [sa, ...others] = await ours.sas();
  return sa?.children.length === 1 && others.length === 0;
}
