import { describe, expect, test } from 'vitest';
import {
  Encryption as E,
  KeyExchangeMethod as Ke,
  TransformType as T,
} from '../../../src/iana/transforms.ts';
import { noCommonSuite } from '../../../src/ike/negotiate/mismatch.ts';
import { choose, explainMismatch, offer } from '../../../src/ike/negotiate/proposals.ts';
import { formatSuite } from '../../../src/transforms/parse.ts';
import { suite as suites } from '../../../src/transforms/suites.ts';
import type { Sa, WireTransform } from '../../../src/wire/payloads/sa.ts';
import { proposals } from '../../sim/policies.ts';

const none = new Uint8Array(0);
const ike = (...texts: string[]) => proposals('ike', ...texts);
const esp = (...texts: string[]) => proposals('esp', ...texts);
const wanted = { protocol: 'ike', ke: 'wanted' } as const;
const child = { protocol: 'esp', ke: 'ignored' } as const;
const spi = Uint8Array.of(1, 2, 3, 4);

const suite = (ours: ReturnType<typeof ike>, theirs: Sa, want: Parameters<typeof choose>[2]) => {
  const choice = choose(ours, theirs, want);
  return choice && formatSuite(choice.chosen);
};
/** The peer's offer with something added to or taken from its first proposal. */
function changed(offered: Sa, change: (transforms: WireTransform[]) => WireTransform[]): Sa {
  return {
    proposals: offered.proposals.map((one) => ({
      ...one,
      transforms: change([...one.transforms]),
    })),
  };
}
const transform = (type: number, id: number): WireTransform => ({
  type,
  id,
  keyBits: undefined,
  isKnown: true,
});

describe('choosing', () => {
  test('our order decides, not the peer’s', () => {
    const theirs = offer(ike('aes128-sha1-modp2048', 'aes256gcm16-prfsha384-ecp384'), none, true);
    const ours = ike('aes256gcm16-prfsha384-ecp384', 'aes128-sha1-modp2048');
    expect(suite(ours, theirs, wanted)).toBe('aes256gcm16-prfsha384-ecp384');
  });

  test('our order decides within one proposal too: Windows offers each combination, the weak ones first', () => {
    const theirs = offer(
      ike(
        'aes128-sha1-modp2048',
        'aes128-sha384-modp2048',
        'aes256-sha1-modp2048',
        'aes256-sha384-modp2048',
      ),
      none,
      true,
    );
    const ours = ike('aes256-aes128-sha384-sha1-modp2048');
    expect(suite(ours, theirs, wanted)).toBe('aes256-sha384-modp2048');
  });

  test('the method whose KE already came goes first among ours', () => {
    const theirs = offer(ike('aes256gcm16-prfsha256-x25519-ecp256-modp4096'), none, true);
    const ours = ike('aes256gcm16-prfsha256-ecp256-x25519-modp4096');
    expect(suite(ours, theirs, { ...wanted, keSent: Ke.MODP_4096 })).toMatch(/modp4096$/);
    expect(suite(ours, theirs, { ...wanted, keSent: Ke.ECP_521 })).toMatch(/ecp256$/);
  });

  test('nothing in common is no choice', () => {
    const theirs = offer(ike('aes128-sha1-modp2048'), none, true);
    expect(choose(ike('aes256gcm16-prfsha384-ecp384'), theirs, wanted)).toBeUndefined();
  });

  test('key lengths are told apart', () => {
    const theirs = offer(ike('aes128gcm16-prfsha256-x25519'), none, true);
    expect(choose(ike('aes256gcm16-prfsha256-x25519'), theirs, wanted)).toBeUndefined();
  });

  test('AES without a Key Length attribute is skipped (pitfall 23)', () => {
    const theirs = changed(offer(ike('aes256gcm16-prfsha256-x25519'), none, true), (all) =>
      all.map((one) => (one.type === T.ENCR ? transform(T.ENCR, E.ENCR_AES_GCM_16) : one)),
    );
    expect(choose(ike('aes256gcm16-prfsha256-x25519'), theirs, wanted)).toBeUndefined();
  });

  test('a transform with an unknown attribute is skipped, its proposal is not (pitfall 23)', () => {
    const theirs = changed(
      offer(ike('aes256gcm16-aes128gcm16-prfsha256-x25519'), none, true),
      (all) => all.map((one) => (one.keyBits === 256 ? { ...one, isKnown: false } : one)),
    );
    const ours = ike('aes256gcm16-aes128gcm16-prfsha256-x25519');
    expect(suite(ours, theirs, wanted)).toBe('aes128gcm16-prfsha256-x25519');
  });

  test('INTEG NONE beside an AEAD is the same as no INTEG (pitfall 24)', () => {
    const theirs = changed(offer(ike('aes256gcm16-prfsha256-x25519'), none, true), (all) => [
      ...all,
      transform(T.INTEG, 0),
    ]);
    expect(suite(ike('aes256gcm16-prfsha256-x25519'), theirs, wanted)).toBeDefined();
  });

  test('an AEAD that shares its proposal with a real INTEG is not chosen (pitfall 24)', () => {
    const theirs = changed(offer(ike('aes256gcm16-prfsha256-x25519'), none, true), (all) => [
      ...all,
      transform(T.INTEG, 12),
    ]);
    expect(choose(ike('aes256gcm16-prfsha256-x25519'), theirs, wanted)).toBeUndefined();
  });

  test('an additional key exchange is declined where the peer lets us, and answered with NONE (pitfall 26)', () => {
    const withAddke = (ids: number[]) =>
      changed(offer(ike('aes256gcm16-prfsha256-x25519'), none, true), (all) => [
        ...all,
        ...ids.map((id) => transform(T.ADDKE1, id)),
      ]);
    const ours = ike('aes256gcm16-prfsha256-x25519');
    expect(choose(ours, withAddke([Ke.ML_KEM_768]), wanted)).toBeUndefined();
    const choice = choose(ours, withAddke([Ke.ML_KEM_768, Ke.NONE]), wanted);
    expect(choice?.answer(none).proposals[0]?.transforms).toContainEqual(transform(T.ADDKE1, 0));
  });

  test('in IKE_AUTH a KE transform of the child means nothing (pitfall 27)', () => {
    const theirs = offer(esp('aes256gcm16-x25519'), spi, true);
    const choice = choose(esp('aes256gcm16'), theirs, child);
    expect(choice && formatSuite(choice.chosen)).toBe('aes256gcm16');
    expect(choice?.answer(spi).proposals[0]?.transforms.map(({ type }) => type)).toEqual([
      T.ENCR,
      T.ESN,
    ]);
  });

  test('AH and SPIs of the wrong size are passed over (pitfall 25)', () => {
    const theirs = offer(esp('aes256gcm16'), spi, false);
    const [first] = theirs.proposals;
    if (!first) throw new Error('no proposal');
    const odd = {
      proposals: [
        { ...first, protocol: 2 },
        { ...first, spi: new Uint8Array(8) },
      ],
    };
    expect(choose(esp('aes256gcm16'), odd, child)).toBeUndefined();
  });

  test('a peer silent about sequence numbers gets 32 bits (pitfall 24)', () => {
    const theirs = changed(offer(esp('aes256gcm16'), spi, false), (all) =>
      all.filter(({ type }) => type !== T.ESN),
    );
    const choice = choose(esp('aes256gcm16'), theirs, child);
    expect(choice?.chosen.esn?.keyword).toBe('noesn');
    expect(choice?.answer(spi).proposals[0]?.transforms.map(({ type }) => type)).toEqual([T.ENCR]);
  });
});

