// A laptop with libreswan on a kernel of its own, which knows nothing but the files that `ikectl device add` wrote.
// Our file asked for one network over IPv4, however many the home had: the name servers stood outside, and no name of the
// LAN was found.
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFailed, test } from 'vitest';
import { moveIn } from '../lab/cabin.ts';
import { address, network } from '../lab/home.ts';
import { startPluto, WHACK } from '../lab/libreswan.ts';
import { nas, serveNames } from '../lab/names.ts';
import { peerRoot } from '../lab/ready.ts';
import { stage } from '../lab/stage.ts';
import { until } from '../lab/until.ts';
import { familyHome } from './family-home.ts';

const servers = ['10.10.10.1', '2001:db8:10::1'];
const name = 'carls-laptop';

const laptops = [
  {
    ...{ version: 'libreswan-5', file: 'profile', hosts: [address.lan, address.lan6] },
    reach: [network.lan, `${servers[0]}/32`, network.lan6, `${servers[1]}/128`],
  },
  {
    // It takes one network, and of two addresses one.
    ...{ version: 'libreswan-4', file: `${name}-libreswan-4.conf`, hosts: [address.lan] },
    reach: [network.lan],
  },
] as const;

describe.each(laptops)('$version', (laptop) => {
  const scene = stage({
    needs: ['our gateway', 'a kernel of its own', 'dnsmasq', `peer ${laptop.version}`],
    async play(home) {
      const family = await familyHome(home, { dns: servers, domain: ['lan'] });
      serveNames(home);
      const wish = ['--format', 'libreswan', '--certificate', '--routing', 'home'];
      const { folder, told } = await family.give(name, 'linux', ...wish);
      const kernel = await moveIn(home, peerRoot(laptop.version));
      kernel.write({
        'ipsec.conf': 'config setup\n\tlogfile=/mnt/pluto.log\n',
        'ipsec.secrets': '',
        'home.conf': readFileSync(join(folder, laptop.file), 'utf8'),
      });
      copyFileSync(join(folder, `${name}.p12`), join(kernel.dir, 'device.p12'));
      const passphrase = /passphrase is (\S+)\./.exec(told)?.[1];
      // What «ipsec import» does, which asks for the passphrase on a terminal.
      await startPluto(
        kernel,
        `pk12util -i /mnt/device.p12 -d sql:/run/nss -K '' -W '${passphrase}'
        ipsec checknss --settrusts --nssdir /run/nss`,
      );
      return { ...family, kernel };
    },
  });

  test('connects, and reaches what its record allows', async () => {
    const { gateway, kernel } = scene();
    onTestFailed(() => void process.stderr.write(kernel.read('pluto.log').slice(-5000)));

    await kernel.run(
      `
      ipsec addconn --config /mnt/home.conf --ctlsocket /run/pluto/pluto.ctl home
      timeout 50 ${WHACK} --name home --initiate`,
      60_000,
    );

    const [sa] = await gateway.sas();
    expect(sa?.peer).toBe(`${name}@home.arpa`);
    expect(sa?.addresses).toHaveLength(2);
    expect(sa?.children[0]?.local).toEqual(laptop.reach);
    for (const host of laptop.hosts) await kernel.run(`ping -c 1 -W 5 ${host}`);
    if (laptop.version === 'libreswan-5') {
      const heard = await kernel.run(`nslookup ${nas.name} ${servers[0]}`);
      expect(heard).toContain(nas.ip);
      expect(heard).toContain(nas.ip6);
    }
    await kernel.run(`${WHACK} --name home --terminate`, 60_000);
    await until('the laptop is gone', async () => (await gateway.sas()).length === 0, 30_000);
  });
});
