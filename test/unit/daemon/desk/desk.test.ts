// The desk on real files; what it makes is opened by openssl.
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromText } from '../../../../src/base/bytes.ts';
import { certificateDesk } from '../../../../src/daemon/desk/desk.ts';
import { gather } from '../../../../src/daemon/gather.ts';
import type { CertificateDesk, CreatedAuthority } from '../../../../src/rpc/certificates.ts';
import { Refused } from '../../../../src/rpc/method.ts';
import { hasOpenssl, openssl } from '../../../lab/openssl.ts';
import { issue, makeCa } from '../../../lab/pki.ts';

const folder = mkdtempSync(join(tmpdir(), 'ikev2-desk-'));
afterAll(() => rmSync(folder, { recursive: true }));

const inFolder = (name: string) => join(folder, 'own', name);
const configFile = join(folder, 'ikev2');
const before = `# mine\nconfig service 'main'\n\toption folder '${join(folder, 'own')}' # here\n`;
let now = new Date();
const told: string[] = [];
let dice = 0;

function desk(changes: Partial<Parameters<typeof certificateDesk>[0]> = {}): CertificateDesk {
  return certificateDesk({
    configFile,
    now: () => now,
    random: (bytes) => new Uint8Array(bytes).map((_, i) => (dice = (dice * 31 + i + 7) & 0xff)),
    configured: async () => void told.push('configured'),
    filesChanged: () => void told.push('files'),
    ...changes,
  });
}

let created: CreatedAuthority;
beforeAll(async () => {
  writeFileSync(configFile, before, { mode: 0o600 });
  created = await desk().create({ names: ['vpn.example.org', '203.0.113.7'], force: false });
});

