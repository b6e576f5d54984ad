// Routers that know each other by one pasted line (RFC 7670): two of ours, and ours with strongSwan, which knows keys by
// their files and shows none.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Charon } from '../lab/charon.ts';
import { program } from '../lab/checkout.ts';
import { runNow } from '../lab/command.ts';
import { Gateway } from '../lab/gateway.ts';
import { address, network } from '../lab/home.ts';
import { basics } from '../lab/household.ts';
import type { Lab } from '../lab/lab.ts';
import { gatewayName, SUITE } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { formatUci, section, type UciValue } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

/** A router's folder, with the key that `ikectl key show` made in it, and what that printed. */
function keyOf(lab: Lab, name: string) {
  const dir = lab.folder(`${name}-key`);
  const folder = join(dir, 'own');
  mkdirSync(folder, { mode: 0o700 });
  const config = join(dir, 'ikev2');
  writeFileSync(config, formatUci([section('service', 'main', { folder })]));
  const said = runNow([program.ikectl, '--config', config, '--run-dir', dir, 'key', 'show']);
  const line = /^list remote_key '(\S+)'$/m.exec(said)?.[1] ?? '';
  return { folder, line };
}

const site = (
  remoteKey: string,
  localTs: string,
  remoteTs: string,
  more: Record<string, UciValue> = {},
) =>
  section('connection', 'site', {
    remote_key: [remoteKey],
    local_ts: [localTs],
    remote_ts: [remoteTs],
    suite: 'modern',
    ...more,
  });
const cabinNet = '192.168.7.0/24';

describe('two of our routers', () => {
  const scene = stage({
    needs: ['our gateway'],
    async play(homes) {
      const { lab, router, nat } = homes;
      const home = keyOf(lab, 'home');
      const cabin = keyOf(lab, 'cabin');
      const [service] = basics({ folder: cabin.folder });
      if (!service) throw new Error('the lab has no service section');
      const answerer = await Gateway.start(lab, router, [
        ...basics({ folder: home.folder }),
        site(cabin.line, network.lan, cabinNet),
      ]);
      const dial = { role: 'initiator', remote: [address.router], start: 'start' };
      const config = [service, site(home.line, cabinNet, network.lan, dial)];
      const dialler = await Gateway.start(lab, nat, config, { name: 'cabin' });
      return { answerer, dialler };
    },
  });

  test('come up with a pasted line each, and nothing else', async () => {
    const { home, answerer } = scene();
    await until('the tunnel is up', async () => (await answerer.sas()).length === 1);

    expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
    const [sa] = await answerer.sas();
    expect(sa?.peer).toMatch(/^@#[0-9a-f]{40}$/);
  });
});

describe('strongSwan', () => {
  const scene = stage({
    needs: ['our gateway', 'strongSwan'],
    async play(home) {
      const ours = keyOf(home.lab, 'home');
      const keys = { cabin: pairOf(), stranger: pairOf(), anna: pairOf(), bob: pairOf() };
      const gateway = await Gateway.start(home.lab, home.router, [
        ...basics({ folder: ours.folder }),
        site(keys.cabin.line, network.lan, 'dynamic', {
          remote_id: 'cabin.example',
          pool: 'guests',
        }),
        section('connection', 'anybody', {
          ...{ remote_key: [keys.anna.line, keys.bob.line], remote_id: '*.guest.example' },
          ...{ local_ts: [network.lan], pool: 'guests', suite: 'modern' },
        }),
      ]);
      const filesOf = (content: (name: keyof typeof keys) => string) =>
        Object.fromEntries(names.map((name) => [`${name}.pem`, content(name)]));
      const der = Buffer.from(ours.line, 'base64');
      const gatewaysKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
      const files = {
        keys: filesOf((name) => keys[name].secret),
        publicKeys: {
          ...filesOf((name) => keys[name].public),
          'gateway.pem': `${gatewaysKey.export({ type: 'spki', format: 'pem' })}`,
        },
      };
      const dial = (key: string, id = 'cabin.example') => ({
        version: 2,
        remote_addrs: address.router,
        proposals: SUITE.ike,
        vips: ['0.0.0.0'],
        local: { auth: 'pubkey', id, pubkeys: `${key}.pem` },
        remote: { auth: 'pubkey', id: gatewayName, pubkeys: 'gateway.pem' },
        children: { [key]: { remote_ts: [network.lan], esp_proposals: SUITE.esp } },
      });
      const connections = {
        ...{ cabin: dial('cabin'), stranger: dial('stranger') },
        ...{ anna: dial('anna', 'anna.guest.example'), bob: dial('bob', 'b.guest.example') },
      };
      const config = { connections };
      const charon = await Charon.start(home.lab, home.phone, { name: 'phone', config, files });
      return { gateway, charon };
    },
  });

  const names = ['cabin', 'stranger', 'anna', 'bob'] as const;

  function pairOf() {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const secret = `${privateKey.export({ type: 'pkcs8', format: 'pem' })}`;
    const publicKey = createPublicKey(createPrivateKey(secret));
    return {
      secret,
      public: `${publicKey.export({ type: 'spki', format: 'pem' })}`,
      line: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    };
  }

  test('comes in by its key (net2net-pubkey, scenario 7)', async () => {
    const { home, gateway, charon } = scene();

    expect((await charon.initiate('cabin')).stdout).toContain('initiate completed successfully');

    expect(await gateway.sas()).toMatchObject([{ connection: 'site', peer: 'cabin.example' }]);
    expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
    await charon.terminate('cabin');
    await until('it is gone', async () => (await gateway.sas()).length === 0);
  });

  test.each(['anna', 'bob'])(
    'comes in as %s, whoever has one of the keys of a connection (rw-pubkey-anon, scenario 7)',
    async (name) => {
      const { home, gateway, charon } = scene();

      expect((await charon.initiate(name)).stdout).toContain('initiate completed successfully');

      expect(await gateway.sas()).toMatchObject([{ connection: 'anybody' }]);
      expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
      await charon.terminate(name);
      await until('it is gone', async () => (await gateway.sas()).length === 0);
    },
  );

  test('stays outside with another key, and the owner reads why', async () => {
    const { gateway, charon } = scene();

    const refused = await charon.initiate('stranger', 5);

    expect(refused.code).not.toBe(0);
    expect(refused.stdout).toContain('AUTHENTICATION_FAILED');
    expect(await gateway.explain()).toContain(
      'The signature does not fit the public key of the peer',
    );
    expect(await gateway.sas()).toEqual([]);
  });
});
