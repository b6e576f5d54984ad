import { describe, expect, test } from 'vitest';
import { type Ip, ip } from '../../../src/base/ip.ts';
import type { Lease, LeaseAnswer } from '../../../src/ike/core.ts';
import type { PoolSettings } from '../../../src/policy/pool.ts';
import { Pools, type Remembered, routerAddress } from '../../../src/pools/pool.ts';
import { pool, prefix } from './settings.ts';

/** One pool, and what is asked of it. */
class Desk {
  readonly pools: Pools;

  constructor(settings: PoolSettings, remembered?: readonly Remembered[], fixed?: readonly Ip[]) {
    this.pools = new Pools([settings], remembered, fixed);
  }

  ask(identity: string, families: 'v4' | 'v6' | 'both' | 'none' = 'v4'): LeaseAnswer {
    const v4 = families === 'v4' || families === 'both';
    const v6 = families === 'v6' || families === 'both';
    return this.pools.lease({ pool: 'phones', identity, v4, v6 });
  }

  lease(identity: string, families?: 'v4' | 'v6' | 'both'): Lease {
    const answer = this.ask(identity, families);
    if (!answer.ok) throw new Error(answer.why);
    return answer.lease;
  }

  address(identity: string): Ip | undefined {
    return this.lease(identity).addresses[0];
  }

  /** Comes and goes. */
  visit(identity: string): Ip | undefined {
    const lease = this.lease(identity);
    this.pools.release(lease);
    return lease.addresses[0];
  }
}

describe('a client gets', () => {
  const dual = pool(['10.3.0.0/24', 'fd00::/64'], { dns: ['10.3.0.1', 'fd00::1'] });

  test('one address of each family that it asks for', () => {
    const addresses = (families: 'v4' | 'v6' | 'both') =>
      new Desk(dual).lease('anna', families).addresses;
    expect(addresses('v4')).toEqual(['10.3.0.2']);
    expect(addresses('v6')).toEqual(['fd00::2']);
    expect(addresses('both')).toEqual(['10.3.0.2', 'fd00::2']);
  });

  test('the family that the pool has, if it asks for both', () => {
    expect(new Desk(pool(['fd00::/64'])).lease('anna', 'both').addresses).toEqual(['fd00::2']);
    expect(new Desk(pool(['10.3.0.0/24'])).lease('anna', 'both').addresses).toEqual(['10.3.0.2']);
  });

  test('the DNS servers that it can reach, and the domains', () => {
    expect(new Desk(dual).ask('anna', 'v4')).toMatchObject({ dns: ['10.3.0.1'], domains: ['lan'] });
    expect(new Desk(dual).ask('anna', 'v6')).toMatchObject({ dns: ['fd00::1'] });
    expect(new Desk(dual).ask('anna', 'both')).toMatchObject({ dns: ['10.3.0.1', 'fd00::1'] });
  });

  test('an address of the second range when the first is full', () => {
    const desk = new Desk(pool(['10.3.0.0/30', '10.4.0.0/30']));
    expect([desk.address('anna'), desk.address('bert')]).toEqual(['10.3.0.2', '10.4.0.2']);
  });
});

describe('no address', () => {
  const refused = (answer: LeaseAnswer) => (answer.ok ? undefined : answer.why);

  test('when all are in use, and the reason says how many', () => {
    const desk = new Desk(pool(['10.3.0.0/24']));
    for (let i = 0; i < 253; i++) desk.lease(`client ${i}`);
    expect(refused(desk.ask('late'))).toBe('pool phones has no free IPv4 address (253 in use)');
  });

  test('of either family when one of two is exhausted; the other stays free', () => {
    const desk = new Desk(pool(['10.3.0.0/30', 'fd00::/126']));
    desk.lease('anna', 'v4');
    expect(refused(desk.ask('bert', 'both'))).toBe(
      'pool phones has no free IPv4 address (1 in use)',
    );
    desk.lease('carl', 'v6');
    expect(refused(desk.ask('dora', 'both'))).toMatch(/no free IPv4/);
    expect(desk.lease('dora', 'v6').addresses).toHaveLength(1);
  });

  test('of IPv4 is held back when IPv6 is what is missing', () => {
    const desk = new Desk(pool(['10.3.0.0/30', 'fd00::/126']));
    desk.lease('anna', 'v6');
    desk.lease('bert', 'v6');
    expect(refused(desk.ask('carl', 'both'))).toBe(
      'pool phones has no free IPv6 address (2 in use)',
    );
    expect(desk.address('dora')).toBe('10.3.0.2');
  });

  test('of a family that the pool does not have', () => {
    expect(refused(new Desk(pool(['fd00::/64'])).ask('anna', 'v4'))).toBe(
      'pool phones has no IPv4 range',
    );
    expect(refused(new Desk(pool(['10.3.0.0/24'])).ask('anna', 'v6'))).toBe(
      'pool phones has no IPv6 range',
    );
  });

  test('for one who asks for none', () => {
    expect(refused(new Desk(pool(['10.3.0.0/24'])).ask('anna', 'none'))).toBe(
      'no address was asked for',
    );
  });

  test('from a pool that does not exist', () => {
    const answer = new Pools([]).lease({ pool: 'nowhere', identity: 'anna', v4: true, v6: true });
    expect(refused(answer)).toBe('there is no pool nowhere');
  });
});

