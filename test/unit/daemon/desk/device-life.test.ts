// What may become of a device after it got its profile: renamed, over, revoked, added again; and the home CA made anew.
// Each time the list says which profiles are stale, and the next profile takes the place of the one before.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { DeviceChange } from '../../../../src/rpc/accounts.ts';
import { type DeskHome, deskHome, device } from './home.ts';

const patience = 120_000;
// Keys are made in seconds on a free machine.
vi.setConfig({ testTimeout: patience });
let home: DeskHome;
beforeAll(async () => {
  home = await deskHome();
}, patience);
afterAll(() => home.remove());

const shown = (name: string) => home.accounts.devices().find((one) => one.name === name);
const change = (name: string, fields: Partial<DeviceChange>) =>
  home.accounts.setDevice({
    ...{ name, rename: undefined, owner: undefined, expires: undefined, addresses: undefined },
    ...{ routing: undefined, isOnDemand: undefined, ...fields },
  });
const profileOf = async (name: string, renew = false): Promise<string> => {
  const wish = { name, format: 'mobileconfig', renew, isUnsigned: true };
  return (await home.accounts.exportDevice(wish)).file.content;
};
/** By which the system knows the profile that it has. */
const identifiersIn = (profile: string) =>
  [...profile.matchAll(/<key>Payload(?:Identifier|UUID)<\/key>\s*<string>(.*?)</g)].map(
    ([, value]) => value,
  );

test('renamed, over, revoked and added again, it is told of, and replaces its profile each time', async () => {
  await home.accounts.addDevice(device('phone'));
  const first = await profileOf('phone');
  expect(shown('phone')).toMatchObject({ stale: [], barred: undefined });

  await change('phone', { rename: 'annas-phone' });
  expect(shown('annas-phone')?.stale).toEqual(['device']);
  const renamed = await profileOf('annas-phone');
  expect(renamed).toContain('<string>annas-phone</string>');
  // The identifiers came from the name: a renamed device had two connections, of which the old one failed.
  expect(identifiersIn(renamed)).toEqual(identifiersIn(first));
  expect(shown('annas-phone')?.stale).toEqual([]);

  await change('annas-phone', { expires: '2026-01-31' });
  expect(shown('annas-phone')?.barred).toContain('has expired');
  expect(shown('annas-phone')?.stale).toEqual([]);
  await change('annas-phone', { expires: 'none' });
  expect(shown('annas-phone')?.barred).toBeUndefined();

  await home.accounts.revokeDevice('annas-phone');
  expect(shown('annas-phone')).toMatchObject({ stale: [] });
  expect(shown('annas-phone')?.barred).toContain('was revoked on');
  await expect(profileOf('annas-phone')).rejects.toThrow('was revoked');

  await home.accounts.addDevice(device('annas-phone'));
  const again = await profileOf('annas-phone');
  expect(identifiersIn(again)).toEqual(identifiersIn(first));
  expect(shown('annas-phone')?.barred).toBeUndefined();
});

test('another home CA makes every profile that names it stale, and the next ones bring it', async () => {
  await home.accounts.addDevice(device('tablet', { format: 'mobileconfig' }));
  await home.accounts.addDevice(device('laptop', { auth: 'certificate', format: 'swanctl' }));
  await home.accounts.addDevice(device('no-profile'));
  const old = home.certificates.authority();

  await home.certificates.create({ names: ['vpn.example.org'], force: true });

  const stale = home.accounts.devices().flatMap(({ name, stale: all }) => all.map(() => name));
  expect(stale).toEqual(expect.arrayContaining(['tablet', 'laptop']));
  expect(stale).not.toContain('no-profile');
  const now = home.certificates.authority();
  const inBase64 = ({ der }: { readonly der: Uint8Array }) => Buffer.from(der).toString('base64');
  expect(inBase64(now)).not.toBe(inBase64(old));
  expect(await profileOf('tablet')).toContain(inBase64(now));
  expect(shown('tablet')?.stale).toEqual([]);
  home.pass(16); // the key of the laptop is nowhere any more
  await expect(profileOf('laptop')).rejects.toThrow('--renew');
  expect(await profileOf('laptop', true)).toContain(inBase64(now));
  expect(shown('laptop')).toMatchObject({ stale: [], barred: undefined });
});
