// What AUTH covers, to the byte (RFC 7296 §2.15): a peer that signs anything else is not let in.
import { describe, expect, test } from 'vitest';
import { concat } from '../../../src/base/bytes.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { decodeMessage } from '../../../src/wire/message.ts';
import { all, type Payload, payload, unknownType } from '../../../src/wire/payloads/index.ts';
import { doorstep, notifies, openNotifies } from '../doorstep.ts';
import { login, replaced, without } from '../payloads.ts';
import type { Peer } from '../peer.ts';
import { first, last } from '../pick.ts';
import { connection, identity, policy } from '../policies.ts';

const secret = 'correct horse battery staple';
const { type, data } = identity('anna@example.org');
const idWith = (...reserved: readonly [number, number, number]) => ({
  raw: concat(Uint8Array.of(type, ...reserved), data),
});

describe('an ID payload with reserved bits', () => {
  const sent = idWith(0x80, 1, 0xff);
  const logIn = (peer: Peer, signed: { readonly raw: Uint8Array }) => {
    const body: Payload = { type: unknownType, number: P.IDI, critical: false, body: sent.raw };
    const rest = replaced(login(peer), peer.pskAuth(signed, secret));
    return notifies(peer.ask(Exchange.IKE_AUTH, [body, ...without(rest, P.IDI)]));
  };

  test('is signed as it travelled (pitfall 12)', () => {
    const { gateway, halfOpen } = doorstep();
    expect(logIn(halfOpen(), sent)).toEqual([]);
    expect(gateway.sa.peer).toBe('anna@example.org');
  });

  test('is not signed as if they were zero (pitfall 12)', () => {
    const { gateway, halfOpen } = doorstep();
    expect(logIn(halfOpen(), idWith(0, 0, 0))).toEqual(['AUTHENTICATION_FAILED']);
    expect(gateway.core.snapshot().sas).toEqual([]);
  });
});

describe('after COOKIE', () => {
  const limits = { ...policy([]).limits, cookieThreshold: 0 };

  /** Through IKE_SA_INIT with a cookie; the request without it is the one that was sent first. */
  function challenged() {
    const { gateway, stranger } = doorstep({ policy: policy([connection()], { limits }) });
    const peer = stranger();
    const before = peer.initRequest();
    const demand = first(
      peer.hears(() => peer.send(before)),
      'demand',
    );
    expect(openNotifies(demand)).toEqual(['COOKIE']);
    const cookie = payload(P.NOTIFY, first(all(decodeMessage(demand).payloads, P.NOTIFY)));
    peer.request = peer.plain([cookie, ...decodeMessage(before).payloads]);
    peer.send(peer.request);
    peer.takeInit(last(peer.received()));
    return { gateway, peer, before };
  }

  test('the request with the cookie is signed (pitfall 17)', () => {
    const { gateway, peer } = challenged();
    expect(notifies(peer.ask(Exchange.IKE_AUTH, login(peer)))).toEqual([]);
    expect(gateway.installed).toHaveLength(1);
  });

  test('the request without it is not (pitfall 17)', () => {
    const { gateway, peer, before } = challenged();
    peer.request = before;
    const answer = peer.ask(Exchange.IKE_AUTH, login(peer));
    expect(notifies(answer)).toEqual(['AUTHENTICATION_FAILED']);
    expect(gateway.installed).toEqual([]);
  });
});

test('behind a non-ESP marker nothing of it is signed (pitfall 17)', () => {
  const peer = doorstep().halfOpen();
  peer.request = concat(new Uint8Array(4), peer.request);
  expect(notifies(peer.ask(Exchange.IKE_AUTH, login(peer)))).toEqual(['AUTHENTICATION_FAILED']);
});

describe('a pre-shared key', () => {
  const logIn = (pad?: string) => {
    const peer = doorstep().halfOpen();
    const auth = peer.pskAuth(idWith(0, 0, 0), secret, pad);
    return notifies(peer.ask(Exchange.IKE_AUTH, replaced(login(peer), auth)));
  };

  test('is padded with 17 bytes (pitfall 33)', () => {
    expect(logIn('Key Pad for IKEv2')).toEqual([]);
  });

  test.each(['', 'Key Pad for IKEv2\0', 'Key Pad for IKEv2 ', 'key pad for ikev2'])(
    'is not padded with %j (pitfall 33)',
    (pad) => {
      expect(logIn(pad)).toEqual(['AUTHENTICATION_FAILED']);
    },
  );
});