test('the answer repeats the number of the proposal, whatever it is (pitfall 22)', () => {
  const theirs = offer(ike('aes256gcm16-prfsha256-x25519'), none, true);
  const renumbered = { proposals: theirs.proposals.map((one) => ({ ...one, number: 3 })) };
  const choice = choose(ike('aes256gcm16-prfsha256-x25519'), renumbered, wanted);
  expect(choice?.answer(none).proposals.map(({ number }) => number)).toEqual([3]);
});

test('the answer has exactly one transform of each type (pitfall 26)', () => {
  const theirs = offer(ike('aes256-aes128-sha256-sha384-ecp256-modp2048'), none, true);
  const choice = choose(ike('aes256-aes128-sha256-sha384-ecp256-modp2048'), theirs, wanted);
  const types = choice?.answer(none).proposals[0]?.transforms.map(({ type }) => type);
  expect(types).toEqual([T.ENCR, T.PRF, T.INTEG, T.KE]);
});

test('a mismatch is told in the words of a configuration, unknown algorithms by their registered name', () => {
  const theirs = changed(offer(ike('aes256-sha256-modp2048'), none, true), (all) => [
    transform(T.ENCR, E.ENCR_3DES),
    ...all.filter(({ type }) => type !== T.KE),
    transform(T.KE, Ke.MODP_1024),
  ]);
  expect(explainMismatch(ike('aes256gcm16-prfsha256-x25519'), theirs)).toBe(
    'the peer offers 3des-aes256-prfsha256-sha256-modp1024; accepted here: aes256gcm16-prfsha256-x25519',
  );
});

// Anybody may be refused: looked at pair by pair, sixty proposals cost a tenth of a second, and a router's half a second.
test('a mismatch of sixty proposals with those of twenty connections is told in a few milliseconds', () => {
  const { ike: legacy } = suites('legacy');
  const ours = Array.from({ length: 20 }, () => legacy.map((one) => ({ ...one }))).flat();
  const useless = [T.ENCR, T.ENCR, T.ENCR, T.PRF, T.INTEG, T.KE, T.KE];
  const proposal = {
    protocol: 1,
    spi: none,
    transforms: useless.map((type) => transform(type, 99)),
  };
  const theirs = { proposals: Array.from({ length: 60 }, (_, i) => ({ ...proposal, number: i })) };
  expect(noCommonSuite(ours, theirs).why).toContain('nearest miss: encryption');
  const times = Array.from({ length: 7 }, () => {
    const { user: before } = process.cpuUsage();
    noCommonSuite(ours, theirs);
    return (process.cpuUsage().user - before) / 1000;
  });
  expect(Math.min(...times)).toBeLessThan(40);
});
