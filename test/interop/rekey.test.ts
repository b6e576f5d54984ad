// New keys under traffic, asked for by strongSwan, by us, and by both at once: nothing is lost (scenario 27).
import { expect, test } from 'vitest';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import { startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const sections = [...basics(), pskGuests(), presharedKey(anna.id, anna.secret)];
    const gateway = await Gateway.start(home.lab, home.router, sections);
    const phone = await startPhone(home, { home: { login: anna } });
    await phone.initiate('home');
    return { gateway, phone };
  },
});

/** What our side lists: one IKE SA, and its only tunnel that is not on its way out. */
async function ours() {
  const { gateway } = scene();
  const sas = await gateway.sas();
  expect(sas).toHaveLength(1);
  const [sa] = sas;
  if (!sa) throw new Error('no IKE SA');
  return { id: sa.id, child: sa.children.at(-1)?.id, children: sa.children.length };
}

/** A ping every 10 ms while `work` goes on: all must come back. */
async function lossless(work: () => Promise<void>): Promise<void> {
  const { home } = scene();
  const [result] = await Promise.all([ping(home.phone, address.lan, 600, 0.01), work()]);
  expect(result).toMatchObject({ sent: 600, received: 600 });
}

const settled = () => until('one tunnel', async () => (await ours()).children === 1, 15_000);

const byPhone = (what: '--child' | '--ike') => scene().phone.control(['--rekey', what, 'home']);
const byUs = async (what: 'child' | 'ike') => {
  const { id, child } = await ours();
  const target = what === 'child' ? ['--child', `${child}`] : [];
  return scene().gateway.ikectl('rekey', '--sa', `${id}`, ...target);
};

test.each([
  ['the phone renews the keys of the tunnel', () => byPhone('--child')],
  ['we renew the keys of the tunnel', () => byUs('child')],
  ['the phone renews the keys of the IKE SA', () => byPhone('--ike')],
  ['we renew the keys of the IKE SA', () => byUs('ike')],
  [
    'both renew the keys of the tunnel at once',
    () => Promise.all([byPhone('--child'), byUs('child')]),
  ],
  ['both renew the keys of the IKE SA at once', () => Promise.all([byPhone('--ike'), byUs('ike')])],
  [
    'the one renews a tunnel, the other the IKE SA',
    () => Promise.all([byPhone('--child'), byUs('ike')]),
  ],
])('%s, ten times under pings, and none is lost (pitfalls 57–60)', async (_name, rekey) => {
  const { gateway, phone } = scene();
  await lossless(async () => {
    for (let i = 0; i < 10; i++) {
      await rekey();
      await new Promise((done) => setTimeout(done, 100));
    }
  });
  await settled();
  const [theirs, ...others] = await phone.listSas();
  expect(others).toEqual([]);
  expect(theirs).toBeDefined();
  expect((await gateway.ikectl('log')).stdout).not.toContain('bug in ikev2d');
});
