// Floods against a living gateway: meanwhile somebody logs in, a tunnel carries what it carried, and neither memory nor
// log grows with what strangers send. `make floods` measures and holds it to its figures; here the bounds are wide.
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { inCheckout } from '../lab/checkout.ts';
import { run } from '../lab/command.ts';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import { type Dial, startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { until } from '../lab/until.ts';
import { type Flood, flooded, floods, mallories, sharedSecret, webSocketAt } from './floods.ts';

const seconds = Number(process.env['FLOOD_SECONDS'] ?? 2);
/** `make floods`: the machine is ours, and what is measured is asserted. */
const isStrict = process.env['FLOOD_SECONDS'] !== undefined;
const chosen = process.env['FLOOD'];
/** Megabits a second that are asked of the tunnel. */
const asked = 20;
const dial = (id: string): Dial => ({ login: { kind: 'psk', id, secret: sharedSecret } });

const scene = stage({
  needs: ['our gateway', 'strongSwan', 'iperf3'],
  async play(home) {
    // vitest has a MODE of its own in the environment.
    await run(['make', '-s', '-C', inCheckout('native'), 'MODE=plain', 'flood']);
    const gateway = await Gateway.start(home.lab, home.router, [
      ...basics({ log: 'info', websocket: webSocketAt }),
      pskGuests({
        suite: undefined,
        ike: ['aes128gcm16-prfsha256-x25519-modp4096'],
        esp: ['aes128gcm16-x25519'],
      }),
      ...['anna@example.org', 'carol@example.org', ...mallories].map((id) =>
        presharedKey(id, sharedSecret),
      ),
    ]);
    const dials = { anna: dial('anna@example.org'), carol: dial('carol@example.org') };
    const phone = await startPhone(home, dials, { retransmit: 1 });
    const server = home.lab.start(home.lan, 'iperf-server', ['iperf3', '-s', '--forceflush']);
    await until('iperf3 listens', () => server.log.includes('listening'));
    expect((await phone.initiate('anna')).code).toBe(0);

    /** @returns megabits a second that came through Anna's tunnel */
    const streams = async (): Promise<number> => {
      const words = ['-c', address.lan, '-J', '-R', '-b', `${asked}M`, '-t', `${seconds}`];
      const said = await home.phone.run(['iperf3', ...words], { limit: 60_000 });
      const { error, end } = JSON.parse(said);
      if (error) throw new Error(`iperf3: ${error}`);
      return end.sum_received.bits_per_second / 1e6;
    };
    /** @returns milliseconds until Carol was in */
    const comesIn = async (): Promise<number> => {
      const began = performance.now();
      try {
        const { stdout } = await phone.initiate('carol');
        expect(stdout).toContain('initiate completed successfully');
        return Math.round(performance.now() - began);
      } finally {
        await phone.terminate('carol'); // an attempt that failed must not be taken up by the next one
      }
    };
    return { gateway, streams, comesIn };
  },
});

interface Row {
  readonly title: string;
  readonly sent: number;
  readonly waits: readonly number[];
  readonly share: number;
  readonly grown: number;
  readonly logged: number;
}
const rows: Row[] = [];
let calm: number | undefined;

const played = floods.filter(
  ({ title, isVariant }) =>
    (isStrict || !isVariant) && (chosen === undefined || title.includes(chosen)),
);
test.each(played)('$title', { timeout: 180_000 }, async (flood: Flood) => {
  const { gateway, home, streams, comesIn } = scene();
  calm ??= await streams();
  const before = { memory: residentMiB(gateway.pid), log: gateway.log.length };

  let isOver = false;
  const flooding = flooded(home, flood, 2 * seconds).finally(() => {
    isOver = true;
  });
  const logins = async (): Promise<number[]> => {
    const waits: number[] = [];
    while (!isOver) waits.push(await comesIn());
    return waits;
  };
  const [sent, carried, waits] = await allOf(flooding, streams(), logins());
  const row = {
    ...{ title: flood.title, sent, waits },
    share: carried / calm,
    grown: residentMiB(gateway.pid) - before.memory,
    logged: gateway.log.length - before.log,
  };
  rows.push(row);

  expect(row.sent).toBeGreaterThan(0);
  expect(Math.max(...waits)).toBeLessThan(isStrict ? 5_000 : 30_000);
  expect(row.logged).toBeLessThan(40_000 + 2_000 * waits.length);
  expect(row.grown).toBeLessThan(mostMiB);
  if (isStrict) expect(row.share).toBeGreaterThanOrEqual(0.8);
  await until(
    'no handshake is left',
    async () => (await gateway.status()).sas.every(({ phase }) => phase === 'established'),
    60_000,
  );
});

afterAll(() => {
  for (const { title, sent, waits, share, grown, logged } of rows) {
    const cells = [
      ...[title, `${Math.round(sent / (2 * seconds))}`, `${waits.length}`, `${Math.max(...waits)}`],
      ...[share.toFixed(2), `${grown}`, `${logged}`],
    ];
    console.info(`| ${cells.join(' | ')} |`);
  }
});

/** Like Promise.all, but none goes on when this has failed: the next row begins with a quiet gateway. */
async function allOf<T extends readonly unknown[]>(
  ...work: { [K in keyof T]: Promise<T[K]> }
): Promise<T> {
  await Promise.allSettled(work);
  return (await Promise.all(work)) as unknown as T;
}

/** What a gateway may take more while it is flooded: V8 takes room while it has much to do. */
const mostMiB = 128;

function residentMiB(pid: number): number {
  const [, kib = ''] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kib) / 1024);
}
