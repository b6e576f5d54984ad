// An authenticated peer that moves, or says so: traffic goes only where it proved to be (RFC 4555 §3.7, §5.2).
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { doorstep, notifies, onlyChild } from '../doorstep.ts';
import { household, roam as move } from '../household.ts';
import { login, natDetection, notify, peerSpi, rekeyOf } from '../payloads.ts';
import type { Peer } from '../peer.ts';
import { present } from '../pick.ts';
import { connection, phone, policy } from '../policies.ts';
import type { SimHost } from '../world.ts';

const victim = ip('192.0.2.99');
const mobile = { extra: [notify(Notification.MOBIKE_SUPPORTED)] };
const update = (peer: Peer) => [
  notify(Notification.UPDATE_SA_ADDRESSES),
  ...natDetection(peer, peer),
];
const spoofed = (peer: Peer, act: () => void) => {
  const home = peer.from;
  peer.from = { ...home, ip: victim };
  act();
  peer.from = home;
};
const goesTo = (host: SimHost) =>
  [...host.children.values()].map(
    ({ ref, path }) => (host.paths.get(ref) ?? path).remote.ip as string,
  );

describe('an authenticated peer must not send our traffic to a third party (RFC 4555 §5.2, §3.7)', () => {
  test('a second update from the same place is not a routability check', () => {
    const { gateway, guest } = doorstep();
    const peer = guest(mobile);
    spoofed(peer, () => {
      peer.ask(Exchange.INFORMATIONAL, update(peer));
      peer.ask(Exchange.INFORMATIONAL, update(peer));
    });
    expect(goesTo(gateway)).not.toContain(victim);
  });

  test('a tunnel that is rekeyed before the check has ended', () => {
    const { gateway, guest } = doorstep();
    const peer = guest(mobile);
    spoofed(peer, () => peer.ask(Exchange.INFORMATIONAL, update(peer)));
    peer.ask(Exchange.CREATE_CHILD_SA, rekeyOf(peer, peerSpi, Uint8Array.of(0xc0, 9, 9, 9)));
    expect(gateway.children.size).toBe(2);
    expect(goesTo(gateway)).not.toContain(victim);
  });

  test('COOKIE2 is repeated to wherever the SA is by then (class 28)', () => {
    const { world, gateway, guest } = doorstep();
    const peer = guest(mobile);
    spoofed(peer, () => peer.ask(Exchange.INFORMATIONAL, update(peer)));
    peer.ask(Exchange.INFORMATIONAL, update(peer)); // home again: path is new, so queued
    const heard = peer.hears(() => world.run(seconds(3))); // the retransmission tells us the cookie
    const cookie = heard.map((bytes) => peer.read(bytes)).find(({ header }) => !header.isResponse);
    expect(cookie).toBeDefined();
    spoofed(peer, () => peer.ask(Exchange.INFORMATIONAL, update(peer)));
    if (cookie) {
      const { exchange, messageId } = cookie.header;
      peer.send(peer.seal(exchange, cookie.payloads, { messageId, isResponse: true }));
    }
    expect(goesTo(gateway)).not.toContain(victim);
  });

  test.each(['224.0.0.9', '255.255.255.255', '0.0.0.0'])(
    'to a group of hosts is not taken, nor to %s (class 28)',
    (address) => {
      const { world, gateway, guest } = doorstep();
      const peer = guest(mobile);
      const home = peer.from;
      peer.from = { ...home, ip: ip(address) };
      const answer = peer.ask(Exchange.INFORMATIONAL, update(peer));
      peer.from = home;
      world.run(seconds(1));
      expect(notifies(answer)).toContain('UNACCEPTABLE_ADDRESSES');
      expect(goesTo(gateway)).not.toContain(address);
    },
  );

  test('without UPDATE_SA_ADDRESSES nothing moves once MOBIKE is agreed (RFC 4555 §3.8)', () => {
    const { gateway, halfOpen } = doorstep();
    void halfOpen;
    // It says it is behind a NAT: anybody can.
    const { world, guest } = doorstep();
    void world;
    void guest;
    void gateway;
    const scene = doorstep();
    const peer = scene.stranger();
    const home = peer.from;
    peer.from = { ...home, port: 501 }; // hashes for another port than it sends from
    const request = peer.initRequest();
    peer.from = home;
    peer.send(request);
    peer.takeInit(peer.received().at(-1) as Uint8Array);
    peer.ask(Exchange.IKE_AUTH, loginOf(peer));
    expect(scene.gateway.sa.nat.remote).toBe(true);
    spoofed(peer, () => peer.ask(Exchange.INFORMATIONAL, []));
    expect(goesTo(scene.gateway)).not.toContain(victim);
  });

  test('without a pool, an address nobody checked is not what the tunnel may carry', () => {
    const { gateway, guest } = doorstep({ policy: policy([connection({ pool: undefined })]) });
    const peer = guest(mobile);
    spoofed(peer, () => peer.ask(Exchange.INFORMATIONAL, update(peer)));
    const fresh = rekeyOf(peer, peerSpi, Uint8Array.of(0xc0, 8, 8, 8)).slice(1);
    peer.ask(Exchange.CREATE_CHILD_SA, fresh);
    const carried = [...gateway.children.values()].flatMap(({ selectors }) =>
      selectors.remote.map(({ range }) => range.start as string),
    );
    expect(carried).not.toContain(victim);
  });
});

