// What crosses on the wire, message by message: our request is under way, and a scripted peer asks for something
// (RFC 7296 §2.25.1, §2.25.2; the table at the end of docs/pitfalls.md).
import { describe, expect, test } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import { seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import type { Command } from '../../../src/ike/core.ts';
import { writeSpi } from '../../../src/ike/sa/spi.ts';
import { all, find, type Payload, payload } from '../../../src/wire/payloads/index.ts';
import { doorstep, notifies, onlyChild } from '../doorstep.ts';
import { child, ikeRekey, ikeRekeyed, nonce, none, notify, peerSpi, without } from '../payloads.ts';

/** A guest who is silent to what the gateway asks until `respond` is called. */
function visit() {
  const { world, gateway, guest } = doorstep();
  const peer = guest();
  const { inbound, ref } = onlyChild(gateway);
  const ourSpi = writeSpi(inbound.spi);
  const command = (what: Command): void => {
    world.input(gateway, { kind: 'command', command: what });
    asked = peer.lastHeard().header;
  };
  const sa = gateway.sa.id;
  let asked = peer.lastHeard().header;
  return {
    world,
    gateway,
    peer,
    ourSpi,
    deletesChild: () => command({ kind: 'terminate', which: { child: ref } }),
    rekeysChild: () => command({ kind: 'rekey', sa, child: ref }),
    deletesIke: () => command({ kind: 'terminate', which: 'all' }),
    rekeysIke: () => command({ kind: 'rekey', sa, child: undefined }),
    /** The answer to what the gateway asked, late. */
    respond: (payloads: readonly Payload[]) => {
      const { exchange, messageId } = asked;
      peer.respond(payloads, { exchange, messageId });
    },
    asks: (exchange: number, payloads: readonly Payload[]) => peer.ask(exchange, payloads),
    rekeys: (spi: Uint8Array) =>
      peer.ask(Exchange.CREATE_CHILD_SA, [
        notify(Notification.REKEY_SA, none, 3, spi),
        ...newChild,
      ]),
    deletes: (protocol: number, ...spis: Uint8Array[]) =>
      peer.ask(Exchange.INFORMATIONAL, [payload(P.DELETE, { protocol, spis })]),
  };
}
type Visit = ReturnType<typeof visit>;
type Move = 'rekeysChild' | 'deletesChild' | 'rekeysIke' | 'deletesIke';

const newChild = [...without(child(Uint8Array.of(0xc0, 9, 9, 9)), P.CP), nonce];
const theirNewSpi = new Uint8Array(8).fill(5);
const newIke = ikeRekey(theirNewSpi);
const deletedSpis = (answer: readonly Payload[] | undefined) =>
  all(answer ?? [], P.DELETE).flatMap(({ spis }) => spis);

/** Lets our retransmissions and the time that old children drain pass. */
const later = ({ world }: Visit): void => world.run(seconds(15));

describe('a peer asks while our own request is under way (pitfall 60)', () => {
  test('both rekey a CHILD_SA: we answer as usual (pitfall C1)', () => {
    const at = visit();
    at.rekeysChild();
    const answer = at.rekeys(peerSpi);
    expect(notifies(answer)).toEqual([]);
    expect(find(answer ?? [], P.SA)).toBeDefined();
  });

  test('we rekey a CHILD_SA that it deletes: we name ours, and CHILD_SA_NOT_FOUND is fine (pitfall C2)', () => {
    const at = visit();
    at.rekeysChild();
    expect(deletedSpis(at.deletes(3, peerSpi))).toEqual([at.ourSpi]);
    at.respond([notify(Notification.CHILD_SA_NOT_FOUND, none, 3, at.ourSpi)]);
    later(at);
    expect(at.gateway.children.size).toBe(0);
    expect(at.gateway.installed).toHaveLength(1);
    expect(at.gateway.sa.phase).toBe('established');
  });

  test('both delete a CHILD_SA: our answer names none (pitfalls 61, C3)', () => {
    const at = visit();
    at.deletesChild();
    expect(at.deletes(3, peerSpi)).toEqual([]);
    at.respond([]);
    later(at);
    expect(at.gateway.children.size).toBe(0);
  });

  test('we delete a CHILD_SA that it rekeys: TEMPORARY_FAILURE (pitfall C4)', () => {
    const at = visit();
    at.deletesChild();
    expect(notifies(at.rekeys(peerSpi))).toEqual(['TEMPORARY_FAILURE']);
    at.respond([payload(P.DELETE, { protocol: 3, spis: [peerSpi] })]);
    later(at);
    expect(at.gateway.children.size).toBe(0);
  });

  test.each<Move>(['rekeysChild', 'deletesChild'])(
    'it rekeys the IKE SA while the gateway %s: TEMPORARY_FAILURE (pitfall C5)',
    (move) => {
      const at = visit();
      at[move]();
      expect(notifies(at.asks(Exchange.CREATE_CHILD_SA, newIke))).toEqual(['TEMPORARY_FAILURE']);
      expect(at.gateway.core.snapshot().sas).toHaveLength(1);
    },
  );

  test('it wants a CHILD_SA, new or rekeyed, while we rekey the IKE SA: TEMPORARY_FAILURE (pitfall C6)', () => {
    const at = visit();
    at.rekeysIke();
    expect(notifies(at.asks(Exchange.CREATE_CHILD_SA, newChild))).toEqual(['TEMPORARY_FAILURE']);
    expect(notifies(at.rekeys(peerSpi))).toEqual(['TEMPORARY_FAILURE']);
    expect(at.gateway.installed).toHaveLength(1);
  });

  test('it deletes a CHILD_SA while we rekey the IKE SA: the new one gets none (pitfall C7)', () => {
    const at = visit();
    at.rekeysIke();
    const request = at.peer.lastHeard().payloads;
    expect(deletedSpis(at.deletes(3, peerSpi))).toEqual([at.ourSpi]);
    at.respond(ikeRekeyed(request, theirNewSpi));
    expect(at.gateway.sa).toMatchObject({ spiR: toHex(theirNewSpi), children: [] });
    later(at);
    expect(at.gateway.children.size).toBe(0);
  });

  test('both rekey the IKE SA: we answer as usual (pitfall C8)', () => {
    const at = visit();
    at.rekeysIke();
    const answer = at.asks(Exchange.CREATE_CHILD_SA, newIke);
    expect(notifies(answer)).toEqual([]);
    expect(answer?.map(({ type }) => type)).toEqual([P.SA, P.NONCE, P.KE]);
  });

  test.each<Move>(['rekeysIke', 'deletesIke'])(
    'it deletes the IKE SA while the gateway %s: the answer is empty, and all is gone (pitfalls C9, C11)',
    (move) => {
      const at = visit();
      at[move]();
      expect(at.deletes(1)).toEqual([]);
      at.world.run(seconds(60));
      expect(at.gateway.core.snapshot().sas).toEqual([]);
      expect(at.gateway.children.size).toBe(0);
      expect(at.gateway.deadline).toBeUndefined();
    },
  );

  test.each([
    ['the IKE SA', newIke],
    ['a CHILD_SA', [notify(Notification.REKEY_SA, none, 3, peerSpi), ...newChild]],
  ])(
    'it rekeys %s while we delete the IKE SA: TEMPORARY_FAILURE (pitfall C10)',
    (_what, payloads) => {
      const at = visit();
      at.deletesIke();
      expect(notifies(at.asks(Exchange.CREATE_CHILD_SA, payloads))).toEqual(['TEMPORARY_FAILURE']);
      at.respond([]);
      later(at);
      expect(at.gateway.core.snapshot().sas).toEqual([]);
    },
  );

  test.each<Move | 'nothing'>(['nothing', 'rekeysChild', 'deletesChild'])(
    'of an unknown CHILD_SA, while the gateway does %s: CHILD_SA_NOT_FOUND, or no DELETE (pitfall C12)',
    (move) => {
      const at = visit();
      if (move !== 'nothing') at[move]();
      const unknown = Uint8Array.of(1, 2, 3, 4);
      const answer = at.rekeys(unknown);
      expect(notifies(answer)).toEqual(['CHILD_SA_NOT_FOUND']);
      expect(all(answer ?? [], P.NOTIFY)[0]).toMatchObject({ protocol: 3, spi: unknown });
      expect(at.deletes(3, unknown)).toEqual([]);
      expect(at.gateway.children.size).toBe(1);
    },
  );
});

// Each SPI was remembered until the answer to our rekey came, sixteen thousand of a DELETE, and that answer takes as
// long as the peer likes.
test('it deletes tunnels that nobody knows, by the thousand, while we rekey: a few of them are remembered', () => {
  const { gateway, rekeysChild, deletes, respond } = visit();
  rekeysChild();
  const many = Array.from({ length: 5000 }, (_, i) => writeSpi(0xd0000000 + i));
  expect(deletes(3, ...many, writeSpi(0xc0090909))).toEqual([]);
  respond(newChild);
  expect(gateway.installed).toHaveLength(2);
});
