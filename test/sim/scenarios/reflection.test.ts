// Our own messages sent back at us: a router that serves phones and dials an office with one pre-shared key must
// not let somebody in who only holds up a mirror.
import { describe, expect, test } from 'vitest';
import { type Ip, ip } from '../../../src/base/ip.ts';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { decodeMessage } from '../../../src/wire/message.ts';
import type { Payload } from '../../../src/wire/payloads/index.ts';
import { gatewayAddress } from '../doorstep.ts';
import { kinds, pool } from '../household.ts';
import { without } from '../payloads.ts';
import { Peer } from '../peer.ts';
import { first, last } from '../pick.ts';
import { connection, pattern, phone, policy } from '../policies.ts';
import { World } from '../world.ts';

/** A router with both roles, and one key for everybody. */
function dialing() {
  const world = new World();
  const office = phone({ name: 'office', remoteId: pattern('office.example') });
  const both = policy([connection(), office]);
  const router = world.host('router', gatewayAddress, both, pool(['10.3.0.2']));
  const dial = (address: Ip) => {
    const local = { ip: ip(gatewayAddress), port: 500 };
    const path = { local, remote: { ip: address, port: 500 } };
    const command = { kind: 'initiate', connection: 'office', path } as const;
    world.input(router, { kind: 'command', command });
    world.run(milliseconds(20));
  };
  return { world, router, dial };
}

/** It dials an impostor, which answers IKE_SA_INIT and holds the router's IKE_AUTH. */
function dialsImpostor() {
  const { world, router, dial } = dialing();
  const impostor = new Peer(world, {
    to: gatewayAddress,
    from: '198.51.100.66',
    role: 'responder',
  });
  dial(impostor.from.ip);
  impostor.send(impostor.answerInit(first(impostor.received())));
  const own: readonly Payload[] = impostor.lastHeard().payloads;
  return { world, router, impostor, own };
}

describe('an impostor that was dialed', () => {
  // The key proves no side: only IDi, nonces and SPIs differ between the two AUTHs, and here they are our own.
  test('gets no tunnel by sending our IKE_AUTH request back as its own request (class 2)', () => {
    const { world, router, impostor, own } = dialsImpostor();
    expect(own.map(({ type }) => type)).toContain(P.AUTH);
    impostor.ask(Exchange.IKE_AUTH, without(own, P.IDR));
    world.run(seconds(200));
    expect(router.eventsOf('sa.established')).toEqual([]);
    expect(router.installed).toEqual([]);
    expect(kinds(router)).not.toContain('bug');
  });

  test('gets no tunnel by sending our IDi and AUTH back as its response', () => {
    const { world, router, impostor, own } = dialsImpostor();
    const mirrored = without(own, P.IDR, P.CP).map(
      (one): Payload => (one.type === P.IDI ? { ...one, type: P.IDR } : one),
    );
    impostor.respond(mirrored);
    world.run(seconds(200));
    expect(router.eventsOf('attempt.failed')).toMatchObject([{ notify: 'AUTHENTICATION_FAILED' }]);
    expect(router.installed).toEqual([]);
  });

  test('gets nowhere with our protected datagrams as they are: every direction has its keys', () => {
    const { router, impostor } = dialsImpostor();
    impostor.send(last(impostor.received()).slice());
    expect(router.core.snapshot().counters['dropped.unknown-spi']).toBe(1);
    expect(router.core.snapshot().sas).toMatchObject([{ phase: 'auth' }]);
  });
});

// The impostor has no keys at all: it makes the router dial itself, which the key alone would allow.
test('a router whose own datagrams are all sent back to it does not take itself for the office', () => {
  const { world, router, dial } = dialing();
  const mirror = ip('198.51.100.66');
  world.wire = ({ from, to, bytes }) => {
    const packet = { from: { ...to, ip: mirror }, to: { ...from, ip: ip(gatewayAddress) }, bytes };
    return [{ packet, delay: milliseconds(10) }];
  };
  dial(mirror);
  world.run(seconds(200));
  expect(router.eventsOf('attempt.failed')[0]?.why).toContain('wants to talk to office.example');
  expect(router.installed).toEqual([]);
  expect(router.core.snapshot().sas).toEqual([]);
});

test('an IKE_SA_INIT response sent to a gateway as a request begins nothing (class 23)', () => {
  const { router, impostor } = dialsImpostor();
  const { header, payloads } = decodeMessage(impostor.response);
  for (const spiR of [header.spiR, new Uint8Array(8)]) {
    impostor.send(impostor.plain(payloads, { spiR }));
  }
  expect(router.core.snapshot().sas).toHaveLength(1);
});
