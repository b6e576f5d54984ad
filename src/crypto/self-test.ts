// Decides at start whether an engine's primitive may serve: from fixed inputs of several sizes it must come to the
// answer that noble comes to, and it must refuse what is to be refused. The answers stand here because computing
// them with noble, whose code is cold at start, would take longer than all the rest.
import { concat, equal, fromHex } from '../base/bytes.ts';
import { aesKeys, chachaKeys, nonceBytes, tagBytes } from './aead.ts';
import {
  type Aead,
  BadPublicValue,
  type Cipher,
  type Hash,
  type KeyExchange,
  type Mac,
  type PrimitiveName,
  type Primitives,
  type Rng,
} from './primitives.ts';

/** Why `candidate` must not serve; undefined: it may. */
export function whyUnfit<N extends PrimitiveName>(
  name: N,
  candidate: Primitives[N],
): string | undefined {
  const trial: Trial<Primitives[N]> = trials[name];
  try {
    return equal(trial(candidate), fromHex(answers[name])) ? undefined : 'it computes wrong';
  } catch (failure) {
    // An OpenSSL without the algorithm says so only when it is used.
    return failure instanceof Error ? failure.message : 'it failed';
  }
}

/**
 * Computes with a primitive what depends on all of it: each step takes the result of the one before.
 * @throws Error when it accepts what it must refuse
 */
type Trial<P> = (primitive: P) => Uint8Array;

const hash: Trial<Hash> = (primitive) => {
  let digest: Uint8Array = new Uint8Array(primitive.outBytes);
  // Sizes around the padding of 64 and 128-byte blocks.
  for (const size of [0, 55, 56, 111, 112, 128, 1000]) {
    digest = primitive.digest(digest, pattern(1, size));
  }
  return digest;
};

const mac: Trial<Mac> = (primitive) => {
  let tag: Uint8Array = new Uint8Array(primitive.outBytes);
  // Keys around the lengths from which HMAC hashes them first.
  for (const size of [1, 32, 64, 65, 128, 129, 1000]) {
    tag = primitive.compute(pattern(1, size), tag, pattern(2, size));
  }
  return tag;
};

function aead(keySizes: readonly number[]): Trial<Aead> {
  return (primitive) => {
    let tag: Uint8Array = new Uint8Array(tagBytes);
    for (const keyBytes of keySizes) {
      for (const size of [0, 1, 16, 17, 1400]) tag = sealAndOpen(primitive, keyBytes, tag, size);
    }
    return tag;
  };
}

function sealAndOpen(primitive: Aead, keyBytes: number, aad: Uint8Array, size: number): Uint8Array {
  const key = pattern(1, keyBytes);
  const nonce = pattern(2, nonceBytes);
  const plaintext = pattern(3, size);
  const sealed = primitive.seal(key, nonce, aad, plaintext);
  const opened = primitive.open(key, nonce, aad, sealed);
  must(opened && equal(opened, plaintext), 'it does not open what it sealed');
  const tag = sealed.slice(size);
  sealed[size] = (sealed[size] ?? 0) ^ 1;
  must(!primitive.open(key, nonce, aad, sealed), 'it accepts a wrong tag');
  return tag;
}

const cbc: Trial<Cipher> = (primitive) => {
  let iv = pattern(2, primitive.blockBytes);
  for (const keyBytes of aesKeys) {
    const key = pattern(1, keyBytes);
    const plaintext = pattern(3, 16 * primitive.blockBytes);
    const encrypted = primitive.encrypt(key, iv, plaintext);
    must(equal(primitive.decrypt(key, iv, encrypted), plaintext), 'it does not decrypt its own');
    iv = encrypted.slice(-primitive.blockBytes);
  }
  return iv;
};

const exchange: Trial<KeyExchange> = (primitive) => {
  const offer = primitive.offer(draw(1));
  const { value, shared } = primitive.answer(draw(2), offer.value);
  must(value.length === primitive.answerBytes, 'its value has another length than it says');
  must(
    refusesZero(() => offer.finish(new Uint8Array(value.length))),
    'it accepts zero',
  );
  return concat(head(offer.value), head(value), head(shared.bytes));
};

/** A KEM takes every ciphertext of the right length; of a changed one it makes a secret that nobody else knows. */
const kem: Trial<KeyExchange> = (primitive) => {
  const { value, shared } = primitive.answer(draw(2), primitive.offer(draw(1)).value);
  must(value.length === primitive.answerBytes, 'its value has another length than it says');
  const agreed = primitive.offer(draw(1)).finish(value);
  must(equal(agreed.bytes, shared.bytes), 'its two sides come to different secrets');
  const rejected = primitive.offer(draw(1)).finish(new Uint8Array(value.length));
  return concat(head(value), head(shared.bytes), head(rejected.bytes));
};

