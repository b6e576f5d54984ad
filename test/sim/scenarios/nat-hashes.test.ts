// The hashes of NAT detection, computed here by hand (RFC 7296 §2.23): SHA-1 of both SPIs, address and port.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ipBytes, type SocketAddress } from '../../../src/base/ip.ts';
import { seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { decodeMessage } from '../../../src/wire/message.ts';
import { all, type Payload } from '../../../src/wire/payloads/index.ts';
import { doorstep } from '../doorstep.ts';
import { household } from '../household.ts';
import { login, natDetection, notify, without } from '../payloads.ts';
import { first, last } from '../pick.ts';

const { NAT_DETECTION_SOURCE_IP: source, NAT_DETECTION_DESTINATION_IP: destination } = Notification;
const hashes = (payloads: readonly Payload[], wanted: number) =>
  all(payloads, P.NOTIFY)
    .filter(({ type }) => type === wanted)
    .map(({ data }) => data);

function hashOf(spis: { spiI: Uint8Array; spiR: Uint8Array }, { ip, port }: SocketAddress) {
  const hash = createHash('sha1').update(spis.spiI).update(spis.spiR).update(ipBytes(ip));
  return new Uint8Array(hash.update(Uint8Array.of(port >> 8, port & 0xff)).digest());
}

describe('a hash of NAT detection', () => {
  test('has zeros for SPIr in the request, and SPIr in the response (pitfall 65)', () => {
    const { world, dial } = household();
    dial();
    world.run(seconds(1));
    const [request, response] = world.sent.slice(0, 2).map(({ bytes, to }) => {
      const { header, payloads } = decodeMessage(bytes);
      return { header, payloads, expected: hashOf(header, to) };
    });
    expect(request?.header.spiR).toEqual(new Uint8Array(8));
    expect(response?.header.spiR).not.toEqual(new Uint8Array(8));
    for (const one of [request, response]) {
      expect(hashes(one?.payloads ?? [], destination)).toEqual([one?.expected]);
    }
  });

  test('has both SPIs when an address changes (pitfalls 65, 68)', () => {
    const { gateway, halfOpen } = doorstep();
    const peer = halfOpen();
    peer.ask(Exchange.IKE_AUTH, login(peer, { extra: [notify(Notification.MOBIKE_SUPPORTED)] }));
    const update = [notify(Notification.UPDATE_SA_ADDRESSES), ...natDetection(peer, peer)];
    peer.from = { ...peer.from, port: 40_000 };
    const answers = peer.hears(() => peer.send(peer.seal(Exchange.INFORMATIONAL, update)));
    const { payloads } = peer.read(first(answers));
    expect(hashes(payloads, destination)).toEqual([hashOf(peer, peer.from)]);
    // It came from another port than it says: that is a NAT.
    expect(gateway.sa.nat.remote).toBe(true);
  });
});

describe('a peer with several addresses', () => {
  /** A guest whose sources are these; its other hash is true. */
  function withSources(sources: (truth: Uint8Array) => Uint8Array[]) {
    const { gateway, stranger } = doorstep();
    const peer = stranger();
    const usual = decodeMessage(peer.initRequest()).payloads;
    const [truth] = hashes(usual, source);
    if (!truth) throw new Error('no hash');
    peer.request = peer.plain([
      ...without(usual, P.NOTIFY),
      ...sources(truth).map((data) => notify(source, data)),
      ...hashes(usual, destination).map((data) => notify(destination, data)),
    ]);
    peer.send(peer.request);
    peer.takeInit(last(peer.received()));
    peer.ask(Exchange.IKE_AUTH, login(peer));
    return gateway.sa.nat;
  }
  const other = new Uint8Array(20).fill(1);

  test('is behind no NAT when one of them fits (pitfall 65)', () => {
    expect(withSources((truth) => [other, truth])).toMatchObject({ local: false, remote: false });
    expect(withSources((truth) => [truth, other, other])).toMatchObject({
      local: false,
      remote: false,
    });
  });

  test('is behind a NAT when none does, and a hash cut short fits nothing (pitfall 65)', () => {
    expect(withSources(() => [other, other])).toMatchObject({ local: false, remote: true });
    expect(withSources((truth) => [truth.subarray(0, 19)])).toMatchObject({
      local: false,
      remote: true,
    });
  });
});
