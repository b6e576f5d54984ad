// strongSwan and our daemon log in at each other by EAP: what Windows, iPhones and Android phones do.
import { describe, expect, test } from 'vitest';
import { Authority } from '../lab/certificates.ts';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, certificateFiles, eapGuests, user } from '../lab/household.ts';
import { type Dial, gatewayName, type Login, SUITE, startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { SwanGateway } from '../lab/swan-gateway.ts';
import { ping } from '../lab/traffic.ts';
import { section } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

const authority = new Authority('rsa');
const server = authority.issue({
  dn: `C=CH, O=Home, CN=${gatewayName}`,
  san: [gatewayName],
  purpose: 'serverAuth',
});
const carol = { user: 'carol', secret: 'Ar3etTnp' };

describe('phones at our gateway', () => {
  const login = (fields: Partial<Extract<Login, { kind: 'eap' }>> = {}): Dial => ({
    login: {
      kind: 'eap',
      method: 'eap-mschapv2',
      id: 'carol',
      password: carol.secret,
      authority: authority.certificate,
      ...fields,
    },
  });

  const scene = stage({
    needs: ['our gateway', 'strongSwan'],
    async play(home) {
      const files = certificateFiles(home.lab, server, authority.certificate);
      const gateway = await Gateway.start(home.lab, home.router, [
        ...basics(),
        eapGuests({ remote_auth: ['eap-mschapv2', 'eap-gtc'], eap_id: 'carol' }),
        section('connection', 'office', {
          ...Object.fromEntries(Object.entries(eapGuests().options)),
          remote_auth: ['eap-gtc'],
          eap_id: '*@office.example',
        }),
        user('carol', carol.secret),
        user('dave@office.example', 'W7R0g3do'),
        user('erin', 'gone', { enabled: 0 }),
        user('frank', 'right'),
        ...files,
      ]);
      const phone = await startPhone(home, {
        mschapv2: login(),
        windows: login({ id: '192.168.1.23', eapId: 'HOME\\Carol' }),
        gtc: login({ method: 'eap-gtc' }),
        any: login({ method: 'eap' }),
        office: login({ method: 'eap', id: 'dave@office.example', password: 'W7R0g3do' }),
        wrong: login({ id: 'frank', password: 'wrong' }),
        unknown: login({ id: 'mallory' }),
        disabled: login({ id: 'erin', password: 'gone' }),
        stranger: {
          // IDi goes out before the certificate comes: only the name of the login is held back.
          ...login({
            id: 'laptop.example',
            eapId: 'carol',
            authority: new Authority('ecdsa').certificate,
          }),
          // This authority alone: charon believes those of its other connections too.
          settings: { remote: { auth: 'pubkey', id: gatewayName, cacerts: 'stranger.pem' } },
        },
      });
      return { gateway, phone };
    },
  });

  test.each([
    ['mschapv2', 'with name and password (scenario rw-eap-mschapv2-id-rsa)', 'carol'],
    ['windows', 'as a user of a Windows domain, in other letters', 'carol'],
    ['gtc', 'by a method that it asks for (scenario rw-eap-dynamic)', 'carol'],
    ['any', 'by what it is offered first', 'carol'],
    ['office', 'on the connection of its user (scenario rw-eap-id-switch)', 'dave@office.example'],
  ])('%s: a phone logs in %s', async (name, _, peer) => {
    const { home, gateway, phone } = scene();

    const dialled = await phone.initiate(name);

    expect(dialled.stdout).toContain('initiate completed successfully');
    const connection = name === 'office' ? 'office' : 'certificate_guests';
    expect(await gateway.sas()).toMatchObject([{ peer, connection }]);
    expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
    await phone.terminate(name);
    await until('the phone is gone', async () => (await gateway.sas()).length === 0);
  });

  test.each([
    ['wrong', 'a wrong password', 'wrong password for user «frank»'],
    ['unknown', 'a name that nobody knows', 'there is no user «mallory»'],
    ['disabled', 'an account that is switched off', 'the user «erin» is disabled'],
  ])('%s: a phone with %s stays outside, and the owner reads why', async (name, _, why) => {
    const { gateway, phone } = scene();

    const dialled = await phone.initiate(name);

    expect(dialled.code).not.toBe(0);
    expect(dialled.stdout).toContain('ERROR_AUTHENTICATION_FAILURE');
    expect(await gateway.sas()).toEqual([]);
    await until('the reason in the log', () => gateway.log.includes(why));
  });

  // It believed our certificate by the authority of another phone, and came in.
  test('a phone that does not believe our certificate tells no name', async () => {
    const { gateway, phone } = scene();
    const before = gateway.log.length;

    expect((await phone.initiate('stranger')).code).not.toBe(0);

    const said = () => gateway.log.slice(before);
    await until('the gateway has heard that it is not believed', () =>
      said().includes('the peer saw our certificate and logged in no further'),
    );
    expect(said()).toContain('laptop.example');
    expect(said()).not.toContain('carol');
  });
});

describe('our daemon at strongSwan', () => {
  const scene = stage({
    needs: ['our gateway', 'strongSwan'],
    async play(home) {
      const swan = await SwanGateway.start(home, {
        ...SUITE,
        local: { auth: 'pubkey', id: gatewayName, certs: 'server.pem' },
        remote: { auth: 'eap-mschapv2', eap_id: '%any' },
        secrets: { 'eap-carol': { id: carol.user, secret: carol.secret } },
        files: {
          authorities: { 'ca.pem': authority.certificate },
          certificates: { 'server.pem': server.certificate },
          keys: { 'server.pem': server.key },
        },
      });
      return { swan };
    },
  });

  const dial = async (name: string, secret: string): Promise<Gateway> => {
    const { home } = scene();
    const files = certificateFiles(home.lab, server, authority.certificate);
    const daemon = await Gateway.start(
      home.lab,
      home.phone,
      [
        section('service', 'main', { log: 'debug', retransmit_base: 0.5, half_open: 10 }),
        section('connection', 'work', {
          role: 'initiator',
          remote: [address.router],
          remote_id: gatewayName,
          local_auth: 'eap-mschapv2',
          ike: [SUITE.ike],
          esp: [SUITE.esp],
          virtual_ip: ['0.0.0.0', '::'],
        }),
        user(carol.user, secret, { connection: 'work' }),
        ...files.filter(({ type }) => type === 'authority'),
      ],
      { name },
    );
    await daemon.ikectl('up', 'work', '--timeout', '0');
    return daemon;
  };

  test('logs in with name and password, and gets its address (scenario 12)', async () => {
    const { home, swan } = scene();
    const daemon = await dial('right', carol.secret);

    await until('the tunnel', async () => (await daemon.tunnels()).length > 0);
    expect(await daemon.sas()).toMatchObject([{ peer: gatewayName, connection: 'work' }]);
    expect(await swan.tunnels()).toMatchObject([{ peer: carol.user }]);
    expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
    await daemon.stop();
  });

  test('says why, when the password is wrong (scenario 12)', async () => {
    const daemon = await dial('wrong', 'something else');

    await until('the reason in the log', () => daemon.log.includes('the server refused our login'));
    expect(await daemon.sas()).toEqual([]);
    await daemon.stop();
  });
});