/** Zero is no public value in any of our groups. */
function refusesZero(finish: () => unknown): boolean {
  try {
    finish();
    return false;
  } catch (failure) {
    return failure instanceof BadPublicValue;
  }
}

const head = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, 16);

const pattern = (seed: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => 16 * seed + 7 * i);

const draw =
  (seed: number): Rng =>
  (length) =>
    pattern(seed, length);

function must(condition: unknown, why: string): asserts condition {
  if (!condition) throw new Error(why);
}

const trials: { readonly [N in PrimitiveName]: Trial<Primitives[N]> } = {
  sha1: hash,
  sha256: hash,
  sha384: hash,
  sha512: hash,
  hmacSha1: mac,
  hmacSha256: mac,
  hmacSha384: mac,
  hmacSha512: mac,
  aesGcm: aead(aesKeys),
  chacha20Poly1305: aead(chachaKeys),
  aesCbc: cbc,
  modp1024: exchange,
  modp2048: exchange,
  modp3072: exchange,
  modp4096: exchange,
  p256: exchange,
  p384: exchange,
  x25519: exchange,
  mlKem512: kem,
  mlKem768: kem,
  mlKem1024: kem,
};

/** What each trial comes to: noble and OpenSSL 3 agree on it, and both pass the vectors of the RFCs. */
const answers: Readonly<Record<PrimitiveName, string>> = {
  sha1: 'b298a9b2b81d286ec0a27e343f5de1103b807a3b',
  sha256: '032d456f61dec4ac87d7e4593f8fafe79ba615c8340b35a27f233621fbf7d818',
  sha384: `
    cf2f001a3b1caed7e7c68521294a059a49a2618a9d49a93cb3b12222c73c5e88
    3d8caa4cd96b016c232eda66430bc906
  `,
  sha512: `
    4d3f04d4aafd57a8972bd3bfb057c407f06938b853c3f5b401bda67e4d661899
    c8f9540c4abb03f0f81f1623522d973e74a77c440f457c65dee5f836f68c9e6a
  `,
  hmacSha1: '899ccbbb68bca87fba63b7f00c4551e409a0ebce',
  hmacSha256: '7bbe66dd700ccdf2596fca4533512ac93d8d45aebe0a1030cdd9024d2b634d43',
  hmacSha384: `
    97e368352efb170288cf08f16d4cfaca076d1f0dd0893190c6892b2435405cd8
    a1878d9cceed2e02747ee75591e337d6
  `,
  hmacSha512: `
    04a9510505a375ec6ba62cd14a5f358683552c484dd1a616947c9beb58c83d9d
    d7f685b3d36534c5633e0787067039e62b8b0ada72291639c48ced9883b15e8d
  `,
  aesGcm: '827d917e5b4527f420d3d1839d3ce95f',
  chacha20Poly1305: 'd4b8c0770d01d92930472f719643197e',
  aesCbc: 'a8c1a4a3c61ad240e0393a33aff00f2d',
  modp1024: `
    e4912cf4de1de0299ccfd70af77eac43392e5654aea0749d0d43814b152fc3a5
    b38d7ebdf154fc97ee47ff06281b1420
  `,
  modp2048: `
    e0889f2e221b344f3b2d9340cedda64d0869b096620b6569da1b066a3f2a18c6
    51e4c0acb45a975050fb0f6e9d680f35
  `,
  modp3072: `
    a0803d9162e3abc3be338acffe05e025bccc3310d1e4e3df1d02987de9bed2df
    81b22697d575f5129df35412273b6331
  `,
  modp4096: `
    0ee53fbb371a27b00042bb27c09b20238e76150962c3017d74c9f6a04d45058c
    cbe7b3992576ce9e7331616c1a8d4559
  `,
  p256: `
    dad37955e232f07b26cbafdc230fa90cf1d42393aa37e17e39262235132506fc
    fffc56dc6cc703a2ca7d799f2527483d
  `,
  p384: `
    48f5a1aae48f4ae1b6cb71a13d7518bedce56042335f6d846413a31923523e73
    d707a1860941779895e937991aa457e1
  `,
  x25519: `
    287380ad4da441fac63cbd2fee5027a4c1c318eeeead11778e566a24a8cb04b9
    45faf1a9c16859c8385ca1aea8562adf
  `,
  mlKem512: `
    0cb5a1e451143b94ecaca274066600c17f50b116689ebc75a0e07b0706f04640
    e9065dd937cbd921a0e27c555999cc94
  `,
  mlKem768: `
    c51e03d363124949f848e030e81b7718dc1ad24c16b78ca61966937aac3ed816
    f9903f352c3670b330e2e7ac93302157
  `,
  mlKem1024: `
    868d36a74ee6534ea8a970dbfccbf8c213203b84059a708eb347be5203a24c99
    f2ce256ff8e3c86a03cbf3b68b2a1add
  `,
};
