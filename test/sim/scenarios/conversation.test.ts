// Who says what under which number: Message IDs, flags and repetitions in a whole conversation
// (RFC 7296 §2.1–2.3, §3.1).
import { describe, expect, test } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import { seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import type { Command } from '../../../src/ike/core.ts';
import { decodeHeader } from '../../../src/wire/header.ts';
import { household } from '../household.ts';
import { connection, phone, policy } from '../policies.ts';
import type { SimHost, World } from '../world.ts';

function established() {
  const house = household();
  house.dial();
  house.world.run(seconds(1));
  return house;
}
const command = (world: World, host: SimHost, what: Command): void =>
  world.input(host, { kind: 'command', command: what });
const rekeyIke = (world: World, host: SimHost): void =>
  command(world, host, { kind: 'rekey', sa: host.sa.id, child: undefined });

/** Headers of what a host sends while `act` runs. */
function headersOf(world: World, host: SimHost, act: () => void) {
  const before = world.sent.length;
  act();
  return world.sent
    .slice(before)
    .filter(({ from }) => from.ip === host.address)
    .map(({ bytes }) => decodeHeader(bytes));
}

describe('the Initiator flag', () => {
  test('stays with who dialled, whoever asks (pitfall 7)', () => {
    const { world, gateway, phone: dialer } = established();
    const rekey = () => {
      rekeyIke(world, gateway);
      world.run(seconds(0.005));
    };
    const [request] = headersOf(world, gateway, rekey);
    expect(request).toMatchObject({ isInitiator: false, isResponse: false, messageId: 0 });
    const [response] = headersOf(world, dialer, () => world.run(seconds(0.01)));
    expect(response).toMatchObject({ isInitiator: true, isResponse: true, messageId: 0 });
  });

  test('belongs to who rekeyed, and both directions begin at 0 again (pitfalls 1, 7)', () => {
    const { world, gateway, phone: dialer } = established();
    rekeyIke(world, gateway);
    world.run(seconds(60));
    const hangUp = () => {
      command(world, gateway, { kind: 'terminate', which: 'all' });
      world.run(seconds(1));
    };
    const spiI = gateway.sa.spiI;
    const sent = headersOf(world, gateway, hangUp);
    expect(sent).toMatchObject([{ isInitiator: true, isResponse: false, messageId: 0 }]);
    expect(sent.map((header) => toHex(header.spiI))).toEqual([spiI]);
    expect(dialer.core.snapshot().sas).toEqual([]);
  });
});

test('a request that is repeated is the same datagrams, fragments and all (pitfall 3)', () => {
  const small = { fragmentSize: 160 };
  const { world, gateway, dial } = household({
    gateway: policy([connection(small)]),
    phone: policy([phone(small)]),
  });
  const isAuth = (bytes: Uint8Array) => bytes[18] === Exchange.IKE_AUTH;
  world.wire = (packet) => (isAuth(packet.bytes) ? [] : [{ packet, delay: seconds(0.01) }]);
  dial();
  world.run(seconds(30));
  const sent = world.sent.filter(({ bytes }) => isAuth(bytes)).map(({ bytes }) => toHex(bytes));
  const pieces = sent.indexOf(sent[0] ?? '', 1);
  expect(pieces).toBeGreaterThan(1);
  expect(sent.length).toBeGreaterThan(2 * pieces);
  expect(sent).toEqual(sent.map((_, at) => sent[at % pieces]));
  expect(gateway.installed).toEqual([]);
});

test('a second request waits for the answer to the first, and the peer’s own does not (pitfall 5)', () => {
  const { world, gateway, phone: dialer } = established();
  const [child] = gateway.sa.children;
  if (!child) throw new Error('no child');
  world.wire = (packet) => [{ packet, delay: seconds(0.5) }];
  const sent = headersOf(world, gateway, () => {
    command(world, gateway, { kind: 'rekey', sa: gateway.sa.id, child: child.ref });
    rekeyIke(world, gateway);
    const [theirs] = dialer.sa.children;
    command(world, dialer, { kind: 'terminate', which: { child: theirs?.ref ?? child.ref } });
    world.run(seconds(0.9));
  });
  expect(sent.filter(({ isResponse }) => !isResponse)).toMatchObject([{ messageId: 0 }]);
  expect(sent.filter(({ isResponse }) => isResponse)).toHaveLength(1);
  world.run(seconds(1.5));
  expect(gateway.core.snapshot().counters['dropped.message-id'] ?? 0).toBe(0);
});
