// strongSwan's phones log in to us inside TLS, and we to strongSwan and to ourselves: EAP-TLS with certificates on both sides, EAP-TTLS
// with a password in the tunnel, in fragments, and where EAP alone proves the gateway.
import { describe, expect, test } from 'vitest';
import { Authority, type Credential } from '../lab/certificates.ts';
import type { Charon } from '../lab/charon.ts';
import { Gateway } from '../lab/gateway.ts';
import { address, type Home, network } from '../lab/home.ts';
import { basics, certificateFiles, certificateGuests } from '../lab/household.ts';
import { type Dial, gatewayName, type Login, SUITE, startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { SwanGateway } from '../lab/swan-gateway.ts';
import { ping } from '../lab/traffic.ts';
import { section, type UciSection } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

const anna = { name: 'anna@example.org', password: 'correct horse battery' };
const authority = new Authority('rsa');
const server = authority.issue({
  dn: `C=CH, O=Home, CN=${gatewayName}`,
  san: [gatewayName],
  purpose: 'serverAuth',
});
const phone = authority.issue({ dn: 'CN=phone', san: [anna.name], purpose: 'clientAuth' });
const user = section('user', 'anna', { name: anna.name, password: anna.password });
const guests = (proof: string, ...methods: readonly string[]): UciSection =>
  certificateGuests({ local_auth: proof, remote_auth: methods });

describe('to our gateway', () => {
  const scene = stage({
    needs: ['our gateway', 'strongSwan'],
    async play(home) {
      const files = certificateFiles(home.lab, server, authority.certificate);
      const sections = [...basics(), ...files, user];
      const start = (name: string, proof: string, ...methods: readonly string[]) =>
        Gateway.start(home.lab, home.router, [...sections, guests(proof, ...methods)], { name });
      return { start };
    },
  });
  const login = (more: Partial<Login & { kind: 'eap' }> = {}): Dial => ({
    login: {
      kind: 'eap',
      method: 'eap-tls',
      id: '192.168.7.2', // phones say their address, which means nothing
      eapId: anna.name,
      authority: authority.certificate,
      ...more,
    },
  });
  const tls = { method: 'eap-tls', credential: phone } as const;
  const ttls = { method: 'eap-ttls', password: anna.password } as const;

  /** Dials each of them in turn. */
  async function play(
    [proof, ...methods]: readonly [string, ...string[]],
    dials: Readonly<Record<string, Dial>>,
    use: (gateway: Gateway, phone: Charon) => Promise<void>,
    plugins = {},
  ): Promise<void> {
    const { home, start } = scene();
    const name = Object.keys(dials).join('-');
    const gateway = await start(`gateway-${name}`, proof, ...methods);
    const charon = await startPhone(home, dials, { name: `phone-${name}`, plugins });
    try {
      await use(gateway, charon);
    } finally {
      await charon.stop();
      await gateway.stop();
    }
  }

  async function expectIn(gateway: Gateway, charon: Charon, name: string): Promise<void> {
    const dialled = await charon.initiate(name);
    expect(dialled.stdout).toContain('initiate completed successfully');
    expect(await gateway.sas()).toMatchObject([{ peer: anna.name }]);
    expect(await ping(scene().home.phone, address.lan)).toMatchObject({ received: 3 });
    await charon.terminate(name);
  }

  test('EAP-TLS lets in a phone to which our certificate has proved us before', () =>
    play(['pubkey', 'eap-tls'], { tls: login(tls) }, (gateway, charon) =>
      expectIn(gateway, charon, 'tls'),
    ));

  test('EAP-TLS alone proves both sides (rw-eap-tls-only, scenario 13, pitfall 40)', () => {
    const dials = { tls_only: login({ ...tls, gateway: 'eap-tls' }) };
    return play(['eap-tls', 'eap-tls'], dials, async (gateway, charon) => {
      await expectIn(gateway, charon, 'tls_only');
      expect(charon.log).toContain('EAP method EAP_TLS succeeded, MSK established');
      expect(charon.log).toContain(`authentication of '${gatewayName}' with EAP successful`);
      expect(charon.log).not.toMatch(/authentication of '[^']*' with RSA/);
    });
  });

  test('EAP-TLS goes in small fragments, and long chains in many (rw-eap-tls-fragments, scenario 13)', () => {
    const names = Array.from({ length: 40 }, (_, i) => `device-${i}.${'x'.repeat(40)}.example.org`);
    const san = [anna.name, ...names];
    const long = authority.issue({ dn: 'CN=phone', san, purpose: 'clientAuth' });
    return play(
      ['pubkey', 'eap-tls'],
      { fragments: login({ ...tls, credential: long }) },
      async (gateway, charon) => {
        await expectIn(gateway, charon, 'fragments');
        expect(charon.log.match(/generating IKE_AUTH request/g)?.length).toBeGreaterThan(15);
      },
      { 'eap-tls': { fragment_size: 256, max_message_count: 0 } },
    );
  });

  test('EAP-TTLS lets in with a password inside, where our certificate has proved us before', () =>
    play(['pubkey', 'eap-ttls'], { ttls: login(ttls) }, (gateway, charon) =>
      expectIn(gateway, charon, 'ttls'),
    ));

  test('EAP-TTLS alone proves both sides (rw-eap-ttls-only, pitfall 40)', () => {
    const dials = { ttls_only: login({ ...ttls, gateway: 'eap-ttls' }) };
    return play(['eap-ttls', 'eap-ttls'], dials, async (gateway, charon) => {
      await expectIn(gateway, charon, 'ttls_only');
      expect(charon.log).toContain('EAP method EAP_TTLS succeeded, MSK established');
      expect(charon.log).not.toMatch(/authentication of '[^']*' with RSA/);
    });
  });

  test('a phone that wants another method than the first gets it (rw-eap-dynamic)', () =>
    play(
      ['pubkey', 'eap-mschapv2', 'eap-ttls', 'eap-tls'],
      { dynamic: login(tls) },
      (gateway, charon) => expectIn(gateway, charon, 'dynamic'),
    ));

  const strangers = new Authority('rsa', 'C=CH, O=Elsewhere, CN=Other CA');
  const stranger: Credential = strangers.issue({
    dn: 'CN=phone',
    san: [anna.name],
    purpose: 'clientAuth',
  });
  test.each<[string, string, string, Partial<Login & { kind: 'eap' }>, RegExp]>([
    [
      'a certificate of elsewhere',
      'pubkey',
      'eap-tls',
      { ...tls, credential: stranger },
      /no authority of ours/,
    ],
    [
      'a wrong password in the tunnel',
      'pubkey',
      'eap-ttls',
      { ...ttls, password: 'guess' },
      /Wrong password/,
    ],
    [
      'a phone that does not know our authority',
      'eap-tls',
      'eap-tls',
      { ...tls, authority: strangers.certificate, gateway: 'eap-tls' },
      /TLS: /,
    ],
  ])('%s is refused, and the owner learns why', (what, proof, method, more, why) =>
    play([proof, method], { [what.replaceAll(' ', '_')]: login(more) }, async (gateway, charon) => {
      const dialled = await charon.initiate(what.replaceAll(' ', '_'));
      expect(dialled.code).not.toBe(0);
      await until('the gateway has none', async () => (await gateway.sas()).length === 0);
      expect(await gateway.explain()).toMatch(why);
    }),
  );
});

describe('to strongSwan', () => {
  const scene = stage({ needs: ['our gateway', 'strongSwan'], play: async () => ({}) });
  const files = {
    authorities: { 'ca.pem': authority.certificate },
    certificates: { 'server.pem': server.certificate },
    keys: { 'server.pem': server.key },
  };

  test.each([
    ['eap-tls', 'pubkey'],
    ['eap-tls', 'eap-tls'],
    ['eap-ttls', 'pubkey'],
    ['eap-ttls', 'eap-ttls'],
  ])('we log in by %s, and it proves itself by %s', async (method, proof) => {
    const { home } = scene();
    const swan = await SwanGateway.start(home, {
      ...SUITE,
      local: { auth: proof, id: gatewayName, certs: 'server.pem' },
      remote: { auth: method, eap_id: '%any' },
      secrets: { 'eap-anna': { id: anna.name, secret: anna.password } },
      files,
      plugins: { 'eap-ttls': { phase2_method: 'mschapv2' } },
    });
    const ours = await startOurs(home, method, proof);
    try {
      expect(await ours.ikectl('up', 'way_home')).toMatchObject({ code: 0 });
      await until('we are connected', async () => (await ours.tunnels()).length > 0);
      expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
      expect(swan.charon.log).toMatch(/EAP method EAP_T?TLS succeeded, MSK established/);
    } finally {
      await ours.stop();
      await swan.stop();
    }
  });
});

/** strongSwan comes without PEAP here; eapol_test and hostapd say whether it is right, this that it goes over IKE. */
describe('to ourselves', () => {
  const scene = stage({ needs: ['our gateway', 'strongSwan'], play: async () => ({}) });

  test.each(['pubkey', 'eap-peap'])(
    'we log in by eap-peap, and the gateway proves itself by %s (rw-eap-peap-mschapv2)',
    async (proof) => {
      const { home } = scene();
      const files = certificateFiles(home.lab, server, authority.certificate);
      const sections = [...basics(), ...files, user, guests(proof, 'eap-peap')];
      const gateway = await Gateway.start(home.lab, home.router, sections, { name: `gw-${proof}` });
      const ours = await startOurs(home, 'eap-peap', proof);
      try {
        expect(await ours.ikectl('up', 'way_home')).toMatchObject({ code: 0 });
        await until('we are connected', async () => (await ours.tunnels()).length > 0);
        expect(await gateway.sas()).toMatchObject([{ peer: anna.name }]);
        expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
      } finally {
        await ours.stop();
        await gateway.stop();
      }
    },
  );
});

/** Our daemon on the phone, which logs in by `method` at whom proves itself by `proof`. */
function startOurs(home: Home, method: string, proof: string): Promise<Gateway> {
  const shows = method === 'eap-tls';
  const files = certificateFiles(home.lab, shows ? phone : server, authority.certificate);
  const sections = [
    section('service', 'main', { log: 'debug', retransmit_base: 0.5 }),
    section('connection', 'way_home', {
      role: 'initiator',
      remote: [address.router],
      local_auth: method,
      remote_auth: [proof],
      local_id: anna.name,
      remote_id: gatewayName,
      eap_id: anna.name,
      certificate: shows ? 'server' : undefined,
      ike: [SUITE.ike],
      esp: [SUITE.esp],
      virtual_ip: ['0.0.0.0'],
      remote_ts: [network.lan],
    }),
    ...(shows
      ? files
      : [section('user', 'me', { ...anna, connection: 'way_home' }), ...files.slice(0, 1)]),
  ];
  return Gateway.start(home.lab, home.phone, sections, { name: `${method}-${proof}` });
}
