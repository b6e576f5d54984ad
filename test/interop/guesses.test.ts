// Thousands of wrong passwords from many addresses at a living gateway, by MSCHAPv2 inside real handshakes: meanwhile
// phones log in, the owner is answered, and neither the log nor the memory grows with the guesses.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Authority } from '../lab/certificates.ts';
import { inCheckout } from '../lab/checkout.ts';
import { run } from '../lab/command.ts';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, certificateFiles, eapGuests, user } from '../lab/household.ts';
import { type Dial, gatewayName, startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { trustIn } from './ghosts.ts';
import type { GuessReport, GuessSetup } from './guess-run.ts';

const guesses = Number(process.env['GUESSES'] ?? 1_000);
/** Strangers on the Internet. */
const sources = Array.from({ length: 48 }, (_, i) => `203.0.113.${i + 16}`);
const anna = { name: 'anna', password: 'correct horse' };
const carol = { name: 'carol', password: 'Ar3etTnp' };

const authority = new Authority('rsa');
const login = ({ name, password }: typeof anna): Dial => ({
  login: {
    ...{ kind: 'eap', method: 'eap-mschapv2', id: name, password },
    authority: authority.certificate,
  },
});

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const dn = `C=CH, O=Home, CN=${gatewayName}`;
    const server = authority.issue({ dn, san: [gatewayName], purpose: 'serverAuth' });
    home.internet.address('isp', ...sources.map((source) => `${source}/24`));
    const gateway = await Gateway.start(home.lab, home.router, [
      ...basics({ log: 'info' }),
      eapGuests(),
      user(anna.name, anna.password),
      user(carol.name, carol.password),
      ...certificateFiles(home.lab, server, authority.certificate),
    ]);
    const phone = await startPhone(home, { anna: login(anna), carol: login(carol) });
    const bundler = [process.execPath, inCheckout('cross/bundle-tool.mjs')];
    const program = inCheckout((await run([...bundler, 'test/interop/guess-run.ts'])).trim());
    /** Somebody guesses at Anna's password, and at those of users that are not there. */
    const attack = async (most: number): Promise<GuessReport> => {
      const setup: GuessSetup = {
        ...trustIn(authority),
        ...{ users: ['anna', 'root', 'admin'], sources, together: 12, guesses: most },
        ...{ gateway: address.router, server: gatewayName },
      };
      const file = join(home.lab.dir, 'guesses.json');
      writeFileSync(file, JSON.stringify(setup), { mode: 0o600 });
      const command = [process.execPath, program, file];
      return JSON.parse(await home.internet.run(command, { limit: 600_000 }));
    };
    /** @returns milliseconds until the phone was in */
    const comesIn = async (name: string): Promise<number> => {
      const began = performance.now();
      try {
        const dialled = await phone.initiate(name);
        const took = Math.round(performance.now() - began);
        expect(dialled.stdout).toContain('initiate completed successfully');
        // strongSwan's ESP in userland may lose some where so many programs want the processor.
        await until(
          'a ping is answered',
          async () => (await ping(home.phone, address.lan)).received > 0,
        );
        return took;
      } finally {
        await phone.terminate(name);
      }
    };
    return { gateway, attack, comesIn };
  },
});

test(`${guesses} wrong passwords: phones log in meanwhile, the log and the memory stay small (attack 10)`, {
  timeout: 120_000 + 60 * guesses,
}, async () => {
  const { gateway, attack, comesIn } = scene();
  const calm = await comesIn('anna');
  await attack(200); // the memory that a daemon at work takes is taken
  const before = { memory: residentMiB(gateway.pid), log: gateway.log.length };

  const attacked = attack(guesses);
  let isOver = false;
  attacked.finally(() => (isOver = true));
  const waits: number[] = [];
  while (!isOver) {
    // Anna at whose password they guess, from where she came in before; and Carol, who comes for the first time.
    for (const name of ['anna', 'carol']) waits.push(await comesIn(name));
    expect((await gateway.ikectl('status')).code).toBe(0);
  }
  const report = await attacked;

  expect(report).toMatchObject({ successes: 0, unanswered: 0 });
  const { ike } = (await gateway.status()).counters;
  const counted = (ike['login.wrong'] ?? 0) + (ike['login.throttled'] ?? 0);
  expect(counted).toBeGreaterThanOrEqual(guesses);
  expect(ike['login.throttled']).toBeGreaterThan(0);
  const written = gateway.log.length - before.log;
  const grown = residentMiB(gateway.pid) - before.memory;
  console.info(
    `${report.refused} wrong passwords in ${report.seconds} s: ${written} bytes of log, ${grown} MiB more memory; ` +
      `${waits.length} logins meanwhile, ${Math.max(...waits)} ms the longest (${calm} ms before)`,
  );
  // A line of the log has 300 characters at most, and so many guesses would fill megabytes.
  const windows = Math.ceil(report.seconds / 10) + 1;
  expect(written).toBeLessThan(windows * 12_000);
  // Tables of events and of guesses fill up, and V8 takes room while it has much to do; then it stands
  // (test/sim/scenarios/endurance.test.ts weighs each guess).
  expect(grown).toBeLessThan(128);
  expect((await gateway.ikectl('explain')).stdout).toMatch(/Too many wrong passwords/);
  await until(
    'no handshake is left',
    async () => (await gateway.status()).sas.length === 0,
    60_000,
  );
});

/** VmRSS. */
function residentMiB(pid: number): number {
  const [, kib = ''] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kib) / 1024);
}
