// Where ESP travels: in UDP and nowhere else, whatever the network between looks like (RFC 7296 §2.23).
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { decodeMessage } from '../../../src/wire/message.ts';
import { all, find } from '../../../src/wire/payloads/index.ts';
import { doorstep, gatewayAddress, notifies, onlyChild } from '../doorstep.ts';
import { household, kinds } from '../household.ts';
import { login, natDetection } from '../payloads.ts';
import type { Peer } from '../peer.ts';
import { connection, phone as dialling, policy } from '../policies.ts';

/** The hash that the gateway sent of its own address, and the true one. */
function sourceHashes(peer: Peer) {
  const { payloads } = decodeMessage(peer.response);
  const sent = all(payloads, P.NOTIFY).find(
    ({ type }) => type === Notification.NAT_DETECTION_SOURCE_IP,
  );
  const truth = natDetection(peer, {
    from: { ...peer.to, port: 500 },
    to: { ...peer.from, port: 500 },
  });
  return { sent: sent?.data, truth: all(truth, P.NOTIFY)[0]?.data };
}

describe('a gateway', () => {
  test('says on IPv4 that it is behind a NAT, so that ESP comes in UDP (scenario 21)', () => {
    const { gateway, guest } = doorstep({ address: gatewayAddress });
    const { sent, truth } = sourceHashes(guest({ from: '198.51.100.7' }));
    expect(sent).toHaveLength(20);
    expect(sent).not.toEqual(truth);
    expect(onlyChild(gateway)).toMatchObject({ encap: 'udp', path: { remote: { port: 4500 } } });
  });

  test('tells the truth on IPv6, where Android ends at a NAT, and ESP goes without UDP (pitfall 69)', () => {
    const { gateway, guest } = doorstep({ address: '2001:db8::1' });
    const { sent, truth } = sourceHashes(guest({ from: '2001:db8::7' }));
    expect(sent).toEqual(truth);
    expect(onlyChild(gateway)).toMatchObject({ encap: 'raw' });
  });

  test('sees itself where it is, and its guest behind a NAT only if that is so (pitfall 65)', () => {
    const { gateway, guest } = doorstep();
    guest();
    expect(gateway.core.snapshot().sas).toMatchObject([{ nat: { local: false, remote: false } }]);
  });

  test('sends ESP without UDP to a peer that takes no part in NAT detection', () => {
    const { gateway, stranger } = doorstep();
    const mute = stranger();
    const withoutHashes = decodeMessage(mute.initRequest()).payloads.filter(
      ({ type }) => type !== P.NOTIFY,
    );
    mute.request = mute.plain(withoutHashes);
    mute.send(mute.request);
    mute.takeInit(mute.received().at(-1) ?? mute.request);
    expect(notifies(mute.ask(Exchange.IKE_AUTH, login(mute)))).toEqual([]);
    expect(onlyChild(gateway)).toMatchObject({ encap: 'raw' });
  });

  test('refuses a tunnel to a peer behind a NAT that stays on port 500', () => {
    const { gateway, halfOpen } = doorstep();
    const stubborn = halfOpen({ seed: 5 });
    stubborn.from = { ...stubborn.from, port: 500 };
    stubborn.to = { ...stubborn.to, port: 500 };
    const answer = stubborn.ask(Exchange.IKE_AUTH, login(stubborn));
    expect(find(answer ?? [], P.AUTH)).toBeDefined(); // the IKE SA stands (pitfall 43)
    expect(notifies(answer)).toEqual(['NO_PROPOSAL_CHOSEN']);
    expect(gateway.eventsOf('attempt.failed')[0]?.why).toContain('NAT');
    expect(gateway.installed).toEqual([]);
  });
});

