// Profiles as the desk gives them away: what is inside, for how long, and when they are stale.
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { toText } from '../../../../src/base/bytes.ts';
import { deskWithoutDaemon } from '../../../../src/daemon/desk/alone.ts';
import { gather } from '../../../../src/daemon/gather.ts';
import type { FileFacts } from '../../../../src/rpc/accounts.ts';
import { hasOpenssl, openssl } from '../../../lab/openssl.ts';
import { type DeskHome, deskHome, device } from './home.ts';

const patience = 120_000;
let home: DeskHome;
beforeAll(async () => {
  home = await deskHome();
}, patience);
// Keys are made in seconds on a free machine.
vi.setConfig({ testTimeout: patience });
afterAll(() => home.remove());

const exported = (name: string, format: string, renew = false) =>
  home.accounts.exportDevice({ name, format, renew });
const textIn = ({ content, encoding }: FileFacts): string =>
  Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8').toString();
const shown = (name: string) => home.accounts.devices().find((one) => one.name === name);

describe('a password', () => {
  test('is in the profile for a quarter of an hour; then the device asks for it', async () => {
    const { password, file } = await home.accounts.addDevice(
      device('anna-iphone', { owner: 'anna', platform: 'ios', format: 'mobileconfig' }),
    );
    expect(file).toMatchObject({ secret: 'inside', password });
    expect(file && textIn(file.file)).toContain(`<string>${password}</string>`);
    home.pass(14);
    expect((await exported('anna-iphone', 'sswan')).file.content).toContain(password);
    home.pass(2);

    const later = await exported('anna-iphone', 'sswan');

    expect(later).toMatchObject({ secret: 'asked', password: undefined });
    expect(later.file.content).not.toContain(password);
    expect(home.text()).not.toContain(password);
  });

  test('is another one after renew, and the one before opens nothing', async () => {
    await home.accounts.addDevice(device('renewed'));
    const hash = () => /config device 'renewed'[\s\S]*?nthash '(\w+)'/.exec(home.text())?.[1];
    const before = hash();

    const { password, secret } = await exported('renewed', 'swanctl', true);

    expect(secret).toBe('inside');
    expect(password).toMatch(/^[a-z2-9-]{23}$/);
    expect(hash()).not.toBe(before);
  });
});

describe('post-quantum keys', () => {
  const wish = { isPostQuantum: true, format: 'mobileconfig' };

  test('are asked for by the profile of a device from the beginning, where it is wanted', async () => {
    const { file } = await home.accounts.addDevice(device('future', { platform: 'ios', ...wish }));
    expect(file && textIn(file.file)).toContain('PostQuantumKeyExchangeMethods');
    const plain = await exported('future', 'mobileconfig');
    expect(textIn(plain.file)).not.toContain('PostQuantum');
  });

  test('are for no other format, and no device is made for one', async () => {
    const refusal = /--post-quantum is for iPhone, iPad and Mac/;
    for (const format of ['powershell', 'profilexml', 'sswan', 'android', 'swanctl']) {
      const added = home.accounts.addDevice(device('present', { ...wish, format }));
      await expect(added).rejects.toThrow(refusal);
      const later = home.accounts.exportDevice({ ...wish, name: 'future', format, renew: false });
      await expect(later).rejects.toThrow(refusal);
    }
    expect(shown('present')).toBeUndefined();
  });
});

describe('the profile of an iPhone', () => {
  test.runIf(hasOpenssl)('is signed by the gateway, for whoever has its authority', async () => {
    await home.accounts.addDevice(device('signed'));
    const { file } = await exported('signed', 'mobileconfig');
    const ca = home.certificates.authority();
    const options = ['-CAfile', 'ca.pem', '-purpose', 'any', '-inform', 'DER'];
    const files = { 'a.der': Buffer.from(file.content, 'base64'), 'ca.pem': ca.pem };

    const inside = openssl(files, 'cms', '-verify', '-binary', '-in', 'a.der', ...options);

    const plain = await home.accounts.exportDevice({
      ...{ name: 'signed', format: 'mobileconfig', renew: false, isUnsigned: true },
    });
    expect(plain.file.encoding).toBe('text');
    expect(`${inside}`).toBe(plain.file.content);
  });

  test('is not signed while the clock cannot be true', async () => {
    await home.accounts.addDevice(device('early'));
    home.pass(-60 * 24 * 365 * 50);
    const { file } = await exported('early', 'mobileconfig');
    home.pass(60 * 24 * 365 * 50);

    expect(file.content).toMatch(/^<\?xml/);
  });
});

