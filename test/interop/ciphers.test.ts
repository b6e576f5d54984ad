// Every cipher of ESP against strongSwan: both agree on keys, IV, padding and ICV, and IP of both families passes.
import { expect, test } from 'vitest';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import { type Dial, startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { download, ping, serveWebPage } from '../lab/traffic.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;

/** As both write them. */
const proposals = [
  'aes128gcm16',
  'aes192gcm16',
  'aes256gcm16',
  'chacha20poly1305',
  'aes256-sha1',
  'aes128-sha256',
  'aes256-sha256',
  'aes128-sha384',
  'aes192-sha256',
  'aes256-sha512',
];
const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const guests = pskGuests({ suite: 'compatible', esp: proposals });
    const sections = [...basics(), guests, presharedKey(anna.id, anna.secret)];
    const gateway = await Gateway.start(home.lab, home.router, sections);
    const dials = proposals.map((esp): [string, Dial] => [esp, { login: anna, esp }]);
    const phone = await startPhone(home, Object.fromEntries(dials));
    return { gateway, phone, page: await serveWebPage(home, 2_000_000) };
  },
});

test.each(proposals)('%s carries pings and a download of both families', async (esp) => {
  const { gateway, phone, page, home } = scene();

  const dialled = await phone.initiate(esp);

  expect(dialled.stdout).toContain('initiate completed successfully');
  const [sa] = await gateway.sas();
  expect(sa?.children.map(({ suite }) => suite)).toEqual([esp]);
  for (const host of [address.lan, address.lan6]) {
    expect(await ping(home.phone, host, 3)).toMatchObject({ sent: 3, received: 3 });
    expect((await download(home.phone, host)).sha256).toBe(page.sha256);
  }
  await phone.terminate(esp);
});
