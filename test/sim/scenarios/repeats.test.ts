// Requests that come again: from a peer that lost our answer, or from somebody who recorded them to make us talk
// to a third party (RFC 7296 §2.1, RFC 7383 §2.6.1).
import { describe, expect, test } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import { ip } from '../../../src/base/ip.ts';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { decodeMessage } from '../../../src/wire/message.ts';
import { doorstep } from '../doorstep.ts';
import { pool } from '../household.ts';
import { login } from '../payloads.ts';
import type { Peer } from '../peer.ts';
import { last } from '../pick.ts';
import { connection, policy } from '../policies.ts';

const exchangesOf = (datagrams: readonly Uint8Array[]) =>
  datagrams.map((bytes) => decodeMessage(bytes).header.exchange);
const size = (datagrams: readonly Uint8Array[]) =>
  datagrams.reduce((sum, { length }) => sum + length, 0);

/** Its IKE_SA_INIT once more, from the port it first came from, or from another. */
function knockAgain(peer: Peer, port = 500): void {
  peer.from = { ...peer.from, port };
  peer.to = { ...peer.to, port: 500 };
  peer.send(peer.request);
}

describe('IKE_SA_INIT that comes again', () => {
  // A recorded request of 400 bytes used to fetch the IKE_AUTH response with its whole certificate chain.
  test('after IKE_AUTH is not answered with what was said later (class 6)', () => {
    const peer = doorstep().guest();
    expect(peer.hears(() => knockAgain(peer))).toEqual([]);
  });

  test('fetches no certificate chain: never more than three times its own size (class 6)', () => {
    const chain = [new Uint8Array(1500), new Uint8Array(1500)];
    const identities = [{ type: 2, data: new TextEncoder().encode('home.example') }];
    const own = { name: 'home', keyId: 'home', keyType: 'rsa' as const, chain, identities };
    const leases = pool(['10.3.0.2']);
    const { guest } = doorstep({
      policy: policy([connection({ localAuth: 'pubkey' })], { certificates: [own] }),
      ports: (question) => (question.kind === 'sign' ? new Uint8Array(256) : leases(question)),
    });
    const peer = guest();
    expect(size(peer.received())).toBeGreaterThan(3000);
    expect(size(peer.hears(() => knockAgain(peer)))).toBeLessThan(3 * peer.request.length);
  });

  test('from another port is another handshake: two clients behind a NAT may share SPIi (pitfall 4)', () => {
    const { gateway, halfOpen } = doorstep();
    const peer = halfOpen();
    const [answer] = peer.hears(() => knockAgain(peer, 1025));
    expect(exchangesOf(answer ? [answer] : [])).toEqual([Exchange.IKE_SA_INIT]);
    expect(gateway.core.snapshot().sas).toHaveLength(2);
  });
});

describe('a protected request that comes again', () => {
  test('is answered with the same bytes, and has no second effect (pitfall 2)', () => {
    const { gateway, halfOpen } = doorstep();
    const peer = halfOpen();
    const request = peer.seal(Exchange.IKE_AUTH, login(peer));
    const [answer] = peer.hears(() => peer.send(request));
    const again = peer.hears(() => peer.send(request));
    expect(again.map(toHex)).toEqual([toHex(answer ?? new Uint8Array(0))]);
    expect(gateway.installed).toHaveLength(1);
    expect(gateway.asked.filter(({ question }) => question.kind === 'lease')).toHaveLength(1);
  });

  test('is answered a bounded number of times, wherever it seems to come from (class 6)', () => {
    const { world, halfOpen } = doorstep();
    const peer = halfOpen();
    const request = peer.seal(Exchange.IKE_AUTH, login(peer));
    peer.send(request);
    const victim = { ip: ip('192.0.2.99'), port: 53 };
    for (let i = 0; i < 100; i++) world.inject(victim, peer.to, request);
    world.run(seconds(5));
    expect(world.sent.filter(({ to }) => to.ip === victim.ip)).toHaveLength(16);
  });

  test('is ignored while it is still worked on', () => {
    const { halfOpen } = doorstep({ ports: () => 'never' });
    const peer = halfOpen();
    const request = peer.seal(Exchange.IKE_AUTH, login(peer));
    expect(peer.hears(() => [1, 2, 3].map(() => peer.send(request)))).toEqual([]);
  });

  test('is not answered when a bit of it was changed', () => {
    const { halfOpen } = doorstep();
    const peer = halfOpen();
    const request = peer.seal(Exchange.IKE_AUTH, login(peer));
    peer.send(request);
    const forged = request.slice();
    forged[forged.length - 1] = (last([...forged]) ^ 1) & 0xff;
    expect(peer.hears(() => peer.send(forged))).toEqual([]);
  });

  // A peer that moved on has the older answer: to repeat it would only serve whoever recorded the request.
  test('is not answered once the peer asked something newer', () => {
    const peer = doorstep().guest();
    const older = peer.seal(Exchange.INFORMATIONAL, []);
    peer.ask(Exchange.INFORMATIONAL, []);
    peer.ask(Exchange.INFORMATIONAL, []);
    expect(peer.hears(() => peer.send(older))).toEqual([]);
  });

  test('does not make the SA follow the replayer, and leaves the tunnel where it is (pitfall 67)', () => {
    const { world, gateway, halfOpen } = doorstep();
    const peer = halfOpen();
    const request = peer.seal(Exchange.IKE_AUTH, login(peer));
    peer.send(request);
    world.inject({ ip: ip('192.0.2.66'), port: 4500 }, peer.to, request);
    world.run(milliseconds(50));
    expect(gateway.core.snapshot().sas).toMatchObject([{ path: { remote: peer.from } }]);
  });
});

describe('Message IDs', () => {
  test.each([0, 3, 4, 255, 0x7fffffff, 0xffffffff])(
    'request %i outside the window is dropped without an answer (pitfall 6)',
    (messageId) => {
      const { gateway, guest } = doorstep();
      const peer = guest(); // whose next request is 2
      const request = peer.seal(Exchange.INFORMATIONAL, [], { messageId });
      expect(peer.hears(() => peer.send(request))).toEqual([]);
      expect(gateway.core.snapshot().counters['dropped.message-id']).toBe(1);
      expect(peer.ask(Exchange.INFORMATIONAL, [])).toEqual([]);
    },
  );

  test('a response that nobody asked for changes nothing', () => {
    const { gateway, guest } = doorstep();
    const peer = guest();
    for (const messageId of [0, 1, 7]) {
      peer.send(peer.seal(Exchange.INFORMATIONAL, [], { messageId, isResponse: true }));
    }
    expect(gateway.core.snapshot().counters['dropped.message-id']).toBe(3);
    expect(gateway.core.snapshot().sas).toHaveLength(1);
  });
});
