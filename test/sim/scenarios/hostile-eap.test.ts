// EAP as no honest peer speaks it: nobody comes in early, and every length that lies ends the attempt.
import { describe, expect, test } from 'vitest';
import { fromText } from '../../../src/base/bytes.ts';
import { seconds } from '../../../src/base/time.ts';
import { EapType } from '../../../src/iana/eap.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { encodeMsChap } from '../../../src/ike/eap/mschapv2-packet.ts';
import { encodeEap } from '../../../src/ike/eap/packet.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { ownId } from '../../../src/wire/payloads/id.ts';
import { find, type Payload, payload } from '../../../src/wire/payloads/index.ts';
import { doorstep, notifies } from '../doorstep.ts';
import { child, login, none, notify, without } from '../payloads.ts';
import type { Peer } from '../peer.ts';
import { identity } from '../policies.ts';
import {
  annasPassword,
  answerTo,
  challengeIn,
  eap,
  eapIn,
  eapPolicy,
  msChapAnswer,
  requestIn,
  users,
} from '../users.ts';

const { IKE_AUTH } = Exchange;
const success = encodeMsChap({ op: 'success' });
/** What a device of Windows calls itself: its private address. */
const idI = ownId(identity('192.168.1.23').type, identity('192.168.1.23').data);

/** A guest that asked to log in by EAP; `offer` is the gateway's first request. */
function knocking(policy: Policy = eapPolicy()) {
  const scene = doorstep({ policy, ports: users() });
  const guest = scene.halfOpen();
  const first = guest.ask(IKE_AUTH, [payload(P.IDI, idI), ...without(login(guest), P.IDI, P.AUTH)]);
  return { ...scene, guest, first, offer: requestIn(first) };
}

/** ... and said its name, so that it was challenged. */
function challenged(name: string | Uint8Array = 'anna', policy?: Policy) {
  const scene = knocking(policy);
  const answer = scene.guest.ask(IKE_AUTH, [answerTo(scene.offer, EapType.IDENTITY, name)]);
  return { ...scene, challenge: requestIn(answer) };
}

const says = (guest: Peer, ...payloads: readonly Payload[]) => guest.ask(IKE_AUTH, payloads);
const whys = (gateway: { readonly events: readonly object[] }): string[] =>
  gateway.events.flatMap((event) => ('why' in event && 'advice' in event ? [`${event.why}`] : []));

/** Nobody came in, nothing was installed, and nothing is our fault. */
function expectNobody({ gateway }: Pick<ReturnType<typeof knocking>, 'gateway'>): void {
  expect(gateway.installed).toEqual([]);
  expect(gateway.core.snapshot().sas).toEqual([]);
  expect(gateway.eventsOf('bug')).toEqual([]);
}

describe('an honest guest', () => {
  test('is asked for its name after the gateway proved itself (pitfall 34)', () => {
    const { first, offer } = knocking();

    expect(find(first ?? [], P.AUTH)).toBeDefined();
    expect(find(first ?? [], P.IDR)).toBeDefined();
    expect(find(first ?? [], P.SA)).toBeUndefined();
    expect(offer).toMatchObject({ type: EapType.IDENTITY });
  });

  test('without a name is known by that in the answer of MSCHAPv2, as Android (pitfall 39)', () => {
    const { gateway, guest, challenge } = challenged(none);
    const right = { name: 'anna', password: annasPassword };
    const { data, msk } = msChapAnswer(challengeIn(challenge), right);
    const verdict = requestIn(says(guest, answerTo(challenge, EapType.MSCHAPV2, data)));
    const result = eapIn(says(guest, answerTo(verdict, EapType.MSCHAPV2, success)));
    const last = says(guest, guest.keyAuth(idI, msk));

    expect(result).toEqual({ code: 'success', identifier: verdict.identifier });
    expect(find(last ?? [], P.AUTH)).toBeDefined();
    expect(find(last ?? [], P.SA)).toBeDefined();
    expect(gateway.sa).toMatchObject({ peer: 'anna' });
  });

  test('may mistype its password twice', () => {
    const { gateway, guest, challenge } = challenged();
    let request = challenge;
    let text = '';
    for (const password of ['wrong', 'Wrong', annasPassword]) {
      const digits = / C=([0-9A-F]{32})/.exec(text)?.[1];
      const bytes = digits ? Buffer.from(digits, 'hex') : challengeIn(request);
      const { data } = msChapAnswer(new Uint8Array(bytes), { name: 'anna', password });
      request = requestIn(says(guest, answerTo(request, EapType.MSCHAPV2, data)));
      text = new TextDecoder().decode(request.data.subarray(4));
    }

    expect(text).toMatch(/^S=[0-9A-F]{40} M=/);
    expect(eapIn(says(guest, answerTo(request, EapType.MSCHAPV2, success))).code).toBe('success');
    expect(gateway.eventsOf('attempt.failed')).toEqual([]);
  });

  test('that asks for another method gets it, if it is allowed (RFC 3748 §5.3.1)', () => {
    const policy = eapPolicy({ remoteAuth: ['eap-mschapv2', 'eap-gtc'] });
    const { guest, offer } = knocking(policy);
    const first = requestIn(says(guest, answerTo(offer, EapType.IDENTITY, 'anna')));
    const nak = answerTo(first, EapType.NAK, Uint8Array.of(EapType.TLS, EapType.GTC));
    const second = requestIn(says(guest, nak));

    expect([first.type, second.type]).toEqual([EapType.MSCHAPV2, EapType.GTC]);
  });

  test('hears each answer again, in every round (§2.1)', () => {
    const { guest, gateway, challenge } = challenged();
    const { data } = msChapAnswer(challengeIn(challenge), { name: 'anna', password: 'x' });
    const request = guest.seal(IKE_AUTH, [answerTo(challenge, EapType.MSCHAPV2, data)]);
    const [once] = guest.hears(() => guest.send(request));
    const [again] = guest.hears(() => guest.send(request));

    expect(again).toEqual(once);
    expect(gateway.asked.filter(({ question }) => question.kind === 'account')).toHaveLength(1);
  });
});

