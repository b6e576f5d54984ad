// A gateway with two lines, and a phone that uses the other one when the first is dead (RFC 4555 §3.4–3.6).
import { describe, expect, test } from 'vitest';
import { ip, ipBytes } from '../../../src/base/ip.ts';
import { minutes, seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { doorstep, onlyChild } from '../doorstep.ts';
import { household, kinds, roam, talk } from '../household.ts';
import { expectAgreement } from '../model.ts';
import { notify } from '../payloads.ts';
import { connection, phone, policy } from '../policies.ts';
import type { SimHost, Wire, World } from '../world.ts';

const dsl = '203.0.113.2';
const cable = '203.0.113.130';

const tellAddresses = (world: World, host: SimHost, ...addresses: string[]): void => {
  const command = { kind: 'addresses', addresses: addresses.map(ip) } as const;
  world.input(host, { kind: 'command', command });
};

/** @param addresses those of the gateway, which the phone knows from the beginning */
function established(...addresses: string[]) {
  const house = household({
    gateway: policy([connection()]),
    phone: policy([phone({ dpd: minutes(1) })]),
  });
  const { world, gateway } = house;
  gateway.also = addresses.filter((one) => one !== dsl);
  tellAddresses(world, gateway, ...addresses);
  house.dial();
  world.run(seconds(1));
  const { wire } = world;
  /** From now on that line of the gateway is dead. */
  const cut = (line: string): void => {
    world.wire = (packet, now) =>
      packet.to.ip === line || packet.from.ip === line ? [] : wire(packet, now);
  };
  return { ...house, cut };
}
const ends = ({ sa, children, paths }: SimHost) => ({
  ike: sa.path.remote.ip,
  esp: [...children.keys()].map((ref) => paths.get(ref)?.remote.ip ?? 'as dialled'),
});

describe('who has several addresses', () => {
  test('tells them with the SA payload, the one in use left out (RFC 4555 §3.4)', () => {
    const { gateway, phone: dialer } = established(dsl, cable, '2001:db8::2');
    expect(talk(gateway).join('\n')).toMatch(
      /out IKE_AUTH response 1 .*N\(ADDITIONAL_IP4_ADDRESS\) N\(ADDITIONAL_IP6_ADDRESS\)/,
    );
    expect(dialer.sa.peerAddresses).toEqual([dsl, cable, '2001:db8::2']);
  });

  test('tells when they change, and the new list replaces the old one (pitfall 68)', () => {
    const { world, gateway, phone: dialer } = established(dsl, cable);
    tellAddresses(world, gateway, dsl, '203.0.113.131');
    world.run(seconds(1));
    expect(dialer.sa.peerAddresses).toEqual([dsl, '203.0.113.131']);
    tellAddresses(world, gateway, dsl);
    world.run(seconds(1));
    expect(dialer.sa.peerAddresses).toEqual([dsl]);
    expect(talk(gateway).join('\n')).toContain('N(NO_ADDITIONAL_ADDRESSES)');
  });

  test('says nothing when nothing changed', () => {
    const { world, gateway } = established(dsl, cable);
    const said = world.sent.length;
    tellAddresses(world, gateway, dsl, cable);
    world.run(seconds(1));
    expect(world.sent).toHaveLength(said);
  });

  test('says nothing of them to a peer without MOBIKE', () => {
    const house = household({ phone: policy([phone({ mobike: false })]) });
    tellAddresses(house.world, house.gateway, dsl, cable);
    house.dial();
    house.world.run(seconds(1));
    tellAddresses(house.world, house.gateway, dsl);
    house.world.run(seconds(1));
    expect(talk(house.gateway).join()).not.toContain('ADDITIONAL');
  });

  test('tells eight at the most', () => {
    const many = Array.from({ length: 30 }, (_, i) => `203.0.113.${i + 100}`);
    const { phone: dialer } = established(dsl, ...many);
    expect(dialer.sa.peerAddresses).toHaveLength(8);
  });
});

describe('a line that dies', () => {
  test('is left for the other by whoever dialled, before the peer counts as gone (RFC 4555 §3.5)', () => {
    const { world, gateway, phone: dialer, cut } = established(dsl, cable);
    const before = dialer.sa.spiI;
    cut(dsl);
    world.run(minutes(2));
    expect(ends(dialer)).toEqual({ ike: cable, esp: [cable] });
    expect(gateway.sa.path.local.ip).toBe(cable);
    expect(dialer.sa.spiI).toBe(before);
    expectAgreement(world, gateway, dialer);
  });

  test('is not left by who was dialled', () => {
    const gateway = policy([connection({ dpd: minutes(1) })]);
    const house = household({ gateway });
    tellAddresses(house.world, house.gateway, dsl, cable);
    house.dial();
    house.world.run(seconds(1));
    house.world.wire = () => [];
    house.world.run(minutes(5));
    const from = house.world.sent.map((packet) => packet.from.ip);
    expect(new Set(from.slice(-5))).toEqual(new Set([dsl]));
    expect(kinds(house.gateway)).toContain('sa.closed');
  });

  test('and no other that answers ends it at the usual time', () => {
    const { world, phone: dialer } = established(dsl, cable);
    world.wire = () => [];
    world.run(minutes(5));
    expect(dialer.eventsOf('sa.closed')).toMatchObject([{ cause: 'timeout' }]);
    expect(new Set(world.sent.map(({ to }) => to.ip))).toContain(cable);
  });

  test('and comes back while its successor is tried: the answer decides', () => {
    const { world, phone: dialer, cut } = established(dsl, cable);
    const { wire } = world;
    cut(dsl);
    world.run(seconds(63)); // the probe, and a repetition
    world.wire = wire;
    world.run(minutes(1));
    expect(ends(dialer)).toEqual({ ike: dsl, esp: ['as dialled'] });
  });

  test('an answer from a place that was never asked moves nothing', () => {
    const { world, phone: dialer, cut } = established(dsl, cable);
    cut(dsl);
    const half = world.wire;
    const forged: Wire = (packet, now) =>
      half(
        packet.from.ip === cable ? { ...packet, from: { ...packet.from, port: 9 } } : packet,
        now,
      );
    world.wire = forged;
    world.run(minutes(2));
    expect(ends(dialer)).toEqual({ ike: dsl, esp: ['as dialled'] });
  });
});

describe('an address of the gateway that goes', () => {
  test('is told from another, and the phone moves there (RFC 4555 §3.6)', () => {
    const { world, gateway, phone: dialer, cut } = established(dsl, cable);
    cut(dsl);
    tellAddresses(world, gateway, cable);
    world.run(seconds(5));
    expect(ends(dialer)).toEqual({ ike: cable, esp: [cable] });
    expectAgreement(world, gateway, dialer);
  });

  // A line that is down for a moment takes its address along, and the gateway went on from that of its LAN. It stayed there
  // when the line was back: nothing that it sent arrived, and it took 22 seconds until it gave the phone up.
  test('and comes back is used again at once, though the phone heard nothing of another', () => {
    const { world, gateway, phone: dialer, cut } = established(dsl, '192.168.1.1');
    const { wire } = world;
    cut('192.168.1.1');
    tellAddresses(world, gateway, '192.168.1.1');
    world.run(seconds(3));
    expect(gateway.sa.path.local.ip).toBe('192.168.1.1');
    tellAddresses(world, gateway, '192.168.1.1', dsl);
    expect(gateway.sa.path.local.ip).toBe(dsl);
    world.run(seconds(0.5));
    const child = onlyChild(gateway);
    expect((gateway.paths.get(child.ref) ?? child.path).local.ip).toBe(dsl);
    expect(dialer.sa.peerAddresses).toEqual([dsl, '192.168.1.1']);
    world.wire = wire;
    world.run(minutes(5));
    expect(kinds(gateway)).not.toContain('sa.closed');
    expectAgreement(world, gateway, dialer);
  });

  test('and comes back is not gone back to, where the phone moved meanwhile', () => {
    const { world, gateway, phone: dialer } = established(dsl, cable);
    tellAddresses(world, gateway, cable);
    world.run(seconds(1));
    tellAddresses(world, gateway, cable, dsl);
    world.run(seconds(1));
    expect(gateway.sa.path.local.ip).toBe(cable);
    expectAgreement(world, gateway, dialer);
  });

  test('leaves an SA of the other family alone', () => {
    const { world, gateway } = established(dsl, cable);
    tellAddresses(world, gateway, '2001:db8::2');
    world.run(seconds(5));
    expect(gateway.sa.path.local.ip).toBe(dsl);
  });
});

describe('a phone that moves', () => {
  test('and back while the answer to its update is lost tells the gateway that too (pitfall 68)', () => {
    const { world, gateway, phone: dialer } = established(dsl);
    const { wire } = world;
    const home = dialer.address;
    world.wire = (packet, now) => (packet.to.ip === '192.0.2.77' ? [] : wire(packet, now));
    roam(world, dialer, '192.0.2.77');
    world.run(seconds(1));
    expect(gateway.sa.path.remote.ip).toBe('192.0.2.77');
    roam(world, dialer, home);
    world.run(seconds(30));
    expect(gateway.sa.path.remote.ip).toBe(home);
    expectAgreement(world, gateway, dialer);
  });

  test('to an address that the gateway does not accept goes on from another of its own (pitfall 68)', () => {
    const { world, gateway, phone: dialer } = established(dsl);
    dialer.also = ['192.0.2.88'];
    tellAddresses(world, dialer, '192.0.2.88');
    roam(world, dialer, '224.0.0.9');
    world.run(seconds(5));
    expect(talk(gateway).join()).toContain('N(UNACCEPTABLE_ADDRESSES)');
    expect(gateway.sa.path.remote.ip).toBe('192.0.2.88');
  });

  test('to another address of the gateway, of another family, takes the tunnel along', () => {
    const { world, gateway, phone: dialer } = established(dsl, '2001:db8::2');
    dialer.address = '2001:db8::77';
    const to = { local: ip('2001:db8::77'), remote: ip('2001:db8::2') };
    world.input(dialer, { kind: 'command', command: { kind: 'roam', sa: dialer.sa.id, ...to } });
    world.run(seconds(2));
    expect(ends(dialer)).toEqual({ ike: '2001:db8::2', esp: ['2001:db8::2'] });
    expectAgreement(world, gateway, dialer);
  });

  test('from IPv6 without a NAT to IPv4 has ESP on port 4500, where UDP carries it (RFC 4555 §3.3)', () => {
    const house = household();
    house.gateway.address = '2001:db8::2';
    house.gateway.also = [dsl];
    house.phone.address = '2001:db8::77';
    house.dial();
    house.world.run(seconds(1));
    const { sa } = house.phone;
    expect(sa.children).toMatchObject([{ encap: 'raw' }]);
    house.phone.address = '198.51.100.10';
    const to = { local: ip('198.51.100.10'), remote: ip(dsl) };
    house.world.input(house.phone, {
      kind: 'command',
      command: { kind: 'roam', sa: sa.id, ...to },
    });
    house.world.run(seconds(2));
    expect(house.phone.sa.children).toMatchObject([{ encap: 'udp' }]);
    const ports = [...house.phone.paths.values(), ...house.gateway.paths.values()].flatMap(
      ({ local, remote }) => [local.port, remote.port],
    );
    expect(ports).toEqual([4500, 4500, 4500, 4500]);
  });

  test('to where it is already repeats at once what waits for an answer: the way is back', () => {
    const { world, phone: dialer } = established(dsl);
    const { wire } = world;
    world.wire = () => [];
    world.run(seconds(70)); // the probe waits for its third repetition
    const sent = world.sent.length;
    world.wire = wire;
    roam(world, dialer, dialer.address);
    expect(world.sent).toHaveLength(sent + 1);
    world.run(minutes(5));
    expect(kinds(dialer)).not.toContain('sa.closed');
  });
});

describe('what a hostile peer tells', () => {
  test('is bounded, and neither a group nor half an address is kept', () => {
    const { gateway, guest } = doorstep();
    const peer = guest({ extra: [notify(Notification.MOBIKE_SUPPORTED)] });
    const { ADDITIONAL_IP4_ADDRESS: v4, ADDITIONAL_IP6_ADDRESS: v6 } = Notification;
    peer.ask(Exchange.INFORMATIONAL, [
      notify(v4, ipBytes(ip('224.0.0.1'))),
      notify(v4, new Uint8Array(3)),
      notify(v6, new Uint8Array(4)),
      ...Array.from({ length: 40 }, (_, i) => notify(v4, Uint8Array.of(192, 0, 2, i + 1))),
    ]);
    const [sa] = gateway.core.snapshot().sas;
    expect(sa?.peerAddresses).toHaveLength(7);
    expect(sa?.peerAddresses).not.toContain('224.0.0.1');
    expect(sa?.path.remote.ip).toBe(peer.from.ip);
  });
});
