// How many connections one identity may have, and what becomes of the older ones (RFC 7296 §2.4).
import { describe, expect, test } from 'vitest';
import { ip, ipBytes } from '../../../src/base/ip.ts';
import { milliseconds, minutes, seconds } from '../../../src/base/time.ts';
import { CfgAttribute, CfgType } from '../../../src/iana/configuration.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import type { Uniqueness } from '../../../src/policy/policy.ts';
import { find, type Payload, payload } from '../../../src/wire/payloads/index.ts';
import { doorstep, notifies } from '../doorstep.ts';
import { pool } from '../household.ts';
import { ikeRekey, login, notify, replaced } from '../payloads.ts';
import type { Peer } from '../peer.ts';
import { connection, policy } from '../policies.ts';
import type { Ports } from '../world.ts';

const initialContact = notify(Notification.INITIAL_CONTACT);
const visit = (unique: Uniqueness, ports?: Ports) =>
  doorstep({ policy: policy([connection({ unique })]), ...(ports ? { ports } : {}) });
type Visit = ReturnType<typeof visit>;

/** The same identity from a place of its own. */
const device = ({ halfOpen }: Visit, n: number) =>
  halfOpen({ from: `198.51.100.${n}`, seed: 100 + n });
const spi = (n: number) => Uint8Array.of(0xd0, 0, 0, n);
const comes = (at: Visit, n: number, ...odd: readonly Payload[]) => {
  const peer = device(at, n);
  const answer = peer.ask(
    Exchange.IKE_AUTH,
    odd.reduce(replacedOrAdded, login(peer, { spi: spi(n) })),
  );
  return { peer, answer, address: addressIn(answer) };
};
const replacedOrAdded = (all: readonly Payload[], one: Payload): Payload[] =>
  one.type === P.NOTIFY ? [...all, one] : replaced(all, one);
const addressIn = (answer: readonly Payload[] | undefined) =>
  find(answer ?? [], P.CP)?.attributes[0]?.value.join('.');
const asksFor = (address: string) =>
  payload(P.CP, {
    cfgType: CfgType.CFG_REQUEST,
    attributes: [{ type: CfgAttribute.INTERNAL_IP4_ADDRESS, value: ipBytes(ip(address)) }],
  });
const peers = ({ gateway }: Visit) => gateway.core.snapshot().sas.map(({ path }) => path.remote.ip);
const hasBye = (peer: Peer) =>
  peer.received().some((bytes) => {
    const { payloads, header } = peer.read(bytes);
    return !header.isResponse && find(payloads, P.DELETE) !== undefined;
  });
const bye = payload(P.DELETE, { protocol: 1, spis: [] });
/** The device answers what it is asked. */
const answers = ({ peer }: { readonly peer: Peer }) => peer.respond();

