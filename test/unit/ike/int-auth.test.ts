// The keys and IntAuth of a handshake with two additional key exchanges, derived a second time by `node:crypto` from the
// formulas of RFC 9370 §2.2.2 and RFC 9242 §3.3.2, over octets that are written out here.
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../../src/base/bytes.ts';
import { createEngine } from '../../../src/crypto/engine.ts';
import { PayloadType } from '../../../src/iana/payloads.ts';
import {
  type IntAuth,
  intAuthOctets,
  noIntAuth,
  withMessage,
} from '../../../src/ike/auth/int-auth.ts';
import { deriveIkeKeys, rekeySkeyseed, skeyseed } from '../../../src/ike/sa/keymat.ts';
import { byKeyword } from '../../../src/transforms/table.ts';

const prf = createEngine('node').primitives.hmacSha256;
const suite = { encr: byKeyword('aes256gcm16', 'ENCR'), prf: byKeyword('prfsha256', 'PRF') };
const series = (length: number, first: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => first + 3 * i);
const context = {
  ni: series(32, 1),
  nr: series(32, 2),
  spiI: fromHex('0102030405060708'),
  spiR: fromHex('1112131415161718'),
};
/** SK(0) of IKE_SA_INIT, and those of the two exchanges behind it. */
const secrets = [series(32, 70), series(32, 80), series(32, 90)] as const;

const ours = () => {
  const { ni, nr } = context;
  const all = [deriveIkeKeys(prf, suite, skeyseed(prf, ni, nr, secrets[0]), context)];
  for (const shared of secrets.slice(1)) {
    const { skD } = all.at(-1) as (typeof all)[number];
    all.push(deriveIkeKeys(prf, suite, rekeySkeyseed(prf, skD, { shared, ni, nr }), context));
  }
  return all;
};