const hop = (peer: Peer) => {
  peer.from = { ...peer.from, port: peer.from.port + 1 };
  peer.ask(Exchange.INFORMATIONAL, update(peer));
};
/** The peer says back what it was asked last, from where it is now. */
const echo = (peer: Peer, { header, payloads }: ReturnType<Peer['read']>) => {
  const { exchange, messageId } = header;
  peer.send(peer.seal(exchange, payloads, { messageId, isResponse: true }));
};
const lastRequest = (peer: Peer) => {
  const messages = peer.received().map((bytes) => peer.read(bytes));
  return present(
    messages.findLast(({ header }) => !header.isResponse),
    'request',
  );
};

// Each answer to COOKIE2 came after the next move, so the check never ended, and nothing else had its turn: neither
// the owner who hangs up nor the end of the authentication.
test('a peer that moves whenever it is asked where it is does not keep the owner from hanging up', () => {
  const { world, gateway, guest } = doorstep();
  const peer = guest(mobile);
  hop(peer);
  world.input(gateway, { kind: 'command', command: { kind: 'terminate', which: 'all' } });
  for (let i = 0; i < 10 && gateway.core.snapshot().sas.length > 0; i++) {
    const asked = lastRequest(peer);
    hop(peer);
    echo(peer, asked);
  }
  expect(gateway.core.snapshot().sas).toEqual([]);
});

test('a peer that moved while it was asked is asked again, and its packets go where it is', () => {
  const { gateway, guest } = doorstep();
  const peer = guest(mobile);
  hop(peer);
  const asked = lastRequest(peer);
  hop(peer);
  echo(peer, asked);
  const again = lastRequest(peer);
  expect(again.header.messageId).toBe(asked.header.messageId + 1);
  echo(peer, again);
  const { ref } = onlyChild(gateway);
  expect(gateway.paths.get(ref)?.remote.port).toBe(peer.from.port);
});

const loginOf = (peer: Peer) => login(peer, mobile);

function established() {
  const house = household({ gateway: policy([connection()]), phone: policy([phone()]) });
  house.dial();
  house.world.run(seconds(1));
  return house;
}
type House = ReturnType<typeof established>;
const roam = ({ world, phone: dialer }: House, to: string) => move(world, dialer, to);
const rekeyIke = ({ world }: House, host: SimHost) =>
  world.input(host, {
    kind: 'command',
    command: { kind: 'rekey', sa: host.sa.id, child: undefined },
  });

