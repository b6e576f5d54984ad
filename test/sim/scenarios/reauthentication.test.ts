// Who was authenticated proves himself again in time: the new IKE SA is made before the old one breaks, and no packet
// is lost (RFC 7296 §2.8.3, RFC 4478).
import { describe, expect, test } from 'vitest';
import { fromText } from '../../../src/base/bytes.ts';
import { ip } from '../../../src/base/ip.ts';
import { Secret } from '../../../src/base/secret.ts';
import { seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { authenticating, welcome } from '../dialed.ts';
import { household, kinds, roam, talk } from '../household.ts';
import { leftovers } from '../leftovers.ts';
import { expectAgreement } from '../model.ts';
import { notify } from '../payloads.ts';
import { connection, phone, policy } from '../policies.ts';
import type { SimHost } from '../world.ts';

const day = seconds(100);
const up = (gateway: object, dialer: object) => {
  const house = household({
    gateway: policy([connection(gateway)]),
    phone: policy([phone(dialer)]),
  });
  house.dial();
  house.world.run(seconds(1));
  return house;
};
type House = ReturnType<typeof up>;

/** Packets both ways, ten a second: what does not arrive is counted. */
function traffic({ world, gateway, phone: dialer }: House, span: number): number {
  let lost = 0;
  for (let i = 0; i < 10 * span; i++) {
    if (world.carry(dialer, gateway) !== 'carried') lost++;
    if (world.carry(gateway, dialer) !== 'carried') lost++;
    world.run(seconds(0.1));
  }
  return lost;
}
const established = (host: SimHost) => host.eventsOf('sa.established');

describe.each([
  ['its own option says so', {}, { reauthLifetime: day }],
  ['the gateway announces a lifetime (AUTH_LIFETIME)', { reauthLifetime: day }, {}],
  ['both do, and the shorter counts', { reauthLifetime: day }, { reauthLifetime: seconds(10_000) }],
])('a phone reauthenticates because %s', (_why, gatewaySays, phoneSays) => {
  test('before the lifetime is over, with the same address, and no packet is lost', () => {
    const house = up(gatewaySays, phoneSays);
    const { world, gateway, phone: dialer } = house;
    const { id } = dialer.sa;
    expect(traffic(house, 89)).toBe(0);
    expect(dialer.sa.id).toBe(id);
    expect(traffic(house, 20)).toBe(0);
    expect(dialer.sa.id).not.toBe(id);
    expectAgreement(world, gateway, dialer);
    expect(established(dialer).map(({ addresses }) => addresses)).toEqual([
      ['10.3.0.2'],
      ['10.3.0.2'],
    ]);
    expect(gateway.released).toEqual([]);
  });

  test('again and again for an hour', () => {
    const house = up(gatewaySays, phoneSays);
    const { world, gateway, phone: dialer } = house;
    world.run(seconds(3600));
    expectAgreement(world, gateway, dialer);
    expect(established(dialer).length).toBeGreaterThan(35);
    expect(kinds(dialer)).not.toContain('attempt.failed');
  });
});

test('the gateway sends on the new tunnel when the phone shows that it has it', () => {
  const house = up({}, { reauthLifetime: day });
  const { world, gateway, phone: dialer } = house;
  const [old] = gateway.installed;
  // The response that would tell the phone of the new tunnel is lost twice.
  let lost = 0;
  world.wire = (packet) => {
    const isAnswer = packet.bytes[18] === Exchange.IKE_AUTH && packet.from.ip === gateway.address;
    if (isAnswer && lost++ < 2) return [];
    return [{ packet, delay: seconds(0.01) }];
  };
  world.run(seconds(89.5));
  expect(gateway.installed).toHaveLength(2);
  expect(gateway.sending).toBe(old);
  expect(traffic(house, 20)).toBe(0);
  expectAgreement(world, gateway, dialer);
});

// It began on port 500 again: a second mapping in the NAT, and no way at all where a firewall lets 4500 alone through.
test('the new SA begins on the ports where the old one stands', () => {
  const { world, gateway, phone: dialer } = up({}, { reauthLifetime: day });
  const before = world.sent.length;
  world.run(seconds(100));
  expect(established(dialer)).toHaveLength(2);
  const ports = world.sent.slice(before).flatMap(({ from, to }) => [from.port, to.port]);
  expect(new Set(ports)).toEqual(new Set([4500]));
  expectAgreement(world, gateway, dialer);
});

test('late packets still come in on the old tunnel for a moment', () => {
  const { world, gateway, phone: dialer } = up({}, { reauthLifetime: day });
  const [old] = dialer.installed;
  world.run(seconds(90.5));
  expect(dialer.core.snapshot().sas).toHaveLength(1);
  for (const host of [gateway, dialer]) {
    expect(host.children.size).toBe(2);
    expect(host.sending).not.toBe(old);
  }
  world.run(seconds(6));
  expectAgreement(world, gateway, dialer);
});

test('new keys in between do not make the authentication younger', () => {
  const { world, phone: dialer } = up({}, { reauthLifetime: day, ikeLifetime: seconds(40) });
  world.run(seconds(85));
  expect(dialer.eventsOf('sa.rekeyed')).toHaveLength(2);
  expect(established(dialer)).toHaveLength(1);
  world.run(seconds(10));
  expect(established(dialer)).toHaveLength(2);
});

test('new keys for the old SA while the new one is being made change nothing', () => {
  const house = up({}, { reauthLifetime: day });
  const { world, gateway, phone: dialer } = house;
  world.wire = (packet) => [{ packet, delay: seconds(1) }];
  world.run(seconds(90));
  expect(dialer.core.snapshot().sas).toHaveLength(2);
  const sa = gateway.sa.id;
  world.input(gateway, { kind: 'command', command: { kind: 'rekey', sa, child: undefined } });
  world.run(seconds(30));
  expectAgreement(world, gateway, dialer);
});

// The new one was dialled from the address that was gone until it was given up, and the old one was too old by then.
test('a move while the new SA is being made begins it anew from there', () => {
  const house = up({}, { reauthLifetime: day });
  const { world, gateway, phone: dialer } = house;
  const tell = (...addresses: string[]) => {
    const command = { kind: 'addresses', addresses: addresses.map(ip) } as const;
    world.input(dialer, { kind: 'command', command });
  };
  tell(dialer.address);
  world.run(seconds(88.5));
  const { id } = dialer.sa;
  world.wire = (packet) => [{ packet, delay: seconds(0.2) }];
  world.run(seconds(0.6));
  expect(dialer.core.snapshot().sas.map(({ phase }) => phase)).toEqual(['established', 'init']);
  tell('192.0.2.77');
  roam(world, dialer, '192.0.2.77');
  world.run(seconds(60));
  expect(dialer.sa.id).not.toBe(id);
  expect(dialer.eventsOf('sa.closed')).toMatchObject([{ why: 'authenticated anew' }]);
  expectAgreement(world, gateway, dialer);
});

test('a network that loses much leaves one SA, and nothing behind', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const { world, gateway, phone: dialer } = up({}, { reauthLifetime: seconds(400), jitter: 0.2 });
    world.lossy({ seed, loss: 0.2, duplicate: 0.2, jitter: seconds(1), mostLosses: 3 });
    world.run(seconds(3600));
    world.lossy({ seed, loss: 0, duplicate: 0, jitter: seconds(0) });
    world.run(seconds(4));
    expect(established(dialer).length).toBeGreaterThan(8);
    world.input(dialer, { kind: 'command', command: { kind: 'terminate', which: 'all' } });
    world.run(seconds(200));
    expect([...leftovers(world, gateway), ...leftovers(world, dialer)]).toEqual([]);
    expect(new Set(gateway.released)).toEqual(new Set(['10.3.0.2', '192.0.2.254']));
  }
});

