// Anybody can write any source into a packet. Who has keys sends a request from an address that he does not have, and
// once more from his own: the answer is repeated there (RFC 7296 §2.11), and he goes on. So nothing may follow from where
// IKE_AUTH came from, and only from where the peer read our IKE_SA_INIT.
import { describe, expect, test } from 'vitest';
import { ip, prefixRange } from '../../../src/base/ip.ts';
import { EapType } from '../../../src/iana/eap.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { encodeMsChap } from '../../../src/ike/eap/mschapv2-packet.ts';
import { ownId } from '../../../src/wire/payloads/id.ts';
import { type Payload, payload } from '../../../src/wire/payloads/index.ts';
import { type Doorstep, doorstep, onlyChild } from '../doorstep.ts';
import { child, login, nonce, notify, without } from '../payloads.ts';
import type { Peer } from '../peer.ts';
import { last } from '../pick.ts';
import { connection, identity, policy } from '../policies.ts';
import {
  annasPassword,
  answerTo,
  challengeIn,
  eapIn,
  eapPolicy,
  msChapAnswer,
  requestIn,
  users,
} from '../users.ts';

const { IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL } = Exchange;
const victim = ip('192.0.2.99');

/** Asks from the victim's address, and once more from his own. */
function asksForged(peer: Peer, exchange: number, payloads: readonly Payload[]) {
  const request = peer.seal(exchange, payloads);
  const home = peer.from;
  peer.from = { ...home, ip: victim };
  peer.send(request);
  peer.from = home;
  const answer = last(
    peer.hears(() => peer.send(request)),
    'answer',
  );
  peer.nextId++;
  return peer.read(answer).payloads;
}

describe('a tunnel for the own address of the peer', () => {
  const hosts = (mobike: boolean) => policy([connection({ pool: undefined, mobike })]);
  const claimed = ({ gateway }: Doorstep) =>
    [...gateway.children.values()].map(({ selectors }) => selectors.remote[0]?.range.start);
  const another = [...without(child(Uint8Array.of(0xc0, 9, 9, 9)), P.CP), nonce];

  test('is not for the address that its login seemed to come from (attack 15)', () => {
    const scene = doorstep({ policy: hosts(false) });
    const peer = scene.halfOpen();
    asksForged(peer, IKE_AUTH, login(peer));
    expect(onlyChild(scene.gateway).selectors.remote).toMatchObject([
      { range: { start: peer.from.ip, end: peer.from.ip } },
    ]);
  });

  test('nor for the one that its wish for another seemed to come from, behind a NAT', () => {
    const scene = doorstep({ policy: hosts(false) });
    const peer = behindNat(scene);
    peer.ask(IKE_AUTH, login(peer));
    asksForged(peer, CREATE_CHILD_SA, another);
    expect(claimed(scene)).toEqual([peer.from.ip, peer.from.ip]);
  });

  test('nor for the one that its ESP seemed to come from, where it can move', () => {
    const scene = doorstep({ policy: hosts(true) });
    const { world, gateway } = scene;
    const peer = behindNat(scene);
    peer.ask(IKE_AUTH, login(peer, { extra: [notify(Notification.MOBIKE_SUPPORTED)] }));
    const path = { local: peer.to, remote: { ...peer.from, ip: victim } };
    world.input(gateway, {
      kind: 'dataplane',
      event: { kind: 'moved', child: onlyChild(gateway).ref, path },
    });
    peer.ask(CREATE_CHILD_SA, another);
    expect(claimed(scene)).toEqual([peer.from.ip, peer.from.ip]);
  });

  test('is for the address to which it moved, when it has shown that it is there (RFC 4555 §3.7)', () => {
    const scene = doorstep({ policy: hosts(true) });
    const peer = scene.guest({ extra: [notify(Notification.MOBIKE_SUPPORTED)] });
    const old = peer.from.ip;
    peer.from = { ...peer.from, ip: ip('198.51.100.8') };
    peer.ask(INFORMATIONAL, [notify(Notification.UPDATE_SA_ADDRESSES)]);
    const cookie = peer.lastHeard();
    expect(cookie.header).toMatchObject({ isResponse: false, exchange: INFORMATIONAL });
    peer.respond(cookie.payloads);
    peer.ask(CREATE_CHILD_SA, another);
    expect(claimed(scene)).toEqual([old, '198.51.100.8']);
  });
});

test('a connection for some addresses takes nobody who only seems to have one (attack 15)', () => {
  const remote = [prefixRange({ ip: victim, bits: 24 })];
  const { gateway, halfOpen } = doorstep({
    policy: policy([connection({ name: 'inside', remote }), connection({ name: 'outside' })]),
  });
  const peer = halfOpen();
  asksForged(peer, IKE_AUTH, login(peer));
  expect(gateway.sa).toMatchObject({ connection: 'outside' });
});