describe('a phone that moves', () => {
  test('can still move after the gateway renewed the IKE keys («initiator» is who dialled first, RFC 4555 §1.3)', () => {
    const house = established();
    rekeyIke(house, house.gateway);
    house.world.run(seconds(2));
    roam(house, '192.0.2.77');
    house.world.run(seconds(10));
    expect(goesTo(house.gateway)).toEqual(['192.0.2.77']);
  });

  test.each([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60])(
    'E: and renews its IKE keys %i ms later: traffic follows',
    (ms) => {
      const house = established();
      roam(house, '192.0.2.77');
      house.world.run(milliseconds(ms));
      rekeyIke(house, house.phone);
      house.world.run(seconds(100));
      expect(goesTo(house.gateway)).toEqual(['192.0.2.77']);
      const [sending] = [...house.phone.children.keys()];
      expect(house.phone.paths.get(sending ?? 0)?.local.ip).toBe('192.0.2.77');
    },
  );

  test.each([0, 5, 10, 15, 20, 25, 30, 35, 40])(
    'E2: and the gateway renewed the IKE keys %i ms before or after',
    (ms) => {
      for (const order of ['rekey first', 'roam first']) {
        const house = established();
        if (order === 'rekey first') rekeyIke(house, house.gateway);
        else roam(house, '192.0.2.77');
        house.world.run(milliseconds(ms));
        if (order === 'rekey first') roam(house, '192.0.2.77');
        else rekeyIke(house, house.gateway);
        house.world.run(seconds(100));
        expect([order, ...goesTo(house.gateway)]).toEqual([order, '192.0.2.77']);
        const [sending] = [...house.phone.children.keys()];
        expect([order, house.phone.paths.get(sending ?? 0)?.local.ip]).toEqual([
          order,
          '192.0.2.77',
        ]);
      }
    },
  );

  test('an update that the rekey overtakes, on the old IKE SA, is heeded', () => {
    const house = established();
    const { world, gateway, phone: dialer } = house;
    // What the phone asks is slow here; what it answers is not.
    world.wire = (packet) => {
      const isAnswer = ((packet.bytes[19] as number) & 0x20) !== 0;
      // The old network still delivers.
      const to =
        packet.to.ip === '198.51.100.10' ? { ...packet.to, ip: ip('192.0.2.77') } : packet.to;
      return [
        {
          packet: { ...packet, to },
          delay: milliseconds(packet.from.ip === gateway.address || isAnswer ? 10 : 25),
        },
      ];
    };
    rekeyIke(house, gateway);
    world.run(milliseconds(5));
    roam(house, '192.0.2.77'); // before the rekey request is there
    world.run(seconds(100));
    expect(goesTo(gateway)).toEqual(['192.0.2.77']);
    expect(dialer.paths.get([...dialer.children.keys()][0] ?? 0)?.local.ip).toBe('192.0.2.77');
  });

  test('its update does not wait half a minute behind a request that was lost on the old network', () => {
    const house = established();
    const { world, gateway, phone: dialer } = house;
    world.wire = () => [];
    world.input(dialer, {
      kind: 'command',
      command: { kind: 'rekey', sa: dialer.sa.id, child: dialer.sending?.ref },
    });
    world.run(seconds(25)); // no coverage
    world.lossy({ seed: 1, loss: 0, duplicate: 0, jitter: milliseconds(0) });
    roam(house, '192.0.2.77');
    world.run(seconds(5));
    expect(goesTo(gateway)).toContain('192.0.2.77');
  });

  test('a late answer from where it was does not pull it back (behind NATs)', () => {
    const scene = doorstep();
    const peer = scene.stranger();
    const home = peer.from;
    peer.from = { ...home, port: 501 };
    const request = peer.initRequest();
    peer.from = home;
    peer.send(request);
    peer.takeInit(peer.received().at(-1) as Uint8Array);
    peer.ask(Exchange.IKE_AUTH, loginOf(peer));
    const old = peer.from;
    // The gateway asks something (a rekey of the child here), and the peer answers from the old place, late.
    const child = onlyChild(scene.gateway);
    scene.world.input(scene.gateway, {
      kind: 'command',
      command: { kind: 'rekey', sa: scene.gateway.sa.id, child: child.ref },
    });
    scene.world.run(milliseconds(50));
    const asked = peer.lastHeard();
    const refusal = peer.seal(asked.header.exchange, [notify(Notification.TEMPORARY_FAILURE)], {
      messageId: asked.header.messageId,
      isResponse: true,
    });
    peer.from = { ...old, ip: ip('192.0.2.50') };
    peer.ask(
      Exchange.INFORMATIONAL,
      update({ ...peer, from: { ...peer.from, port: 501 } } as Peer),
    ); // moved, still behind a NAT
    scene.world.inject(old, peer.to, refusal); // overtaken by the update
    scene.world.run(milliseconds(50));
    // The peer echoes every COOKIE2 it hears, at its new place.
    for (let i = 0; i < 5; i++) {
      const heard = peer
        .received()
        .map((bytes) => peer.read(bytes))
        .filter(({ header }) => !header.isResponse);
      const last = heard.at(-1);
      if (last)
        peer.send(
          peer.seal(last.header.exchange, last.payloads, {
            messageId: last.header.messageId,
            isResponse: true,
          }),
        );
      scene.world.run(seconds(3));
    }
    expect(scene.gateway.sa.path.remote.ip).toBe('192.0.2.50');
    expect(goesTo(scene.gateway)).toEqual(['192.0.2.50']);
  });
});