describe('a home CA', () => {
  test('stands in the configuration, which keeps what was in it and can be used', () => {
    const text = readFileSync(configFile, 'utf8');
    expect(text).toContain('# mine\n');
    expect(text).toContain("' # here\n");
    const { gathered, problems } = gather(configFile);
    expect(problems.map(({ why }) => why)).toEqual([
      'no connection is enabled, so nobody can connect',
    ]);
    expect(gathered?.store.own[0]?.name).toBe('gateway');
    expect(gathered?.configuration.service.identity).toBeDefined();
    expect(told).toContain('configured');
  });

  test('lies in files that only their owner may read, in a folder likewise', () => {
    expect(statSync(join(folder, 'own')).mode & 0o777).toBe(0o700);
    for (const name of ['ca.pem', 'ca.key', 'gateway.pem']) {
      expect(statSync(inFolder(name)).mode & 0o777).toBe(0o600);
    }
  });

  test('tells what was done and what comes next', () => {
    expect(created.gateway.names).toEqual(['vpn.example.org', '203.0.113.7']);
    expect(created.done.join('\n')).toContain('ca.key');
    expect(created.next.join('\n')).toContain('ikectl device add');
  });

  // «Mend the configuration first: there is no certificate» was the answer to the command that makes it.
  test('can be made for connections that wait for it, and for nothing else that is wrong', async () => {
    const waiting = join(folder, 'waiting');
    const people = `config pool 'p'\n\tlist range '10.9.0.0/24'\nconfig connection 'people'\n\tlist remote_auth 'pubkey'\n\toption pool 'p'\n`;
    const write = (text: string) => writeFileSync(waiting, text, { mode: 0o600 });
    const make = () =>
      desk({ configFile: waiting }).create({ names: ['vpn.example.org'], force: false });
    const own = `config service 'main'\n\toption folder '${join(folder, 'waits')}'\n`;

    write(`${own}${people}\toption suite 'best'\n`);
    await expect(make()).rejects.toThrow(/suite/);
    write(`${own}${people}`);
    await make();

    expect(gather(waiting).problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(readFileSync(waiting, 'utf8')).not.toContain('lacking');
  });

  test('is never replaced unasked', async () => {
    const files = () =>
      ['ca.pem', 'ca.key', 'gateway.pem'].map((name) => `${readFileSync(inFolder(name))}`);
    const old = files();

    await expect(desk().create({ names: ['x.example'], force: false })).rejects.toThrow(
      'there is a home CA already',
    );

    expect(files()).toEqual(old);
  });

  test.each([[['vpn example']], [['-x.example']], [['10.0.0']], [[]]])(
    'is not made for %j',
    async (names) => {
      await expect(desk().create({ names, force: true })).rejects.toThrow(Refused);
    },
  );

  test('is not made before the clock can be true', async () => {
    const early = desk({ now: () => new Date('2021-03-01') });

    await expect(early.create({ names: ['a.example'], force: true })).rejects.toThrow('2021-03-01');
  });

  test.runIf(hasOpenssl)('is told apart by openssl from what it issued', () => {
    const files = {
      'ca.pem': readFileSync(inFolder('ca.pem')),
      'gw.pem': readFileSync(inFolder('gateway.pem')),
    };
    expect(
      `${openssl(files, 'verify', '-x509_strict', '-CAfile', 'ca.pem', '-purpose', 'sslserver', 'gw.pem')}`,
    ).toBe('gw.pem: OK\n');
    expect(`${openssl(files, 'x509', '-in', 'ca.pem', '-noout', '-text')}`).toMatch(
      /CA:TRUE, pathlen:0[\s\S]*Certificate Sign, CRL Sign/,
    );
  });
});

describe('a device', () => {
  test.runIf(hasOpenssl)(
    'gets a PKCS#12 file, its passphrase once, and no key stays here',
    async () => {
      const { device, pkcs12, passphrase } = await desk().issue({
        ...{ name: 'anna-iphone', owner: 'anna', form: 'legacy' },
      });

      expect(passphrase).toMatch(/^([a-z2-9]{5}-){3}[a-z2-9]{5}$/);
      expect(device).toMatchObject({
        subject: 'OU=anna, CN=anna-iphone',
        names: ['anna-iphone@vpn.example.org', 'anna-iphone'],
        isOurs: true,
      });
      const args = ['pkcs12', '-in', 'a.p12', '-passin', `pass:${passphrase}`, '-nodes'];
      const opened = `${openssl({ 'a.p12': pkcs12 }, ...args)}`;
      expect(opened).toContain('BEGIN PRIVATE KEY');
      expect(opened.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
      expect(`${readFileSync(device.file)}`).not.toContain('PRIVATE');
      expect(readdirSync(inFolder('devices'))).toEqual(['anna-iphone.pem']);
    },
  );

  test('has one certificate at a time, so that it can be revoked alone', async () => {
    await desk().issue({ name: 'bert-pc', owner: undefined, form: 'modern' });
    const again = () => desk().issue({ name: 'bert-pc', owner: undefined, form: 'modern' });
    await expect(again()).rejects.toThrow('has a certificate already');

    const { serial } = desk().revoke('bert-pc');

    expect(told.at(-1)).toBe('files');
    const { gathered } = gather(configFile);
    expect([...(gathered?.store.revoked.keys() ?? [])].join()).toContain(serial);
    expect(
      desk()
        .list()
        .find(({ name }) => name === 'bert-pc')?.revokedAt,
    ).toBeDefined();
    expect(() => desk().revoke('bert-pc')).toThrow('revoked already');
    expect((await again()).device.serial).not.toBe(serial);
  });

  test('is revoked by a serial number that nobody here knows, too', () => {
    expect(desk().revoke('AB:CD:EF:01:23').name).toBe('abcdef0123');
    expect(() => desk().revoke('abcdef0123')).toThrow('revoked already');
  });

  test.each([['home'], ['gateway'], ['nobody'], ['../x'], ['12']])('is not %s', (which) => {
    expect(() => desk().revoke(which)).toThrow(Refused);
  });

  test.each([[''], ['../anna'], ['a b'], ['-x'], ['a/b'], ['a\nb']])(
    'is not called %j',
    async (name) => {
      await expect(desk().issue({ name, owner: undefined, form: 'modern' })).rejects.toThrow(
        Refused,
      );
    },
  );
});

describe('a renewal', () => {
  test('keeps the names and changes key, serial number and days in one step', async () => {
    const { serial } = created.gateway;
    const old = readFileSync(inFolder('gateway.pem'), 'utf8');
    now = new Date(now.getTime() + 500 * 86_400_000);

    const renewed = await desk().renew({ name: undefined, names: [] });

    expect(renewed.names).toEqual(created.gateway.names);
    expect(renewed.serial).not.toBe(serial);
    expect(renewed.notAfter).toBeGreaterThan(created.gateway.notAfter);
    expect(readFileSync(inFolder('gateway.pem'), 'utf8')).not.toBe(old);
    expect(gather(configFile).gathered?.store.own).toHaveLength(1);
    expect(told.at(-1)).toBe('files');
  });

  test('gives other names to who asks', async () => {
    const renewed = await desk().renew({ name: 'gateway', names: ['home.example.net'] });

    expect(renewed.names).toEqual(['home.example.net']);
  });

  test('is for what the home CA issued alone', async () => {
    await expect(desk().renew({ name: 'other', names: [] })).rejects.toThrow('did not issue');
  });
});

describe('a certificate from elsewhere', () => {
  const take = (content: Uint8Array | string, more: object = {}) =>
    desk().take({
      ...{ name: 'acme', key: undefined, passphrase: undefined, force: true },
      content: typeof content === 'string' ? fromText(content) : content,
      ...more,
    });

  test('is taken as PEM, whatever its order, and with an encrypted key', async () => {
    const ca = await makeCa({ name: 'CN=root' });
    const middle = await makeCa({ name: 'CN=middle' }, ca);
    const leaf = await issue(middle, { name: 'CN=gw', san: ['gw.example'], eku: ['serverAuth'] });
    const encrypted = openssl(
      { k: leaf.keyPem },
      ...['pkcs8', '-topk8', '-in', 'k', '-passout', 'pass:secret'],
    );
    const key = new Uint8Array(encrypted ?? []);

    const facts = await take([ca.pem, middle.pem, leaf.pem].join('\n'), {
      key,
      passphrase: 'secret',
    });

    expect(facts).toMatchObject({ name: 'acme', subject: 'CN=gw', isOurs: false });
    const own = gather(configFile).gathered?.store.own.find(({ name }) => name === 'acme');
    expect(own?.chain).toHaveLength(2);
    await expect(take(leaf.pem, { key, passphrase: 'wrong' })).rejects.toThrow('does not open');
    await expect(take(leaf.pem, { key })).rejects.toThrow('is encrypted');
    await expect(take(middle.pem, { key, passphrase: 'secret' })).rejects.toThrow('no certificate');
    await expect(take(leaf.pem, { key, passphrase: 'secret', force: false })).rejects.toThrow(
      'already',
    );
  });

  test.runIf(hasOpenssl)('is taken as PKCS#12', async () => {
    const ca = await makeCa({ name: 'CN=root' });
    const leaf = await issue(ca, { name: 'CN=gw2', key: 'rsa2048', eku: ['serverAuth'] });
    const files = { c: leaf.pem, k: leaf.keyPem };
    const args = ['pkcs12', '-export', '-in', 'c', '-inkey', 'k', '-passout', 'pass:secret'];
    const pkcs12 = new Uint8Array(openssl(files, ...args) ?? []);

    expect(await take(pkcs12, { passphrase: 'secret' })).toMatchObject({ subject: 'CN=gw2' });
    await expect(take(pkcs12, { passphrase: 'other' })).rejects.toThrow('passphrase is wrong');
    await expect(take(pkcs12)).rejects.toThrow('needs its passphrase');
  });

  test('is believed as an authority of those that this router dials, and of nobody else', async () => {
    const ca = await makeCa({ name: 'CN=Provider' });
    const leaf = await issue(ca, { name: 'CN=gw3' });
    const trust = (content: Uint8Array | string, name = 'provider_ca') =>
      desk().trust({
        ...{ name, vouchesFor: 'servers' },
        content: typeof content === 'string' ? fromText(content) : content,
      });

    for (const content of [ca.pem, new Uint8Array(ca.der)]) {
      expect(await trust(content)).toMatchObject({ kind: 'authority', subject: 'CN=Provider' });
    }
    const anchors = gather(configFile).gathered?.store.anchors ?? [];
    expect(anchors.map(({ vouchesFor }) => vouchesFor)).toContain('servers');
    await expect(trust(leaf.pem)).rejects.toThrow('is no authority');
    await expect(trust('nothing')).rejects.toThrow('no certificate in it');
    await expect(trust(ca.pem, 'home')).rejects.toThrow('is the home CA');
    await expect(trust(ca.pem, '../ca')).rejects.toThrow('letters');
  });

  test('leaves the configuration alone when it cannot be used', async () => {
    const text = readFileSync(configFile, 'utf8');

    await expect(take('nothing')).rejects.toThrow(Refused);

    expect(readFileSync(configFile, 'utf8')).toBe(text);
  });
});

test('a home CA in the place of another keeps the old files, and is not trusted yet', async () => {
  const old = readFileSync(inFolder('ca.pem'), 'utf8');

  const { done } = await desk().create({ names: ['new.example'], force: true });

  expect(readFileSync(inFolder('ca.pem.old'), 'utf8')).toBe(old);
  expect(existsSync(inFolder('ca.key.old'))).toBe(true);
  expect(done.join('\n')).toContain('nobody trusts the new one yet');
  expect(gather(configFile).gathered).toBeDefined();
});

test('a configuration with an error is mended first', () => {
  const broken = join(folder, 'broken');
  writeFileSync(broken, "config service 'main'\n\toption port 'x'\n");

  expect(() => desk({ configFile: broken }).list()).toThrow('mend the configuration first');
});
