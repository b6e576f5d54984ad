// Post-quantum pre-shared keys (RFC 8784) with strongSwan on the other side, in both roles: known, unknown and another
// one, where they must be and where they may.
import { describe, expect, test } from 'vitest';
import { Authority } from '../lab/certificates.ts';
import { Gateway } from '../lab/gateway.ts';
import { address, network } from '../lab/home.ts';
import {
  basics,
  certificateFiles,
  eapGuests,
  presharedKey,
  pskGuests,
  user,
  wayHome,
} from '../lab/household.ts';
import { type Dial, gatewayName, startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { pskGateway, SwanGateway } from '../lab/swan-gateway.ts';
import type { Settings } from '../lab/swanctl.ts';
import { ping } from '../lab/traffic.ts';
import { section, type UciSection } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;
const [right, wrong] = [`0x${'5a'.repeat(32)}`, `0x${'a5'.repeat(32)}`];
const ours = (id: string, secret: string, ...peer: readonly string[]): UciSection =>
  section('ppk', `ppk_${id}`, { id, secret, peer });
const theirs = (...entries: readonly [id: string, secret: string][]): Settings =>
  Object.fromEntries(entries.map(([id, secret]) => [`ppk-${id}`, { id, secret }]));

describe('our gateway', () => {
  const scene = stage({
    needs: ['our gateway', 'strongSwan'],
    async play(home) {
      const authority = new Authority();
      const server = authority.issue({
        dn: `CN=${gatewayName}`,
        san: [gatewayName],
        purpose: 'serverAuth',
      });
      const credential = authority.issue({
        dn: 'CN=bert',
        san: ['bert@example.org'],
        purpose: 'clientAuth',
      });
      const sections = [
        ...basics(),
        ...certificateFiles(home.lab, server, authority.certificate),
        pskGuests(),
        eapGuests({ remote_auth: ['eap-mschapv2', 'pubkey'] }),
        presharedKey(anna.id, anna.secret),
        user('carl', 'correct horse'),
        ours('known', right),
        ours('changed', wrong),
        ours('others', right, 'dora@example.org'),
      ];
      const gateway = await Gateway.start(home.lab, home.router, sections);
      const dial = (ppk_id?: string, ppk_required?: boolean, login: Dial['login'] = anna) => ({
        login,
        settings: { ppk_id, ppk_required },
      });
      const trust = { authority: authority.certificate };
      const bert = { kind: 'certificate', id: 'bert@example.org', credential, ...trust } as const;
      const carl = { kind: 'eap', method: 'eap-mschapv2', id: 'carl', ...trust } as const;
      const phone = await startPhone(
        home,
        {
          none: dial(),
          known: dial('known'),
          insists: dial('known', true),
          certificate: dial('known', false, bert),
          eap: dial('known', false, { ...carl, password: 'correct horse' }),
          changed: dial('changed'),
          unknown: dial('unknown'),
          unknown_eap: dial('unknown', false, { ...carl, password: 'correct horse' }),
          insists_on_unknown: dial('unknown', true),
          others: dial('others'),
        },
        {
          secrets: theirs(
            ['known', right],
            ['changed', right],
            ['unknown', right],
            ['others', right],
          ),
        },
      );
      return { gateway, phone, sections };
    },
  });

  const gone = () =>
    until('nobody is connected', async () => (await scene().gateway.sas()).length === 0);

  async function dialled(name: string) {
    const { gateway, phone } = scene();
    const { code } = await phone.initiate(name);
    const [sa] = await gateway.sas();
    if (code === 0) await phone.terminate(name);
    await gone();
    return { isUp: code === 0, ppk: sa?.ppk };
  }

  test.each(['known', 'insists', 'certificate', 'eap'])(
    'has it in the keys with a phone that has it (pitfall 52, scenario 36): %s',
    async (name) => {
      expect(await dialled(name)).toEqual({ isUp: true, ppk: 'known' });
    },
  );

  test.each(['none', 'unknown', 'unknown_eap', 'others'])(
    'goes on without it where it may (pitfall 52, scenario 36): %s',
    async (name) => {
      expect(await dialled(name)).toEqual({ isUp: true, ppk: undefined });
    },
  );

  test.each([
    ['insists_on_unknown', /no PPK «unknown» for this peer, which insists on it/],
    ['changed', /the PPK «changed» is another one over there/],
  ])('refuses, and says why: %s', async (name, why) => {
    expect(await dialled(name)).toEqual({ isUp: false, ppk: undefined });
    expect(await scene().gateway.explain()).toMatch(why);
  });

  test('a tunnel with it carries packets, and goes on with new keys of both kinds', async () => {
    const { gateway, phone, home } = scene();
    expect((await phone.initiate('known')).code).toBe(0);
    expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
    for (const what of ['--child', '--ike']) {
      const [before] = await gateway.sas();
      expect((await phone.control(['--rekey', what, 'known'])).code).toBe(0);
      await until('there are new keys', async () => {
        const [sa, ...more] = await gateway.sas();
        const isNew =
          what === '--ike'
            ? sa?.id !== before?.id
            : sa?.children[0]?.id !== before?.children[0]?.id;
        return isNew && more.length === 0 && sa?.children.length === 1;
      });
      expect((await gateway.sas())[0]?.ppk).toBe('known');
      expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
    }
    await phone.terminate('known');
    await gone();
  });

  test('lets nobody in without one once it must be', async () => {
    const { gateway, sections } = scene();
    gateway.configure(
      sections.map(({ type, name, options }) =>
        type === 'connection'
          ? { type, name, options: { ...options, ppk_required: true } }
          : { type, name, options },
      ),
    );
    expect((await gateway.ikectl('reload')).code).toBe(0);
    for (const name of ['known', 'eap']) {
      expect(await dialled(name)).toEqual({ isUp: true, ppk: 'known' });
    }
    for (const name of ['none', 'unknown', 'unknown_eap']) {
      expect((await dialled(name)).isUp).toBe(false);
    }
    expect(await gateway.explain()).toMatch(/its connection wants one/);
  });
});

describe('our dialler, at a gateway of strongSwan', () => {
  const scene = stage({
    needs: ['our gateway', 'strongSwan'],
    async play(home) {
      home.internet.route(network.pool, address.router);
      home.internet.route(network.pool6, address.router6);
      return {};
    },
  });
  const service = section('service', 'main', { log: 'debug', retransmit_base: 0.5, half_open: 10 });

  const rows = [
    // [what the gateway has, whether it insists, what we have, whether we insist, the PPK of the tunnel]
    ['the same', 'known', false, right, false, 'known'],
    ['the same, and both insist', 'known', true, right, true, 'known'],
    ['none', undefined, false, right, false, 'none'],
    ['none, and we insist', undefined, false, right, true, 'refused'],
    ['another id', 'unknown', false, right, false, 'none'],
    ['another id, and we insist', 'unknown', false, right, true, 'refused'],
    ['another secret', 'known', false, wrong, false, 'refused'],
  ] as const;

  test.each(rows)(
    'which has %s (pitfall 52)',
    async (_, id, ppk_required, secret, insists, outcome) => {
      const { home } = scene();
      const gateway = pskGateway(anna);
      const swan = await SwanGateway.start(home, {
        ...gateway,
        secrets: { ...gateway.secrets, ...(id === undefined ? {} : theirs([id, right])) },
        settings: { ppk_required },
      });
      const sections = [service, wayHome(anna, { ppk_required: insists }), ours('known', secret)];
      const phone = await Gateway.start(home.lab, home.phone, sections, { name: 'phone' });
      try {
        const { code } = await phone.ikectl('up', 'way_home');
        expect(code === 0).toBe(outcome !== 'refused');
        if (code !== 0) {
          expect(await phone.explain()).toMatch(/PPK/);
          return;
        }
        const [sa] = await until('there is a tunnel', async () => {
          const sas = await phone.sas();
          return sas[0]?.children.length === 1 ? sas : undefined;
        });
        expect(sa?.ppk ?? 'none').toBe(outcome);
        expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
        const { stdout } = await swan.charon.control(['--list-sas', '--pretty']);
        expect(stdout.includes('ppk = yes')).toBe(outcome === 'known');
      } finally {
        await phone.stop();
        await swan.stop();
      }
    },
  );
});