describe('a certificate', () => {
  test('is given away with its key once; then a new one takes its place', async () => {
    const { device: added } = await home.accounts.addDevice(
      device('tablet', { auth: 'certificate' }),
    );
    const first = await exported('tablet', 'nmconnection');
    // The key was written as a log line would be, with \x0a for line ends, and strongSwan found none in it.
    const [, , keyFile] = first.extras;
    expect(createPrivateKey(keyFile?.content ?? '').asymmetricKeyType).toBe('rsa');
    expect(first.extras.map(({ filename }) => filename)).toEqual([
      'ca.pem',
      'device.pem',
      'device.key',
    ]);
    home.pass(16);
    await expect(exported('tablet', 'nmconnection')).rejects.toThrow('--renew');

    const renewed = await exported('tablet', 'mobileconfig', true);

    expect(renewed.secret).toBe('inside');
    const old = home.certificates.list().find(({ serial }) => serial === added.certificate);
    expect(old === undefined || old.revokedAt !== undefined).toBe(true);
    expect(shown('tablet')?.certificate).not.toBe(added.certificate);
  });

  test('is not made for a format that cannot carry it', async () => {
    const request = device('pc', { auth: 'certificate', format: 'join' });
    await expect(home.accounts.addDevice(request)).rejects.toThrow(
      'takes a device with a password',
    );
    expect(shown('pc')).toBeUndefined();
  });
});

describe('a profile is stale', () => {
  const made = async (name: string, fields = {}) =>
    home.accounts.addDevice(device(name, { format: 'sswan', ...fields }));

  test('never while nothing changed, and after what it says did', async () => {
    await made('phone', { routing: 'home' });
    expect(shown('phone')).toMatchObject({ format: 'sswan', stale: [] });

    home.edit((text) =>
      text.replace("list home_net '192.168.1.0/24'", "list home_net '192.168.7.0/24'"),
    );
    expect(shown('phone')?.stale).toEqual(['networks and names']);
    home.edit((text) =>
      text.replace("config connection 'passwords'", "$&\n\toption suite 'modern'"),
    );
    expect(shown('phone')?.stale).toEqual(['algorithms', 'networks and names']);
    await exported('phone', 'sswan');
    expect(shown('phone')?.stale).toEqual([]);
  });

  test('when its device is renamed', async () => {
    await made('old-name');
    const change = { owner: undefined, expires: undefined, addresses: undefined };
    const renamed = await home.accounts.setDevice({
      ...{ name: 'old-name', rename: 'new-name', routing: undefined, isOnDemand: undefined },
      ...change,
    });
    expect(renamed).toMatchObject({ name: 'new-name', stale: ['device'] });
    expect(shown('old-name')).toBeUndefined();
  });

  test('when the home CA is another', async () => {
    await made('laptop');

    await home.certificates.create({ names: ['vpn.example.org'], force: true });

    expect(shown('laptop')?.stale).toEqual(['home CA']);
  });
});

// It was said to be welcome still, and every connection of it was refused: «unknown authority».
test('a device whose certificate a former home CA issued is told how it comes in again', async () => {
  await home.accounts.addDevice(device('left-behind', { auth: 'certificate' }));
  expect(shown('left-behind')?.barred).toBeUndefined();

  await home.certificates.create({ names: ['vpn.example.org'], force: true });

  expect(shown('left-behind')?.barred).toBe(
    'its certificate is from a CA that is not ours any more: «ikectl device export left-behind --renew» makes a new one',
  );
  await exported('left-behind', 'mobileconfig', true);
  expect(shown('left-behind')?.barred).toBeUndefined();
});

test('another router joins by one text, and again by the next', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ikev2-join-'));
  const configFile = join(folder, 'ikev2');
  writeFileSync(configFile, `config service 'main'\n\toption folder '${join(folder, 'own')}'\n`);
  const { accounts } = deskWithoutDaemon(configFile);
  const { file } = await home.accounts.addDevice(
    device('cabin', { platform: 'router', format: 'join', routing: 'home' }),
  );

  const joined = await accounts.join(file?.file.content ?? '');

  expect(joined).toMatchObject({ connection: 'to_vpn_example_org', gateway: 'vpn.example.org' });
  const usable = () => {
    const { gathered, problems } = gather(configFile);
    expect(problems).toEqual([]);
    return gathered?.policy.connections ?? [];
  };
  const [connection, ...more] = usable();
  expect(more).toEqual([]);
  expect(connection).toMatchObject({ role: 'initiator', localAuth: 'eap-mschapv2' });
  expect(connection?.login?.name).toBe('cabin');
  expect(toText(connection?.login?.password.bytes ?? new Uint8Array())).toBe(file?.password);
  expect(joined.networks).toContain('192.168.7.0/24');
  const next = await home.accounts.exportDevice({ name: 'cabin', format: 'join', renew: true });
  // The router may be out of reach but for its tunnel, which the new secret must not end.
  expect(home.text()).toMatch(/former_nthash '[0-9a-f]{32}'\n\s*option former_until '/);
  await accounts.join(next.file.content);
  expect(usable()).toHaveLength(1);
  await expect(accounts.join('nonsense')).rejects.toThrow('no join text');
  rmSync(folder, { recursive: true });
});

test('a gateway whose certificate has another name gives out no profile', async () => {
  home.edit((text) => text.replace("identity 'vpn.example.org'", "identity 'other.example'"));

  await expect(
    home.accounts.addDevice(device('nobody', { format: 'mobileconfig' })),
  ).rejects.toThrow('cert renew --name other.example');

  expect(shown('nobody')).toBeUndefined();
});
