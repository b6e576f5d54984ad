// IPv6 outside, without a NAT: strongSwan's userland ESP wants UDP encapsulation there, too.
import { expect, test } from 'vitest';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import { startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { download, ping, serveWebPage } from '../lab/traffic.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const sections = [...basics(), pskGuests(), presharedKey(anna.id, anna.secret)];
    const gateway = await Gateway.start(home.lab, home.router, sections);
    const phone = await startPhone(home, { home: { login: anna, to: address.router6 } });
    return { gateway, phone };
  },
});

test('connects over IPv6', async () => {
  const { gateway, phone } = scene();

  const dialled = await phone.initiate('home');

  expect(dialled.stdout).toContain('initiate completed successfully');
  const [sa] = await gateway.sas();
  expect(sa?.remote).toContain(address.phone6);
  expect(sa?.children[0]?.encap).toBe('udp');
});

test('carries IPv4 and IPv6 inside', async () => {
  const { home } = scene();
  const page = await serveWebPage(home, 3_000_000);

  for (const host of [address.lan, address.lan6]) {
    expect(await ping(home.phone, host)).toMatchObject({ received: 3 });
    expect((await download(home.phone, host)).sha256).toBe(page.sha256);
  }
});
