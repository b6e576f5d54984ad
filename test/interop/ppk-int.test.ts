// A PPK in IKE_INTERMEDIATE (RFC 9867) with libreswan 5.2 on the other side, in both roles. It knows the draft, which has
// other numbers for the two notifies, of those for private use: ours is given these, and differs from itself in nothing else.
import { join } from 'node:path';
import { expect, onTestFailed, test } from 'vitest';
import { cabin, moveIn, outerOf } from '../lab/cabin.ts';
import { inCheckout } from '../lab/checkout.ts';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics } from '../lab/household.ts';
import { Libreswan } from '../lab/libreswan.ts';
import { gatewayName } from '../lab/phone.ts';
import { peerRoot } from '../lab/ready.ts';
import { homeNetwork, type Joint, sharedSecret, sitePapers } from '../lab/site-peer.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { section } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

const right = 'thirty-two bytes that nobody else knows';
const ppks = ['known', 'changed'].map((id) =>
  section('ppk', `ppk_${id}`, { id, secret: id === 'known' ? right : right.toUpperCase() }),
);

const scene = stage({
  needs: ['our gateway', 'strongSwan', 'a kernel of its own', 'peer libreswan-5'],
  async play(home) {
    const bundle = inCheckout('build/lib/ikev2.mjs');
    const draft = join(home.lab.folder('draft'), 'ikev2.mjs');
    const numbers =
      's/\\(USE_PPK_INT: *\\)16445/\\150209/; s/\\(PPK_IDENTITY_KEY: *\\)16446/\\150208/';
    const gateway = await Gateway.start(home.lab, home.router, [...basics(), ...ppks], {
      scene: `sed '${numbers}' ${bundle} >${draft} && mount --bind ${draft} ${bundle}`,
    });
    const kernel = await moveIn(home, peerRoot('libreswan-5'));
    const peer = await Libreswan.start(kernel, sitePapers(), {
      known: right,
      changed: right,
    });
    return { gateway, kernel, peer };
  },
});

/** ESP as itself: that version answers IKE_INTERMEDIATE from port 500 whatever port it came to. */
const joint = (dials: Joint['dials']): Joint => ({
  ...{ dials, auth: 'psk', outer: 'IPv4', encap: 'ESP', cipher: 'aes256gcm16', esn: false },
});

async function joined(dials: Joint['dials'], id: string, insists: boolean) {
  const { gateway, peer } = scene();
  onTestFailed(() => void process.stderr.write(`${peer.log.slice(-5000)}\n`));
  const lines = ['intermediate=yes', `ppk=${insists ? 'insist' : 'yes'}`, `ppk-ids="${id}"`];
  await peer.configure(joint(dials), lines);
  gateway.configure([
    ...basics(),
    ...ppks,
    section('connection', 'site', {
      role: dials === 'we' ? 'initiator' : 'responder',
      remote: [outerOf('IPv4').theirs],
      local_id: gatewayName,
      remote_id: cabin.name,
      local_auth: 'psk',
      remote_auth: ['psk'],
      psk: sharedSecret,
      ppk_id: dials === 'we' ? id : undefined,
      ppk_required: insists,
      local_ts: [homeNetwork],
      remote_ts: [cabin.lan],
      esp: ['aes256gcm16'],
      encap: 'never',
      mobike: false,
    }),
  ]);
  expect(await gateway.call('reload')).toMatchObject({ ok: true });
  if (dials === 'we') await gateway.call('initiate', { connection: 'site' });
  else await peer.dial();
  return until(
    'the tunnel stands',
    async () => {
      const [sa, ...more] = await gateway.sas();
      return sa?.children.length === 1 && more.length === 0 ? sa : undefined;
    },
    30_000,
  );
}

async function part(): Promise<void> {
  const { gateway, peer } = scene();
  await peer.leave();
  await until('the tunnel is gone', async () => (await gateway.sas()).length === 0);
}

test.each(['they', 'we'] as const)(
  '%s dial: it is in all keys, and in those of them',
  async (dials) => {
    const { gateway, kernel, peer, home } = scene();
    const before = await joined(dials, 'known', true);
    expect(before.ppk).toBe('known');
    const role = dials === 'they' ? 'initiator' : 'responder';
    expect(peer.log).toContain(`PPK used in IKE_INTERMEDIATE as ${role}`);
    const passes = async () => (await ping(home.lan, cabin.host, 1)).received === 1;
    await until('a packet passes', passes, 20_000);
    await gateway.call('rekey', { sa: before.id });
    await until('there are new keys', async () => {
      const [sa, ...more] = await gateway.sas();
      return sa?.spiI !== before.spiI && more.length === 0 && sa?.children.length === 1;
    });
    expect((await gateway.sas())[0]?.ppk).toBe('known');
    await kernel.run(`ping -c 1 -W 2 -I ${cabin.host} ${address.lan}`);
    await part();
  },
);

test('they dial with another one of the same name, which is found out in time, and done without', async () => {
  const { gateway } = scene();
  expect((await joined('they', 'changed', false)).ppk).toBeUndefined();
  expect(gateway.log).toMatch(/PPK «changed» is another one over there: it goes on without/);
  await part();
});
