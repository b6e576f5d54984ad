// RFC 2759 §9.2 is `test/vectors/ike/mschapv2.json`; its two keys are those of RFC 3079 §3.5.3, which takes the same
// password and challenges.
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, fromHex, fromText } from '../../../../src/base/bytes.ts';
import { noble } from '../../../../src/crypto/noble/index.ts';
import { ntHash } from '../../../../src/crypto/nt-hash.ts';
import { eapMethod } from '../../../../src/ike/eap/index.ts';
import type { EapMethodRow, EapStep } from '../../../../src/ike/eap/method.ts';
import { msChapMsk, msChapProofs } from '../../../../src/ike/eap/ms-chap.ts';
import {
  decodeMsChap,
  encodeMsChap,
  type MsChapPacket,
  readFailure,
  readSuccess,
} from '../../../../src/ike/eap/mschapv2-packet.ts';
import { WireError } from '../../../../src/wire/codec.ts';
import { answered } from './answered.ts';
import { anna, password, peerSetting, serverSetting } from './settings.ts';

const vector: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('../../../vectors/ike/mschapv2.json', import.meta.url), 'utf8'),
);
const bytesOf = (name: string) => fromHex(vector[name] as string);
const mschapv2 = eapMethod('eap-mschapv2') as EapMethodRow;

describe('the computations', () => {
  const chapOf = (userName: string) => ({
    authenticatorChallenge: bytesOf('authenticatorChallenge'),
    peerChallenge: bytesOf('peerChallenge'),
    userName: fromText(userName),
  });

  test('prove what RFC 2759 §9.2 says', () => {
    expect(msChapProofs(noble.sha1, chapOf('User'), bytesOf('ntHash'))).toEqual({
      ntResponse: bytesOf('ntResponse'),
      authenticatorResponse: vector['authenticatorResponse'],
    });
  });

  test('leave the domain of Windows out', () => {
    const plain = msChapProofs(noble.sha1, chapOf('User'), bytesOf('ntHash'));

    expect(msChapProofs(noble.sha1, chapOf('HOME\\User'), bytesOf('ntHash'))).toEqual(plain);
  });

  test('make the key of what the peer sends with, then what it receives with (pitfall 36)', () => {
    const msk = msChapMsk(noble.sha1, bytesOf('ntHash'), bytesOf('ntResponse'));

    expect(msk.bytes).toEqual(
      concat(bytesOf('masterSendKey'), bytesOf('masterReceiveKey'), new Uint8Array(32)),
    );
  });
});

const samples: readonly MsChapPacket[] = [
  { op: 'challenge', id: 9, challenge: new Uint8Array(16).fill(1), name: fromText('home') },
  {
    op: 'response',
    id: 9,
    peerChallenge: new Uint8Array(16).fill(2),
    ntResponse: new Uint8Array(24).fill(3),
    name: fromText('HOME\\anna'),
  },
  { op: 'success', id: 9, message: fromText('S=00 M=OK') },
  { op: 'failure', id: 9, message: fromText('E=691 R=0') },
  { op: 'success' },
  { op: 'failure' },
];

describe.each(samples)('a packet $op ($id)', (packet) => {
  test('is read as it was written', () => {
    expect(decodeMsChap(encodeMsChap(packet))).toEqual(packet);
  });

  test('is refused when its length lies, or its end is missing (pitfall 37)', () => {
    const whole = encodeMsChap(packet);
    for (let length = 0; length < whole.length; length++) {
      const isResult = length === 1 && (packet.op === 'success' || packet.op === 'failure');
      if (!isResult) expect(() => decodeMsChap(whole.subarray(0, length))).toThrow(WireError);
    }
    expect(() => decodeMsChap(concat(whole, Uint8Array.of(0)))).toThrow(WireError);
    if (!('id' in packet)) return;
    for (const lie of [0, 1, 3, 4, whole.length - 1, whole.length + 1, 0xffff]) {
      const lying = whole.slice();
      lying.set([lie >> 8, lie & 0xff], 2);
      expect(() => decodeMsChap(lying)).toThrow(WireError);
    }
  });
});

test.each([
  ['a challenge of 15 bytes', '01 01 0014 0f 00000000000000000000000000000000'],
  ['a response of 48 bytes', `02 01 0036 30 ${'00'.repeat(49)}`],
  ['an opcode that nobody uses', '07 01 0004'],
  ['a name of 257 bytes', `01 01 0116 10 ${'00'.repeat(16 + 257)}`],
])('%s is refused', (_, hex) => {
  expect(() => decodeMsChap(fromHex(hex))).toThrow(WireError);
});

