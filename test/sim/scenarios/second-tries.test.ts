// What the peer could not do now, or answered with nonsense, is asked for again; what it says unasked is not believed.
import { expect, test } from 'vitest';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { offer } from '../../../src/ike/negotiate/proposals.ts';
import { maxFromStranger } from '../../../src/wire/fragment.ts';
import { find, payload } from '../../../src/wire/payloads/index.ts';
import { authenticating, welcome } from '../dialed.ts';
import { doorstep, onlyChild } from '../doorstep.ts';
import { roam } from '../household.ts';
import { child, none, notify } from '../payloads.ts';
import { present } from '../pick.ts';
import { proposals } from '../policies.ts';

/** A guest that is asked for new keys of its tunnel. */
function asked() {
  const { world, gateway, guest } = doorstep();
  const peer = guest();
  const sa = gateway.sa.id;
  const { ref } = onlyChild(gateway);
  world.input(gateway, { kind: 'command', command: { kind: 'rekey', sa, child: ref } });
  return { world, gateway, peer };
}
const busy = notify(Notification.TEMPORARY_FAILURE);
const notOffered = [
  payload(P.SA, offer(proposals('esp', 'aes128gcm16'), Uint8Array.of(0xd0, 0, 0, 9), false)),
  payload(P.NONCE, { data: new Uint8Array(32) }),
  ...child().filter(({ type }) => type === P.TSI || type === P.TSR),
];
const isChildRequest = (peer: ReturnType<typeof asked>['peer']) => {
  const { header, payloads } = peer.lastHeard();
  return header.exchange === Exchange.CREATE_CHILD_SA && find(payloads, P.SA) !== undefined;
};

// The refusal was taken for an answer, and the tunnel that the peer had lost never came back.
test('a tunnel in the place of a lost one is asked for again after TEMPORARY_FAILURE (pitfall 60)', () => {
  const { world, gateway, peer } = asked();
  const spi = present(find(peer.lastHeard().payloads, P.NOTIFY), 'REKEY_SA').spi;
  peer.respond([notify(Notification.CHILD_SA_NOT_FOUND, none, 3, spi)]);
  expect(isChildRequest(peer)).toBe(true);
  for (let i = 0; i < 3; i++) {
    const { messageId } = peer.lastHeard().header;
    peer.respond([busy]);
    world.run(seconds(40));
    expect(peer.lastHeard().header.messageId).toBeGreaterThan(messageId);
    expect(isChildRequest(peer)).toBe(true);
  }
  expect(gateway.eventsOf('bug')).toEqual([]);
});

test('a peer that never can is asked ten times, and the owner reads why', () => {
  const { world, gateway, peer } = asked();
  const spi = present(find(peer.lastHeard().payloads, P.NOTIFY), 'REKEY_SA').spi;
  peer.respond([notify(Notification.CHILD_SA_NOT_FOUND, none, 3, spi)]);
  let requests = 0;
  for (let second = 0; second < 900; second++) {
    if (second === 0 || world.sent.length > requests) peer.respond([busy]);
    requests = world.sent.length;
    world.run(seconds(1));
  }
  const notes = gateway.eventsOf('note').map(({ why }) => why);
  expect(notes).toContain('no new tunnel: the peer answered TEMPORARY_FAILURE');
  expect(gateway.deadline).toBeUndefined();
});

// It stood without a tunnel, and nobody made another: whoever keeps it up believed it to be up.
test('who dialled hangs up when the peer gives no tunnel in the place of a lost one', () => {
  const { world, dialer, peer } = authenticating();
  peer.respond(welcome(peer));
  const { id: sa, children } = dialer.sa;
  const child = present(children[0], 'CHILD_SA').ref;
  world.input(dialer, { kind: 'command', command: { kind: 'rekey', sa, child } });
  world.run(milliseconds(20));
  const spi = present(find(peer.lastHeard().payloads, P.NOTIFY), 'REKEY_SA').spi;
  peer.respond([notify(Notification.CHILD_SA_NOT_FOUND, none, 3, spi)]);
  expect(isChildRequest(peer)).toBe(true);
  peer.respond([notify(Notification.TS_UNACCEPTABLE)]);
  expect(find(peer.lastHeard().payloads, P.DELETE)).toMatchObject({ protocol: 1 });
  peer.respond();
  expect(dialer.core.snapshot().sas).toEqual([]);
});

// The exchange ended, and with it the clock of the old keys: only their hard limit was left.
test('new keys are asked for again when the answer to the first request is nonsense', () => {
  const { world, gateway, peer } = asked();
  const { messageId } = peer.lastHeard().header;
  peer.respond(notOffered);
  expect(gateway.children.size).toBe(1);
  world.run(seconds(10));
  expect(peer.lastHeard().header.messageId).toBe(messageId + 1);
  expect(isChildRequest(peer)).toBe(true);
});

test('MOBIKE that was not asked for is not agreed: the peer cannot follow us', () => {
  const { world, dialer, peer } = authenticating({ mobike: false });
  peer.respond([...welcome(peer), notify(Notification.MOBIKE_SUPPORTED)]);
  roam(world, dialer, '192.0.2.77');
  expect(dialer.core.snapshot().sas).toEqual([]);
});

test('a dialler is told to have the addresses that it was given', () => {
  const { dialer, peer } = authenticating();
  peer.respond(welcome(peer));
  expect(dialer.eventsOf('sa.established')).toMatchObject([{ addresses: ['10.3.0.2'] }]);
  expect(Object.keys(dialer.sa.nat)).toEqual(['local', 'remote']);
});

test('who has not authenticated can make us keep half of what a message may have (pitfall 48)', () => {
  const { gateway, halfOpen } = doorstep();
  const peer = halfOpen();
  const inner = new Uint8Array(1024);
  const total = 100;
  for (let number = 1; number < total; number++) {
    peer.send(peer.sealRaw(Exchange.IKE_AUTH, { first: 0, inner, place: { number, total } }));
  }
  const kept = maxFromStranger / inner.length;
  expect(kept).toBeGreaterThanOrEqual(32);
  const { counters } = gateway.core.snapshot();
  expect(counters['fragment.too-long']).toBe(total - 1 - kept);
});
