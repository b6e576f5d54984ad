import { describe, expect, test } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import { seconds } from '../../../src/base/time.ts';
import { household, talk } from '../household.ts';
import { expectAgreement } from '../model.ts';
import { connection, phone, policy, proposals } from '../policies.ts';
import type { SimHost } from '../world.ts';

const base = 'aes256gcm16-prfsha256-x25519';
const hybrid = proposals('ike', `${base}-ke1_mlkem768`, base);

function pair(ours = hybrid, theirs = hybrid) {
  return household({
    gateway: policy([connection({ ike: ours })]),
    phone: policy([phone({ ike: theirs })]),
  });
}
const suites = ({ gateway, phone }: ReturnType<typeof household>) =>
  [gateway, phone].map((host) => host.core.snapshot().sas.map(({ suite }) => suite));

describe('x25519 and then ML-KEM-768', () => {
  test('is done in IKE_INTERMEDIATE, whose messages are in fragments (pitfall 50)', () => {
    const house = pair();
    house.dial();
    house.world.run(seconds(1));
    expect(talk(house.phone)).toEqual([
      'out IKE_SA_INIT request 0 [SA KE No N(NAT_DETECTION_SOURCE_IP) N(NAT_DETECTION_DESTINATION_IP) N(IKEV2_FRAGMENTATION_SUPPORTED) N(INTERMEDIATE_EXCHANGE_SUPPORTED) N(SIGNATURE_HASH_ALGORITHMS)]',
      'in IKE_SA_INIT response 0 [SA KE No N(NAT_DETECTION_SOURCE_IP) N(NAT_DETECTION_DESTINATION_IP) N(IKEV2_FRAGMENTATION_SUPPORTED) N(INTERMEDIATE_EXCHANGE_SUPPORTED) N(SIGNATURE_HASH_ALGORITHMS) N(CHILDLESS_IKEV2_SUPPORTED)]',
      expect.stringContaining('out IKE_INTERMEDIATE request 1 [KE]'),
      expect.stringContaining('in IKE_INTERMEDIATE response 1 [KE]'),
      'out IKE_AUTH request 2 [IDi IDr AUTH CPRQ SA TSi TSr N(INITIAL_CONTACT) N(MOBIKE_SUPPORTED)]',
      'in IKE_AUTH response 2 [IDr AUTH CPRP SA TSi TSr N(MOBIKE_SUPPORTED)]',
    ]);
    expect(suites(house)).toEqual([[`${base}-ke1_mlkem768`], [`${base}-ke1_mlkem768`]]);
    expectAgreement(house.world, house.gateway, house.phone);
    const [ours] = [...house.gateway.children.values()];
    const [theirs] = [...house.phone.children.values()];
    expect(toHex(ours?.inbound.encryption.bytes ?? new Uint8Array())).toBe(
      toHex(theirs?.outbound.encryption.bytes ?? new Uint8Array(1)),
    );
  });
});

describe('several in a row', () => {
  test.each([
    ['two', 'ke1_mlkem768-ke2_mlkem1024'],
    ['three, in the order of their steps (pitfall 51)', 'ke1_ecp384-ke2_mlkem512-ke7_mlkem1024'],
  ])('%s', (_, words) => {
    const ike = proposals('ike', `${base}-${words}`);
    const house = pair(ike, ike);
    house.dial();
    house.world.run(seconds(1));
    expect(suites(house)).toEqual([[`${base}-${words}`], [`${base}-${words}`]]);
    const rounds = talk(house.phone).filter((line) => line.startsWith('out IKE_INTERMEDIATE'));
    expect(rounds).toHaveLength(words.split('-').length);
    expectAgreement(house.world, house.gateway, house.phone);
  });
});

