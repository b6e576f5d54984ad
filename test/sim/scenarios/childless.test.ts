// An IKE SA that begins without a CHILD_SA (RFC 6023).
import { describe, expect, test } from 'vitest';
import { seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import type { Childless } from '../../../src/policy/policy.ts';
import { find, payload } from '../../../src/wire/payloads/index.ts';
import { doorstep, notifies } from '../doorstep.ts';
import { household, talk } from '../household.ts';
import { expectAgreement } from '../model.ts';
import { child, login, without } from '../payloads.ts';
import { connection, phone, policy, proposals } from '../policies.ts';

const esp = proposals('esp', 'aes256gcm16-x25519');
const dialled = (ours: Childless, theirs: Childless) => {
  const house = household({
    gateway: policy([connection({ childless: theirs, esp })]),
    phone: policy([phone({ childless: ours, esp })]),
  });
  house.dial();
  house.world.run(seconds(2));
  return house;
};

describe('who dials', () => {
  test.each<[Childless, Childless, boolean]>([
    ['allow', 'allow', false],
    ['allow', 'never', false],
    ['never', 'allow', false],
    ['prefer', 'never', false],
    ['prefer', 'allow', true],
    ['prefer', 'force', true],
    ['force', 'allow', true],
    ['force', 'force', true],
  ])('%s, and the gateway %s: both have one tunnel (crossing 39)', (ours, theirs, isLater) => {
    const { world, gateway, phone: dialer } = dialled(ours, theirs);
    expectAgreement(world, gateway, dialer);
    expect(dialer.sa.addresses).toEqual(['10.3.0.2']);
    const later = talk(dialer).filter((line) => line.startsWith('out CREATE_CHILD_SA'));
    expect(later).toEqual(isLater ? ['out CREATE_CHILD_SA request 2 [SA No KE TSi TSr]'] : []);
    const login = talk(dialer).find((line) => line.startsWith('out IKE_AUTH'));
    expect(login).toContain(isLater ? 'CPRQ N(' : 'CPRQ SA TSi TSr N(');
    expect(login).toContain('N(MOBIKE_SUPPORTED)');
    expect(talk(dialer).join()).toMatch(/in IKE_AUTH response 1 [^\]]*N\(MOBIKE_SUPPORTED\)/);
  });

  test('must have it so, and the gateway cannot: it stops (crossing 40)', () => {
    const { gateway, phone: dialer } = dialled('force', 'never');
    expect(dialer.core.snapshot().sas).toEqual([]);
    expect(dialer.eventsOf('attempt.failed')).toMatchObject([
      { why: 'the peer makes no connection without a tunnel' },
    ]);
    expect(gateway.installed).toEqual([]);
  });

  test('brings a tunnel, and the gateway wants none then: refused, and nothing is left (crossing 41)', () => {
    const { world, gateway, phone: dialer } = dialled('allow', 'force');
    expect(gateway.eventsOf('attempt.failed')).toMatchObject([{ notify: 'NO_ADDITIONAL_SAS' }]);
    world.run(seconds(20));
    expect([gateway.core.snapshot().sas, dialer.core.snapshot().sas]).toEqual([[], []]);
  });

  test('is refused the tunnel later: it hangs up, and says why', () => {
    const house = household({
      gateway: policy([connection({ esp })]),
      phone: policy([phone({ childless: 'prefer', esp: proposals('esp', 'aes128gcm16-x25519') })]),
    });
    house.dial();
    house.world.run(seconds(20));
    expect(house.phone.eventsOf('attempt.failed')).toMatchObject([
      { notify: 'NO_PROPOSAL_CHOSEN' },
    ]);
    expect(house.gateway.core.snapshot().sas).toEqual([]);
  });

  test('reauthenticates so too, without a gap', () => {
    const house = household({
      gateway: policy([connection({ esp })]),
      phone: policy([phone({ childless: 'force', esp, reauthLifetime: seconds(50) })]),
    });
    house.dial();
    house.world.run(seconds(1));
    const { world, gateway, phone: dialer } = house;
    for (let i = 0; i < 1000; i++) {
      expect(world.carry(dialer, gateway)).toBe('carried');
      expect(world.carry(gateway, dialer)).toBe('carried');
      world.run(seconds(0.1));
    }
    expectAgreement(world, gateway, dialer);
    expect(dialer.eventsOf('sa.established').length).toBeGreaterThan(1);
  });
});

describe('who answers', () => {
  const arrives = (childless: Childless, ...leftOut: readonly number[]) => {
    const step = doorstep({ policy: policy([connection({ childless })]) });
    const peer = step.halfOpen();
    const answer = peer.ask(
      Exchange.IKE_AUTH,
      without(login(peer), P.SA, P.TSI, P.TSR, ...leftOut),
    );
    return { ...step, peer, answer };
  };
  const nonce = payload(P.NONCE, { data: new Uint8Array(32) });

  test.each<[Childless, boolean]>([
    ['allow', true],
    ['prefer', true],
    ['force', true],
    ['never', false],
  ])('%s: says so in IKE_SA_INIT only if it can', (childless, isSaid) => {
    const { gateway, halfOpen } = doorstep({ policy: policy([connection({ childless })]) });
    halfOpen();
    expect(talk(gateway).join().includes('CHILDLESS_IKEV2_SUPPORTED')).toBe(isSaid);
  });

  test('gives an address without a tunnel, and the tunnel when it is asked for', () => {
    const { gateway, peer, answer } = arrives('allow');
    expect(find(answer ?? [], P.CP)).toBeDefined();
    expect(find(answer ?? [], P.SA)).toBeUndefined();
    expect(gateway.children.size).toBe(0);
    const later = peer.ask(Exchange.CREATE_CHILD_SA, [...without(child(), P.CP), nonce]);
    expect(notifies(later)).toEqual([]);
    expect([...gateway.children.values()][0]?.selectors.remote[0]?.range.start).toBe('10.3.0.2');
  });

  test('gives no tunnel to whom it gave no address', () => {
    const { gateway, peer, answer } = arrives('allow', P.CP);
    expect(notifies(answer)).toEqual(['FAILED_CP_REQUIRED']);
    const later = peer.ask(Exchange.CREATE_CHILD_SA, [...without(child(), P.CP), nonce]);
    expect(notifies(later)).toEqual(['FAILED_CP_REQUIRED']);
    expect(gateway.installed).toEqual([]);
  });

  test('never: a login without a tunnel is refused', () => {
    const { gateway, answer } = arrives('never');
    expect(notifies(answer)).toEqual(['INVALID_SYNTAX']);
    expect(gateway.core.snapshot().sas).toEqual([]);
  });
});
