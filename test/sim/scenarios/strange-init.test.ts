// IKE_SA_INIT as no client sends it: refused in the clear or not answered at all, and nothing kept (classes 8, 9).
import { describe, expect, test } from 'vitest';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { type Payload, payload } from '../../../src/wire/payloads/index.ts';
import { doorstep, openNotifies } from '../doorstep.ts';
import { ikeOffer, login, none, replaced } from '../payloads.ts';
import { first } from '../pick.ts';

describe('IKE_SA_INIT', () => {
  const ke = (method: number, data: Uint8Array) => payload(P.KE, { method, data });
  const begins = (...odd: readonly Payload[]) => {
    const { gateway, stranger } = doorstep();
    const peer = stranger();
    const usual: Payload[] = [
      payload(P.SA, ikeOffer),
      ke(31, peer.rng(32)),
      payload(P.NONCE, { data: peer.ni }),
    ];
    const answers = peer.hears(() => peer.send(peer.plain(odd.reduce(replaced, usual))));
    expect(gateway.installed).toEqual([]);
    const sas = gateway.core.snapshot().sas.length;
    return { sas, says: answers.map(openNotifies) };
  };
  const order8 = '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157';

  test.each([
    ['zero', new Uint8Array(32)],
    ['one', Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0))],
    ['a point of order 8', Uint8Array.from(Buffer.from(order8, 'hex'))],
    ['empty', none],
    ['a byte short', new Uint8Array(31).fill(9)],
    ['a byte long', new Uint8Array(33).fill(9)],
    ['two thousand bytes', new Uint8Array(2000).fill(9)],
  ])('with a KE value that is %s keeps no state (class 9, pitfall 20)', (_name, value) => {
    expect(begins(ke(31, value))).toEqual({ sas: 0, says: [['INVALID_SYNTAX']] });
  });

  test.each([0, 1, 5, 255, 65_535])(
    'with KE of method %i hears which one we want (pitfall 16)',
    (method) => {
      expect(begins(ke(method, new Uint8Array(32)))).toEqual({
        sas: 0,
        says: [['INVALID_KE_PAYLOAD']],
      });
    },
  );

  const [proposal] = ikeOffer.proposals;
  const change = (fields: object, drop = -1) => {
    const kept = first(ikeOffer.proposals);
    const transforms = kept.transforms.filter(({ type }) => type !== drop);
    return payload(P.SA, { proposals: [{ ...kept, transforms, ...fields }] });
  };
  test.each([
    ['no cipher', change({}, 1)],
    ['no PRF', change({}, 2)],
    ['no key exchange (CVE-2016-5391)', change({}, 4)],
    ['no transforms at all', change({ transforms: [] })],
    [
      'AES without a key length (pitfall 23)',
      change({ transforms: proposal?.transforms.map((one) => ({ ...one, keyBits: undefined })) }),
    ],
    [
      'AES of 0 bits (CVE-2016-3071)',
      change({
        transforms: proposal?.transforms.map((one) =>
          one.type === 1 ? { ...one, keyBits: 0 } : one,
        ),
      }),
    ],
    [
      'AES of 255 bits',
      change({
        transforms: proposal?.transforms.map((one) =>
          one.type === 1 ? { ...one, keyBits: 255 } : one,
        ),
      }),
    ],
    ['protocol ESP', change({ protocol: 3, spi: Uint8Array.of(1, 2, 3, 4) })],
    ['protocol AH', change({ protocol: 2, spi: Uint8Array.of(1, 2, 3, 4) })],
    ['protocol 0', change({ protocol: 0 })],
    ['an SPI (pitfall 25)', change({ spi: new Uint8Array(8) })],
    [
      'a transform type of the future',
      change({
        transforms: [
          ...(proposal?.transforms ?? []),
          { type: 14, id: 1, keyBits: undefined, isKnown: true },
        ],
      }),
    ],
    [
      'an additional key exchange it insists on (RFC 9370)',
      change({
        transforms: [
          ...(proposal?.transforms ?? []),
          { type: 6, id: 36, keyBits: undefined, isKnown: true },
        ],
      }),
    ],
  ])('that offers %s is refused and keeps no state (class 8)', (_name, odd) => {
    const { sas, says } = begins(odd);
    expect(sas).toBe(0);
    expect([['NO_PROPOSAL_CHOSEN'], ['INVALID_KE_PAYLOAD'], undefined]).toContainEqual(says[0]);
  });

  test.each([0, 1, 15, 257, 2000])(
    'with a nonce of %i bytes is no request (pitfall 18)',
    (bytes) => {
      const { gateway, stranger } = doorstep();
      const peer = stranger();
      peer.ni = new Uint8Array(bytes);
      expect(peer.hears(() => peer.send(peer.initRequest())).flatMap(openNotifies)).not.toContain(
        'COOKIE',
      );
      expect(gateway.core.snapshot().sas).toEqual([]);
    },
  );

  test.each([16, 256])('with a nonce of %i bytes is good (pitfall 18)', (bytes) => {
    const { stranger } = doorstep();
    const peer = stranger();
    peer.ni = peer.rng(bytes);
    peer.connect();
    expect(peer.ask(Exchange.IKE_AUTH, login(peer))).toHaveLength(6);
  });
});
