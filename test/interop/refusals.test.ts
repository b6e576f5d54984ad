// Those who must not come in: what the phone hears, what the owner reads, and that the next one still gets in.
import { expect, test } from 'vitest';
import { Authority } from '../lab/certificates.ts';
import { Gateway } from '../lab/gateway.ts';
import {
  basics,
  certificateFiles,
  certificateGuests,
  presharedKey,
  pskGuests,
} from '../lab/household.ts';
import { type Dial, gatewayName, startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { section } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

const secret = 'correct horse battery';
const psk = (id: string, told = secret): Dial => ({ login: { kind: 'psk', id, secret: told } });

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const authority = new Authority();
    const server = authority.issue({
      dn: `C=CH, O=Home, CN=${gatewayName}`,
      san: [gatewayName],
      purpose: 'serverAuth',
    });
    const sections = [
      ...basics(),
      // Without network, broadcast and the router's own, one address is left.
      section('pool', 'tiny', { range: ['10.99.0.0/30'] }),
      pskGuests({ remote_id: '*@example.org' }),
      section('connection', 'tiny_guests', {
        ...pskGuests().options,
        pool: 'tiny',
        remote_id: '*@tiny.example.net',
      }),
      presharedKey('*@example.org', secret),
      presharedKey('*@tiny.example.net', secret),
      certificateGuests(),
      ...certificateFiles(home.lab, server, authority.certificate),
    ];
    const gateway = await Gateway.start(home.lab, home.router, sections);
    const phone = await startPhone(home, dials(authority));
    return { gateway, phone };
  },
});

function dials(authority: Authority): Record<string, Dial> {
  const certificate = (dn: string, from: Authority, expired = false): Dial => ({
    login: {
      kind: 'certificate',
      id: dn,
      credential: from.issue({ dn, purpose: 'clientAuth', expired }),
      authority: authority.certificate,
    },
  });
  const onlyV4 = { virtualIps: ['0.0.0.0'] };
  return {
    good: psk('anna@example.org'),
    wrong_key: psk('berta@example.org', 'wrong horse battery'),
    stranger: psk('carl@elsewhere.example.com'),
    expired: certificate('C=CH, O=Home, CN=dora', authority, true),
    forged: certificate('C=CH, O=Home, CN=anna', new Authority()),
    old_fashioned: { ...psk('emil@example.org'), ike: 'aes128-sha1-modp1024' },
    too_curious: { ...psk('frida@example.org'), remoteTs: ['172.16.0.0/12'] },
    no_esp: { ...psk('gustav@example.org'), esp: 'aes128-sha1' },
    first: { ...psk('hans@tiny.example.net'), ...onlyV4 },
    second: { ...psk('ida@tiny.example.net'), ...onlyV4 },
  };
}

/** Dials and expects a refusal; returns what the phone heard. */
async function refused(name: string): Promise<string> {
  const { phone } = scene();
  const { code, stdout, stderr } = await phone.initiate(name, 10);
  expect(code).not.toBe(0);
  return stdout + stderr;
}

/** The lines of the owner's log that speak of failed attempts. */
async function attempts(): Promise<string[]> {
  const { stdout } = await scene().gateway.ikectl('log', '--limit', '1000');
  return stdout.split('\n').filter((line) => line.includes('attempt failed'));
}

test.each([
  ['wrong_key', /AUTHENTICATION_FAILED/, /berta@example\.org.*AUTHENTICATION_FAILED/],
  ['stranger', /AUTHENTICATION_FAILED/, /carl@elsewhere.*AUTHENTICATION_FAILED/],
  ['expired', /AUTHENTICATION_FAILED/, /dora.*AUTHENTICATION_FAILED.*expired/],
  ['forged', /AUTHENTICATION_FAILED/, /anna.*AUTHENTICATION_FAILED/],
  ['old_fashioned', /NO_PROPOSAL_CHOSEN/, /NO_PROPOSAL_CHOSEN/],
])('%s: the phone hears why not, and the owner reads one clear line', async (name, heard, read) => {
  const before = await attempts();

  expect(await refused(name)).toMatch(heard);

  const lines = (await attempts()).slice(before.length);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(read);
  expect(await scene().gateway.sas()).toEqual([]);
});

test('wrong and unknown look the same to the one who is refused (scenario 30)', async () => {
  const told = async (name: string): Promise<string[]> =>
    (await refused(name)).match(/parsed IKE_AUTH response.*/g) ?? [];

  expect(await told('wrong_key')).toEqual(await told('stranger'));
});

test.each([
  ['too_curious', 'TS_UNACCEPTABLE'],
  ['no_esp', 'NO_PROPOSAL_CHOSEN'],
])(
  '%s: the tunnel is refused, the IKE SA stays (RFC 7296 §1.2, pitfall 43)',
  async (name, notify) => {
    const { gateway, phone } = scene();

    expect(await refused(name)).toContain(notify);

    expect(await gateway.sas()).toMatchObject([{ children: [] }]);
    await phone.terminate(name);
    await until('the IKE SA is gone', async () => (await gateway.status()).sas.length === 0);
  },
);

test('a pool with one address serves one guest; the second hears INTERNAL_ADDRESS_FAILURE', async () => {
  const { gateway, phone } = scene();
  expect((await phone.initiate('first')).code).toBe(0);

  expect(await refused('second')).toContain('INTERNAL_ADDRESS_FAILURE');

  const tunnels = await gateway.tunnels();
  expect(tunnels.map(({ peer }) => peer)).toEqual(['hans@tiny.example.net']);
  await phone.terminate('second');
  await phone.terminate('first');
});

test('after all of them, a good one still gets in', async () => {
  const { phone } = scene();

  expect((await phone.initiate('good')).code).toBe(0);
});

test('not one of them made the gateway report a bug', () => {
  expect(scene().gateway.log).not.toMatch(/bug in ikev2d/);
});
