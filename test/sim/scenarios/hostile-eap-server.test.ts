// EAP as no honest gateway speaks it, to a phone of ours: it hears no password, and is never believed.
import { describe, expect, test } from 'vitest';
import { concat, fromText } from '../../../src/base/bytes.ts';
import { milliseconds } from '../../../src/base/time.ts';
import { EapType } from '../../../src/iana/eap.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { encodeMsChap } from '../../../src/ike/eap/mschapv2-packet.ts';
import type { Connection } from '../../../src/policy/policy.ts';
import { find, type Payload, payload } from '../../../src/wire/payloads/index.ts';
import { authenticating, welcome } from '../dialed.ts';
import { none, replaced } from '../payloads.ts';
import { eap, eapIn, eapPhone } from '../users.ts';

/** A phone of ours that logs in by EAP at a scripted gateway. */
function loggingIn(fields: Partial<Connection> = {}) {
  const [connection] = eapPhone().connections;
  const scene = authenticating({ ...connection, ...fields });
  /** The phone's answer to EAP from the gateway. */
  const hear = (...payloads: readonly Payload[]): readonly Payload[] => {
    scene.peer.respond(payloads);
    return scene.peer.lastHeard().payloads;
  };
  const proof = welcome(scene.peer).filter(({ type }) => type === P.IDR || type === P.AUTH);
  return { ...scene, hear, proof };
}
const request = (identifier: number, type: number, data: Uint8Array): Payload =>
  eap({ code: 'request', identifier, type, data });
const challengeOf = (identifier: number): Payload =>
  request(
    identifier,
    EapType.MSCHAPV2,
    encodeMsChap({ op: 'challenge', id: identifier, challenge: new Uint8Array(16), name: none }),
  );

describe('a gateway that lies to us', () => {
  const expectOut = ({ dialer, world }: ReturnType<typeof loggingIn>): void => {
    world.run(milliseconds(100));
    expect(dialer.installed).toEqual([]);
    expect(dialer.core.snapshot().sas).toEqual([]);
    expect(dialer.eventsOf('bug')).toEqual([]);
    expect(dialer.eventsOf('attempt.failed')).toHaveLength(1);
  };

  test('without AUTH in its first response hears no name (attack 13)', () => {
    const scene = loggingIn();
    const [idR] = scene.proof;
    const answer = scene.hear(...(idR ? [idR] : []), request(1, EapType.IDENTITY, none));

    expect(find(answer, P.EAP)).toBeUndefined();
    expectOut(scene);
  });

  test('with a wrong AUTH hears no name (CVE-2015-4171, class 3, attack 13)', () => {
    const scene = loggingIn();
    const wrong = replaced(scene.proof, payload(P.AUTH, { method: 2, data: new Uint8Array(32) }));
    const answer = scene.hear(...wrong, request(1, EapType.IDENTITY, none));

    expect(find(answer, P.EAP)).toBeUndefined();
    expectOut(scene);
  });

  test('with EAP-Success at once is not believed (CVE-2021-45079, class 2, pitfall 37, attack 1)', () => {
    const scene = loggingIn();
    scene.hear(...scene.proof, eap({ code: 'success', identifier: 1 }));

    expectOut(scene);
  });

  test('with EAP-Success after our answer, unproven, is not believed (attack 1)', () => {
    const scene = loggingIn();
    scene.hear(...scene.proof, request(1, EapType.IDENTITY, none));
    const answer = scene.hear(challengeOf(2));
    expect(eapIn(answer)).toMatchObject({ code: 'response', type: EapType.MSCHAPV2 });
    scene.hear(eap({ code: 'success', identifier: 2 }));

    expectOut(scene);
  });

  test('with AUTH and a tunnel in the middle of EAP is not believed', () => {
    const scene = loggingIn();
    scene.hear(...scene.proof, request(1, EapType.IDENTITY, none));
    scene.hear(...welcome(scene.peer));

    expectOut(scene);
  });

  test.each([
    ['a failure that is cut', concat(Uint8Array.of(4, 1, 0), none)],
    ['a failure whose length lies', concat(Uint8Array.of(4, 1, 0xff, 0xff), fromText('E=691'))],
    ['a success without proof', encodeMsChap({ op: 'success', id: 1, message: none })],
    ['an empty packet', none],
  ])('with %s is not believed (CVE-2025-62291)', (_, data) => {
    const scene = loggingIn();
    scene.hear(...scene.proof, request(1, EapType.IDENTITY, none));
    scene.hear(challengeOf(2));
    scene.hear(request(3, EapType.MSCHAPV2, data));

    expectOut(scene);
  });

  test('that wants another method hears which we have', () => {
    const scene = loggingIn();
    const answer = scene.hear(...scene.proof, request(1, EapType.MD5_CHALLENGE, none));

    expect(eapIn(answer)).toMatchObject({
      type: EapType.NAK,
      data: Uint8Array.of(EapType.MSCHAPV2),
    });
  });

  test('that only talks gets an answer each time, up to a limit', () => {
    const scene = loggingIn();
    scene.hear(...scene.proof, request(1, EapType.NOTIFICATION, fromText('hello')));
    for (let i = 2; i < 105; i++) scene.hear(request(i, EapType.NOTIFICATION, fromText('hello')));

    expectOut(scene);
  });
});