test('who fails is told of by the address that he has', () => {
  const { gateway, halfOpen } = doorstep();
  const peer = halfOpen();
  asksForged(peer, IKE_AUTH, login(peer, { secret: 'guess' }));
  const [failed] = gateway.eventsOf('attempt.failed');
  expect(failed?.path.remote.ip).toBe(peer.from.ip);
});

test('wrong passwords are nobody else’s: who guesses from forged addresses locks nobody out (attack 15)', () => {
  const limits = { cookieThreshold: 99, cookieThresholdPerSource: 99 };
  const { halfOpen } = doorstep({
    policy: { ...eapPolicy(), limits: { ...limits, halfOpen: 99, halfOpenPerSource: 99 } },
    ports: users(),
  });
  const anna = { from: victim, seed: 1 };
  expect(logsIn(halfOpen(anna), 'plainly', annasPassword)).toBe('success');
  for (let seed = 100; seed < 115; seed++) {
    const guesser = halfOpen({ from: '198.51.100.66', seed });
    expect(logsIn(guesser, 'forged', 'x', 'y', 'z')).toBe('failure');
  }
  expect(logsIn(halfOpen({ ...anna, seed: 2 }), 'plainly', annasPassword)).toBe('success');
});

test('TLS inside EAP counts for who is there, and not for whom it seems to come from (attack 15)', () => {
  const tls = eapPolicy({ remoteAuth: ['eap-tls'], localAuth: 'pubkey', certificate: 'gateway' });
  const own = { name: 'gateway', keyId: 'gateway', keyType: 'p256', chain: [] } as const;
  const certificates = [{ ...own, identities: [identity('home.example')] }];
  const { gateway, halfOpen } = doorstep({
    policy: { ...tls, certificates },
    ports: (question) => (question.kind === 'sign' ? new Uint8Array(64) : undefined),
  });
  const peer = halfOpen();
  const idI = ownId(identity('anna').type, identity('anna').data);
  const asked = requestIn(
    asksForged(peer, IKE_AUTH, [payload(P.IDI, idI), ...without(login(peer), P.IDI, P.AUTH)]),
  );
  const start = requestIn(peer.ask(IKE_AUTH, [answerTo(asked, EapType.IDENTITY, 'anna')]));
  peer.ask(IKE_AUTH, [answerTo(start, EapType.TLS, Uint8Array.of(0, 22, 3, 1, 0, 0))]);
  const opened = gateway.asked.find(({ question }) => question.kind === 'openTls')?.question;
  expect(opened).toMatchObject({ opening: { source: peer.from.ip } });
});

/** A peer that is through IKE_SA_INIT, and said that a NAT is on the way. */
function behindNat({ stranger }: Doorstep): Peer {
  const peer = stranger();
  const outside = peer.from;
  peer.from = { ...outside, ip: ip('10.0.0.7') };
  const request = peer.initRequest();
  peer.from = outside;
  peer.takeInit(
    last(
      peer.hears(() => peer.send(request)),
      'IKE_SA_INIT response',
    ),
  );
  return peer;
}

/** Logs in as anna with one password after the other; the first request may be from a forged address. */
function logsIn(peer: Peer, how: 'plainly' | 'forged', ...passwords: readonly string[]): string {
  const idI = ownId(identity('10.0.0.7').type, identity('10.0.0.7').data);
  const first = [payload(P.IDI, idI), ...without(login(peer), P.IDI, P.AUTH)];
  const asked = how === 'forged' ? asksForged(peer, IKE_AUTH, first) : peer.ask(IKE_AUTH, first);
  const name = answerTo(requestIn(asked), EapType.IDENTITY, 'anna');
  let request = requestIn(peer.ask(IKE_AUTH, [name]));
  let challenge = challengeIn(request);
  let op: 'success' | 'failure' = 'failure';
  for (const password of passwords) {
    const { data } = msChapAnswer(challenge, { name: 'anna', password });
    request = requestIn(peer.ask(IKE_AUTH, [answerTo(request, EapType.MSCHAPV2, data)]));
    const text = new TextDecoder().decode(request.data.subarray(4));
    op = text.startsWith('S=') ? 'success' : 'failure';
    challenge = new Uint8Array(Buffer.from(/ C=([0-9A-F]{32})/.exec(text)?.[1] ?? '', 'hex'));
  }
  return eapIn(peer.ask(IKE_AUTH, [answerTo(request, EapType.MSCHAPV2, encodeMsChap({ op }))]))
    .code;
}
