import { describe, expect, test } from 'vitest';
import { formatPrefix } from '../../../src/base/ip.ts';
import type { Account, Configuration } from '../../../src/config/configuration.ts';
import { loadConfiguration } from '../../../src/config/load.ts';
import { homeReach, reachOf } from '../../../src/daemon/reach.ts';
import { formatSelector } from '../../../src/policy/selectors.ts';
import { accountOf } from '../../sim/users.ts';

const device = (routing: Account['routing']): Account =>
  accountOf({ kind: 'device', name: 'phone', routing });

function home(service: string, connection = ''): Configuration {
  const text = `config service 'main'\n${service}
config pool 'people'\n\tlist range '10.3.0.0/24'\n\tlist dns '10.3.0.1'
config connection 'c'\n\toption local_auth 'psk'\n\toption psk 'correct horse battery staple'
\toption pool 'people'\n${connection}`;
  const { configuration, problems } = loadConfiguration(text);
  if (!configuration) throw new Error(JSON.stringify(problems));
  return configuration;
}
const lan = "\tlist home_net '192.168.1.0/24'\n";
const reached = (configuration: Configuration): readonly string[] | undefined =>
  reachOf(device('home'), configuration, 'people')?.map(formatSelector);

describe('a device with routing home', () => {
  test('reaches the networks at home and its name servers, and nothing else', () => {
    expect(reached(home(lan))).toEqual(['192.168.1.0/24', '10.3.0.1/32']);
  });

  test('names a server once that is in those networks', () => {
    expect(reached(home("\tlist home_net '10.0.0.0/8'\n"))).toEqual(['10.0.0.0/8']);
  });

  test('reaches what its connection leads to where home_net says nothing', () => {
    const configuration = home('', "\tlist local_ts '192.168.7.0/24'\n");
    expect(reached(configuration)).toEqual(['192.168.7.0/24', '10.3.0.1/32']);
  });

  test('reaches nothing where nobody said what is at home', () => {
    const { service, policy, pools } = home('');
    expect(homeReach(service, policy.connections[0], pools[0]).map(formatPrefix)).toEqual([]);
    expect(reached(home(''))).toEqual([]);
  });
});

test('a device with routing all, and whoever has no record, reach what the connection lets through', () => {
  expect(reachOf(device('all'), home(lan), 'people')).toBeUndefined();
  expect(reachOf(undefined, home(lan), 'people')).toBeUndefined();
});
