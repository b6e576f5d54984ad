// Crossings with a peer that does what ours never would: it lost a tunnel, deletes the wrong one, insists on another
// key exchange, or speaks of what we do not have. We are dialled, or have dialled. Numbers: docs/crossings.md.
import { describe, expect, test } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import { seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { KeyExchangeMethod } from '../../../src/iana/transforms.ts';
import type { Command } from '../../../src/ike/core.ts';
import { readSpi, writeSpi } from '../../../src/ike/sa/spi.ts';
import { find, type Payload, payload } from '../../../src/wire/payloads/index.ts';
import { authenticating, welcome } from '../dialed.ts';
import { doorstep, notifies, onlyChild } from '../doorstep.ts';
import { talk } from '../household.ts';
import { sides } from '../meeting.ts';
import { childMade, ikeRekey, ikeRekeyed, none, notify, rekeyOf, replaced } from '../payloads.ts';
import type { Peer } from '../peer.ts';
import { present } from '../pick.ts';
import type { SimHost } from '../world.ts';

/** Our side, up with a scripted peer that answers nothing by itself. */
function visit(side: 'phone' | 'gateway') {
  const { world, host, peer } = side === 'gateway' ? dialled() : dialling();
  const { ref, inbound, outbound } = onlyChild(host);
  const order = (command: Command): void => world.input(host, { kind: 'command', command });
  return {
    world,
    host,
    peer,
    ourSpi: writeSpi(inbound.spi),
    theirSpi: writeSpi(outbound.spi),
    rekeysChild: () => order({ kind: 'rekey', sa: host.sa.id, child: ref }),
    rekeysIke: () => order({ kind: 'rekey', sa: host.sa.id, child: undefined }),
    deletes: (spi: Uint8Array) =>
      peer.ask(Exchange.INFORMATIONAL, [payload(P.DELETE, { protocol: 3, spis: [spi] })]),
    /** Answers a request that came some time ago. */
    respond: ({ messageId, exchange }: Asked, payloads: readonly Payload[]) =>
      peer.respond(payloads, { messageId, exchange }),
  };
}
type Asked = Pick<ReturnType<Peer['lastHeard']>['header'], 'messageId' | 'exchange'>;

function dialled(): { world: ReturnType<typeof doorstep>['world']; host: SimHost; peer: Peer } {
  const { world, gateway, guest } = doorstep();
  const peer = guest();
  return { world, host: gateway, peer };
}

function dialling(): ReturnType<typeof dialled> {
  const { world, dialer, peer } = authenticating();
  peer.respond(welcome(peer));
  return { world, host: dialer, peer };
}
const keOf = ({ peer }: { readonly peer: Peer }): number =>
  present(find(peer.lastHeard().payloads, P.KE), 'KE').method;
const method = (id: number) => Uint8Array.of(id >> 8, id & 255);
const newSpi = Uint8Array.of(0xd0, 9, 9, 9);
const newIkeSpi = new Uint8Array(8).fill(5);
/** IKEV2_MESSAGE_ID_SYNC (RFC 6311 §5.2), which nothing here needs a name for. */
const messageIdSync = 16422;
const busy = notify(Notification.TEMPORARY_FAILURE);

describe.each(sides)('we are the %s', (side) => {
  test('crossing 2: we make a tunnel while the peer rekeys the IKE SA: TEMPORARY_FAILURE, and later it is made', () => {
    const at = visit(side);
    at.rekeysChild();
    at.peer.respond([notify(Notification.CHILD_SA_NOT_FOUND, none, 3, at.ourSpi)]);
    const { header } = at.peer.lastHeard();
    expect(header.exchange).toBe(Exchange.CREATE_CHILD_SA);
    expect(notifies(at.peer.ask(Exchange.CREATE_CHILD_SA, ikeRekey(newIkeSpi)))).toEqual([
      'TEMPORARY_FAILURE',
    ]);
    at.respond(header, [busy]);
    at.world.run(seconds(40));
    const again = at.peer.lastHeard();
    expect(again.header.messageId).toBe(header.messageId + 1);
    at.respond(again.header, childMade(again.payloads, newSpi));
    expect(at.host.sending?.outbound.spi).toBe(readSpi(newSpi));
    expect(notifies(at.peer.ask(Exchange.CREATE_CHILD_SA, ikeRekey(newIkeSpi)))).toEqual([]);
    expect(at.host.sa.spiI).toBe(toHex(newIkeSpi));
    expect(at.host.sa.children).toHaveLength(1);
  });

  test('crossing 15: the peer has lost the tunnel: a new one takes its place', () => {
    const at = visit(side);
    at.rekeysChild();
    at.peer.respond([notify(Notification.CHILD_SA_NOT_FOUND, none, 3, at.ourSpi)]);
    const { payloads } = at.peer.lastHeard();
    expect(notifies(payloads)).toEqual([]);
    at.peer.respond(childMade(payloads, newSpi));
    expect([...at.host.children.values()].map(({ outbound }) => outbound.spi)).toEqual([
      readSpi(newSpi),
    ]);
  });

  test('crossing 16: the peer deletes the old tunnel before its answer is here: the new one is taken all the same', () => {
    const at = visit(side);
    at.rekeysChild();
    const { header, payloads } = at.peer.lastHeard();
    const answer = at.deletes(at.theirSpi);
    expect(find(answer ?? [], P.DELETE)?.spis).toEqual([at.ourSpi]);
    at.respond(header, childMade(payloads, newSpi));
    expect(at.host.sending?.outbound.spi).toBe(readSpi(newSpi));
    at.world.run(seconds(10));
    expect(at.host.children.size).toBe(1);
    expect(at.peer.lastHeard().header.isResponse).toBe(true); // nothing is left for us to delete
  });

  test('crossing 23: the peer loses, and deletes the old tunnel instead of its own: ours goes on', () => {
    const at = visit(side);
    at.host.nonces.push(9, 9);
    at.rekeysChild();
    const { header, payloads } = at.peer.lastHeard();
    const zeros = payload(P.NONCE, { data: new Uint8Array(32) });
    const redundant = Uint8Array.of(0xd0, 8, 8, 8);
    const rekey = replaced(rekeyOf(at.peer, at.theirSpi, redundant), zeros);
    expect(notifies(at.peer.ask(Exchange.CREATE_CHILD_SA, rekey))).toEqual([]);
    at.respond(header, childMade(payloads, newSpi));
    const ours = at.peer.lastHeard();
    expect(find(ours.payloads, P.DELETE)?.spis).toEqual([at.ourSpi]);
    expect(at.deletes(at.theirSpi)).toEqual([]);
    at.respond(ours.header, []);
    at.world.run(seconds(10));
    expect(at.host.sending?.outbound.spi).toBe(readSpi(newSpi));
    expect(at.peer.ask(Exchange.INFORMATIONAL, [])).toEqual([]);
  });

  // Each of them was an SA of its own, for a minute, as long as ours was not answered.
  test('the peer leaves our rekey of the IKE SA unanswered, and comes with thirty: one SA is kept', () => {
    const at = visit(side);
    at.rekeysIke();
    const answers = Array.from({ length: 30 }, (_, i) => {
      const spi = new Uint8Array(8).fill(i + 1);
      return notifies(at.peer.ask(Exchange.CREATE_CHILD_SA, ikeRekey(spi))).join();
    });
    expect(answers).toEqual(['', ...Array.from({ length: 29 }, () => 'TEMPORARY_FAILURE')]);
    expect(at.host.core.snapshot().sas.length).toBeLessThanOrEqual(2);
  });

  describe('another key exchange for the IKE SA', () => {
    test('crossing 30: the peer insists on one: we ask again with that', () => {
      const at = visit(side);
      at.rekeysIke();
      expect(keOf(at)).toBe(KeyExchangeMethod.CURVE25519);
      at.peer.respond([notify(Notification.INVALID_KE_PAYLOAD, method(KeyExchangeMethod.ECP_256))]);
      expect(keOf(at)).toBe(KeyExchangeMethod.ECP_256);
      at.peer.respond(ikeRekeyed(at.peer.lastHeard().payloads, newIkeSpi));
      expect(at.host.sa).toMatchObject({ spiR: toHex(newIkeSpi), role: 'initiator' });
      expect(at.host.sa.suite).toContain('ecp256');
      expect(at.host.sa.children).toHaveLength(1);
    });

    test('crossing 30: the peer comes with one that we do not take: we name ours, and it asks again', () => {
      const at = visit(side);
      const first = ikeRekey(newIkeSpi, KeyExchangeMethod.ECP_384);
      const refusal = present(at.peer.ask(Exchange.CREATE_CHILD_SA, first), 'answer');
      const notice = present(find(refusal, P.NOTIFY), 'notify');
      expect(notice).toMatchObject({
        type: Notification.INVALID_KE_PAYLOAD,
        data: method(KeyExchangeMethod.CURVE25519),
      });
      expect(notifies(at.peer.ask(Exchange.CREATE_CHILD_SA, ikeRekey(newIkeSpi)))).toEqual([]);
      expect(at.host.sa).toMatchObject({ spiI: toHex(newIkeSpi), role: 'responder' });
    });

    /** Both begin with a method that the other refuses. */
    function bothRefused() {
      const at = visit(side);
      at.host.nonces.push(9);
      at.rekeysIke();
      const { header } = at.peer.lastHeard();
      at.peer.ask(Exchange.CREATE_CHILD_SA, ikeRekey(newIkeSpi, KeyExchangeMethod.ECP_384));
      return { ...at, first: header };
    }
    const refusal = [notify(Notification.INVALID_KE_PAYLOAD, method(KeyExchangeMethod.ECP_256))];

    // The peer's nonce is all sevens, in both exchanges.
    test.each([
      ['ours is lowest: the peer’s stays', [0, 9], 'responder'],
      ['that of our answer is lowest: ours stays', [9, 0], 'initiator'],
    ] as const)(
      'crossing 32: of both, the second requests’ nonces decide; %s',
      (_what, drawn, role) => {
        const at = bothRefused();
        at.host.nonces.push(...drawn);
        at.respond(at.first, refusal);
        const second = at.peer.lastHeard();
        expect(notifies(at.peer.ask(Exchange.CREATE_CHILD_SA, ikeRekey(newIkeSpi)))).toEqual([]);
        at.respond(second.header, ikeRekeyed(second.payloads, new Uint8Array(8).fill(6)));
        expect(at.host.sa.role).toBe(role);
        expect(at.host.sa.children).toHaveLength(1);
      },
    );

    test('crossing 32: of both, and the peer’s second request is late: TEMPORARY_FAILURE', () => {
      const at = bothRefused();
      at.respond(at.first, refusal);
      const second = at.peer.lastHeard();
      at.respond(second.header, ikeRekeyed(second.payloads, new Uint8Array(8).fill(6)));
      const late = at.peer.ask(Exchange.CREATE_CHILD_SA, ikeRekey(newIkeSpi));
      expect(notifies(late)).toEqual(['TEMPORARY_FAILURE']);
      expect(at.host.sa.role).toBe('initiator');
    });
  });

  test('crossings 42–48: numbers are never synchronized (RFC 6311): not offered, not answered, not obeyed', () => {
    const at = visit(side);
    expect(talk(at.host).join()).not.toMatch(/SYNC|REPLAY/);
    const nonceAndIds = Uint8Array.of(1, 2, 3, 4, 0, 0, 0, 99, 0, 0, 0, 99);
    const sync = [notify(messageIdSync, nonceAndIds)];
    for (const payloads of [[], [], sync]) {
      expect(at.peer.ask(Exchange.INFORMATIONAL, payloads)).toEqual([]); // one notify of many
    }
    // Message ID 0, as the RFC has it, is outside of the window.
    const resync = at.peer.seal(Exchange.INFORMATIONAL, sync, { messageId: 0 });
    expect(at.peer.hears(() => at.peer.send(resync))).toEqual([]);
    expect(at.peer.ask(Exchange.INFORMATIONAL, [])).toEqual([]);
    at.rekeysChild();
    expect(at.peer.lastHeard().header.messageId).toBeLessThan(3);
  });
});
