// Users and devices that never change, for the tests of methods.
import type { AccountDesk, DeviceFacts, UserFacts } from '../../../src/rpc/accounts.ts';

const anna: UserFacts = {
  name: 'anna',
  isEnabled: true,
  hasPassword: true,
  expires: undefined,
  connection: undefined,
  addresses: [],
  maxDevices: 3,
  devices: ['anna-iphone'],
  barred: undefined,
};
const phone: DeviceFacts = {
  name: 'anna-iphone',
  owner: 'anna',
  platform: 'ios',
  auth: 'password',
  certificate: undefined,
  addresses: ['10.3.0.9'],
  created: 1_767_225_600,
  expires: undefined,
  revoked: undefined,
  barred: undefined,
};

export const fakeAccounts: AccountDesk = {
  users: () => [anna],
  setUser: async () => ({ user: anna, password: 'made' }),
  deleteUser: async () => ['anna-iphone'],
  devices: () => [phone],
  addDevice: async () => ({ device: phone, password: 'made', issued: undefined }),
  revokeDevice: async () => ({ ...phone, revoked: 1_767_225_601 }),
};
