// A client that begins tunnels with additional key exchanges, and does not go on as it should (RFC 9370 §2.2.4).
import { expect, test } from 'vitest';
import { seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { KeyExchangeMethod } from '../../../src/iana/transforms.ts';
import { offer } from '../../../src/ike/negotiate/proposals.ts';
import { all, type Payload, payload } from '../../../src/wire/payloads/index.ts';
import { doorstep, notifies } from '../doorstep.ts';
import { child, nonce, notify, primitives, without } from '../payloads.ts';
import type { Peer } from '../peer.ts';
import { present } from '../pick.ts';
import { connection, policy, proposals } from '../policies.ts';

const esp = proposals('esp', 'aes256gcm16-x25519-ke1_ecp256');
const { CURVE25519, ECP_256 } = KeyExchangeMethod;
const arrived = () => {
  const scene = doorstep({ policy: policy([connection({ esp })]) });
  return { ...scene, peer: scene.guest() };
};

/** Asks for a tunnel with P-256 behind X25519. */
function begin(peer: Peer): readonly Payload[] | undefined {
  const { value } = primitives.x25519.offer(peer.rng);
  return peer.ask(Exchange.CREATE_CHILD_SA, [
    ...without(child(), P.CP, P.SA),
    payload(P.SA, offer(esp, peer.rng(4), true)),
    nonce,
    payload(P.KE, { method: CURVE25519, data: value }),
  ]);
}
const linkIn = (said: readonly Payload[] | undefined): Uint8Array =>
  present(
    all(said ?? [], P.NOTIFY).find(({ type }) => type === Notification.ADDITIONAL_KEY_EXCHANGE),
    'link',
  ).data;

/** Goes on by this link. */
function goOn(peer: Peer, link: Uint8Array): string[] {
  const { value } = primitives.p256.offer(peer.rng);
  const said = peer.ask(Exchange.IKE_FOLLOWUP_KE, [
    payload(P.KE, { method: ECP_256, data: value }),
    notify(Notification.ADDITIONAL_KEY_EXCHANGE, link),
  ]);
  return notifies(said);
}

test('a link leads to what it was given for, and once (class 33)', () => {
  const { gateway, peer } = arrived();
  const before = gateway.children.size;
  const [one, two] = [linkIn(begin(peer)), linkIn(begin(peer))];
  const neither = one.map((byte, i) => byte ^ (i === 7 ? 1 : 0));
  expect(goOn(peer, neither)).toEqual(['STATE_NOT_FOUND']);
  expect(goOn(peer, one.subarray(0, 7))).toEqual(['STATE_NOT_FOUND']);
  expect(gateway.children.size).toBe(before);
  expect(goOn(peer, two)).toEqual([]);
  expect(goOn(peer, two)).toEqual(['STATE_NOT_FOUND']);
  expect(goOn(peer, one)).toEqual([]);
  expect(gateway.children.size).toBe(before + 2);
});

test('four may be unfinished, for a minute (class 33)', () => {
  const { world, gateway, peer } = arrived();
  const begun = [1, 2, 3, 4].map(() => begin(peer));
  expect(begun.map(notifies)).toEqual(begun.map(() => ['ADDITIONAL_KEY_EXCHANGE']));
  expect(notifies(begin(peer))).toEqual(['TEMPORARY_FAILURE']);
  expect(peer.ask(Exchange.INFORMATIONAL, [])).toEqual([]);
  world.run(seconds(61));
  expect(goOn(peer, linkIn(begun[0]))).toEqual(['STATE_NOT_FOUND']);
  expect(goOn(peer, linkIn(begin(peer)))).toEqual([]);
  expect(gateway.sa.children).toHaveLength(2);
});

// Only the beginning was counted: with four unfinished, a client came to more tunnels than one may have.
test('of those begun, as many are finished as there is room for (class 33)', () => {
  const { gateway, peer } = arrived();
  while (gateway.sa.children.length < 31) goOn(peer, linkIn(begin(peer)));
  const links = [1, 2, 3].map(() => linkIn(begin(peer)));
  const full = ['NO_ADDITIONAL_SAS'];
  expect(links.map((link) => goOn(peer, link))).toEqual([[], full, full]);
  expect(gateway.sa.children).toHaveLength(32);
});