describe('a reauthentication that fails', () => {
  const revoked = () => {
    const house = up({}, { reauthLifetime: day });
    const wrong = policy([connection()], {
      presharedKeys: [{ ids: [], secret: new Secret(fromText('another secret altogether')) }],
    });
    house.world.input(house.gateway, {
      kind: 'command',
      command: { kind: 'policy', policy: wrong },
    });
    return house;
  };

  test('leaves the old connection until its own time is over', () => {
    const house = revoked();
    expect(traffic(house, 98)).toBe(0);
    expect(house.phone.eventsOf('attempt.failed')[0]).toMatchObject({
      notify: 'AUTHENTICATION_FAILED',
    });
    house.world.run(seconds(5));
    expect(house.phone.core.snapshot().sas).toEqual([]);
    expect(house.phone.eventsOf('sa.closed')).toMatchObject([
      { why: 'its authentication is too old' },
    ]);
    house.world.run(seconds(60));
    expect(leftovers(house.world, house.gateway)).toEqual([]);
  });

  test('is tried again, and may succeed the second time', () => {
    const house = revoked();
    const { world, gateway, phone: dialer } = house;
    expect(traffic(house, 90)).toBe(0);
    expect(kinds(dialer)).toContain('attempt.failed');
    world.input(gateway, {
      kind: 'command',
      command: { kind: 'policy', policy: policy([connection()]) },
    });
    expect(traffic(house, 20)).toBe(0);
    expectAgreement(world, gateway, dialer);
    expect(established(dialer)).toHaveLength(2);
  });

  test('ends with the connection that the owner hangs up meanwhile', () => {
    const { world, gateway, phone: dialer } = up({}, { reauthLifetime: day });
    world.run(seconds(88.5));
    world.wire = (packet) => [{ packet, delay: seconds(1) }];
    world.run(seconds(1));
    expect(dialer.core.snapshot().sas).toHaveLength(2);
    const which = dialer.sa.id;
    world.input(dialer, { kind: 'command', command: { kind: 'terminate', which } });
    world.run(seconds(60));
    expect([dialer.core.snapshot().sas, gateway.core.snapshot().sas]).toEqual([[], []]);
  });
});