const espBase = 'aes256gcm16-x25519';
/** A pair that is up, with the same steps for the IKE SA and its tunnel. */
function established(steps: string, theirs = steps, childless: 'allow' | 'force' = 'allow') {
  const fields = (words: string) => ({
    ike: proposals('ike', `${base}${words}`, base),
    esp: proposals('esp', `${espBase}${words}`, espBase, 'aes256gcm16'),
  });
  const house = household({
    gateway: policy([connection(fields(steps))], { keylog: true }),
    phone: policy([phone({ ...fields(theirs), childless })], { keylog: true }),
  });
  house.dial();
  house.world.run(seconds(1));
  return house;
}
function rekey(house: ReturnType<typeof household>, host: SimHost, what: 'tunnel' | 'IKE SA') {
  const { id, children } = host.sa;
  const child = what === 'tunnel' ? children[0]?.ref : undefined;
  house.world.input(host, { kind: 'command', command: { kind: 'rekey', sa: id, child } });
}
/** The exchanges of a host's own requests since it was up, without those that delete. */
const asked = (host: SimHost, since: number): string[] =>
  talk(host)
    .slice(since)
    .filter((line) => line.startsWith('out') && line.includes('request'))
    .map((line) => line.split(' ')[1] ?? '');

describe.each(['tunnel', 'IKE SA'] as const)('a rekey of the %s', (what) => {
  test.each([
    ['phone', '-ke1_mlkem768', 1],
    ['gateway', '-ke1_mlkem768', 1],
    ['phone', '-ke1_mlkem768-ke2_mlkem1024-ke3_ecp384', 3],
  ] as const)('by the %s with %s (crossings 10, 29)', (who, steps, exchanges) => {
    const house = established(steps);
    const host = house[who];
    const since = talk(host).length;
    rekey(house, host, what);
    house.world.run(seconds(20));
    expect(asked(host, since)).toEqual([
      'CREATE_CHILD_SA',
      ...Array.from({ length: exchanges }, () => 'IKE_FOLLOWUP_KE'),
      'INFORMATIONAL',
    ]);
    expectAgreement(house.world, house.gateway, house.phone);
    expect(suites(house)).toEqual([[`${base}${steps}`], [`${base}${steps}`]]);
    if (what === 'IKE SA') return;
    const [child] = host.sa.children;
    expect(child?.suite).toBe(`${espBase}${steps}`);
  });

  test('by both at once: the loser stops before its IKE_FOLLOWUP_KE (crossing 19, pitfall C13)', () => {
    const house = established('-ke1_mlkem768');
    const since = [house.phone, house.gateway].map((host) => talk(host).length);
    rekey(house, house.phone, what);
    rekey(house, house.gateway, what);
    house.world.run(seconds(20));
    const exchanges = [house.phone, house.gateway].map(
      (host, i) => asked(host, since[i] ?? 0).filter((one) => one === 'IKE_FOLLOWUP_KE').length,
    );
    expect(exchanges.toSorted()).toEqual([0, 1]);
    expectAgreement(house.world, house.gateway, house.phone);
  });
});

describe('a peer that knows nothing of it', () => {
  const plain = proposals('ike', base);

  test('is dialled with two proposals, and goes on as before', () => {
    const house = pair(plain, hybrid);
    house.dial();
    house.world.run(seconds(1));
    expect(suites(house)).toEqual([[base], [base]]);
    expect(talk(house.gateway).map((line) => line.split(' ')[1])).toEqual([
      ...['IKE_SA_INIT', 'IKE_SA_INIT', 'IKE_AUTH', 'IKE_AUTH'],
    ]);
  });

  test('hears not a word of it when it dials', () => {
    const house = pair(hybrid, plain);
    house.dial();
    house.world.run(seconds(1));
    expect(suites(house)).toEqual([[base], [base]]);
    expect(talk(house.phone).join()).not.toContain('INTERMEDIATE');
  });
});

