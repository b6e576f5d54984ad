import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { seconds } from '../../../src/base/time.ts';
import { household, kinds, roam as move, talk } from '../household.ts';
import { expectAgreement } from '../model.ts';
import { connection, phone, policy } from '../policies.ts';
import type { World } from '../world.ts';

function established(fields: { mobike?: boolean } = {}) {
  const house = household({
    gateway: policy([connection({ mobike: fields.mobike ?? true })]),
    phone: policy([phone()]),
  });
  house.dial();
  house.world.run(seconds(1));
  return house;
}
type House = ReturnType<typeof established>;

/** The phone leaves the Wi-Fi for the mobile network. */
function roam({ world, phone: dialer }: House, to: string): void {
  move(world, dialer, to);
}
const pathsOf = (host: House['gateway']): string[] =>
  [...host.children.keys()].map((ref) => host.paths.get(ref)?.remote.ip ?? 'as dialled');
const lateWire = (world: World, delay: number) => {
  world.wire = (packet) => [{ packet, delay: seconds(delay) }];
};

describe('a phone that moves (RFC 4555)', () => {
  test('keeps its SAs, and the gateway sends after it once somebody there echoed COOKIE2 (pitfall 68, scenario 22)', () => {
    const house = established();
    const { world, gateway, phone: dialer } = house;
    const before = gateway.sa.spiI;
    roam(house, '192.0.2.77');
    world.run(seconds(1));
    expect(pathsOf(gateway)).toEqual(['192.0.2.77']);
    expect(pathsOf(dialer)).toEqual(['203.0.113.2']);
    expect(gateway.sa.spiI).toBe(before);
    expectAgreement(world, gateway, dialer);
    const said = talk(gateway).slice(-4).join('\n');
    expect(said).toMatch(
      /in INFORMATIONAL request 2 \[N\(UPDATE_SA_ADDRESSES\) N\(NAT_DETECTION_SOURCE_IP\)/,
    );
    expect(said).toMatch(/out INFORMATIONAL response 2 \[N\(NAT_DETECTION_SOURCE_IP\)/);
    expect(said).toMatch(/out INFORMATIONAL request 0 \[N\(COOKIE2\)\]/);
    expect(said).toMatch(/in INFORMATIONAL response 0 \[N\(COOKIE2\)\]/);
  });

  test('is silent for less than two round trips', () => {
    const house = established();
    const { world, gateway } = house;
    lateWire(world, 0.05);
    roam(house, '192.0.2.77');
    world.run(seconds(0.21));
    expect(pathsOf(gateway)).toEqual(['192.0.2.77']);
  });

  test('goes from IPv4 to IPv6 and back', () => {
    const house = established();
    for (const address of ['2001:db8::77', '198.51.100.10']) {
      roam(house, address);
      house.world.run(seconds(1));
      expect(pathsOf(house.gateway)).toEqual([address]);
    }
    expectAgreement(house.world, house.gateway, house.phone);
  });

  test('several times in a row ends at the latest place (pitfall 68)', () => {
    const house = established();
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) roam(house, address);
    house.world.run(seconds(30));
    expect(pathsOf(house.gateway)).toEqual(['192.0.2.3']);
    expectAgreement(house.world, house.gateway, house.phone);
  });

  test('over a network that loses a third of it', () => {
    const house = established();
    house.world.lossy({ seed: 3, loss: 0.33, duplicate: 0.1, jitter: seconds(1) });
    roam(house, '192.0.2.77');
    house.world.run(seconds(120));
    expect(pathsOf(house.gateway)).toEqual(['192.0.2.77']);
    expectAgreement(house.world, house.gateway, house.phone);
  });

  test('and is rekeyed afterwards, it can move again', () => {
    const house = established();
    const { world, gateway, phone: dialer } = house;
    world.input(dialer, {
      kind: 'command',
      command: { kind: 'rekey', sa: dialer.sa.id, child: undefined },
    });
    world.run(seconds(2));
    roam(house, '192.0.2.77');
    world.run(seconds(2));
    expect(pathsOf(gateway)).toEqual(['192.0.2.77']);
    expectAgreement(world, gateway, dialer);
  });
});

describe('an update that may not be', () => {
  test.each(['224.0.0.1', '255.255.255.255', '0.0.0.0', 'ff02::1'])(
    'to %s is UNACCEPTABLE_ADDRESSES, and nothing moves (pitfall 68)',
    (address) => {
      const house = established();
      const { world, gateway, phone: dialer } = house;
      const home = dialer.address;
      world.wire = (packet) => {
        const isUpdate = packet.from.ip === address;
        const to = packet.to.ip === address ? { ...packet.to, ip: ip(home) } : packet.to;
        return [{ packet: { ...packet, to }, delay: seconds(isUpdate ? 0.01 : 0.02) }];
      };
      roam(house, address);
      dialer.address = home;
      world.run(seconds(5));
      expect(talk(gateway).join()).toContain('N(UNACCEPTABLE_ADDRESSES)');
      expect(pathsOf(gateway)).toEqual(['as dialled']);
    },
  );

  test('to a place where nobody answers moves no traffic there (pitfall 68)', () => {
    const house = established();
    const { world, gateway, phone: dialer } = house;
    const home = dialer.address;
    // The update is from there, but what is sent there never arrives.
    world.wire = (packet) =>
      packet.to.ip === '192.0.2.99' ? [] : [{ packet, delay: seconds(0.01) }];
    roam(house, '192.0.2.99');
    dialer.address = home;
    world.run(seconds(10));
    expect(pathsOf(gateway)).toEqual(['as dialled']);
  });

  test('without MOBIKE a new address ends what was dialled', () => {
    const house = established({ mobike: false });
    roam(house, '192.0.2.77');
    house.world.run(seconds(1));
    expect(house.phone.eventsOf('sa.closed')).toMatchObject([
      { why: 'our address changed, and the peer cannot follow' },
    ]);
  });
});

describe('a NAT that forgets (RFC 7296 §2.23)', () => {
  test('an authentic packet from a new port is followed at once (pitfall 67)', () => {
    const { world, gateway } = established();
    const [child] = gateway.sa.children;
    if (!child) throw new Error('no child');
    const { local, remote } = gateway.sa.path;
    const path = { local, remote: { ...remote, port: 40000 } };
    world.input(gateway, { kind: 'dataplane', event: { kind: 'moved', child: child.ref, path } });
    expect(gateway.paths.get(child.ref)?.remote.port).toBe(40000);
    expect(kinds(gateway)).toContain('sa.moved');
  });

  test('a probe that asks for hashes gets them, so that the phone notices (RFC 4555 §3.8)', () => {
    const house = established();
    roam(house, '192.0.2.77');
    house.world.run(seconds(1));
    expect(talk(house.phone).join()).toMatch(
      /in INFORMATIONAL response 2 \[N\(NAT_DETECTION_SOURCE_IP\)/,
    );
  });
});