describe('a gateway that announces a lifetime', () => {
  test('hangs up when it is over, if the peer did nothing', () => {
    const { world, gateway, phone: dialer } = up({ reauthLifetime: day }, {});
    expect(talk(gateway).at(-1)).toContain('N(AUTH_LIFETIME)');
    // A client that does not know the notify: as if it were never told.
    world.wire = (packet) =>
      packet.bytes[18] === Exchange.IKE_SA_INIT ? [] : [{ packet, delay: seconds(0.01) }];
    world.run(seconds(98));
    expect(gateway.sa.phase).toBe('established');
    world.run(seconds(2));
    expect(gateway.core.snapshot().sas).toEqual([]);
    expect(dialer.eventsOf('sa.closed')).toMatchObject([{ cause: 'deleted-by-peer' }]);
  });

  test('does not announce one that it does not have', () => {
    expect(talk(up({}, {}).gateway).join()).not.toContain('AUTH_LIFETIME');
  });
});

describe('AUTH_LIFETIME from the responder', () => {
  const dialled = (seconds: number, exchange: 'auth' | 'later', fields = {}) => {
    const scene = authenticating(fields);
    const data = new Uint8Array(4);
    new DataView(data.buffer).setUint32(0, seconds);
    const lifetime = notify(Notification.AUTH_LIFETIME, data);
    scene.peer.respond([...welcome(scene.peer), ...(exchange === 'auth' ? [lifetime] : [])]);
    scene.peer.nextId = 0;
    if (exchange === 'later')
      expect(scene.peer.ask(Exchange.INFORMATIONAL, [lifetime])).toEqual([]);
    const inits = () => scene.world.sent.filter(({ bytes }) => bytes[18] === Exchange.IKE_SA_INIT);
    const before = inits().length;
    return { ...scene, again: () => inits().length - before };
  };

  test.each(['auth', 'later'] as const)('in the message %s is heeded', (when) => {
    const { world, again } = dialled(100, when);
    world.run(seconds(88));
    expect(again()).toBe(0);
    world.run(seconds(3));
    expect(again()).toBeGreaterThan(0);
  });

  test.each(['auth', 'later'] as const)('in the message %s does not lengthen our own', (when) => {
    const { world, again } = dialled(0xffff_ffff, when, { reauthLifetime: day });
    world.run(seconds(88));
    expect(again()).toBe(0);
    world.run(seconds(3));
    expect(again()).toBeGreaterThan(0);
  });

  // It was hung up after five seconds, though the responder SHOULD allow a reasonable time after a lifetime of zero.
  test.each(['auth', 'later'] as const)(
    'in the message %s leaves it to the responder to end the connection (RFC 4478 §2)',
    (when) => {
      const { world, dialer, again } = dialled(0, when);
      world.run(seconds(60));
      expect(again()).toBeGreaterThan(1);
      expect(dialer.sa.phase).toBe('established');
      expect(kinds(dialer)).not.toContain('sa.closed');
    },
  );

  test('of zero does not make us dial without pause (class 18)', () => {
    const { world, again } = dialled(0, 'auth');
    world.run(seconds(4));
    expect(again()).toBe(0);
    world.run(seconds(0.9));
    expect(again()).toBe(1);
  });

  test('of a hundred years does nothing (class 18)', () => {
    const { world, dialer, again } = dialled(0xffff_ffff, 'auth');
    world.run(seconds(86_400));
    expect(again()).toBe(0);
    expect(dialer.sa.phase).toBe('established');
  });

  test('of any other length is none', () => {
    const { peer, world, dialer } = authenticating();
    const odd = [0, 3, 5].map((bytes) => notify(Notification.AUTH_LIFETIME, new Uint8Array(bytes)));
    peer.respond([...welcome(peer), ...odd]);
    world.run(seconds(1000));
    expect(dialer.sa.phase).toBe('established');
  });
});