describe('the text of a failure', () => {
  test('is read as Windows writes it', () => {
    expect(readFailure(fromText(`E=648 R=1 C=${'0A'.repeat(16)} V=3 M=Too old`))).toEqual({
      error: 648,
      mayRetry: true,
      challenge: new Uint8Array(16).fill(10),
      text: 'Too old',
    });
  });

  test.each(['', 'E', 'E=', 'E=x', 'E=99999999999', 'M=', 'C=0102', 'E=691R=1', 'R=12'])(
    'may be anything, here «%s» (pitfall 37)',
    (text) => {
      expect(readFailure(fromText(text))).toEqual({
        error: undefined,
        mayRetry: false,
        challenge: undefined,
        text: '',
      });
    },
  );

  test('breaks no line of a log, and is cut', () => {
    const { text } = readFailure(concat(fromText('M=a\nb'), new Uint8Array(5000).fill(0x41)));

    expect(text).toMatch(/^a\\x0abA{507}$/);
  });
});

test.each(['', 'S=', `S=${'0'.repeat(39)}`, `S=${'0'.repeat(41)}`, `x S=${'0'.repeat(40)}`])(
  'the text of a success without a whole proof has none, here «%s»',
  (text) => {
    expect(readSuccess(fromText(text))).toBeUndefined();
  },
);

const dataOf = (step: EapStep): Uint8Array => {
  if (step.kind !== 'send') throw new Error(`the method ended: ${JSON.stringify(step.end)}`);
  return step.data;
};

/** Both sides up to where the server has judged the peer's response. */
function judged(change: { password?: string; name?: string } = {}) {
  const server = mschapv2.server(serverSetting());
  const challenge = decodeMsChap(dataOf(answered(server.begin(1))));
  const response = respond(challenge, change);
  return { server, verdict: dataOf(answered(server.receive(response, 2))) };
}

function respond(
  challenge: { readonly op: string; readonly challenge?: Uint8Array },
  change: { password?: string; name?: string } = {},
): Uint8Array {
  const userName = fromText(change.name ?? 'anna');
  const authenticatorChallenge = challenge.challenge ?? new Uint8Array(0);
  const chap = { authenticatorChallenge, peerChallenge: new Uint8Array(16).fill(5), userName };
  const hash = ntHash(fromText(change.password ?? password));
  const { ntResponse } = msChapProofs(noble.sha1, chap, hash);
  return encodeMsChap({ op: 'response', id: 1, ntResponse, name: userName, ...chap });
}