describe('who returns (users want fixed addresses: pain 23)', () => {
  test('gets the address it had, even after others came', () => {
    const desk = new Desk(pool(['10.3.0.0/24']));
    const first = desk.visit('anna');
    desk.address('bert');
    desk.visit('carl');
    expect(desk.address('anna')).toBe(first);
  });

  test('with a second device gets another address for it, and both again later', () => {
    const desk = new Desk(pool(['10.3.0.0/24']));
    const leases = [desk.lease('anna'), desk.lease('anna')];
    const before = leases.flatMap((lease) => lease.addresses);
    expect(new Set(before).size).toBe(2);
    for (const lease of leases) desk.pools.release(lease);
    desk.lease('bert');
    expect(new Set([desk.address('anna'), desk.address('anna')])).toEqual(new Set(before));
  });

  test('over a new connection while the old one lingers gets a second address, then that one', () => {
    const desk = new Desk(pool(['10.3.0.0/24']));
    const old = desk.lease('anna');
    const next = desk.lease('anna');
    desk.pools.release(old);
    desk.pools.release(next);
    expect(desk.address('anna')).toBe(next.addresses[0]);
  });

  test('loses it only when no other address is left, and then the one who is gone longest does', () => {
    const desk = new Desk(pool(['10.3.0.0/29']));
    const homes = ['a', 'b', 'c', 'd', 'e'].map((name) => desk.visit(name));
    desk.visit('a');
    expect(desk.address('new')).toBe(homes[1]);
    expect(desk.address('a')).toBe(homes[0]);
    expect(desk.address('b')).toBe(homes[2]);
  });

  test('gets any address from a pool that is not sticky', () => {
    const desk = new Desk(pool(['10.3.0.0/24'], { sticky: false }));
    const first = desk.visit('anna');
    expect(desk.address('anna')).not.toBe(first);
    expect(desk.pools.remembered()).toEqual([]);
  });
});

describe('over a restart', () => {
  const settings = pool(['10.3.0.0/24', 'fd00::/64']);

  test('clients keep their addresses, those who were connected and those who were not', () => {
    const before = new Desk(settings);
    before.visit('nobody');
    const anna = before.lease('anna', 'both').addresses;
    const bert = before.visit('bert');
    const after = new Desk(settings, before.pools.remembered());
    after.lease('stranger', 'both');
    expect(after.address('bert')).toBe(bert);
    expect(after.lease('anna', 'both').addresses).toEqual(anna);
  });

  test('the one who is gone longest is still the first to lose its address', () => {
    const tiny = pool(['10.3.0.0/29']);
    const before = new Desk(tiny);
    const homes = ['a', 'b', 'c', 'd', 'e'].map((name) => before.visit(name));
    before.visit('a');
    const after = new Desk(tiny, before.pools.remembered());
    expect(after.address('new')).toBe(homes[1]);
  });

  test('what the pool no longer has, or never gives, is forgotten', () => {
    const addresses = [
      '10.9.0.5',
      '10.3.0.0',
      '10.3.0.1',
      '10.3.0.255',
      'fd00::1',
      'fd00::1:0:0:5',
    ];
    const remembered = addresses.map((text) => ({
      pool: 'phones',
      identity: 'anna',
      address: ip(text),
    }));
    const desk = new Desk(settings, remembered);
    expect(desk.pools.remembered()).toEqual([]);
    expect(desk.lease('anna', 'both').addresses).toEqual(['10.3.0.2', 'fd00::2']);
  });

  test('an address is remembered where it lies, whatever the pool was called', () => {
    const renamed = { pool: 'gone', identity: 'anna', address: ip('10.3.0.7') };
    expect(new Desk(settings, [renamed]).address('anna')).toBe('10.3.0.7');
  });

  test('an address that two are remembered for belongs to the first', () => {
    const claims = ['anna', 'bert'].map((identity) => ({
      pool: 'phones',
      identity,
      address: ip('10.3.0.9'),
    }));
    const desk = new Desk(settings, claims);
    expect(desk.address('bert')).toBe('10.3.0.2');
    expect(desk.address('anna')).toBe('10.3.0.9');
  });

  test('a pool that is no longer sticky forgets', () => {
    const remembered = [{ pool: 'phones', identity: 'anna', address: ip('10.3.0.9') }];
    const desk = new Desk(pool(['10.3.0.0/24'], { sticky: false }), remembered);
    expect(desk.address('anna')).toBe('10.3.0.2');
  });
});