/** HMAC-SHA-256 of OpenSSL. */
const hmac = (key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer =>
  parts.reduce((mac, part) => mac.update(part), createHmac('sha256', key)).digest();

/** SK_d, SK_pi and SK_pr of each step: 32, 36 + 36 of SK_e behind the first, 32 and 32 (RFC 7296 §2.14). */
function theirs(): { readonly d: Buffer; readonly pi: Buffer; readonly pr: Buffer }[] {
  const { ni, nr, spiI, spiR } = context;
  const all: { d: Buffer; pi: Buffer; pr: Buffer }[] = [];
  for (const shared of secrets) {
    const before = all.at(-1);
    const seed = before ? hmac(before.d, shared, ni, nr) : hmac(Buffer.concat([ni, nr]), shared);
    let block: Buffer = Buffer.alloc(0);
    const blocks = [1, 2, 3, 4, 5, 6].map((i) => {
      block = hmac(seed, block, ni, nr, spiI, spiR, Uint8Array.of(i));
      return block;
    });
    const stream = Buffer.concat(blocks);
    const [d, pi, pr] = [0, 104, 136].map((at) => stream.subarray(at, at + 32));
    if (d && pi && pr) all.push({ d, pi, pr });
  }
  return all;
}

describe('the keys of each additional key exchange (RFC 9370 §2.2.2)', () => {
  test('follow from SK_d of the one before, its secret and the nonces of IKE_SA_INIT', () => {
    const texts = ours().map(({ skD, skPi, skPr }) =>
      [skD, skPi, skPr].map((key) => toHex(key.bytes)),
    );
    expect(texts).toEqual(theirs().map(({ d, pi, pr }) => [d, pi, pr].map(toHex)));
    expect(texts.map(([skD]) => skD)).toEqual(fixed.skD);
  });
});

/** A message of IKE_INTERMEDIATE with one payload, KE, in which four octets are. */
interface Spoken {
  readonly signer: 'initiator' | 'responder';
  readonly id: number;
  readonly value: string;
  /** The fragment of which the header was taken says SKF. */
  readonly isInPieces: boolean;
}
const talk: readonly Spoken[] = [
  { signer: 'initiator', id: 1, value: 'a1a2a3a4', isInPieces: true },
  { signer: 'responder', id: 1, value: 'b1b2b3b4', isInPieces: true },
  { signer: 'initiator', id: 2, value: 'c1c2c3c4', isInPieces: false },
  { signer: 'responder', id: 2, value: 'd1d2d3d4', isInPieces: false },
];
const chainOf = ({ value }: Spoken): string => `0000000c00240000${value}`;
const hex = (value: number, bytes: number): string => value.toString(16).padStart(2 * bytes, '0');
/** The header as it came: the length is that of a datagram with its IV and its ICV. */
function front({ signer, id, isInPieces }: Spoken): Uint8Array {
  const next = isInPieces ? PayloadType.SKF : PayloadType.SK;
  const flags = signer === 'initiator' ? '08' : '20';
  const spis = toHex(context.spiI) + toHex(context.spiR);
  return fromHex(`${spis}${hex(next, 1)}202b${flags}${hex(id, 4)}000004d4`);
}

describe('IntAuth of two exchanges (RFC 9242 §3.3.2)', () => {
  const covered = (messages: readonly Spoken[]): IntAuth =>
    messages.reduce((intAuth: IntAuth, message) => {
      const { signer, id } = message;
      const keys = ours()[id - 1] as ReturnType<typeof ours>[number];
      const key = signer === 'initiator' ? keys.skPi : keys.skPr;
      const chain = fromHex(chainOf(message));
      const said = { messageId: id, front: front(message), first: PayloadType.KE, chain };
      return withMessage(intAuth, signer, said, { prf, key });
    }, noIntAuth);

  test('covers each message of both sides, under the keys that it was sent with (class 32)', () => {
    const [first, second] = theirs();
    if (!first || !second) throw new Error('two exchanges');
    // 28 octets of the header and 4 of SK's, of which no length counts IV, padding and ICV, then the payloads.
    const octets = (flags: string, id: string, value: string) =>
      Buffer.from(
        `010203040506070811121314151617182e202b${flags}${id}0000002c220000100000000c00240000${value}`,
        'hex',
      );
    const i1 = hmac(first.pi, octets('08', '00000001', 'a1a2a3a4'));
    const r1 = hmac(first.pr, octets('20', '00000001', 'b1b2b3b4'));
    const i2 = hmac(second.pi, i1, octets('08', '00000002', 'c1c2c3c4'));
    const r2 = hmac(second.pr, r1, octets('20', '00000002', 'd1d2d3d4'));

    const intAuth = covered(talk);
    expect([intAuth.initiator, intAuth.responder].map(toHex)).toEqual([i2, r2].map(toHex));
    expect(toHex(intAuthOctets(intAuth))).toBe(`${toHex(i2)}${toHex(r2)}00000003`);
    expect(toHex(intAuthOctets(intAuth))).toBe(fixed.intAuth);
  });

  test.each([0, 1, 2, 3])('is another one without message %i of the four', (without) => {
    const others = talk.filter((_, i) => i !== without);
    expect(toHex(intAuthOctets(covered(others)))).not.toBe(fixed.intAuth);
  });

  test('is nothing where there was no such exchange', () => {
    expect(intAuthOctets(noIntAuth)).toHaveLength(0);
  });
});

/** Computed by the hmac module of Python 3.11. */
const fixed = {
  skD: [
    '0d507c51c6aed46b9a4220026980f90eae38662ba579901aef0b9a62fd824be3',
    '50929cab887bf4264f6fed1d8df71f5b12b6242a2eaed45ef517ab02e1a23d4a',
    '4157bad8a8b07d82fcd5c350864ad83e9e45d7bbcd8ac6e215c56582f1cef871',
  ],
  intAuth:
    'd852024834b171f31c41c33199106ebf876cfa94b96aa77303be526e613b816c8c334670c51e9cd96c8099595de39fa2fbbe0a5adf402682e180ae63cc7e795000000003',
};
