// strongSwan started from the swanctl.conf that `ikectl device add` writes, with a password and with a certificate: it gets
// both addresses, resolves through the tunnel what the record allows, and reaches nothing else.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Charon } from '../lab/charon.ts';
import { program } from '../lab/checkout.ts';
import { runNow } from '../lab/command.ts';
import { Gateway } from '../lab/gateway.ts';
import { address, network } from '../lab/home.ts';
import { basics, certificateGuests, eapGuests } from '../lab/household.ts';
import { gatewayName } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { formatUci, section } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

/** A name that every format has to quote. */
const odd = "Anna's {laptop} #1";

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const dir = home.lab.folder('home-ca');
    const folder = join(dir, 'own');
    const configFile = join(dir, 'ikev2');
    writeFileSync(configFile, formatUci([section('service', 'main', { folder })]));
    const init = ['cert', 'init', '--name', gatewayName, '--address', address.router];
    runNow([program.ikectl, '--config', configFile, '--run-dir', dir, ...init]);
    // The connections let everything through: what is less is the record's doing.
    const own = {
      ...{ certificate: 'gateway', suite: 'compatible', local_ts: ['0.0.0.0/0', '::/0'] },
    };
    const gateway = await Gateway.start(home.lab, home.router, [
      // The lab has no name server outside: what is dialled is the address, which is in the certificate as well.
      ...basics({ folder, identity: address.router, home_net: [network.lan, network.lan6] }),
      eapGuests(own),
      { ...certificateGuests(own), name: 'by_certificate' },
      section('authority', 'home', { file: join(folder, 'ca.pem'), key: join(folder, 'ca.key') }),
      section('certificate', 'gateway', {
        file: join(folder, 'gateway.pem'),
        key: join(folder, 'gateway.pem'),
      }),
    ]);
    return { gateway, dir };
  },
});

test.each([
  ['password', odd, [], odd],
  ['certificate', 'berts-laptop', ['--certificate'], 'berts-laptop@home.arpa'],
] as const)('a %s connects from the file alone', async (kind, name, options, peer) => {
  const { gateway, dir, home } = scene();
  const out = join(dir, kind, 'home.conf');
  home.lab.folder(`home-ca/${kind}`);
  const wish = ['--format', 'swanctl', '--routing', 'home', '--out', out, ...options];
  const added = await gateway.ikectl('device', 'add', name, '--platform', 'linux', ...wish);
  expect(added).toMatchObject({ code: 0 });
  const read = (file: string): string => readFileSync(join(dir, kind, file), 'utf8');
  const isByCertificate = kind === 'certificate';
  const laptop = await Charon.start(home.lab, home.phone, {
    name: `laptop-${kind}`,
    config: readFileSync(out, 'utf8'),
    files: {
      authorities: { 'home-ca.pem': read('ca.pem') },
      ...(isByCertificate
        ? {
            certificates: { 'home-device.pem': read('device.pem') },
            keys: { 'home-device.key': read('device.key') },
          }
        : {}),
    },
  });

  const dialled = await laptop.initiate('home');

  expect(dialled.code, laptop.log).toBe(0);
  const [sa] = await gateway.sas();
  expect(sa?.peer).toBe(peer);
  expect(sa?.addresses).toHaveLength(2);
  expect(sa?.children[0]?.local).toEqual([network.lan, network.lan6]);
  expect((await ping(home.phone, address.lan)).received).toBeGreaterThan(0);
  await laptop.stop();
  await until('the laptop is gone', async () => (await gateway.sas()).length === 0, 30_000);
});
