// Identities, certificates, configuration and notifies of IKE_AUTH as no client sends them: each ends in a clear
// refusal or is skipped (classes 7, 8, 12).
import { describe, expect, test } from 'vitest';
import { concat } from '../../../src/base/bytes.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { formatIdentity } from '../../../src/policy/identity.ts';
import { formatEvent } from '../../../src/trace/line.ts';
import { ownId } from '../../../src/wire/payloads/id.ts';
import { all, find, payload } from '../../../src/wire/payloads/index.ts';
import { doorstep, logsIn, logsInRaw, notifies } from '../doorstep.ts';
import { login, none, notify, replaced, without } from '../payloads.ts';
import { connection, policy } from '../policies.ts';

describe('identities', () => {
  const types = [0, 1, 2, 3, 5, 9, 10, 11, 12, 13, 201, 255];
  test.each(types)('of type %i and any length do not break, and fill no log (class 12)', (type) => {
    for (const bytes of [0, 1, 3, 4, 16, 255, 512, 1025, 60_000]) {
      const { gateway, halfOpen } = doorstep();
      const peer = halfOpen();
      const idI = ownId(type, new Uint8Array(bytes).fill(0x0a));
      const odd = [
        payload(P.IDI, idI),
        ...without(login(peer), P.IDI, P.AUTH),
        peer.pskAuth(idI, 'guess'),
      ];
      const refused = notifies(peer.ask(Exchange.IKE_AUTH, odd));
      expect(['AUTHENTICATION_FAILED', 'INVALID_SYNTAX']).toContain(refused[0]);
      const [failed] = gateway.eventsOf('attempt.failed');
      expect((failed?.peer?.length ?? 0) + (failed?.why.length ?? 0)).toBeLessThan(8000);
      expect(gateway.core.snapshot().sas).toEqual([]);
    }
  });

  // Nobody has to prove anything to name somebody else: an IDr of 60 kB, twice as long in hexadecimal, went into the
  // trace with each attempt, and filled the memory at one handshake a second.
  test.each(types)('of whom the peer wants, of type %i and any length, fill no log', (type) => {
    for (const how of ['psk', 'eap-mschapv2'] as const) {
      for (const bytes of [512, 1024, 1025, 60_000]) {
        const remoteAuth = [how];
        const { gateway, halfOpen } = doorstep({ policy: policy([connection({ remoteAuth })]) });
        const peer = halfOpen();
        const idR = payload(P.IDR, ownId(type, new Uint8Array(bytes).fill(0x0a)));
        const usual = without(login(peer), P.IDR, ...(how === 'psk' ? [] : [P.AUTH]));
        const refused = notifies(peer.ask(Exchange.IKE_AUTH, [...usual, idR]));
        expect(['AUTHENTICATION_FAILED', 'INVALID_SYNTAX']).toContain(refused[0]);
        expect(gateway.eventsOf('attempt.failed')[0]?.why.length).toBeLessThan(8000);
      }
    }
  });

  test.each(['\u0000', '\n', '\r', '\u001b[31m', '\u0085', '\u2028', '\u202e'])(
    'with %j in them reach the log escaped (class 7)',
    (nasty) => {
      const { gateway, halfOpen } = doorstep();
      const peer = halfOpen();
      const idI = ownId(3, new TextEncoder().encode(`a${nasty}b@example.org`));
      peer.ask(Exchange.IKE_AUTH, replaced(login(peer, { secret: 'guess' }), payload(P.IDI, idI)));
      const [failed] = gateway.eventsOf('attempt.failed');
      const line = failed ? formatEvent(failed) : '';
      expect(line).toContain('attempt failed');
      expect(line).not.toContain(nasty);
    },
  );

  test('IDr is answered in the very letters of the request (pitfall 28)', () => {
    const { halfOpen } = doorstep();
    const peer = halfOpen();
    const answer = peer.ask(Exchange.IKE_AUTH, login(peer, { idR: 'Home.Example' }));
    const idR = find(answer ?? [], P.IDR);
    expect(idR && formatIdentity(idR)).toBe('Home.Example');
  });
});