describe('a phone', () => {
  test('without a NAT sees none of its own, and moves to port 4500 (pitfall 66)', () => {
    const { world, phone, dial } = household();
    dial();
    world.run(seconds(1));
    expect(phone.core.snapshot().sas).toMatchObject([
      { nat: { local: false }, path: { local: { port: 4500 }, remote: { port: 4500 } } },
    ]);
  });

  // Without MOBIKE it stayed on port 500 where neither side translates, though it had told of a NAT: a gateway of ours
  // refused the tunnel then, and OpenIKED was to get ESP in UDP where IKE is.
  test('without MOBIKE moves to port 4500, too, where it makes the gateway see a NAT (pitfall 66)', () => {
    const { world, gateway, phone, dial } = household({
      gateway: policy([connection({ encap: 'never' })]),
      phone: policy([dialling({ encap: 'always', mobike: false })]),
    });
    dial();
    world.run(seconds(1));
    expect(phone.core.snapshot().sas).toMatchObject([{ nat: { local: false, remote: false } }]);
    for (const host of [gateway, phone]) {
      const path = { local: { port: 4500 }, remote: { port: 4500 } };
      expect(onlyChild(host)).toMatchObject({ encap: 'udp', path });
    }
  });

  test('behind a NAT sees it, and the gateway answers where its packets come from (pitfalls 65, 66)', () => {
    const { world, gateway, phone, dial } = household();
    const [inside, outside] = [ip(phone.address), ip('192.0.2.7')];
    world.wire = ({ from, to, bytes }) => {
      const mapped =
        from.ip === inside
          ? { from: { ip: outside, port: from.port + 20_000 }, to, bytes }
          : { from, to: { ip: inside, port: to.port - 20_000 }, bytes };
      return [{ packet: mapped, delay: milliseconds(10) }];
    };
    dial();
    world.run(seconds(1));
    expect(phone.core.snapshot().sas).toMatchObject([{ nat: { local: true } }]);
    expect(gateway.core.snapshot().sas).toMatchObject([
      { nat: { local: false, remote: true }, path: { remote: { ip: outside, port: 24_500 } } },
    ]);
    expect(onlyChild(gateway).path.remote).toEqual({ ip: outside, port: 24_500 });
  });
});

describe('an address that changes', () => {
  const elsewhere = { ip: ip('198.51.100.99'), port: 4500 };

  /** A guest behind a NAT: its hash is not of the address it comes from. */
  function behindNat() {
    const step = doorstep();
    const peer = step.stranger();
    peer.from = { ...peer.from, ip: ip('192.168.1.5') };
    const request = peer.initRequest();
    peer.from = { ...peer.from, ip: ip('198.51.100.7') };
    peer.send(request);
    peer.takeInit(peer.received().at(-1) ?? request);
    peer.ask(Exchange.IKE_AUTH, login(peer));
    return { ...step, peer };
  }

  test('is followed when a new and authentic message comes from it, and the peer is behind a NAT (pitfall 67)', () => {
    const { gateway, peer } = behindNat();
    peer.from = elsewhere;
    expect(peer.ask(Exchange.INFORMATIONAL, [])).toEqual([]);
    expect(gateway.core.snapshot().sas).toMatchObject([{ path: { remote: elsewhere } }]);
  });

  test('is not followed for a peer without a NAT, though it is answered there (pitfalls 67, 68)', () => {
    const { gateway, guest } = doorstep();
    const peer = guest();
    const before = peer.from;
    peer.from = elsewhere;
    expect(peer.ask(Exchange.INFORMATIONAL, [])).toEqual([]);
    expect(gateway.core.snapshot().sas).toMatchObject([{ path: { remote: before } }]);
  });

  test('is not followed for a forged or a replayed message (pitfall 67)', () => {
    const { gateway, peer } = behindNat();
    const old = peer.seal(Exchange.INFORMATIONAL, []);
    peer.ask(Exchange.INFORMATIONAL, []);
    const forged = peer.seal(Exchange.INFORMATIONAL, []);
    forged[forged.length - 1] = ((forged.at(-1) ?? 0) ^ 1) & 0xff;
    const before = peer.from;
    peer.from = elsewhere;
    for (const bytes of [old, forged]) peer.send(bytes);
    expect(gateway.core.snapshot().sas).toMatchObject([{ path: { remote: before } }]);
    expect(kinds(gateway)).not.toContain('bug');
  });
});
