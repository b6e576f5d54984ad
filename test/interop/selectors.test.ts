// Tunnels for one protocol and one port each: what is outside of them does not pass (scenario 40).
import { expect, test } from 'vitest';
import { Gateway } from '../lab/gateway.ts';
import { address, network } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import { startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { download, ping, serveWebPage } from '../lab/traffic.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const guests = pskGuests({
      local_ts: [`${network.lan}[tcp/8000-8080]`, `${network.lan}[icmp]`],
    });
    const sections = [...basics(), guests, presharedKey(anna.id, anna.secret)];
    const gateway = await Gateway.start(home.lab, home.router, sections);
    const dial = (remoteTs: string) => ({
      login: anna,
      remoteTs: [remoteTs],
      virtualIps: ['0.0.0.0'],
    });
    const phone = await startPhone(home, {
      web: dial(`${network.lan}[tcp/1-65535]`),
      pings: dial(`${network.lan}[icmp]`),
      names: dial(`${network.lan}[udp/53]`),
    });
    return { gateway, phone, page: await serveWebPage(home, 100_000) };
  },
});

const reachesPage = async (): Promise<boolean> => {
  const { home, page } = scene();
  return (await download(home.phone, address.lan, 5)).sha256 === page.sha256;
};
const reachesHost = async (): Promise<boolean> =>
  (await ping(scene().home.phone, address.lan)).received === 3;

test('a tunnel for a range of ports is narrowed to ours, and lets the page through and no ping (scenario 40: protoport-range)', async () => {
  const { gateway, phone } = scene();

  expect(await phone.initiate('web')).toMatchObject({ code: 0 });

  const [sa] = await gateway.sas();
  expect(sa?.children.map(({ local }) => local)).toEqual([[`${network.lan}[6/8000-8080]`]]);
  expect(await reachesPage()).toBe(true);
  expect(await reachesHost()).toBe(false);
  await phone.terminate('web');
});

test('a tunnel for ICMP lets the ping through and no page', async () => {
  const { phone } = scene();

  expect(await phone.initiate('pings')).toMatchObject({ code: 0 });

  expect(await reachesHost()).toBe(true);
  expect(await reachesPage()).toBe(false);
  await phone.terminate('pings');
});

test('a protocol that we allow nobody gets no tunnel', async () => {
  const { phone } = scene();

  expect((await phone.initiate('names')).stdout).toContain('TS_UNACCEPTABLE');
  await phone.terminate('names');
});
