import { describe, expect, test } from 'vitest';
import { parsePrefix } from '../../../src/base/ip.ts';
import { type HostTools, hostTools, routePools } from '../../../src/daemon/routes.ts';
import { Trouble } from '../../../src/daemon/trouble.ts';
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

function setUp(
  host: { routes4?: string; routes6?: string; files?: Record<string, string>; fail?: Error } = {},
) {
  const ran: string[] = [];
  const tools: HostTools = {
    async run(program, args) {
      ran.push([program, ...args].join(' '));
      if (args.includes('route')) return (args[0] === '-4' ? host.routes4 : host.routes6) ?? '';
      if (host.fail) throw host.fail;
      return '';
    },
    read: (path) => host.files?.[path],
  };
  const added = (): string[] => ran.filter((line) => line.includes('add'));
  return { tools, added };
}

describe('the pools on the TUN device', () => {
  test("bring the router's own address, and with it the route", async () => {
    const { tools, added } = setUp();
    const pools = [pool('lan', '10.3.0.0/24', 'fd00:3::/64'), pool('guests', '10.4.0.9/24')];
    expect(await routePools('ipsec0', pools, tools)).toEqual([]);
    expect(added()).toEqual([
      'ip -4 address add 10.3.0.1/24 dev ipsec0',
      'ip -6 address add fd00:3::1/64 dev ipsec0',
      'ip -4 address add 10.4.0.9/24 dev ipsec0',
    ]);
  });

  test('stop the start when an address cannot be given, in the words of ip and with a cure', async () => {
    const { tools } = setUp({ fail: new Error('RTNETLINK answers: Permission denied') });
    const routed = routePools('ipsec0', [pool('lan', 'fd00:3::/64')], tools);
    await expect(routed).rejects.toThrow(
      'ipsec0 cannot have the address fd00:3::1/64: RTNETLINK answers: Permission denied',
    );
    await expect(routed).rejects.toBeInstanceOf(Trouble);
    await expect(routed).rejects.toHaveProperty('cure', expect.stringContaining('disable_ipv6'));
  });

  test('name what to install where there is no ip', async () => {
    const fail = Object.assign(new Error('spawn ip ENOENT'), { code: 'ENOENT' });
    const { tools } = setUp({ fail });
    const routed = routePools('ipsec0', [pool('lan', '10.3.0.0/24')], tools);
    await expect(routed).rejects.toHaveProperty('cure', expect.stringContaining('ip-full'));
  });

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
    const warnings = await routePools('ipsec0', pools, tools);
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
    expect(await routePools('ipsec0', [pool('lan', '10.3.0.0/24', 'fd00::/64')], tools)).toEqual(
      [],
    );
  });

  test('warn when this host does not forward what they carry', async () => {
    const off = {
      '/proc/sys/net/ipv4/ip_forward': '0\n',
      '/proc/sys/net/ipv6/conf/all/forwarding': '0\n',
    };
    const { tools } = setUp({ files: off });
    const both = await routePools('ipsec0', [pool('lan', '10.3.0.0/24', 'fd00::/64')], tools);
    expect(both.map((line) => /sysctl -w (\S+)=1/.exec(line)?.[1])).toEqual([
      'net.ipv4.ip_forward',
      'net.ipv6.conf.all.forwarding',
    ]);
    expect(await routePools('ipsec0', [pool('lan', '10.3.0.0/24')], tools)).toHaveLength(1);
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

  test('read files that may be missing', () => {
    expect(hostTools.read('/proc/version')).toContain('Linux');
    expect(hostTools.read('/no/such/file')).toBeUndefined();
  });
});
