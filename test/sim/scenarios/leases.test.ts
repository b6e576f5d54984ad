// Addresses of the pool: who gets one, and that every one comes back.
import { describe, expect, test } from 'vitest';
import { ip, prefixRange } from '../../../src/base/ip.ts';
import { seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import type { Answer } from '../../../src/ike/core.ts';
import { everything } from '../../../src/policy/selectors.ts';
import { find } from '../../../src/wire/payloads/index.ts';
import { doorstep, notifies } from '../doorstep.ts';
import { household, realPool } from '../household.ts';
import { login, notify } from '../payloads.ts';
import { first } from '../pick.ts';
import { connection, phone, policy } from '../policies.ts';
import type { Ports, SimHost } from '../world.ts';

const anew = { seed: 5, from: '198.51.100.8', extra: [notify(Notification.INITIAL_CONTACT)] };
const granted: Answer = {
  ok: true,
  lease: { pool: 'phones', identity: 'anna@example.org', addresses: [ip('10.3.0.2')] },
  dns: [],
  domains: [],
};

/** A gateway whose pool is the real one, with a single address. */
function smallPool() {
  const step = doorstep();
  realPool(step.gateway, { ip: ip('10.3.0.0'), bits: 30 });
  return step;
}

describe('a device that comes back with INITIAL_CONTACT (pitfall 41)', () => {
  // It asked for an address before its older self had given it back.
  test('gets its own address again, also from a full pool', () => {
    const { gateway, guest, halfOpen } = smallPool();
    guest();
    const before = gateway.core.snapshot().sas.map(({ addresses }) => addresses);
    const again = halfOpen(anew);
    expect(find(again.ask(Exchange.IKE_AUTH, login(again, anew)) ?? [], P.CP)).toBeDefined();
    expect(gateway.core.snapshot().sas.map(({ addresses }) => addresses)).toEqual(before);
  });

  test('replaces its older self after a reload of the same policy', () => {
    const { world, gateway, guest } = doorstep();
    guest();
    const reloaded = policy([connection()]);
    world.input(gateway, { kind: 'command', command: { kind: 'policy', policy: reloaded } });
    guest(anew);
    expect(gateway.core.snapshot().sas).toMatchObject([{ path: { remote: { ip: anew.from } } }]);
    expect(gateway.eventsOf('sa.closed')).toMatchObject([{ cause: 'replaced' }]);
    expect(gateway.released).toEqual(['10.3.0.2']);
  });

  test('does not replace somebody else, nor anybody before it proved who it is', () => {
    const { gateway, guest } = doorstep();
    guest();
    guest({ ...anew, id: 'ben@example.org' });
    guest({ ...anew, seed: 6, secret: 'a guess' });
    expect(
      gateway.core
        .snapshot()
        .sas.map(({ peer }) => peer)
        .sort(),
    ).toEqual(['anna@example.org', 'ben@example.org']);
    expect(gateway.released).toEqual([]);
  });
});

describe('an address that was granted too late', () => {
  /** A guest whose lease has not been answered yet. */
  function waiting() {
    const step = doorstep({ ports: () => 'never' });
    const peer = step.guest();
    const { ticket } = first(step.gateway.asked, 'question');
    const grant = () => step.world.input(step.gateway, { kind: 'answer', ticket, answer: granted });
    return { ...step, peer, grant };
  }

  test('because the SA is gone, is given back', () => {
    const { world, gateway, grant } = waiting();
    world.input(gateway, { kind: 'command', command: { kind: 'terminate', which: 'all' } });
    grant();
    expect(gateway.released).toEqual(['10.3.0.2']);
    expect(gateway.installed).toEqual([]);
  });

  test('because the peer was refused meanwhile, is given back', () => {
    const { world, gateway, grant } = waiting();
    world.run(seconds(11));
    expect(gateway.eventsOf('attempt.failed')).toMatchObject([
      { notify: 'INTERNAL_ADDRESS_FAILURE' },
    ]);
    grant();
    expect(gateway.released).toEqual(['10.3.0.2']);
  });

  test('in the last moment, is used, and given back once', () => {
    const { world, gateway, grant } = waiting();
    world.run(seconds(9));
    grant();
    expect(gateway.children.size).toBe(1);
    world.input(gateway, { kind: 'command', command: { kind: 'terminate', which: 'all' } });
    world.run(seconds(300));
    expect(gateway.released).toEqual(['10.3.0.2']);
  });
});

test('a pool that is empty refuses the tunnel alone, and serves the next who comes', () => {
  const { world, gateway, guest, halfOpen } = smallPool();
  guest();
  const late = halfOpen({ seed: 5 });
  const answer = late.ask(Exchange.IKE_AUTH, login(late, { id: 'ben@example.org' }));
  expect(notifies(answer)).toEqual(['INTERNAL_ADDRESS_FAILURE']);
  world.input(gateway, { kind: 'command', command: { kind: 'terminate', which: 'all' } });
  world.run(seconds(300));
  guest({ seed: 6, id: 'ben@example.org' });
  expect(gateway.children.size).toBe(1);
});

describe('a lease that says what may be reached', () => {
  const reach = [everything(prefixRange({ ip: ip('10.1.0.16'), bits: 28 }))];
  const ports: Ports = (question) => {
    if (question.kind !== 'lease') return undefined;
    const lease = { pool: question.pool, identity: question.identity, addresses: [ip('10.3.0.2')] };
    return { ok: true, lease: { ...lease, reach }, dns: [], domains: [] };
  };
  const locals = ({ core }: SimHost): string[][] =>
    core.snapshot().sas.flatMap(({ children }) => children.map(({ local }) => [...local]));

  test('narrows the tunnel below its connection, and the next ones as well', () => {
    const lifetimes = { childLifetime: seconds(40), ikeLifetime: seconds(70) };
    const gateway = policy([connection(lifetimes)]);
    const {
      world,
      gateway: host,
      dial,
    } = household({ gateway, phone: policy([phone(lifetimes)]), ports });
    dial();
    world.run(seconds(3));
    expect(locals(host)).toEqual([['10.1.0.16/28']]);

    world.run(seconds(200));

    expect(host.eventsOf('sa.rekeyed').length).toBeGreaterThan(0);
    expect(new Set(locals(host).flat())).toEqual(new Set(['10.1.0.16/28']));
  });
});
