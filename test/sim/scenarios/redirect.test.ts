// A gateway sends its client to another one (RFC 5685; scenario 34): followed only where the connection says so.
import { describe, expect, test } from 'vitest';
import { concat, fromText, toHex } from '../../../src/base/bytes.ts';
import { ip, ipBytes } from '../../../src/base/ip.ts';
import { milliseconds, minutes, seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import type { Path } from '../../../src/ike/core.ts';
import { decodeMessage } from '../../../src/wire/message.ts';
import { find } from '../../../src/wire/payloads/index.ts';
import { authenticating, dialing, welcome } from '../dialed.ts';
import { openNotifies } from '../doorstep.ts';
import { household } from '../household.ts';
import { expectAgreement } from '../model.ts';
import { none, notify, without } from '../payloads.ts';
import { Peer } from '../peer.ts';
import { last, present } from '../pick.ts';
import { connection, phone, policy } from '../policies.ts';

const other = '203.0.113.77';
const to = (type: number, identity: Uint8Array, nonce: Uint8Array = none) =>
  notify(Notification.REDIRECT, concat(Uint8Array.of(type, identity.length), identity, nonce));
const toOther = (nonce: Uint8Array = none) => to(1, ipBytes(ip(other)), nonce);
const allowed = { redirect: true };
const nonceOf = (request: Uint8Array) =>
  present(find(decodeMessage(request).payloads, P.NONCE), 'Ni').data;

describe('in the response to IKE_SA_INIT', () => {
  test('with our nonce leads to the other gateway, which hears where we come from', () => {
    const { world, dialer, peer, request } = dialing(allowed);
    expect(openNotifies(request)).toContain('REDIRECT_SUPPORTED');
    peer.send(
      peer.plain([toOther(nonceOf(request))], { isResponse: true, spiI: request.slice(0, 8) }),
    );
    expect(dialer.redirected).toMatchObject([
      { to: other, from: peer.from.ip, instead: undefined },
    ]);
    expect(dialer.core.snapshot().sas).toEqual([]);
    const [{ from, instead, connection: name }] = dialer.redirected as [never];
    const path: Path = { local: peer.to, remote: { ip: ip(other), port: 500 } };
    const command = {
      kind: 'initiate',
      connection: name,
      path,
      redirected: { from, instead },
    } as const;
    world.input(dialer, { kind: 'command', command });
    const next = last(world.sent);
    expect(next.to.ip).toBe(other);
    expect(openNotifies(next.bytes)).toContain('REDIRECTED_FROM');
    expect(openNotifies(next.bytes)).not.toContain('REDIRECT_SUPPORTED');
  });

  test.each([
    ['without our nonce', none],
    ['with another nonce', new Uint8Array(32)],
  ])('%s is forged: the true answer is waited for', (_how, nonce) => {
    const { dialer, peer, request } = dialing(allowed);
    peer.send(peer.plain([toOther(nonce)], { isResponse: true, spiI: request.slice(0, 8) }));
    expect(dialer.redirected).toEqual([]);
    peer.send(peer.answerInit(request));
    peer.respond(welcome(peer));
    expect(dialer.sa.phase).toBe('established');
  });

  test('is ignored where the connection does not allow it, and not asked for', () => {
    const { dialer, peer, request } = dialing();
    expect(openNotifies(request)).not.toContain('REDIRECT_SUPPORTED');
    peer.send(
      peer.plain([toOther(nonceOf(request))], { isResponse: true, spiI: request.slice(0, 8) }),
    );
    expect(dialer.redirected).toEqual([]);
    expect(dialer.core.snapshot().sas).toHaveLength(1);
  });
});

test('in the response to IKE_AUTH: the gateway proved itself, and is told good-bye', () => {
  const { dialer, peer } = authenticating(allowed);
  peer.respond([...without(welcome(peer), P.SA, P.TSI, P.TSR, P.CP), toOther()]);
  expect(dialer.redirected).toMatchObject([{ to: other }]);
  expect(find(peer.lastHeard().payloads, P.DELETE)).toBeDefined();
  peer.respond();
  expect(dialer.core.snapshot().sas).toEqual([]);
});

// A gateway may choose by IDi alone, before EAP begins: that response has AUTH and no EAP, and was refused as broken.
test('in the first response, instead of a login by EAP', () => {
  const { dialer, peer } = authenticating({ ...allowed, localAuth: 'eap-mschapv2' });
  peer.respond([...without(welcome(peer), P.SA, P.TSI, P.TSR, P.CP), toOther()]);
  expect(dialer.redirected).toMatchObject([{ to: other }]);
  expect(find(peer.lastHeard().payloads, P.DELETE)).toBeDefined();
  peer.respond();
  expect(dialer.core.snapshot().sas).toEqual([]);
});

test('in the response to IKE_AUTH of somebody who did not prove himself: none', () => {
  const { dialer, peer } = authenticating(allowed);
  peer.respond([toOther()]);
  expect(dialer.redirected).toEqual([]);
});

const standing = (fields = {}) => {
  const scene = authenticating(fields);
  scene.peer.respond(welcome(scene.peer));
  scene.peer.nextId = 0;
  return scene;
};
/** The daemon found the way to the gateway that `n`th redirect names. */
const follow = ({ world, dialer, peer }: ReturnType<typeof standing>, n = 0) => {
  const { from, instead } = present(dialer.redirected[n], 'redirect');
  const path: Path = { local: { ...peer.to, port: 500 }, remote: { ip: ip(other), port: 500 } };
  const redirected = { from, instead };
  const command = { kind: 'initiate', connection: 'home', path, redirected } as const;
  world.input(dialer, { kind: 'command', command });
  world.run(milliseconds(20));
};
const dials = ({ world }: ReturnType<typeof standing>, to: string = other) =>
  new Set(
    world.sent
      .filter((sent) => sent.to.ip === to && sent.bytes[18] === Exchange.IKE_SA_INIT)
      .map(({ bytes }) => toHex(bytes.subarray(0, 8))),
  ).size;
/** The other gateway answers the dial and lets the client in. */
const letIn = ({ world, peer }: ReturnType<typeof standing>) => {
  const next = new Peer(world, { from: other, to: peer.to.ip, role: 'responder', seed: 5 });
  const request = present(
    world.sent.findLast((sent) => sent.to.ip === other),
    'IKE_SA_INIT',
  );
  next.send(next.answerInit(request.bytes));
  next.respond(welcome(next));
  return next;
};

describe('later', () => {
  test('is answered, and the connection serves until the next one stands', () => {
    const { dialer, peer } = standing(allowed);
    expect(peer.ask(Exchange.INFORMATIONAL, [toOther()])).toEqual([]);
    expect(dialer.redirected).toMatchObject([{ to: other, instead: dialer.sa.id }]);
    expect(dialer.sa.phase).toBe('established');
  });

  test('is answered and ignored where the connection does not allow it', () => {
    const { dialer, peer } = standing();
    expect(peer.ask(Exchange.INFORMATIONAL, [toOther()])).toEqual([]);
    expect(dialer.redirected).toEqual([]);
  });

  test('is followed five times in five minutes (RFC 5685 §4)', () => {
    const { world, dialer, peer } = standing(allowed);
    for (let i = 0; i < 9; i++) peer.ask(Exchange.INFORMATIONAL, [toOther()]);
    expect(dialer.redirected).toHaveLength(5);
    world.run(seconds(301));
    peer.ask(Exchange.INFORMATIONAL, [toOther()]);
    expect(dialer.redirected).toHaveLength(6);
  });

  test("that comes twice is followed once: a second connection would be nobody's", () => {
    const scene = standing(allowed);
    const { dialer, peer } = scene;
    for (let i = 0; i < 2; i++) peer.ask(Exchange.INFORMATIONAL, [toOther()]);
    for (const n of dialer.redirected.keys()) follow(scene, n);
    expect(dials(scene)).toBe(1);
  });

  test('is not followed when the owner hung up while its name was looked up', () => {
    const scene = standing(allowed);
    const { world, dialer, peer } = scene;
    peer.ask(Exchange.INFORMATIONAL, [toOther()]);
    world.input(dialer, { kind: 'command', command: { kind: 'terminate', which: 'all' } });
    world.run(milliseconds(20));
    follow(scene);
    expect(dials(scene)).toBe(0);
    peer.respond();
    follow(scene);
    expect(dialer.core.snapshot().sas).toEqual([]);
  });

  test('to nobody leaves the connection as it was', () => {
    const scene = standing(allowed);
    const { world, dialer, peer } = scene;
    const { id } = dialer.sa;
    const before = dials(scene, peer.from.ip);
    peer.ask(Exchange.INFORMATIONAL, [toOther()]);
    follow(scene);
    world.run(minutes(10));
    expect(dialer.eventsOf('attempt.failed')).toHaveLength(1);
    expect(dials(scene, peer.from.ip)).toBe(before);
    expect(dialer.sa.id).toBe(id);
  });

  test.each([
    ['a name', to(3, fromText('b.example.org')), ['b.example.org']],
    ['an IPv6 address', to(2, ipBytes(ip('2001:db8::7'))), ['2001:db8::7']],
    ['a name with a nonce behind it', to(3, fromText('b.example.org'), new Uint8Array(32)), []],
    ['a name that is none', to(3, fromText('b example; reboot')), []],
    ['no name', to(3, none), []],
    ['an address for everybody', to(1, ipBytes(ip('255.255.255.255'))), []],
    ['half an address', to(1, Uint8Array.of(10, 1)), []],
    ['a kind of the future', to(9, ipBytes(ip(other))), []],
    ['less than it says', notify(Notification.REDIRECT, Uint8Array.of(1, 4, 10)), []],
    ['nothing', notify(Notification.REDIRECT), []],
  ])('to %s', (_what, one, gateways) => {
    const { dialer, peer } = standing(allowed);
    expect(peer.ask(Exchange.INFORMATIONAL, [one])).toEqual([]);
    expect(dialer.redirected.map(({ to: gateway }) => gateway)).toEqual(gateways);
  });
});

describe('when we authenticate anew', () => {
  test.each(['IKE_SA_INIT', 'IKE_AUTH'])('in %s: the other gateway takes over', (where) => {
    const scene = standing({ ...allowed, reauthLifetime: seconds(100) });
    const { world, dialer, peer } = scene;
    const { id, spiI } = dialer.sa;
    world.run(seconds(90.1));
    const request = present(
      world.sent.findLast(({ bytes }) => bytes[18] === Exchange.IKE_SA_INIT),
      'IKE_SA_INIT',
    ).bytes;
    if (where === 'IKE_SA_INIT') {
      const fields = { isResponse: true, spiI: request.slice(0, 8), spiR: new Uint8Array(8) };
      peer.send(peer.plain([toOther(nonceOf(request))], fields));
    } else {
      peer.send(peer.answerInit(request));
      peer.respond([...without(welcome(peer), P.SA, P.TSI, P.TSR, P.CP), toOther()]);
    }
    expect(dialer.redirected).toMatchObject([{ to: other, instead: id }]);
    follow(scene);
    letIn(scene);
    expect(toHex(last(world.sent).bytes.subarray(0, 8))).toBe(spiI);
    expect(last(world.sent).bytes[18]).toBe(Exchange.INFORMATIONAL);
    world.run(minutes(3));
    expect(dialer.core.snapshot().sas).toMatchObject([{ path: { remote: { ip: other } } }]);
  });
});

test('the next connection takes the place of the old one, with the same address (scenario 34)', () => {
  const {
    world,
    gateway,
    phone: dialer,
    dial,
  } = household({
    gateway: policy([connection()]),
    phone: policy([phone(allowed)]),
  });
  dial();
  world.run(seconds(1));
  const { id, path } = dialer.sa;
  const origin = { local: { ...path.local, port: 500 }, remote: { ...path.remote, port: 500 } };
  const redirected = { from: path.remote.ip, instead: id };
  const command = { kind: 'initiate', connection: 'home', path: origin, redirected } as const;
  world.input(dialer, { kind: 'command', command });
  for (let i = 0; i < 100; i++) {
    expect(world.carry(dialer, gateway)).toBe('carried');
    expect(world.carry(gateway, dialer)).toBe('carried');
    world.run(seconds(0.1));
  }
  expect(dialer.sa.id).not.toBe(id);
  expectAgreement(world, gateway, dialer);
  expect(dialer.sa.addresses).toEqual(['10.3.0.2']);
});
