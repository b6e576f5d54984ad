// A certificate and then a password in one login (RFC 4739): strongSwan's phones to us, and we to strongSwan.
import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Authority } from '../lab/certificates.ts';
import { Gateway } from '../lab/gateway.ts';
import { address, network } from '../lab/home.ts';
import { basics, certificateFiles, certificateGuests, user } from '../lab/household.ts';
import { type Dial, gatewayName, SUITE, startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { SwanGateway } from '../lab/swan-gateway.ts';
import type { Settings } from '../lab/swanctl.ts';
import { ping } from '../lab/traffic.ts';
import { section } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

const anna = { name: 'anna@example.org', password: 'correct horse battery' };
const bert = { name: 'bert@example.org', password: 'guess' };
const laptop = 'laptop.example.org';
const authority = new Authority('rsa');
const issue = (name: string, purpose: 'serverAuth' | 'clientAuth') =>
  authority.issue({ dn: `C=CH, O=Home, CN=${name}`, san: [name], purpose });
const server = issue(gatewayName, 'serverAuth');
const credential = issue(laptop, 'clientAuth');

describe('to our gateway', () => {
  /** @param rounds as strongSwan's settings name them */
  const dial = (rounds: Readonly<Record<string, Settings>>, who = anna): Dial => ({
    login: {
      ...{ kind: 'eap', method: 'eap', id: laptop, eapId: who.name, password: who.password },
      ...{ credential, authority: authority.certificate },
    },
    settings: { local: undefined, ...rounds },
  });
  const certificate = (name: string): Settings => ({
    ...{ round: 1, auth: 'pubkey', id: laptop, certs: `${name}.pem` },
  });
  const login = (round: number, { name } = anna): Settings => ({
    ...{ round, auth: 'eap', id: name, eap_id: name },
  });
  const both = (name: string, auth: string, who = anna): Dial =>
    dial({ 'local-1': certificate(name), 'local-2': { ...login(2, who), auth } }, who);

  const scene = stage({
    needs: ['our gateway', 'strongSwan'],
    async play(home) {
      const gateway = await Gateway.start(home.lab, home.router, [
        ...basics({ folder: home.lab.folder('revoked') }),
        ...certificateFiles(home.lab, server, authority.certificate),
        user(anna.name, anna.password),
        user(bert.name, 'another password'),
        certificateGuests({ remote_auth: ['pubkey+eap-mschapv2', 'pubkey+eap-ttls'] }),
      ]);
      const phone = await startPhone(home, {
        mschapv2: both('mschapv2', 'eap-mschapv2'),
        ttls: both('ttls', 'eap-ttls'),
        wrong: both('wrong', 'eap-mschapv2', bert),
        certificate: dial({ 'local-1': certificate('certificate') }),
        password: dial({ 'local-1': login(1) }),
      });
      return { gateway, phone };
    },
  });

  test.each(['mschapv2', 'ttls'])('a phone comes in by its certificate and %s', async (name) => {
    const { home, gateway, phone } = scene();

    const dialled = await phone.initiate(name);

    expect(dialled.stdout).toContain('initiate completed successfully');
    expect(phone.log).toContain(`authentication of '${laptop}' (myself) with RSA_EMSA_PKCS1_SHA2`);
    expect(phone.log).toContain(`authentication of '${anna.name}' (myself) with EAP`);
    expect(await gateway.sas()).toMatchObject([{ peer: anna.name }]);
    expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
    await phone.terminate(name);
  });

  test.each([
    ['wrong', /Wrong password for user «bert@example.org»/],
    ['certificate', /has a certificate, and does not log in by EAP after it/],
    ['password', /wants to log in by EAP/],
  ])('%s: stays out, and the owner learns why', async (name, why) => {
    const { gateway, phone } = scene();

    const dialled = await phone.initiate(name);

    expect(dialled.code).not.toBe(0);
    await until('the gateway has none', async () => (await gateway.sas()).length === 0);
    expect(await gateway.explain()).toMatch(why);
  });

  test('a revoked certificate ends the tunnel at once, and no password brings it back', async () => {
    const { gateway, phone } = scene();
    const { serialNumber } = new X509Certificate(credential.certificate);
    expect((await phone.initiate('mschapv2')).stdout).toContain('initiate completed successfully');

    expect((await gateway.ikectl('cert', 'revoke', serialNumber)).code).toBe(0);

    await until('the laptop is out', async () => (await gateway.sas()).length === 0);
    expect((await phone.initiate('mschapv2', 5)).stdout).toContain('AUTHENTICATION_FAILED');
    expect(await gateway.explain()).toMatch(/was revoked here on/);
  });
});

describe('to strongSwan', () => {
  const scene = stage({ needs: ['our gateway', 'strongSwan'], play: async () => ({}) });

  /** A connection of ours that logs in, and strongSwan that wants a certificate and then `password`. */
  async function play(
    password: string,
    use: (ours: Gateway, swan: SwanGateway) => Promise<void>,
  ): Promise<void> {
    const { home } = scene();
    const swan = await SwanGateway.start(home, {
      ...SUITE,
      local: { auth: 'pubkey', id: gatewayName, certs: 'server.pem' },
      remote: {},
      settings: {
        remote: undefined,
        'remote-1': { round: 1, auth: 'pubkey', id: laptop },
        'remote-2': { round: 2, auth: 'eap-mschapv2', id: anna.name, eap_id: '%any' },
      },
      secrets: { 'eap-anna': { id: anna.name, secret: password } },
      files: {
        authorities: { 'ca.pem': authority.certificate },
        certificates: { 'server.pem': server.certificate },
        keys: { 'server.pem': server.key },
      },
    });
    const ours = await Gateway.start(
      home.lab,
      home.phone,
      [
        section('service', 'main', { log: 'debug', retransmit_base: 0.5 }),
        section('connection', 'way_home', {
          role: 'initiator',
          remote: [address.router],
          local_auth: 'pubkey+eap-mschapv2',
          local_id: laptop,
          remote_id: gatewayName,
          certificate: 'server',
          ike: [SUITE.ike],
          esp: [SUITE.esp],
          virtual_ip: ['0.0.0.0'],
          remote_ts: [network.lan],
        }),
        user(anna.name, anna.password, { connection: 'way_home' }),
        ...certificateFiles(home.lab, credential, authority.certificate),
      ],
      { name: `ours-${password.length}` },
    );
    try {
      await use(ours, swan);
    } finally {
      await ours.stop();
      await swan.stop();
    }
  }

  test('we come in by our certificate and a password', () =>
    play(anna.password, async (ours, swan) => {
      expect(await ours.ikectl('up', 'way_home')).toMatchObject({ code: 0 });
      await until('we are connected', async () => (await ours.tunnels()).length > 0);
      expect(await ping(scene().home.phone, address.lan)).toMatchObject({ received: 3 });
      expect(swan.charon.log).toMatch(
        new RegExp(`authentication of '.*${laptop}' with RSA_EMSA_PKCS1_SHA2_\\d+ successful`),
      );
      expect(swan.charon.log).toContain(`authentication of '${anna.name}' with EAP successful`);
    }));

  test('we do not come in by our certificate and a wrong password, and learn why', () =>
    play('another password', async (ours, swan) => {
      await ours.ikectl('up', 'way_home');
      await until('we know why', async () =>
        (await ours.explain()).includes('wrong user name or password'),
      );
      expect(await ours.tunnels()).toEqual([]);
      expect(await swan.tunnels()).toEqual([]);
      expect(swan.charon.log).toMatch(
        /authentication of '.*' with RSA_EMSA_PKCS1_SHA2_\d+ successful/,
      );
    }));
});
