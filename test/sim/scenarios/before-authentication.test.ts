// What a peer with keys but without a proven identity can have: nothing (CVE-2026-78135, class 1; pitfall 42).
import { describe, expect, test } from 'vitest';
import { seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import type { Payload } from '../../../src/wire/payloads/index.ts';
import { payload } from '../../../src/wire/payloads/index.ts';
import { doorstep, notifies } from '../doorstep.ts';
import { kinds } from '../household.ts';
import { child, login, notify, peerSpi, replaced, without } from '../payloads.ts';
import { connection, policy } from '../policies.ts';

const nonce = payload(P.NONCE, { data: new Uint8Array(32) });
const deleteIke = payload(P.DELETE, { protocol: 1, spis: [] });

describe('before IKE_AUTH', () => {
  const cases: [string, number, readonly Payload[]][] = [
    ['CREATE_CHILD_SA', Exchange.CREATE_CHILD_SA, [...without(child(), P.CP), nonce]],
    ['an empty CREATE_CHILD_SA', Exchange.CREATE_CHILD_SA, []],
    ['an empty INFORMATIONAL', Exchange.INFORMATIONAL, []],
    ['DELETE of the IKE SA', Exchange.INFORMATIONAL, [deleteIke]],
    [
      'DELETE of an ESP SPI',
      Exchange.INFORMATIONAL,
      [payload(P.DELETE, { protocol: 3, spis: [peerSpi] })],
    ],
    ['a CP request', Exchange.INFORMATIONAL, without(child(), P.SA, P.TSI, P.TSR)],
    ['AUTHENTICATION_FAILED', Exchange.INFORMATIONAL, [notify(Notification.AUTHENTICATION_FAILED)]],
    ['IKE_INTERMEDIATE', Exchange.IKE_INTERMEDIATE, []],
    ['IKE_FOLLOWUP_KE', Exchange.IKE_FOLLOWUP_KE, []],
    ['a protected IKE_SA_INIT', Exchange.IKE_SA_INIT, []],
    ['an exchange that does not exist', 99, []],
  ];

  test.each(cases)(
    '%s has no effect, gets no answer, and ends the half-open SA (attack 8)',
    (_name, exchange, payloads) => {
      const { gateway, halfOpen } = doorstep();
      const peer = halfOpen();
      expect(peer.ask(exchange, payloads)).toBeUndefined();
      expect(gateway.core.snapshot().sas).toEqual([]);
      expect(gateway.asked).toEqual([]);
      expect(kinds(gateway)).toEqual(['dropped', 'attempt.failed']);
      // And not even the right password helps any more.
      peer.nextId = 1;
      expect(peer.ask(Exchange.IKE_AUTH, login(peer))).toBeUndefined();
      expect(gateway.installed).toEqual([]);
    },
  );

  // The peer is authentic to itself alone, so it may hear why; but the SA goes.
  test('content that does not parse ends the half-open SA', () => {
    const { gateway, halfOpen } = doorstep();
    const peer = halfOpen();
    for (const exchange of [Exchange.CREATE_CHILD_SA, Exchange.INFORMATIONAL]) {
      peer.send(peer.sealRaw(exchange, { first: P.SA, inner: new Uint8Array(3) }));
    }
    expect(gateway.core.snapshot().sas).toEqual([]);
    expect(gateway.installed).toEqual([]);
  });

  test('nothing is believed in the clear', () => {
    const { gateway, halfOpen } = doorstep();
    const peer = halfOpen();
    for (const exchange of [Exchange.IKE_AUTH, Exchange.CREATE_CHILD_SA, Exchange.INFORMATIONAL]) {
      const fields = { exchange, messageId: 1, spiR: peer.spiR };
      expect(peer.hears(() => peer.send(peer.plain(login(peer), fields)))).toEqual([]);
      expect(peer.hears(() => peer.send(peer.plain([deleteIke], fields)))).toEqual([]);
    }
    expect(gateway.core.snapshot().counters['dropped.integrity']).toBe(6);
    expect(gateway.core.snapshot().sas).toMatchObject([{ phase: 'auth' }]);
  });

  test('a broken tag is dropped, and the honest request after it goes on (class 23, pitfall 47)', () => {
    const { gateway, halfOpen } = doorstep();
    const peer = halfOpen();
    const forged = peer.seal(Exchange.INFORMATIONAL, [deleteIke]);
    forged[forged.length - 1] = ((forged.at(-1) ?? 0) ^ 1) & 0xff;
    expect(peer.hears(() => peer.send(forged))).toEqual([]);
    expect(peer.ask(Exchange.IKE_AUTH, login(peer))).toHaveLength(6);
    expect(gateway.installed).toHaveLength(1);
  });
});

describe('IKE_AUTH', () => {
  const spoilt: [string, (payloads: readonly Payload[]) => readonly Payload[], string][] = [
    ['without IDi', (all) => without(all, P.IDI), 'INVALID_SYNTAX'],
    ['without AUTH', (all) => without(all, P.AUTH), 'AUTHENTICATION_FAILED'],
    ['with SA and no selectors', (all) => without(all, P.TSI, P.TSR), 'INVALID_SYNTAX'],
    ['with TSi and no TSr', (all) => without(all, P.TSR), 'INVALID_SYNTAX'],
    ['with selectors and no SA', (all) => without(all, P.SA), 'INVALID_SYNTAX'],
    [
      'with two IDi',
      (all) => [...all, ...all.filter(({ type }) => type === P.IDI)],
      'INVALID_SYNTAX',
    ],
    [
      'with two AUTH',
      (all) => [...all, ...all.filter(({ type }) => type === P.AUTH)],
      'INVALID_SYNTAX',
    ],
    ['of nothing', () => [], 'INVALID_SYNTAX'],
    [
      'with an empty AUTH',
      (all) => replaced(all, payload(P.AUTH, { method: 2, data: new Uint8Array(0) })),
      'AUTHENTICATION_FAILED',
    ],
    [
      'with AUTH of no method',
      (all) => replaced(all, payload(P.AUTH, { method: 0, data: new Uint8Array(32) })),
      'AUTHENTICATION_FAILED',
    ],
    [
      'with AUTH of NULL authentication',
      (all) => replaced(all, payload(P.AUTH, { method: 13, data: new Uint8Array(32) })),
      'AUTHENTICATION_FAILED',
    ],
    [
      'with EAP-Success (class 2)',
      (all) => [...without(all, P.AUTH), payload(P.EAP, { data: Uint8Array.of(3, 1, 0, 4) })],
      'AUTHENTICATION_FAILED',
    ],
  ];

  test.each(spoilt)(
    '%s is refused, and nothing is left but the refusal to repeat',
    (_name, spoil, why) => {
      const { world, gateway, halfOpen } = doorstep();
      const peer = halfOpen();
      expect(notifies(peer.ask(Exchange.IKE_AUTH, spoil(login(peer))))).toEqual([why]);
      expect(gateway.installed).toEqual([]);
      expect(gateway.core.snapshot().sas).toEqual([]);
      // Class 20: no going on after a refusal.
      expect(peer.ask(Exchange.IKE_AUTH, login(peer))).toBeUndefined();
      world.run(seconds(60));
      expect(gateway.deadline).toBeUndefined();
    },
  );

  test('a second time, as somebody else, changes nothing (class 30)', () => {
    const { gateway, guest } = doorstep();
    const peer = guest();
    expect(peer.ask(Exchange.IKE_AUTH, login(peer, { id: 'ben@example.org' }))).toBeUndefined();
    expect(gateway.core.snapshot().sas).toMatchObject([{ peer: 'anna@example.org' }]);
    expect(gateway.installed).toHaveLength(1);
  });

  test('of a peer without a secret is refused, and so is its repetition (class 20)', () => {
    const { gateway, halfOpen } = doorstep({
      policy: policy([connection()], { presharedKeys: [] }),
    });
    const peer = halfOpen();
    const request = peer.seal(Exchange.IKE_AUTH, login(peer));
    expect(peer.hears(() => [1, 2].map(() => peer.send(request)))).toHaveLength(2);
    expect(notifies(peer.lastHeard().payloads)).toEqual(['AUTHENTICATION_FAILED']);
    peer.nextId = 2;
    expect(peer.ask(Exchange.IKE_AUTH, login(peer))).toBeUndefined();
    expect(gateway.eventsOf('attempt.failed')).toHaveLength(1);
    expect(kinds(gateway)).not.toContain('bug');
  });
});
