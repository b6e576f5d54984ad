// Several key exchanges, ML-KEM among them (RFC 9370), with strongSwan 6.1 on the other side, in both roles: through a
// NAT, with new keys of both kinds from both sides, and while the way loses packets.
import { describe, expect, test } from 'vitest';
import { Exchange } from '../../src/iana/exchanges.ts';
import { PayloadType } from '../../src/iana/payloads.ts';
import { Capture, dissect, ikeOnly } from '../lab/capture.ts';
import type { Charon } from '../lab/charon.ts';
import { Gateway } from '../lab/gateway.ts';
import { address, network } from '../lab/home.ts';
import { basics, presharedKey, pskGuests, wayHome } from '../lab/household.ts';
import { startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { pskGateway, SwanGateway } from '../lab/swan-gateway.ts';
import { ping } from '../lab/traffic.ts';
import { section } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;
const needs = ['our gateway', 'strongSwan', 'peer strongswan-6.1', 'tshark'] as const;
const suites = {
  x25519: 'x25519-ke1_mlkem768',
  p384: 'ecp384-ke1_mlkem1024',
  two: 'x25519-ke1_mlkem768-ke2_ecp384',
} as const;
const ike = (words: string): string => `aes256gcm16-prfsha384-${words}`;
const esp = (words: string): string => `aes256gcm16-${words}`;
const all = Object.values(suites);

/** Rekeys of both kinds, by charon and by our daemon; after each there is one of everything, and it carries. */
async function renewEverything(
  ours: Gateway,
  { charon, child, connection }: { charon: Charon; child: string; connection: string },
  carries: () => Promise<unknown>,
): Promise<void> {
  const sa = async () => {
    const [one] = await ours.sas();
    if (!one) throw new Error('there is no IKE SA');
    return one;
  };
  const rekeys = [
    () => charon.control(['--rekey', '--child', child]),
    async () => {
      const { id, children } = await sa();
      return ours.ikectl('rekey', '--sa', `${id}`, '--child', `${children.at(-1)?.id}`);
    },
    () => charon.control(['--rekey', '--ike', connection]),
    async () => ours.ikectl('rekey', '--sa', `${(await sa()).id}`),
  ];
  for (const [i, rekey] of rekeys.entries()) {
    const before = await sa();
    const { code, stdout, stderr } = await rekey();
    expect({ code, said: stdout + stderr }).toMatchObject({ code: 0 });
    await until(`new keys after rekey ${i}`, async () => {
      const [one, ...others] = await ours.sas();
      const [tunnel, ...more] = one?.children ?? [];
      const isNew = i < 2 ? tunnel?.id !== before.children[0]?.id : one?.id !== before.id;
      return isNew && tunnel !== undefined && others.length + more.length === 0;
    });
    await carries();
  }
}

describe('our gateway, behind whose NAT strongSwan is', () => {
  const scene = stage({
    needs,
    async play(home) {
      const guests = pskGuests({ suite: undefined, ike: all.map(ike), esp: all.map(esp) });
      const sections = [...basics(), guests, presharedKey(anna.id, anna.secret)];
      const gateway = await Gateway.start(home.lab, home.router, sections);
      const dials = Object.fromEntries(
        Object.entries(suites).map(([name, words]) => [
          name,
          { login: anna, ike: ike(words), esp: esp(words) },
        ]),
      );
      const phone = await startPhone(home, dials, { version: '6.1', retransmit: 0.5 });
      return { gateway, phone };
    },
  });

  const carries = async () =>
    expect(await ping(scene().home.phone, address.lan)).toMatchObject({ received: 3 });

  test.each(Object.entries(suites))(
    '%s: it dials in, and every key is renewed from both sides (pitfalls 50, 51, scenario 35)',
    async (name, words) => {
      const { gateway, phone } = scene();
      expect(await phone.initiate(name)).toMatchObject({ code: 0 });
      await carries();
      await renewEverything(gateway, { charon: phone, child: name, connection: name }, carries);
      const [sa] = await gateway.sas();
      expect([sa?.suite, sa?.children[0]?.suite]).toEqual([ike(words), esp(words)]);
      await phone.terminate(name);
      await until('it is gone', async () => (await gateway.sas()).length === 0);
    },
    90_000,
  );

  // A row of Wireshark's is for a pair of SPIs, so the log has the keys behind the last exchange, and no others.
  test('is read by tshark from IKE_AUTH on, with the keys that our gateway logs', async () => {
    const { home, phone } = scene();
    const options = { name: 'hybrid', device: 'wan0', filter: ikeOnly };
    const capture = await Capture.start(home.lab, home.router, options);
    expect(await phone.initiate('x25519')).toMatchObject({ code: 0 });
    await phone.terminate('x25519');
    await capture.stop();
    const { ike: read } = await dissect(home.lab, capture.file, home.lab.folder('gateway-keys'));
    const said = (exchange: number) => read.filter((one) => one.exchange === exchange);
    const answers = said(Exchange.IKE_AUTH).filter(({ isResponse }) => isResponse);
    expect(answers.map(({ payloads }) => payloads)).toEqual([
      expect.arrayContaining([PayloadType.IDR, PayloadType.AUTH, PayloadType.TSR]),
    ]);
    expect(said(Exchange.IKE_INTERMEDIATE).length).toBeGreaterThanOrEqual(2);
  });

  // Twenty times as many as a bad way loses, and none but those of ML-KEM, so that they are lost in every run.
  test('comes in while every fifth fragment is lost', async () => {
    const { home, gateway, phone } = scene();
    const lost = home.loseLong(5, 1000);
    for (let i = 0; i < 5; i++) {
      expect(await phone.initiate('x25519', 40)).toMatchObject({ code: 0 });
      expect((await gateway.sas())[0]?.suite).toBe(ike(suites.x25519));
      await phone.terminate('x25519');
    }
    expect(lost()).toBeGreaterThanOrEqual(2);
    home.internet.nft('delete table inet longs');
  }, 120_000);

  test('comes in while one of a hundred packets is lost', async () => {
    const { home, gateway, phone } = scene();
    home.lose(1);
    for (let i = 0; i < 5; i++) {
      expect(await phone.initiate('two', 40)).toMatchObject({ code: 0 });
      expect((await gateway.sas())[0]?.suite).toBe(ike(suites.two));
      await phone.terminate('two');
    }
  }, 120_000);
});

describe('our dialler, at a gateway of strongSwan', () => {
  const scene = stage({
    needs,
    async play(home) {
      home.internet.route(network.pool, address.router);
      home.internet.route(network.pool6, address.router6);
      return {};
    },
  });

  test.each(Object.entries(suites))(
    '%s: it comes in, and every key is renewed from both sides (pitfalls 50, 51, scenario 35)',
    async (_, words) => {
      const { home } = scene();
      const dialled = { ...pskGateway(anna), ike: ike(words), esp: esp(words) };
      const swan = await SwanGateway.start(home, { ...dialled, version: '6.1' });
      const service = section('service', 'main', { log: 'debug', retransmit_base: 0.5 });
      const way = wayHome(anna, { ike: [ike(words)], esp: [esp(words)] });
      const phone = await Gateway.start(home.lab, home.phone, [service, way], { name: 'phone' });
      try {
        expect(await phone.ikectl('up', 'way_home')).toMatchObject({ code: 0 });
        const carries = async () =>
          expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
        await until('the phone has its routes', async () =>
          (await phone.tunnels()).some(({ addresses }) => addresses.length === 2),
        );
        await carries();
        const theirs = { charon: swan.charon, child: 'net', connection: 'phones' };
        await renewEverything(phone, theirs, carries);
        const [sa] = await phone.sas();
        expect([sa?.suite, sa?.children[0]?.suite]).toEqual([ike(words), esp(words)]);
      } finally {
        await phone.stop();
        await swan.stop();
      }
    },
    90_000,
  );
});