test('who knows the shared secret and takes the name of a user does not end what that has', () => {
  const scene = challenged('anna', eapPolicy({ remoteAuth: ['psk', 'eap-mschapv2'] }));
  const right = { name: 'anna', password: annasPassword };
  const { data, msk } = msChapAnswer(challengeIn(scene.challenge), right);
  const anna = scene.guest;
  const verdict = requestIn(says(anna, answerTo(scene.challenge, EapType.MSCHAPV2, data)));
  says(anna, answerTo(verdict, EapType.MSCHAPV2, success));
  says(anna, anna.keyAuth(idI, msk));
  expect(scene.gateway.sa).toMatchObject({ peer: 'anna', user: 'anna' });

  const other = scene.halfOpen({ from: '198.51.100.66', seed: 66 });
  const extra = [notify(Notification.INITIAL_CONTACT)];
  says(other, ...login(other, { id: 'anna', spi: Uint8Array.of(0xd0, 0, 0, 1), extra }));

  expect(scene.gateway.core.snapshot().sas).toMatchObject([
    { peer: 'anna', user: 'anna', phase: 'established' },
    { peer: 'anna', user: undefined, phase: 'established' },
  ]);
  expect(scene.gateway.eventsOf('sa.closed')).toEqual([]);
});

describe('a guest', () => {
  test('that says AUTH before EAP has ended stays outside (attack 2)', () => {
    for (const key of [none, new Uint8Array(64), fromText('correct horse battery staple')]) {
      const scene = challenged();

      expect(notifies(says(scene.guest, scene.guest.keyAuth(idI, key)))).toEqual([
        'AUTHENTICATION_FAILED',
      ]);
      expectNobody(scene);
    }
  });

  test('that says AUTH beside its EAP response stays outside (attack 2)', () => {
    const scene = challenged();
    const right = { name: 'anna', password: annasPassword };
    const { data, msk } = msChapAnswer(challengeIn(scene.challenge), right);
    says(
      scene.guest,
      answerTo(scene.challenge, EapType.MSCHAPV2, data),
      scene.guest.keyAuth(idI, msk),
    );

    expectNobody(scene);
  });

  test.each([
    ['without a key', none],
    ['with a wrong key', new Uint8Array(64).fill(1)],
  ])('that ends EAP well and says AUTH %s stays outside', (_, key) => {
    const scene = challenged();
    const right = { name: 'anna', password: annasPassword };
    const { data } = msChapAnswer(challengeIn(scene.challenge), right);
    const verdict = requestIn(says(scene.guest, answerTo(scene.challenge, EapType.MSCHAPV2, data)));
    says(scene.guest, answerTo(verdict, EapType.MSCHAPV2, success));

    expect(notifies(says(scene.guest, scene.guest.keyAuth(idI, key)))).toEqual([
      'AUTHENTICATION_FAILED',
    ]);
    expectNobody(scene);
  });

  test('that was let in by a configuration which is no more stays outside', () => {
    const scene = challenged();
    const right = { name: 'anna', password: annasPassword };
    const { data, msk } = msChapAnswer(challengeIn(scene.challenge), right);
    const verdict = requestIn(says(scene.guest, answerTo(scene.challenge, EapType.MSCHAPV2, data)));
    says(scene.guest, answerTo(verdict, EapType.MSCHAPV2, success));
    // Anna is switched off meanwhile: whom a reload hangs up, it knows by the name of a login that is complete.
    const command = { kind: 'policy', policy: eapPolicy() } as const;
    scene.world.input(scene.gateway, { kind: 'command', command });

    expect(notifies(says(scene.guest, scene.guest.keyAuth(idI, msk)))).toEqual([
      'AUTHENTICATION_FAILED',
    ]);
    expectNobody(scene);
  });

  test.each([
    ['success', eap({ code: 'success', identifier: 1 })],
    ['failure', eap({ code: 'failure', identifier: 1 })],
    ['a request of its own', eap({ code: 'request', identifier: 1, type: 1, data: none })],
  ])('that sends EAP %s hears EAP-Failure (CVE-2021-45079, pitfall 37)', (_, odd) => {
    const scene = challenged();

    expect(eapIn(says(scene.guest, odd)).code).toBe('failure');
    expectNobody(scene);
  });

  test.each(['before it was challenged', 'before it answered'])(
    'that says success of MSCHAPv2 %s hears EAP-Failure (attack 1)',
    (when) => {
      const scene = challenged();
      const early = knocking();
      const isEarly = when === 'before it was challenged';
      const { guest, gateway } = isEarly ? early : scene;
      const request = isEarly ? early.offer : scene.challenge;

      const answer = eapIn(says(guest, answerTo(request, EapType.MSCHAPV2, success)));
      expect(answer.code).toBe('failure');
      expectNobody({ gateway });
    },
  );

  test('that answers another identifier than the last hears EAP-Failure (pitfall 39)', () => {
    const scene = challenged();
    const { data } = msChapAnswer(challengeIn(scene.challenge), {
      name: 'anna',
      password: annasPassword,
    });
    const stale = { ...scene.challenge, identifier: (scene.challenge.identifier + 255) % 256 };

    expect(eapIn(says(scene.guest, answerTo(stale, EapType.MSCHAPV2, data))).code).toBe('failure');
    expectNobody(scene);
  });

  test('that wants methods which are not allowed hears EAP-Failure, and the owner which', () => {
    const scene = challenged();
    const nak = answerTo(scene.challenge, EapType.NAK, Uint8Array.of(4, 13, 99));

    expect(eapIn(says(scene.guest, nak)).code).toBe('failure');
    expect(whys(scene.gateway).join()).toContain('md5_challenge, tls, 99');
    expectNobody(scene);
  });

  test('that changes its mind after it began a method hears EAP-Failure', () => {
    const policy = eapPolicy({ remoteAuth: ['eap-mschapv2', 'eap-gtc'] });
    const scene = knocking(policy);
    const first = requestIn(says(scene.guest, answerTo(scene.offer, EapType.IDENTITY, 'anna')));
    const { data } = msChapAnswer(challengeIn(first), { name: 'anna', password: 'x' });
    const second = requestIn(says(scene.guest, answerTo(first, EapType.MSCHAPV2, data)));
    const nak = answerTo(second, EapType.NAK, Uint8Array.of(EapType.GTC));

    expect(eapIn(says(scene.guest, nak)).code).toBe('failure');
    expectNobody(scene);
  });

  test.each([254, 4000, 60_000])('with a name of %i bytes stays outside', (bytes) => {
    const scene = knocking();
    const long = new Uint8Array(bytes).fill(0x61);

    expect(eapIn(says(scene.guest, answerTo(scene.offer, EapType.IDENTITY, long))).code).toBe(
      'failure',
    );
    expectNobody(scene);
  });

  test('with control characters in its name writes none into the log', () => {
    const scene = challenged('an\nna\u001b[31m');
    says(scene.guest, answerTo(scene.challenge, EapType.MSCHAPV2, success));

    const [failed] = scene.gateway.eventsOf('attempt.failed');
    expect(failed?.peer).toBeDefined();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the question
    expect(`${failed?.peer}${failed?.why}`).not.toMatch(/[\u0000-\u001f]/);
  });

  test.each([Exchange.CREATE_CHILD_SA, Exchange.INFORMATIONAL])(
    'that begins exchange %i between two rounds is gone (CVE-2026-78135, pitfall 42, attack 8)',
    (exchange) => {
      const scene = challenged();
      const payloads = exchange === Exchange.INFORMATIONAL ? [] : without(child(), P.CP);
      const nonce = payload(P.NONCE, { data: new Uint8Array(32) });

      expect(scene.guest.ask(exchange, [...payloads, ...(payloads.length ? [nonce] : [])])).toBe(
        undefined,
      );
      expectNobody(scene);
    },
  );

  test('that begins to log in anew between two rounds stays outside', () => {
    const scene = challenged();
    says(scene.guest, payload(P.IDI, idI), ...child());

    expectNobody(scene);
  });

  test('that stops in the middle is forgotten, but not before a person has typed', () => {
    const scene = challenged();
    scene.world.run(seconds(60));
    expect(scene.gateway.core.snapshot().sas).toMatchObject([{ phase: 'eap' }]);
    scene.world.run(seconds(70));

    expectNobody(scene);
    expect(whys(scene.gateway)).toEqual(['the peer gave up while it logged in by EAP']);
  });

  test.each([
    ['and leaves', seconds(130)],
    ['and says so, as strongSwan', seconds(0)],
  ])('that is refused %s leaves the reason in the log', (_, wait) => {
    const scene = challenged();
    const { data } = msChapAnswer(challengeIn(scene.challenge), { name: 'anna', password: 'x' });
    says(scene.guest, answerTo(scene.challenge, EapType.MSCHAPV2, data));
    if (wait > 0) scene.world.run(wait);
    else scene.guest.ask(Exchange.INFORMATIONAL, [notify(Notification.AUTHENTICATION_FAILED)]);

    expectNobody(scene);
    expect(whys(scene.gateway)).toEqual(['wrong password for user «anna»']);
  });

  test('every length that lies in its EAP packet or in MSCHAPv2 ends the attempt (pitfall 37, attack 3)', () => {
    for (const at of [2, 3, 5, 6, 7, 8, 9]) {
      for (const value of [0, 1, 4, 5, 0x7f, 0xff]) {
        const scene = challenged();
        const { data } = msChapAnswer(challengeIn(scene.challenge), {
          name: 'anna',
          password: 'guess',
        });
        const { identifier } = scene.challenge;
        const type = EapType.MSCHAPV2;
        const packet = encodeEap({ code: 'response', identifier, type, data });
        packet[at] = value;
        says(scene.guest, payload(P.EAP, { data: packet }));
        scene.world.run(seconds(200));
        expectNobody(scene);
      }
    }
  });

  test('every truncation of its answer ends the attempt', () => {
    const scene = challenged();
    const { data } = msChapAnswer(challengeIn(scene.challenge), { name: 'anna', password: 'x' });
    for (let length = 0; length < data.length - 4; length += 3) {
      const each = challenged();
      says(each.guest, answerTo(each.challenge, EapType.MSCHAPV2, data.subarray(0, length)));
      expectNobody(each);
    }
  });
});

