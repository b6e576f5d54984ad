// Users and devices that never change, for the tests of methods.
import type {
  AccountDesk,
  DeviceFacts,
  ProfileFacts,
  UserFacts,
} from '../../../src/rpc/accounts.ts';

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
  routing: 'all',
  isOnDemand: false,
  format: 'mobileconfig',
  stale: ['home CA'],
};
const file: ProfileFacts = {
  format: 'mobileconfig',
  file: { filename: 'a.mobileconfig', type: 'text/plain', encoding: 'text', content: 'made' },
  extras: [],
  secret: 'inside',
  steps: ['Open it.'],
  password: 'made',
  passphrase: undefined,
};

export const fakeAccounts: AccountDesk = {
  users: () => [anna],
  setUser: async () => ({ user: anna, password: 'made' }),
  deleteUser: async () => ['anna-iphone'],
  devices: () => [phone],
  addDevice: async () => ({ device: phone, password: 'made', issued: undefined, file: undefined }),
  setDevice: async () => phone,
  formats: () => [
    { format: 'mobileconfig', title: 'Profile', platforms: ['ios'], auth: ['password'] },
  ],
  exportDevice: async () => file,
  join: async () => ({ connection: 'to_home', gateway: 'home.example', networks: [], steps: [] }),
  revokeDevice: async () => ({ ...phone, revoked: 1_767_225_601 }),
};