test('a wrong COOKIE2 closes the IKE SA, and at least IKE does not go on to the unproven address (RFC 4555 §3.7)', () => {
  const { world, gateway, guest } = doorstep();
  const peer = guest(mobile);
  let heard: Uint8Array[] = [];
  spoofed(peer, () => {
    heard = peer.hears(() => peer.ask(Exchange.INFORMATIONAL, update(peer)));
  });
  const cookie = heard.map((bytes) => peer.read(bytes)).find(({ header }) => !header.isResponse);
  expect(cookie).toBeDefined();
  if (!cookie) return;
  peer.send(
    peer.seal(Exchange.INFORMATIONAL, [notify(Notification.COOKIE2, new Uint8Array(16))], {
      messageId: cookie.header.messageId,
      isResponse: true,
    }),
  );
  world.run(seconds(1));
  expect(gateway.core.snapshot().sas.filter(({ path }) => path.remote.ip === victim)).toEqual([]);
});

test('a thousand updates a second do not pile up until the stack breaks', () => {
  const { world, gateway, guest } = doorstep();
  const peer = guest(mobile);
  const home = peer.from;
  let cookie: ReturnType<Peer['read']> | undefined;
  for (let i = 0; i < 12_000; i++) {
    peer.from = { ...home, port: 10_000 + (i % 2) };
    world.inject(
      peer.from,
      peer.to,
      peer.seal(Exchange.INFORMATIONAL, [notify(Notification.UPDATE_SA_ADDRESSES)]),
    );
    world.run(milliseconds(i < 2 ? 20 : 1));
    peer.nextId++;
    if (i === 0)
      cookie = peer
        .received()
        .map((b) => peer.read(b))
        .find(({ header }) => !header.isResponse);
    if (world.sent.length > 50) world.sent.length = 0;
  }
  world.run(milliseconds(50));
  peer.from = { ...home, port: 30_000 };
  peer.ask(Exchange.INFORMATIONAL, [notify(Notification.UPDATE_SA_ADDRESSES)]);
  expect(cookie).toBeDefined();
  if (cookie) {
    const { exchange, messageId } = cookie.header;
    peer.send(peer.seal(exchange, cookie.payloads, { messageId, isResponse: true }));
  }
  expect(gateway.sa.phase).toBe('established');
}, 60_000);

// Whatever came was sent back, though a COOKIE2 has 8 to 64 bytes and nobody honest sends another (RFC 4555 §4.2.5).
test.each([0, 7, 65, 60_000])('a COOKIE2 of %i bytes is refused', (length) => {
  const { gateway, guest } = doorstep();
  const peer = guest(mobile);
  const answer = peer.ask(Exchange.INFORMATIONAL, [
    notify(Notification.COOKIE2, new Uint8Array(length)),
  ]);
  expect(notifies(answer)).toEqual(['INVALID_SYNTAX']);
  expect(gateway.core.snapshot().sas).toEqual([]);
});

test.each([8, 64])('a COOKIE2 of %i bytes is echoed', (length) => {
  const { guest } = doorstep();
  const cookie = notify(Notification.COOKIE2, new Uint8Array(length).fill(5));
  expect(guest(mobile).ask(Exchange.INFORMATIONAL, [cookie])).toEqual([cookie]);
});