describe('a network that is not kind', () => {
  test.each([1, 2, 3, 4, 5, 6])('loses, doubles and delays fragments (seed %i)', (seed) => {
    const ike = proposals('ike', `${base}-ke1_mlkem768-ke2_mlkem1024`);
    const house = pair(ike, ike);
    house.world.lossy({ seed, loss: 0.3, duplicate: 0.3, jitter: seconds(3), mostLosses: 3 });
    house.dial();
    house.world.run(seconds(120));
    expect(suites(house)).toEqual([
      [`${base}-ke1_mlkem768-ke2_mlkem1024`],
      [`${base}-ke1_mlkem768-ke2_mlkem1024`],
    ]);
    expectAgreement(house.world, house.gateway, house.phone);
  });

  // The answer was sealed with the old keys, and the keys changed with it: the repeated request was taken for a forgery,
  // and a lost answer ended the handshake.
  test('may lose the answer to the last exchange, after which the gateway has new keys', () => {
    const house = pair();
    let lost = 0;
    house.world.wire = (packet) => {
      const isAnswer = packet.from.ip === house.gateway.address && packet.bytes[18] === 43;
      if (isAnswer && lost++ < 2) return [];
      return [{ packet, delay: seconds(0.01) }];
    };
    house.dial();
    house.world.run(seconds(10));
    expect(lost).toBeGreaterThan(2);
    expectAgreement(house.world, house.gateway, house.phone);
  });
});

test('a tunnel of its own exchange has its follow-ups too, and carries after the last (crossing 3)', () => {
  const house = established('-ke1_mlkem768-ke2_ecp384', undefined, 'force');
  expect(asked(house.phone, 0).slice(-3)).toEqual([
    ...['CREATE_CHILD_SA', 'IKE_FOLLOWUP_KE', 'IKE_FOLLOWUP_KE'],
  ]);
  expect(house.phone.sa.children[0]?.suite).toBe(`${espBase}-ke1_mlkem768-ke2_ecp384`);
  expectAgreement(house.world, house.gateway, house.phone);
});

test('one ML-KEM makes the connection post-quantum, and a rekey without one does not undo it', () => {
  const quantum = ({ phone: host, gateway }: ReturnType<typeof household>) =>
    [host, gateway].map(({ sa }) => sa.postQuantum);
  expect(quantum(established(''))).toEqual([false, false]);
  const house = established('-ke1_mlkem768');
  expect(quantum(house)).toEqual([true, true]);
  rekey(house, house.phone, 'IKE SA');
  house.world.run(seconds(20));
  expect(quantum(house)).toEqual([true, true]);
});

test('fragments that never arrive end the handshake, and the owner reads why on both sides', () => {
  const house = pair();
  house.world.wire = (packet) => {
    const isLarge = packet.bytes[18] === 43 && packet.bytes.length > 1000;
    return isLarge ? [] : [{ packet, delay: seconds(0.01) }];
  };
  house.dial();
  house.world.run(seconds(200));
  expect(house.phone.eventsOf('sa.established')).toEqual([]);
  for (const host of [house.phone, house.gateway]) {
    expect(host.eventsOf('attempt.failed')).toMatchObject([{ cause: 'fragments-lost' }]);
  }
});

test('a gateway that forgot the rekey says so, and the next one succeeds (pitfall 51)', () => {
  const house = established('-ke1_mlkem768');
  let isCut = true;
  house.world.wire = (packet) =>
    isCut && packet.bytes[18] === 44 ? [] : [{ packet, delay: seconds(0.01) }];
  rekey(house, house.phone, 'tunnel');
  house.world.run(seconds(0.5));
  house.world.suspend(house.phone, seconds(90), 'stands'); // the gateway waits for a minute
  isCut = false;
  house.world.run(seconds(300));
  expect(talk(house.phone).join()).toContain('IKE_FOLLOWUP_KE response 4 [N(STATE_NOT_FOUND)]');
  expectAgreement(house.world, house.gateway, house.phone);
  expect(house.phone.sa.children[0]?.suite).toBe(`${espBase}-ke1_mlkem768`);
});
