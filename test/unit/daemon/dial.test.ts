import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { pathTo } from '../../../src/daemon/dial.ts';
import { anyIdentity } from '../../../src/policy/identity.ts';
import type { Connection } from '../../../src/policy/policy.ts';

const connection = (changes: Partial<Connection>): Connection => ({
  name: 'home',
  role: 'initiator',
  remote: [],
  localId: undefined,
  remoteId: anyIdentity,
  localAuth: 'psk',
  remoteAuth: ['psk'],
  certificate: undefined,
  ike: [],
  esp: [],
  pool: undefined,
  virtualIps: [],
  localTs: 'dynamic',
  remoteTs: 'dynamic',
  encap: 'auto',
  fragmentSize: 1280,
  dpd: undefined,
  mobike: true,
  ikeLifetime: undefined,
  childLifetime: undefined,
  jitter: 0,
  ...changes,
});
const host = (address: string) => ({ start: ip(address), end: ip(address) });

describe('the path of a connection that is dialled', () => {
  test('leads from the address that the kernel would use, on the IKE port', async () => {
    const path = await pathTo(connection({ remote: [host('127.0.0.9')] }), [], 500);
    expect(path).toEqual({
      local: { ip: '127.0.0.1', port: 500 },
      remote: { ip: '127.0.0.9', port: 500 },
    });
  });

  test('leads to what a name means', async () => {
    const path = await pathTo(connection({}), ['localhost'], 500);
    expect(['127.0.0.1', '::1']).toContain(path.remote.ip);
  });

  test.each([
    [{ role: 'responder' as const }, [], 'only answers'],
    [{}, [], 'does not say whom to dial'],
    [
      { remote: [{ start: ip('10.0.0.0'), end: ip('10.0.0.255') }] },
      [],
      'does not say whom to dial',
    ],
    [{}, ['no-such-name.invalid'], 'no-such-name.invalid cannot be resolved'],
    [{ remote: [host('255.255.255.255')] }, [], 'there is no way to 255.255.255.255'],
  ])('is refused for %j %j', async (changes, names, why) => {
    await expect(pathTo(connection(changes), names, 500)).rejects.toThrow(why);
  });
});
