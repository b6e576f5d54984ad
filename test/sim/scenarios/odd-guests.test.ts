// Guests whose keys are good and whose messages are odd: what the hooks of strongSwan's conftest do to a daemon, by
// their names. Some must come in as if nothing were, the others hear why not; nothing is left of them, and whoever comes
// next is served. `set_proposal_number`, `force_cookie` and `reset_seq` stand where they belong: in the tests of
// proposals, of floods, and of the replay window in C.
import { describe, expect, test } from 'vitest';
import { minutes, seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { encodePayloads } from '../../../src/wire/message.ts';
import { ownId } from '../../../src/wire/payloads/id.ts';
import { type Payload, payload, unknownType } from '../../../src/wire/payloads/index.ts';
import { type Doorstep, doorstep, notifies } from '../doorstep.ts';
import { login, none, notify, replaced, without } from '../payloads.ts';
import type { Peer } from '../peer.ts';
import { connection, policy } from '../policies.ts';

/** `unknown`: it is told that nobody has that SPI (RFC 7296 §2.21.4). */
type Outcome = 'in' | 'refused' | 'not heard' | 'unknown';
type Say = (peer: Peer) => readonly Payload[] | undefined;

const auth = (peer: Peer, payloads: readonly Payload[]) => peer.ask(Exchange.IKE_AUTH, payloads);
const raw = (number: number, body: Uint8Array, critical = false): Payload => ({
  ...{ type: unknownType, number },
  ...{ critical, body },
});
/** An IKE_AUTH request with one byte of its plaintext changed, sealed as if it were meant. */
const bent = (peer: Peer, at: number, value: number): readonly Payload[] | undefined => {
  const { first, bytes } = encodePayloads(login(peer));
  bytes[at] = value;
  const [answer] = peer.hears(() =>
    peer.send(peer.sealRaw(Exchange.IKE_AUTH, { first, inner: bytes })),
  );
  return answer && peer.read(answer).payloads;
};
const inHeader = (fields: Parameters<Peer['seal']>[2]) => (peer: Peer) => {
  const [answer] = peer.hears(() => peer.send(peer.seal(Exchange.IKE_AUTH, login(peer), fields)));
  return answer && peer.read(answer).payloads;
};
const anotherId = ownId(3, new TextEncoder().encode('boss@example.org'));

const hooks: readonly [hook: string, outcome: Outcome, say: Say][] = [
  [
    'add_notify: a status that nobody knows',
    'in',
    (peer) => auth(peer, [...login(peer), notify(40_999, new Uint8Array(50))]),
  ],
  [
    'add_notify: an error that nobody knows',
    'in',
    (peer) => auth(peer, [...login(peer), notify(9_999)]),
  ],
  [
    'add_payload: one that nobody knows',
    'in',
    (peer) => auth(peer, [...login(peer), raw(200, new Uint8Array(9))]),
  ],
  [
    'add_payload: one that nobody knows, critical',
    'refused',
    (peer) => auth(peer, [...login(peer), raw(200, none, true)]),
  ],
  [
    'add_payload: a second one of a kind',
    'refused',
    (peer) => auth(peer, [...login(peer), payload(P.IDI, anotherId)]),
  ],
  [
    'custom_proposal: algorithms of nobody',
    'refused',
    (peer) => auth(peer, replaced(login(peer), strangeProposal())),
  ],
  ['ignore_message: the response is not heard, and asked for again', 'in', askedTwice],
  [
    'ike_auth_fill: ten thousand bytes of vendor ID',
    'in',
    (peer) => auth(peer, [...login(peer), raw(43, new Uint8Array(10_000))]),
  ],
  [
    'pretend_auth: AUTH of nothing',
    'refused',
    (peer) =>
      auth(peer, replaced(login(peer), payload(P.AUTH, { method: 2, data: new Uint8Array(32) }))),
  ],
  [
    'rebuild_auth: AUTH of somebody else',
    'refused',
    (peer) => auth(peer, replaced(login(peer), payload(P.IDI, anotherId))),
  ],
  ['log_id: no IDi at all', 'refused', (peer) => auth(peer, without(login(peer), P.IDI))],
  ['log_ts: no selectors', 'refused', (peer) => auth(peer, without(login(peer), P.TSI, P.TSR))],
  ['set_critical: on a payload that we know', 'in', (peer) => bent(peer, 1, 0x80)],
  ['set_reserved: bits of a payload header', 'in', (peer) => bent(peer, 1, 0x7f)],
  ['set_length: a payload that is longer than it says', 'refused', (peer) => bent(peer, 3, 6)],
  ['set_length: a payload that is shorter than it says', 'refused', (peer) => bent(peer, 2, 0x7f)],
  ['set_ike_initiator', 'unknown', inHeader({ isInitiator: false })],
  ['set_ike_request', 'not heard', inHeader({ isResponse: true })],
  ['set_ike_spi', 'unknown', inHeader({ spiR: new Uint8Array(8).fill(5) })],
  ['set_ike_version: a minor one', 'in', inHeader({ minorVersion: 9 })],
  ['unencrypted_notify: before what is sealed', 'in', afterClearNotify],
  ['unsort_message', 'in', (peer) => auth(peer, login(peer).reverse())],
];

function strangeProposal(): Payload {
  const transforms = [{ type: 1, id: 1999, keyBits: undefined, isKnown: true }];
  const spi = Uint8Array.of(0xc0, 1, 2, 3);
  return payload(P.SA, { proposals: [{ number: 1, protocol: 3, spi, transforms }] });
}

function afterClearNotify(peer: Peer): readonly Payload[] | undefined {
  const header = { exchange: Exchange.INFORMATIONAL, spiR: peer.spiR, messageId: 1 };
  peer.send(peer.plain([notify(24)], header));
  return auth(peer, login(peer));
}

function askedTwice(peer: Peer): readonly Payload[] | undefined {
  const request = peer.seal(Exchange.IKE_AUTH, login(peer));
  const answers = peer.hears(() => [1, 2].map(() => peer.send(request)));
  expect(answers[1]).toEqual(answers[0]);
  return answers[0] && peer.read(answers[0]).payloads;
}

describe('a guest whose keys are good', () => {
  test.each(hooks)('does %s: %s', (_hook, outcome, say) => {
    const step = doorstep();
    expect(outcomeOf(step, say(step.halfOpen()))).toBe(outcome);
    step.world.run(minutes(10));
    expectServed(step);
  });

  test('does set_ike_version, a major one: hears which is ours, and comes in with that', () => {
    const step = doorstep();
    const peer = step.halfOpen();
    const said = peer.hears(() =>
      peer.send(peer.seal(Exchange.IKE_AUTH, login(peer), { majorVersion: 3 })),
    );
    expect(said.map((bytes) => notifies(peer.read(bytes).payloads))).toEqual([
      ['INVALID_MAJOR_VERSION'],
    ]);
    expect(auth(peer, login(peer))).toBeDefined();
    expect(step.gateway.installed).toHaveLength(1);
  });

  test('falls silent in any state: its half-open SA is forgotten, and a tunnel when it does not answer', () => {
    for (const stop of ['after IKE_SA_INIT', 'after IKE_AUTH', 'in a rekey of ours'] as const) {
      const step = doorstep({ policy: policy([connection({ dpd: seconds(30) })]) });
      const peer = stop === 'after IKE_SA_INIT' ? step.halfOpen() : step.guest();
      if (stop === 'in a rekey of ours') {
        const sa = step.gateway.sa.id;
        step.world.input(step.gateway, {
          kind: 'command',
          command: { kind: 'rekey', sa, child: undefined },
        });
      }
      step.world.run(minutes(24 * 60));
      expect([stop, step.gateway.core.snapshot().sas]).toEqual([stop, []]);
      expect(step.gateway.children.size).toBe(0);
      expect(peer.received().length).toBeGreaterThan(0);
    }
  });
});

function outcomeOf({ gateway }: Doorstep, answer: readonly Payload[] | undefined): Outcome {
  if (gateway.installed.length > 0) return 'in';
  if (answer === undefined) return 'not heard';
  return notifies(answer).includes('INVALID_IKE_SPI') ? 'unknown' : 'refused';
}

/** And nothing of what came before is in the way. */
function expectServed({ gateway, guest, world }: Doorstep): void {
  const before = gateway.installed.length;
  guest({ from: '198.51.100.77', seed: 7 });
  world.run(seconds(1));
  expect(gateway.installed.length).toBe(before + 1);
  expect(gateway.eventsOf('bug')).toEqual([]);
}