describe('the same identity returns from another address', () => {
  test.each<[string, Uniqueness, Payload[]]>([
    ['and knows of no other connection', 'device', [initialContact]],
    ['and the connection says replace', 'replace', []],
    ['knows of no other, and the connection says keep', 'keep', [initialContact]],
  ])(
    '%s: the old SA goes, and it has the same address again (scenario 42)',
    (_why, unique, odd) => {
      // As the pools do: an address that was given back goes to whom it belonged.
      const at = visit(unique, (question) =>
        pool(at.gateway.released.length > 0 ? ['10.3.0.2'] : ['10.3.0.2', '10.3.0.3'])(question),
      );
      const first = comes(at, 1);
      expect(first.address).toBe('10.3.0.2');
      const second = comes(at, 2, ...odd);
      expect(second.address).toBe('10.3.0.2');
      expect(peers(at)).toEqual(['198.51.100.2']);
      expect(at.gateway.eventsOf('sa.closed')).toMatchObject([{ cause: 'replaced' }]);
      expect(at.gateway.children.size).toBe(1);
      expect(hasBye(first.peer)).toBe(unique === 'replace');
    },
  );

  test('the other connection is asked whether it is there, and goes when it is not (device)', () => {
    const at = visit('device');
    comes(at, 1);
    at.world.run(seconds(5));
    comes(at, 2);
    expect(peers(at)).toHaveLength(2);
    at.world.run(minutes(2));
    expect(peers(at)).toEqual(['198.51.100.2']);
    expect(at.gateway.released).toEqual(['10.3.0.2']);
  });

  test('both stay while both answer (device)', () => {
    const at = visit('device');
    const first = comes(at, 1);
    at.world.run(seconds(5));
    comes(at, 2);
    answers(first);
    at.world.run(minutes(2));
    expect(peers(at)).toHaveLength(2);
  });

  test('it is refused while the other answers, and let in when that is silent (keep)', () => {
    const at = visit('keep');
    const first = comes(at, 1);
    at.world.run(seconds(5));
    expect(notifies(comes(at, 2).answer)).toEqual(['AUTHENTICATION_FAILED']);
    answers(first);
    expect(at.gateway.eventsOf('attempt.failed')).toMatchObject([
      { why: 'the same identity is connected already' },
    ]);
    at.world.run(minutes(2));
    expect(notifies(comes(at, 3).answer)).toEqual(['AUTHENTICATION_FAILED']);
    at.world.run(minutes(2));
    expect(comes(at, 4).address).toBe('10.3.0.3');
    expect(peers(at)).toEqual(['198.51.100.4']);
  });

  test('all stay, whatever it says (never)', () => {
    const at = visit('never');
    for (let n = 1; n <= 5; n++) comes(at, n, initialContact);
    expect(peers(at)).toHaveLength(5);
  });

  test('somebody else is not concerned', () => {
    for (const unique of ['device', 'replace', 'keep'] as const) {
      const at = visit(unique);
      at.guest({ id: 'ben@example.org', from: '198.51.100.9', seed: 9 });
      comes(at, 1, initialContact);
      comes(at, 2, initialContact);
      expect(peers(at)).toEqual(['198.51.100.9', '198.51.100.2']);
    }
  });
});

describe('one identity connects a hundred times', () => {
  test.each<Uniqueness>(['device', 'never'])('and has eight connections (%s)', (unique) => {
    const at = visit(unique, pool(Array.from({ length: 100 }, (_, i) => `10.3.0.${i + 2}`)));
    for (let n = 1; n <= 100; n++) {
      comes(at, n);
      at.world.run(seconds(0.4)); // faster, and a COOKIE is demanded
    }
    expect(peers(at)).toHaveLength(8);
    expect(at.gateway.children.size).toBe(8);
    expect(at.gateway.released).toHaveLength(92);
    const causes = at.gateway.eventsOf('sa.closed').map(({ cause }) => cause);
    expect(new Set(causes)).toEqual(new Set(['replaced']));
  });

  test('and has eight, also where many handshakes end at once', () => {
    const at = visit('device', pool(Array.from({ length: 100 }, (_, i) => `10.3.0.${i + 2}`)));
    for (let round = 0; round < 4; round++) {
      const arriving = Array.from({ length: 10 }, (_, i) => device(at, 10 * round + i + 1));
      for (const [i, peer] of arriving.entries()) {
        const request = login(peer, { spi: spi(10 * round + i) });
        peer.send(peer.seal(Exchange.IKE_AUTH, request), milliseconds(0));
      }
      at.world.run(seconds(11)); // later, and a COOKIE is demanded
    }
    expect(peers(at)).toHaveLength(8);
    expect(at.gateway.children.size).toBe(8);
  });

  test('and the one without traffic goes first', () => {
    const idle = new Map<number, number>();
    const grant = pool(Array.from({ length: 20 }, (_, i) => `10.3.0.${i + 2}`));
    const at = visit('never', (question) =>
      question.kind === 'idle'
        ? seconds(idle.get(question.children[0] ?? 0) ?? 100)
        : grant(question),
    );
    for (let n = 1; n <= 8; n++) {
      comes(at, n);
      at.world.run(seconds(10));
    }
    // All but the fifth were used a moment ago.
    for (const [i, ref] of [...at.gateway.children.keys()].entries())
      idle.set(ref, i === 4 ? 50 : 1);
    comes(at, 9);
    expect(peers(at)).toEqual([1, 2, 3, 4, 6, 7, 8, 9].map((n) => `198.51.100.${n}`));
  });
});