describe('as server and as peer', () => {
  test('both come to the same key, and the server to who the peer is', () => {
    const server = mschapv2.server(serverSetting());
    const peer = mschapv2.peer(peerSetting());
    const challenge = dataOf(answered(server.begin(1)));
    const response = dataOf(answered(peer.receive(challenge, 1)));
    const success = dataOf(answered(server.receive(response, 2)));
    const last = answered(peer.receive(success, 2));
    const result = answered(server.receive(dataOf(last), 3));

    const ours = result.end?.kind === 'success' ? result.end.outcome : undefined;
    const theirs = last.end?.kind === 'success' ? last.end.outcome : undefined;
    expect(ours?.identities).toEqual([anna]);
    expect(ours?.msk?.length).toBe(64);
    expect(theirs?.msk?.bytes).toEqual(ours?.msk?.bytes);
  });

  test('the identifier of EAP stands in the challenge too', () => {
    const server = mschapv2.server(serverSetting());

    expect(decodeMsChap(dataOf(answered(server.begin(77))))).toMatchObject({ id: 77 });
  });

  test('no success before the response, and none for a refused one', () => {
    const out: Uint8Array[] = [encodeMsChap({ op: 'success' }), encodeMsChap({ op: 'failure' })];
    for (const early of out) {
      const server = mschapv2.server(serverSetting());
      answered(server.begin(1));
      expect(answered(server.receive(early, 2))).toMatchObject({ end: { kind: 'failure' } });
    }
    const { server } = judged({ password: 'wrong' });
    expect(answered(server.receive(encodeMsChap({ op: 'success' }), 3))).toMatchObject({
      end: { kind: 'failure' },
    });
  });

  test('a wrong password may be typed again, twice, each time for a new challenge', () => {
    const server = mschapv2.server(serverSetting());
    let challenge = decodeMsChap(dataOf(answered(server.begin(1))));
    const seen = new Set<string>();
    for (const [attempt, retry] of ['1', '1', '0'].entries()) {
      const answer = answered(server.receive(respond(challenge, { password: 'x' }), attempt + 2));
      const refusal = decodeMsChap(dataOf(answer));
      if (!('message' in refusal)) throw new Error(`a packet ${refusal.op}`);
      const text = new TextDecoder().decode(refusal.message);
      expect(text).toMatch(new RegExp(`^E=691 R=${retry} C=[0-9A-F]{32} V=3 M=.`));
      seen.add(text);
      const { challenge: next = new Uint8Array(0) } = readFailure(refusal.message);
      challenge = { op: 'challenge', id: attempt, challenge: next, name: new Uint8Array(0) };
    }
    expect(seen.size).toBe(3);
    // The right one comes too late.
    expect(answered(server.receive(respond(challenge), 5))).toMatchObject({
      kind: 'end',
      end: { kind: 'failure' },
    });
  });

  test('the right password is taken after two wrong ones', () => {
    const server = mschapv2.server(serverSetting());
    let challenge = decodeMsChap(dataOf(answered(server.begin(1))));
    for (const guess of ['wrong', 'wrong too', password]) {
      const packet = respond(challenge, { password: guess });
      const verdict = decodeMsChap(dataOf(answered(server.receive(packet, 2))));
      if (guess === password) expect(verdict.op).toBe('success');
      else if ('message' in verdict) {
        const { challenge: next = new Uint8Array(0) } = readFailure(verdict.message);
        challenge = { op: 'challenge', id: 1, challenge: next, name: new Uint8Array(0) };
      }
    }
    expect(answered(server.receive(encodeMsChap({ op: 'success' }), 3))).toMatchObject({
      end: { kind: 'success', outcome: { identities: [anna] } },
    });
  });

  test('a key that nobody took is wiped', () => {
    const { server } = judged();
    server.wipe();

    const step = answered(server.receive(encodeMsChap({ op: 'success' }), 3));
    expect(step.end?.kind === 'success' && step.end.outcome.msk?.isWiped).toBe(true);
  });

  test('whatever bytes come, the server ends or answers', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const server = mschapv2.server(serverSetting());
        answered(server.begin(1));
        try {
          const step = answered(server.receive(bytes, 2));
          expect(step.end?.kind === 'success').toBe(false);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
    );
  });
});

describe('as peer', () => {
  const success = (proof: string): Uint8Array =>
    encodeMsChap({ op: 'success', id: 2, message: fromText(`${proof} M=OK`) });
  const challenged = () => {
    const server = mschapv2.server(serverSetting());
    const peer = mschapv2.peer(peerSetting());
    const response = answered(peer.receive(dataOf(answered(server.begin(1))), 1));
    return { peer, response: dataOf(response), server };
  };

  test('believes no success without a challenge (CVE-2015-8023)', () => {
    const peer = mschapv2.peer(peerSetting());

    const step = answered(peer.receive(success(`S=${'0'.repeat(40)}`), 1));
    expect(step).toMatchObject({ kind: 'end', end: { kind: 'failure' } });
  });

  test.each(['', 'S=', `S=${'0'.repeat(40)}`])(
    'believes no server that does not prove the password (%#)',
    (proof) => {
      const { peer } = challenged();

      const step = answered(peer.receive(success(proof), 2));
      expect(step).toMatchObject({ kind: 'end', end: { kind: 'failure' } });
    },
  );

  test('answers one challenge only', () => {
    const { peer } = challenged();
    const again = answered(mschapv2.server(serverSetting()).begin(9));

    expect(answered(peer.receive(dataOf(again), 9))).toMatchObject({ kind: 'end' });
  });

  test('says why the server refused, and ends', () => {
    const { peer } = challenged();
    const message = fromText('E=648 R=1 C=00 V=3 M=Ask the office');
    const step = answered(peer.receive(encodeMsChap({ op: 'failure', id: 2, message }), 2));

    expect(dataOf(step)).toEqual(Uint8Array.of(4));
    expect(step).toMatchObject({
      end: {
        kind: 'failure',
        why: 'the server refused our login: the password has expired (it says: Ask the office)',
      },
    });
  });

  test.each([
    ['before the server proved itself', { isServerProven: false }],
    ['without a password', { password: undefined }],
  ])('answers no challenge %s', (_, change) => {
    const peer = mschapv2.peer(peerSetting(change));
    const challenge = answered(mschapv2.server(serverSetting()).begin(1));

    expect(answered(peer.receive(dataOf(challenge), 1))).toMatchObject({
      kind: 'end',
      end: { kind: 'failure' },
    });
  });
});
