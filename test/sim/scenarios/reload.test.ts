// Another policy while tunnels are up, with either side as the one that gets it: what did not change goes on, and
// only what changed ends (`ikectl reload`; config/diff.ts says what that is).
import { describe, expect, test } from 'vitest';
import { seconds } from '../../../src/base/time.ts';
import { type Usable, whyStale } from '../../../src/config/diff.ts';
import { loadConfiguration } from '../../../src/config/load.ts';
import type { Connection } from '../../../src/policy/policy.ts';
import { pool } from '../household.ts';
import { expectAgreement } from '../model.ts';
import { present } from '../pick.ts';
import { connection, identity, pattern, phone, policy } from '../policies.ts';
import { between, type SimHost, World } from '../world.ts';

/** One side with two connections that are up, each to somebody else. */
function hub(side: 'phone' | 'gateway') {
  const world = new World();
  const ports = pool(['10.3.0.2', '10.3.0.3']);
  const ours: Connection[] =
    side === 'gateway'
      ? [
          connection({ name: 'anna', remoteId: pattern('anna@example.org') }),
          connection({ name: 'ben', remoteId: pattern('ben@example.org') }),
        ]
      : [
          phone({ name: 'anna', remoteId: pattern('anna.example') }),
          phone({ name: 'ben', remoteId: pattern('ben.example') }),
        ];
  const hub = world.host(side, '203.0.113.2', policy(ours), ports);
  const [anna, ben] = ['anna', 'ben'].map((name, i) => {
    const theirs =
      side === 'gateway'
        ? phone({ localId: identity(`${name}@example.org`) })
        : connection({ localId: identity(`${name}.example`) });
    const host = world.host(name, `198.51.100.${i + 10}`, policy([theirs]), ports);
    const [from, to, what] = side === 'gateway' ? [host, hub, 'home'] : [hub, host, name];
    const path = between(from, to);
    const command = { kind: 'initiate', connection: what, path } as const;
    world.input(from, { kind: 'command', command });
    return host;
  }) as [SimHost, SimHost];
  world.run(seconds(2));
  expect(hub.core.snapshot().sas).toHaveLength(2);

  /** What the daemon does with another configuration. */
  const reload = (next: readonly Connection[]): void => {
    const [before, after] = [usable(ours), usable(next)];
    const sas = hub.core.snapshot().sas;
    world.input(hub, { kind: 'command', command: { kind: 'policy', policy: after.policy } });
    for (const sa of sas.filter((one) => whyStale(one, before, after) !== undefined)) {
      world.input(hub, { kind: 'command', command: { kind: 'terminate', which: sa.id } });
    }
    world.run(seconds(20));
  };
  return { world, hub, anna, ben, ours, reload };
}

/** A configuration with these connections, and nothing else that an IKE SA depends on. */
function usable(connections: readonly Connection[]): Usable {
  const { configuration } = loadConfiguration("config service 'main'\n");
  const store = { revoked: new Set<string>() };
  return { configuration: present(configuration), policy: policy(connections), store };
}

describe.each(['phone', 'gateway'] as const)('the %s reloads', (side) => {
  test('crossing 50: the same once more: both tunnels go on', () => {
    const { hub: ours, ...at } = hub(side);
    const tunnels = [...ours.children.keys()];
    at.reload(at.ours.map((one) => ({ ...one })));
    expect([...ours.children.keys()]).toEqual(tunnels);
    for (const host of [at.anna, at.ben]) expect(at.world.carry(host, ours)).toBe('carried');
  });

  test('crossing 50: one that changed ends, and the other goes on', () => {
    const { hub: ours, ...at } = hub(side);
    at.reload(
      at.ours.map((one) => (one.name === 'ben' ? { ...one, localTs: [], remoteTs: [] } : one)),
    );
    expectAgreement(at.world, ours, at.anna);
    expect(at.ben.core.snapshot().sas).toEqual([]);
    expect(at.ben.eventsOf('sa.closed')).toMatchObject([{ cause: 'deleted-by-peer' }]);
  });

  test('crossing 50: none is left: both end', () => {
    const { hub: ours, ...at } = hub(side);
    at.reload([]);
    for (const host of [ours, at.anna, at.ben]) {
      expect(host.core.snapshot().sas).toEqual([]);
      expect(host.children.size).toBe(0);
    }
  });
});