test('a device that lost its connections is not locked out by them: they give it their addresses', () => {
  const taken = new Set<string>();
  const at = visit('device', (question) => {
    for (const address of at.gateway.released.splice(0)) taken.delete(address);
    const free = ['10.3.0.2', '10.3.0.3'].filter((address) => !taken.has(address));
    const answer = pool(free)(question);
    if (free[0] && question.kind === 'lease') taken.add(free[0]);
    return answer;
  });
  for (let n = 1; n <= 20; n++) {
    expect(comes(at, n).address).toMatch(/^10\.3\.0\.[23]$/);
    at.world.run(seconds(1));
  }
  expect(peers(at)).toHaveLength(2);
});

describe('a peer makes its new connection before it breaks the old one', () => {
  test.each<Uniqueness>(['device', 'replace', 'keep', 'never'])(
    'and keeps its address; the old one stands until it is deleted (%s; scenario 33)',
    (unique) => {
      const at = visit(unique);
      const first = comes(at, 1);
      const second = comes(at, 2, asksFor('10.3.0.2'));
      expect([first.address, second.address]).toEqual(['10.3.0.2', '10.3.0.2']);
      expect(peers(at)).toHaveLength(2);
      expect(first.peer.ask(Exchange.INFORMATIONAL, [bye])).toEqual([]);
      expect(peers(at)).toEqual(['198.51.100.2']);
      expect(at.gateway.released).toEqual([]);
      expect(at.gateway.sending?.sa).toBe(at.gateway.sa.id);
    },
  );

  test('and never deletes that: we do after a minute', () => {
    const at = visit('device');
    const first = comes(at, 1);
    const second = comes(at, 2, asksFor('10.3.0.2'));
    at.world.run(seconds(1));
    answers(second); // it has the new one: that is what we asked
    at.world.run(seconds(60));
    expect(hasBye(first.peer)).toBe(true);
    answers(first);
    expect(peers(at)).toEqual(['198.51.100.2']);
    expect(at.gateway.released).toEqual([]);
  });

  test('and thinks better of it: the old one stands on', () => {
    const at = visit('device');
    comes(at, 1);
    const second = comes(at, 2, asksFor('10.3.0.2'));
    second.peer.ask(Exchange.INFORMATIONAL, [bye]);
    at.world.run(minutes(4));
    expect(peers(at)).toEqual(['198.51.100.1']);
    expect(at.gateway.released).toEqual([]);
  });

  test('and makes new keys for the old one: it goes all the same', () => {
    const at = visit('device');
    const first = comes(at, 1);
    const second = comes(at, 2, asksFor('10.3.0.2'));
    at.world.run(seconds(1));
    answers(second);
    at.world.run(seconds(30));
    first.peer.ask(Exchange.CREATE_CHILD_SA, ikeRekey(new Uint8Array(8).fill(9)));
    expect(at.gateway.eventsOf('sa.rekeyed')).toHaveLength(1);
    at.world.run(minutes(2.5)); // half a minute, and until nobody answers the DELETE
    expect(peers(at)).toEqual(['198.51.100.2']);
  });

  test('and does so every four seconds: late packets are waited for in a few tunnels, not in all', () => {
    const at = visit('device');
    let former = comes(at, 1);
    for (let n = 2; n <= 20; n++) {
      const next = comes(at, n, asksFor('10.3.0.2'));
      at.world.run(seconds(1));
      answers(next);
      former.peer.ask(Exchange.INFORMATIONAL, [bye]);
      former = next;
      at.world.run(seconds(3));
      expect(at.gateway.children.size).toBeLessThanOrEqual(2);
    }
  });

  test('with the address of somebody else: it gets another', () => {
    const at = visit('device');
    at.guest({ id: 'ben@example.org', from: '198.51.100.9', seed: 9 });
    expect(comes(at, 1, asksFor('10.3.0.2')).address).toBe('10.3.0.3');
  });
});
