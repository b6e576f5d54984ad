import { describe, expect, test } from 'vitest';
import { parsePrefix } from '../../../src/base/ip.ts';
import { type HostTools, hostTools } from '../../../src/daemon/host.ts';
import { routeWarnings } from '../../../src/daemon/route-warnings.ts';
import type { PoolSettings } from '../../../src/policy/pool.ts';

function pool(name: string, ...ranges: string[]): PoolSettings {
  return {
    name,
    ranges: ranges.map((range) => {
      const prefix = parsePrefix(range);
      if (!prefix) throw new Error(range);
      return prefix;
    }),
    dns: [],
    domains: [],
    sticky: true,
  };
}

function setUp(host: { routes4?: string; routes6?: string; files?: Record<string, string> } = {}): {
  tools: HostTools;
} {
  const tools: HostTools = {
    run: async (_, [family]) => (family === '-4' ? host.routes4 : host.routes6) ?? '',
    read: (path) => host.files?.[path],
    addresses: () => [],
  };
  return { tools };
}

describe('the pools', () => {
  test('warn of a network that is there already, in either notation of a route', async () => {
    const routes4 = [
      'default via 192.0.2.1 dev wan',
      '10.3.0.128/25 dev br-lan proto kernel scope link src 10.3.0.129',
      '10.4.0.7 dev wg0 scope link',
      '192.168.1.0/24 dev br-lan scope link src 192.168.1.1',
      'unreachable 10.9.0.0/16',
    ].join('\n');
    const { tools } = setUp({ routes4 });
    const pools = [
      pool('lan', '10.3.0.0/24'),
      pool('guests', '10.4.0.0/24'),
      pool('fine', '10.5.0.0/24'),
    ];
    const warnings = await routeWarnings('ipsec0', pools, tools);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain(
      "pool 'lan': 10.3.0.0/24 overlaps 10.3.0.128/25, which is reached through br-lan",
    );
    expect(warnings[1]).toContain(
      "pool 'guests': 10.4.0.0/24 overlaps 10.4.0.7/32, which is reached through wg0",
    );
  });

  test('do not warn of their own device or of the other family', async () => {
    const { tools } = setUp({
      routes4: '10.3.0.0/24 dev ipsec0 scope link',
      routes6: 'fe80::/64 dev br-lan metric 256\ndefault via fe80::1 dev wan',
    });
    expect(await routeWarnings('ipsec0', [pool('lan', '10.3.0.0/24', 'fd00::/64')], tools)).toEqual(
      [],
    );
  });

  test('warn when this host does not forward what they carry', async () => {
    const off = {
      '/proc/sys/net/ipv4/ip_forward': '0\n',
      '/proc/sys/net/ipv6/conf/all/forwarding': '0\n',
    };
    const { tools } = setUp({ files: off });
    const both = await routeWarnings('ipsec0', [pool('lan', '10.3.0.0/24', 'fd00::/64')], tools);
    expect(both.map((line) => /sysctl -w (\S+)=1/.exec(line)?.[1])).toEqual([
      'net.ipv4.ip_forward',
      'net.ipv6.conf.all.forwarding',
    ]);
    expect(await routeWarnings('ipsec0', [pool('lan', '10.3.0.0/24')], tools)).toHaveLength(1);
  });
});

describe("the host's programs", () => {
  test('fail with what they complained about', async () => {
    await expect(hostTools.run('sh', ['-c', 'echo one >&2; echo two >&2; exit 3'])).rejects.toThrow(
      'one two',
    );
  });

  test('are told apart from programs that are not there', async () => {
    await expect(hostTools.run('no-such-program-here', [])).rejects.toHaveProperty(
      'code',
      'ENOENT',
    );
  });

  test('name the addresses of the host but those that lead to itself', () => {
    expect(hostTools.addresses()).not.toContain('127.0.0.1');
  });

  test('read files that may be missing', () => {
    expect(hostTools.read('/proc/version')).toContain('Linux');
    expect(hostTools.read('/no/such/file')).toBeUndefined();
  });
});