describe('certificates, configuration and notifies', () => {
  const cert = (encoding: number, bytes: number) =>
    payload(P.CERT, { encoding, data: new Uint8Array(bytes) });
  const authorities = (encoding: number, bytes: number) =>
    payload(P.CERTREQ, { encoding, data: new Uint8Array(bytes) });
  test.each([0, 1, 4, 12, 255])(
    'CERT of encoding %i, empty or huge, is no matter to a peer with a key (class 12)',
    (encoding) => {
      for (const bytes of [0, 1, 60_000])
        expect(logsIn(cert(encoding, bytes)).answer).toHaveLength(6);
    },
  );

  test('nobody is told that we would fetch a certificate by hash and URL (scenario 37)', () => {
    const { gateway, answer } = logsIn(
      cert(12, 60),
      notify(Notification.HTTP_CERT_LOOKUP_SUPPORTED),
    );
    expect(notifies(answer)).not.toContain('HTTP_CERT_LOOKUP_SUPPORTED');
    expect(gateway.asked.map(({ question }) => question.kind)).toEqual(['lease']);
  });

  test('sixty CERTs, CERTREQs and status notifies are skipped (class 12)', () => {
    const { halfOpen } = doorstep();
    const peer = halfOpen();
    const many = Array.from({ length: 60 }, (_, i) => cert(4, i));
    const requests = [0, 20, 400].map((bytes) => authorities(4, bytes));
    const notes = [16_384, 40_000, 65_535].map((type) => notify(type, new Uint8Array(type % 300)));
    const odd = [...login(peer), ...many, ...requests, authorities(12, 7), ...notes];
    expect(peer.ask(Exchange.IKE_AUTH, odd)).toHaveLength(6);
  });

  test.each([1, 19, 21])(
    'CERTREQ of %i bytes holds no hashes: INVALID_SYNTAX (class 12)',
    (bytes) => {
      expect(logsIn(authorities(4, bytes)).refusals).toEqual(['INVALID_SYNTAX']);
    },
  );

  test('more than 128 payloads are no message (class 8)', () => {
    const { halfOpen } = doorstep();
    const peer = halfOpen();
    const answer = peer.ask(Exchange.IKE_AUTH, [
      ...login(peer),
      ...Array.from({ length: 128 }, () => notify(40_000)),
    ]);
    expect(notifies(answer)).toEqual(['INVALID_SYNTAX']);
  });

  const cp = (cfgType: number, ...attributes: { type: number; value: Uint8Array }[]) =>
    payload(P.CP, { cfgType, attributes });
  test.each([
    ['CFG_SET', cp(3, { type: 1, value: none })],
    ['a reply', cp(2, { type: 1, value: Uint8Array.of(10, 3, 0, 99) })],
    ['type 0', cp(0, { type: 1, value: none })],
    ['no attributes', cp(1)],
    [
      'attributes of nobody',
      cp(1, { type: 16_000, value: new Uint8Array(9) }, { type: 0, value: none }),
    ],
  ])('CP of %s asks for no address: FAILED_CP_REQUIRED', (_name, odd) => {
    expect(logsIn(odd).refusals).toEqual(['FAILED_CP_REQUIRED']);
  });

  test.each([0, 3, 4, 5, 17])('CP that wishes an address in %i bytes gets one of ours', (bytes) => {
    const { gateway } = logsIn(cp(1, { type: 1, value: new Uint8Array(bytes).fill(9) }));
    expect(gateway.core.snapshot().sas).toMatchObject([{ addresses: ['10.3.0.2'] }]);
  });

  test('CP whose attribute is longer than the payload is INVALID_SYNTAX', () => {
    expect(logsInRaw(P.CP, Uint8Array.of(1, 0, 0, 0, 0, 1, 0xff, 0xff)).refusals).toEqual([
      'INVALID_SYNTAX',
    ]);
  });

  test.each([
    ['an SPI of 3 bytes for ESP', [3, 3, 0x40, 0x09, 1, 2, 3]],
    [
      'an SPI of 255 bytes (CVE-2023-38710)',
      concat(Uint8Array.of(3, 255, 0x40, 0x09), new Uint8Array(255)),
    ],
    ['an SPI for no protocol', [0, 4, 0x40, 0x09, 1, 2, 3, 4]],
    ['an SPI that is not there', [1, 8, 0x40, 0x09]],
    ['three bytes', [0, 0, 0]],
  ])('a notify with %s is INVALID_SYNTAX', (_name, body) => {
    expect(logsInRaw(P.NOTIFY, Uint8Array.from(body)).refusals).toEqual(['INVALID_SYNTAX']);
  });

  // libreswan looked up an SPI by a protocol that it had not checked.
  test.each([0, 1, 2, 255])(
    'REKEY_SA of protocol %i where it has no place changes nothing',
    (protocol) => {
      const spi = protocol === 2 ? new Uint8Array(4) : none;
      expect(logsIn(notify(Notification.REKEY_SA, none, protocol, spi)).answer).toHaveLength(6);
    },
  );

  test('an error notify in IKE_AUTH is not taken for an answer (pitfall 10)', () => {
    const { answer } = logsIn(notify(Notification.AUTHENTICATION_FAILED));
    expect(all(answer ?? [], P.AUTH)).toHaveLength(1);
  });
});