describe('guessing', () => {
  /** One attempt, and whether it was let in. */
  const attempt = (
    scene: ReturnType<typeof doorstep>,
    from: string,
    password: string,
    seed: number,
  ) => {
    const guest = scene.halfOpen({ from, seed });
    const first = guest.ask(IKE_AUTH, [
      payload(P.IDI, idI),
      ...without(login(guest), P.IDI, P.AUTH),
    ]);
    const offer = requestIn(first);
    const challenge = requestIn(says(guest, answerTo(offer, EapType.IDENTITY, 'anna')));
    const { data } = msChapAnswer(challengeIn(challenge), { name: 'anna', password });
    const verdict = requestIn(says(guest, answerTo(challenge, EapType.MSCHAPV2, data)));
    const isRight = verdict.data[0] === 3;
    // Whoever failed gives up, so that nothing half-open stays.
    says(guest, answerTo(verdict, EapType.MSCHAPV2, encodeMsChap({ op: 'failure' })));
    return isRight;
  };

  test('is stopped after a while, even with the right password; and time heals it', () => {
    const limits = {
      cookieThreshold: 100,
      cookieThresholdPerSource: 100,
      halfOpen: 100,
      halfOpenPerSource: 100,
    };
    const scene = doorstep({ policy: { ...eapPolicy(), limits }, ports: users() });
    for (let i = 0; i < 10; i++) expect(attempt(scene, '198.51.100.9', `no ${i}`, i)).toBe(false);

    expect(attempt(scene, '198.51.100.9', annasPassword, 20)).toBe(false);
    expect(whys(scene.gateway).at(-1)).toContain('too many wrong passwords');
    scene.world.run(seconds(60));
    expect(attempt(scene, '198.51.100.9', annasPassword, 21)).toBe(true);
  });
});