describe('a release', () => {
  test('twice frees nothing that another has', () => {
    const desk = new Desk(pool(['10.3.0.0/30']));
    const lease = desk.lease('anna');
    desk.pools.release(lease);
    desk.lease('bert');
    desk.pools.release(lease);
    expect(desk.ask('carl').ok).toBe(false);
  });

  test('of what was never leased changes nothing', () => {
    const desk = new Desk(pool(['10.3.0.0/24']));
    const before = desk.pools.snapshot();
    const addresses = [ip('10.3.0.9'), ip('8.8.8.8'), ip('fd00::9')];
    desk.pools.release({ pool: 'phones', identity: 'anna', addresses });
    desk.pools.release({ pool: 'nowhere', identity: 'anna', addresses });
    expect(desk.pools.snapshot()).toEqual(before);
  });
});

describe('other pools while clients have addresses', () => {
  test('leave them the addresses they have, and give others of the new range', () => {
    const desk = new Desk(pool(['10.3.0.0/24']));
    const anna = desk.lease('anna');
    desk.pools.adopt([pool(['10.4.0.0/24'])]);
    expect(desk.address('bert')).toBe('10.4.0.2');
    expect(desk.pools.strays).toEqual([{ pool: 'phones', identity: 'anna', address: '10.3.0.2' }]);
    desk.pools.release(anna);
    expect(desk.pools.strays).toEqual([]);
    expect(desk.address('anna')).toBe('10.4.0.3');
  });

  test('never give an address twice that came from a pool of another name', () => {
    const desk = new Desk(pool(['10.3.0.0/30']));
    const anna = desk.lease('anna');
    const renamed = { ...pool(['10.3.0.0/29']), name: 'guests' };
    desk.pools.adopt([renamed]);
    const ask = { pool: 'guests', identity: 'bert', v4: true, v6: false };
    expect(desk.pools.lease(ask)).toMatchObject({ lease: { addresses: ['10.3.0.3'] } });
    desk.pools.release(anna);
    expect(desk.pools.lease({ ...ask, identity: 'anna' })).toMatchObject({
      lease: { addresses: ['10.3.0.2'] },
    });
  });

  test('know the clients again when the old range comes back', () => {
    const desk = new Desk(pool(['10.3.0.0/24']));
    const anna = desk.lease('anna');
    desk.pools.adopt([]);
    desk.pools.adopt([pool(['10.3.0.0/24'])]);
    expect(desk.pools.strays).toEqual([]);
    expect(desk.address('bert')).toBe('10.3.0.3');
    desk.pools.release(anna);
    expect(desk.address('anna')).toBe('10.3.0.2');
  });

  test('remember who had which address, as far as they have it', () => {
    const desk = new Desk(pool(['10.3.0.0/24', '10.4.0.0/24']));
    desk.visit('anna');
    desk.pools.adopt([pool(['10.3.0.0/24'])]);
    desk.lease('bert');
    expect(desk.address('anna')).toBe('10.3.0.2');
    desk.pools.adopt([pool(['10.5.0.0/24'])]);
    expect(desk.pools.remembered()).toEqual([]);
  });
});

