// Versions, flags and critical payloads: what may come from the future, and what from the past (RFC 7296 §2.5).
import { describe, expect, test } from 'vitest';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { decodeMessage } from '../../../src/wire/message.ts';
import { all, type Payload } from '../../../src/wire/payloads/index.ts';
import { doorstep, notifies, openNotifies } from '../doorstep.ts';
import { login, none } from '../payloads.ts';
import { first } from '../pick.ts';

const future = (number: number, critical: boolean, body = none): Payload => ({
  type: -1,
  number,
  critical,
  body,
});

/** Bytes of `bytes` with others at `at`. */
function patched(bytes: Uint8Array, at: number, ...others: readonly number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(others, at);
  return copy;
}

describe('the version', () => {
  test.each([3, 4, 15])(
    '%i.0 is answered INVALID_MAJOR_VERSION with ours, and keeps nothing (pitfall 8)',
    (version) => {
      const { gateway, stranger } = doorstep();
      const peer = stranger();
      const [answer] = peer.hears(() => peer.send(patched(peer.initRequest(), 17, version << 4)));
      const { header } = decodeMessage(answer ?? none);
      expect(header).toMatchObject({
        majorVersion: 2,
        minorVersion: 0,
        isResponse: true,
        isInitiator: false,
      });
      expect(openNotifies(answer ?? none)).toEqual(['INVALID_MAJOR_VERSION']);
      expect(gateway.core.snapshot().sas).toEqual([]);
    },
  );

  test.each([0x10, 0x11, 0x00])(
    '%i, IKEv1 and older, is dropped in silence (classes 6, 13)',
    (version) => {
      const { gateway, stranger } = doorstep();
      const peer = stranger();
      expect(peer.hears(() => peer.send(patched(peer.initRequest(), 17, version)))).toEqual([]);
      expect(gateway.core.snapshot().counters['dropped.version']).toBe(1);
    },
  );

  test('3.0 in a bare header is answered as well', () => {
    const { stranger } = doorstep();
    const peer = stranger();
    expect(peer.hears(() => peer.send(peer.plain([], { majorVersion: 3 })))).toHaveLength(1);
  });

  // Two gateways of different versions would answer each other for ever.
  test('3.0 in a response is not answered', () => {
    const { stranger } = doorstep();
    const peer = stranger();
    const response = peer.plain([], { majorVersion: 3, isResponse: true });
    expect(peer.hears(() => peer.send(response))).toEqual([]);
  });

  test('2.9, the Version flag and reserved flags are as good as 2.0 without (pitfall 8)', () => {
    const { stranger } = doorstep();
    const peer = stranger();
    const bytes = patched(peer.initRequest(), 17, 0x29);
    peer.request = patched(bytes, 19, 0x08 | 0x10 | 0xc7);
    peer.send(peer.request);
    peer.takeInit(first(peer.received()));
    expect(peer.ask(Exchange.IKE_AUTH, login(peer))).toHaveLength(6);
  });
});

describe('a payload that nobody knows', () => {
  test.each([1, 2, 21, 32, 49, 52, 54, 128, 255])(
    'of type %i is skipped where it is not critical (pitfall 9)',
    (number) => {
      const { halfOpen } = doorstep();
      const peer = halfOpen();
      const strange = [
        future(number, false, new Uint8Array(300)),
        ...login(peer),
        future(number, false),
      ];
      expect(peer.ask(Exchange.IKE_AUTH, strange)).toHaveLength(6);
    },
  );

  test.each([1, 32, 49, 200, 255])(
    'of type %i that is critical refuses IKE_AUTH and is named (pitfall 9)',
    (number) => {
      const { gateway, halfOpen } = doorstep();
      const peer = halfOpen();
      const answer = peer.ask(Exchange.IKE_AUTH, [...login(peer), future(number, true)]);
      expect(all(answer ?? [], P.NOTIFY)).toMatchObject([
        { type: Notification.UNSUPPORTED_CRITICAL_PAYLOAD, data: Uint8Array.of(number) },
      ]);
      expect(gateway.core.snapshot().sas).toEqual([]);
      expect(gateway.installed).toEqual([]);
    },
  );

  test('that is critical in IKE_SA_INIT is named in the clear, and keeps nothing (pitfall 9)', () => {
    const { gateway, stranger } = doorstep();
    const peer = stranger();
    const answers = peer.hears(() => peer.send(peer.initRequest([future(200, true)])));
    expect(answers.map(openNotifies)).toEqual([['UNSUPPORTED_CRITICAL_PAYLOAD']]);
    expect(gateway.core.snapshot().sas).toEqual([]);
  });

  test('that is critical in INFORMATIONAL refuses that exchange alone (pitfall 9)', () => {
    const { gateway, guest } = doorstep();
    const peer = guest();
    const answer = peer.ask(Exchange.INFORMATIONAL, [future(200, true)]);
    expect(notifies(answer)).toEqual(['UNSUPPORTED_CRITICAL_PAYLOAD']);
    expect(gateway.children.size).toBe(1);
    expect(peer.ask(Exchange.INFORMATIONAL, [])).toEqual([]);
  });

  test('the critical bit of a payload that we know has no meaning (pitfall 9)', () => {
    const { halfOpen } = doorstep();
    const peer = halfOpen();
    const critical = login(peer).map((one) => ({ ...one, critical: true }));
    expect(peer.ask(Exchange.IKE_AUTH, critical)).toHaveLength(6);
  });
});
