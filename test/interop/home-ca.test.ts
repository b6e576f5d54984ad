// The whole life of certificates as their owner sees it: `ikectl cert` makes them, a foreign client uses them, and the
// gateway renews and revokes while that client is connected.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Credential } from '../lab/certificates.ts';
import { program } from '../lab/checkout.ts';
import { runNow } from '../lab/command.ts';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, certificateGuests } from '../lab/household.ts';
import { gatewayName, startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { formatUci, section } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const dir = home.lab.folder('home-ca');
    const folder = join(dir, 'own');
    const configFile = join(dir, 'ikev2');
    writeFileSync(configFile, formatUci([section('service', 'main', { folder })]));
    const ikectl = (...argv: string[]) =>
      runNow([program.ikectl, '--config', configFile, '--run-dir', dir, ...argv]);
    ikectl('cert', 'init', '--name', gatewayName, '--address', address.router);
    const authority = ikectl('cert', 'export');
    const device = (name: string, form: string): Credential => {
      const file = join(dir, `${name}.p12`);
      const said = ikectl('cert', 'issue', '--name', name, '--form', form, '--out', file);
      return unpack(file, /passphrase: (\S+)/.exec(said)?.[1] ?? '');
    };
    const login = (name: string, form: string) => ({
      kind: 'certificate' as const,
      id: `${name}@${gatewayName}`,
      credential: device(name, form),
      authority,
    });
    const gateway = await Gateway.start(home.lab, home.router, [
      ...basics({ folder }),
      certificateGuests({ certificate: 'gateway', remote_auth: ['pubkey', 'eap-tls'] }),
      section('authority', 'home', { file: join(folder, 'ca.pem'), key: join(folder, 'ca.key') }),
      section('certificate', 'gateway', {
        file: join(folder, 'gateway.pem'),
        key: join(folder, 'gateway.pem'),
      }),
    ]);
    const carl = { ...login('carl', 'modern'), kind: 'eap', method: 'eap-tls' } as const;
    const phone = await startPhone(home, {
      anna: { login: login('anna', 'legacy') },
      bert: { login: login('bert', 'modern') },
      carl: { login: carl },
    });
    return { gateway, phone, folder };
  },
});

/** As a device imports it. */
function unpack(file: string, passphrase: string): Credential {
  const read = (...args: string[]) =>
    runNow(['openssl', 'pkcs12', '-in', file, '-passin', `pass:${passphrase}`, ...args]);
  return {
    certificate: read('-clcerts', '-nokeys'),
    key: read('-nocerts', '-nodes').replace(/^[\s\S]*?(?=-----BEGIN)/, ''),
  };
}

test.each(['anna', 'bert', 'carl'])(
  '%s comes in with the certificate that was issued',
  async (name) => {
    const { home, gateway, phone } = scene();

    const dialled = await phone.initiate(name);

    expect(dialled.stdout).toContain('initiate completed successfully');
    expect(phone.log).toContain(`authentication of '${gatewayName}' with RSA_EMSA_PKCS1_SHA2_256`);
    expect((await gateway.sas()).map(({ peer }) => peer)).toContain(`${name}@${gatewayName}`);
    expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
  },
);

test('a renewed certificate serves the next handshake, and no tunnel notices', async () => {
  const { home, gateway, phone } = scene();
  const before = await gateway.sas();
  const serial = async () =>
    /serial +(\w+)/.exec((await gateway.ikectl('cert', 'show', 'gateway')).stdout)?.[1];
  const old = await serial();

  expect((await gateway.ikectl('cert', 'renew')).code).toBe(0);

  expect(await serial()).not.toBe(old);
  expect((await gateway.sas()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
  await phone.terminate('bert');
  expect((await phone.initiate('bert')).stdout).toContain('initiate completed successfully');
});

test('a certificate file that changes is taken up, and a broken one changes nothing', async () => {
  const { gateway, folder } = scene();
  const file = join(folder, 'gateway.pem');
  const good = readFileSync(file);
  const said = (text: string) => until(text, async () => gateway.log.includes(text), 90_000);

  writeFileSync(file, good.subarray(0, 500));
  await said('certificates were read again and cannot be used so');

  expect(await gateway.sas()).toHaveLength(3);
  writeFileSync(file, good);
  await said('certificates were read again and are in use');
  expect((await gateway.status()).sas).toHaveLength(3);
}, 200_000);

test('a revoked device is out at once and stays out, and the others stay in, in EAP as well (scenario 10, attack 9)', async () => {
  const { home, gateway, phone } = scene();

  expect((await gateway.ikectl('cert', 'revoke', 'anna')).code).toBe(0);

  await until('anna is gone', async () => (await gateway.sas()).length === 2);
  expect((await gateway.ikectl('cert', 'revoke', 'carl')).code).toBe(0);
  await until('carl is gone', async () => (await gateway.sas()).length === 1);
  expect(await gateway.sas()).toMatchObject([{ peer: `bert@${gatewayName}` }]);
  expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
  const again = await phone.initiate('anna', 5);
  expect(again.code).not.toBe(0);
  expect(again.stdout).toContain('AUTHENTICATION_FAILED');
  expect(await gateway.explain()).toMatch(/why: «CN=anna» was revoked here on/);
});