test('a snapshot says who has what, and how much room there is', () => {
  const desk = new Desk(pool(['10.3.0.0/24', 'fd00::/64']));
  desk.lease('anna', 'both');
  desk.visit('bert');
  expect(desk.pools.snapshot()).toEqual([
    {
      name: 'phones',
      ranges: ['10.3.0.0/24', 'fd00::/64'],
      v4: { inUse: 1, capacity: 253 },
      v6: { inUse: 1, capacity: 2 ** 32 - 2 },
      leases: [
        { address: '10.3.0.2', identity: 'anna' },
        { address: 'fd00::2', identity: 'anna' },
      ],
    },
  ]);
});

test('peers who choose ever new identities do not fill the memory', () => {
  const desk = new Desk(pool(['fd00::/64']));
  for (let i = 0; i < 25_000; i++) desk.pools.release(desk.lease(`invented ${i}`, 'v6'));
  expect(desk.pools.remembered()).toHaveLength(10_000);
});

test('a /64 is not enumerated: a thousand leases of it are quickly made', () => {
  const desk = new Desk(pool(['fd00::/64']));
  const addresses = Array.from({ length: 1000 }, (_, i) => desk.lease(`${i}`, 'v6').addresses[0]);
  expect(new Set(addresses).size).toBe(1000);
  expect(addresses[999]).toBe('fd00::3e9');
});

test('the address of the router is told beside the pool', () => {
  expect(routerAddress(prefix('10.3.0.0/24'))).toEqual(prefix('10.3.0.1/24'));
});

describe('an address of somebody', () => {
  const annas = ip('10.3.0.2');
  const far = ip('172.20.0.9');
  const settings = pool(['10.3.0.0/29']);
  const ask = (desk: Desk, identity: string, fixed: readonly Ip[], held: readonly Ip[] = []) =>
    desk.pools.lease({ pool: 'phones', identity, v4: true, v6: false, fixed, held });

  test('is given to nobody else, however full the pool is', () => {
    const desk = new Desk(settings, [{ pool: 'phones', identity: 'bob', address: annas }], [annas]);
    const all = ['bob', 'carl', 'dora', 'emil'].map((name) => desk.address(name));

    expect(all).toEqual(['10.3.0.3', '10.3.0.4', '10.3.0.5', '10.3.0.6']);
    expect(desk.ask('frida').ok).toBe(false);
    expect(ask(desk, 'anna', [annas])).toMatchObject({ ok: true, lease: { addresses: [annas] } });
  });

  test('comes back to its pool for its owner alone', () => {
    const desk = new Desk(settings, [], [annas]);
    for (let i = 0; i < 3; i++) {
      const answer = ask(desk, 'anna', [annas]);
      if (!answer.ok) throw new Error(answer.why);
      expect(answer.lease.addresses).toEqual([annas]);
      desk.pools.release(answer.lease);
    }

    expect(desk.pools.remembered()).toEqual([]);
    expect(desk.address('bob')).toBe('10.3.0.3');
  });

  test('need not be in the pool, whatever family that has', () => {
    const desk = new Desk(pool(['fd00::/64']), [], [far]);
    const answer = ask(desk, 'anna', [far]);

    expect(answer).toMatchObject({ ok: true, lease: { addresses: [far] } });
    expect(desk.pools.strays).toMatchObject([{ identity: 'anna', address: far }]);
    if (answer.ok) desk.pools.release(answer.lease);
    expect(desk.pools.strays).toEqual([]);
  });

  test.each([[annas], [far]])('%s serves one connection, or that which goes on', (address) => {
    const desk = new Desk(settings, [], [address]);
    ask(desk, 'anna', [address]);

    expect(ask(desk, 'anna', [address])).toMatchObject({
      ok: false,
      why: `the address ${address} is in use by anna`,
    });
    expect(ask(desk, 'anna', [address], [address])).toMatchObject({ ok: true });
  });

  test('stays with whoever has it when it becomes another’s', () => {
    const desk = new Desk(settings);
    const bob = desk.lease('bob');
    desk.pools.adopt([settings], [annas]);

    expect(ask(desk, 'anna', [annas])).toMatchObject({ why: expect.stringContaining('bob') });
    desk.pools.release(bob);
    expect(ask(desk, 'anna', [annas])).toMatchObject({ ok: true });
  });
});
