// Later strongSwans than this machine's dial in, get through, and renew every key from either side.
import { describe, expect, test } from 'vitest';
import type { CharonVersion } from '../lab/charon.ts';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import { startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;

describe.each<CharonVersion>(['6.0', '6.1'])('strongSwan %s', (version) => {
  const scene = stage({
    needs: ['our gateway', 'strongSwan', `peer strongswan-${version}`],
    async play(home) {
      const sections = [...basics(), pskGuests(), presharedKey(anna.id, anna.secret)];
      const gateway = await Gateway.start(home.lab, home.router, sections);
      const phone = await startPhone(home, { home: { login: anna } }, { version });
      return { gateway, phone };
    },
  });

  test('dials in through a NAT and reaches the LAN', async () => {
    const { phone, home } = scene();
    expect((await phone.control(['--version', '--daemon'])).stdout).toContain(` ${version}.`);

    expect((await phone.initiate('home')).code).toBe(0);

    for (const host of [address.lan, address.lan6]) {
      expect(await ping(home.phone, host)).toMatchObject({ received: 3 });
    }
  });

  test('renews keys, its own and ours', async () => {
    const { gateway, phone, home } = scene();
    const rekeys = [
      () => phone.control(['--rekey', '--child', 'home']),
      () => phone.control(['--rekey', '--ike', 'home']),
      async () => {
        const [sa] = await gateway.sas();
        return gateway.ikectl(
          'rekey',
          '--sa',
          `${sa?.id}`,
          '--child',
          `${sa?.children.at(-1)?.id}`,
        );
      },
      async () => gateway.ikectl('rekey', '--sa', `${(await gateway.sas())[0]?.id}`),
    ];

    for (const rekey of rekeys) {
      const { code, stdout, stderr } = await rekey();
      expect({ code, said: stdout + stderr }).toMatchObject({ code: 0 });
      expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
    }
    expect(await phone.listSas()).toHaveLength(1);
  });
});
