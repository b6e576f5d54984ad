// The algorithms of a ghost, from the registry's numbers: its own table, so that a mistake in the gateway's does not
// cancel out.
import { createEngine } from '../../src/crypto/engine.ts';
import type { KeyExchange, Mac, Primitives } from '../../src/crypto/primitives.ts';
import {
  Encryption,
  Integrity,
  KeyExchangeMethod,
  PseudoRandom,
  TransformType,
} from '../../src/iana/transforms.ts';
import type { Sa, WireProposal, WireTransform } from '../../src/wire/payloads/sa.ts';
import { Displeased, insist } from './displeased.ts';
import type { Offer } from './model.ts';

const { primitives } = createEngine('node');
export const { sha1 } = primitives;

export interface EncrAlgorithm {
  readonly engine: 'aesGcm' | 'aesCbc' | 'chacha20Poly1305';
  readonly keyBytes: number;
  readonly saltBytes: number;
  readonly ivBytes: number;
  /** Plaintexts are a multiple of it. */
  readonly blockBytes: number;
}
export interface IntegAlgorithm {
  readonly mac: Mac;
  readonly keyBytes: number;
  readonly icvBytes: number;
}

/** What was chosen of one proposal. */
export interface Suite {
  readonly encr: EncrAlgorithm;
  readonly prf: Mac | undefined;
  readonly integ: IntegAlgorithm | undefined;
  /** Transform ID; undefined: no key exchange. */
  readonly ke: number | undefined;
  /** Transform IDs of ADDKE1 and so on, without NONE. */
  readonly addKe: readonly number[];
}

export function suiteOf({ transforms }: WireProposal): Suite {
  const one = (type: number): WireTransform | undefined => {
    const [first, ...more] = transforms.filter((transform) => transform.type === type);
    insist(more.length === 0, `two transforms of type ${type} were chosen`);
    return first;
  };
  const encr = one(TransformType.ENCR);
  insist(encr, 'no encryption algorithm was chosen');
  const prf = one(TransformType.PRF);
  const integ = one(TransformType.INTEG);
  const ke = one(TransformType.KE)?.id;
  return {
    encr: encrOf(encr),
    prf: prf && known(prfs[prf.id], `PRF ${prf.id}`),
    integ:
      integ && integ.id !== Integrity.NONE
        ? known(integs[integ.id], `INTEG ${integ.id}`)
        : undefined,
    ke: ke === KeyExchangeMethod.NONE ? undefined : ke,
    addKe: addKeTypes.flatMap((type) => one(type)?.id || []),
  };
}

export function encrOf({
  id,
  keyBits = 256,
}: Pick<WireTransform, 'id' | 'keyBits'>): EncrAlgorithm {
  return { ...known(encrs[id], `ENCR ${id}`), keyBytes: keyBits / 8 };
}

export function integOf(id: number): IntegAlgorithm {
  return known(integs[id], `INTEG ${id}`);
}

export const keyExchange = (method: number): KeyExchange =>
  known(methods[method], `key exchange method ${method}`);

export const cipherOf = <E extends EncrAlgorithm['engine']>(engine: E): Primitives[E] =>
  primitives[engine];

/** The proposals on the wire, numbered from 1 unless told (RFC 7296 §3.3.1). */
export function proposalsOf(
  offers: readonly Offer[],
  fields: {
    protocol: number;
    spi: Uint8Array;
    group?: number | undefined;
    numbers?: readonly number[];
  },
): Sa {
  const { protocol, spi, group, numbers } = fields;
  return {
    proposals: offers.map((offer, i) => ({
      number: numbers?.[i] ?? i + 1,
      protocol,
      spi,
      transforms: transformsOf(offer, group),
    })),
  };
}

/** @param group stands for `same` */
function transformsOf(offer: Offer, group: number | undefined): WireTransform[] {
  const { encr, prf = [], integ = [], addKe = [], esn = [] } = offer;
  const ke = offer.ke === 'same' ? (group === undefined ? [] : [group]) : (offer.ke ?? []);
  const row = (type: number) => (id: number) => ({ type, id, keyBits: undefined, isKnown: true });
  return [
    ...encr.map(([id, keyBits]) => ({ type: TransformType.ENCR, id, keyBits, isKnown: true })),
    ...integ.map(row(TransformType.INTEG)),
    ...prf.map(row(TransformType.PRF)),
    ...ke.map(row(TransformType.KE)),
    ...addKe.flatMap((ids, i) => ids.map(row(TransformType.ADDKE1 + i))),
    ...esn.map(row(TransformType.ESN)),
  ];
}

/** The choice of a responder: one of our proposals by its number, with one transform for each of its types. */
export function judgeChoice(offered: Sa, answered: Sa | undefined): WireProposal {
  insist(answered, 'the response has no SA payload');
  const [chosen, ...more] = answered.proposals;
  insist(chosen && more.length === 0, 'the response has not one proposal');
  const asked = offered.proposals.find(({ number }) => number === chosen.number);
  insist(asked, `proposal ${chosen.number} was never offered`);
  insist(asked.protocol === chosen.protocol, 'the protocol was changed');
  for (const transform of chosen.transforms) {
    const isOffered = asked.transforms.some((one) => same(one, transform));
    insist(
      isOffered,
      `transform ${transform.type}/${transform.id} is not of proposal ${chosen.number}`,
    );
  }
  const types = (proposal: WireProposal) => new Set(proposal.transforms.map(({ type }) => type));
  insist(types(chosen).size === chosen.transforms.length, 'two transforms of one type were chosen');
  for (const type of types(asked)) {
    insist(types(chosen).has(type), `no transform of type ${type} was chosen`);
  }
  return chosen;
}

/** Chooses as a responder, in the order of its own offers; the method whose value was sent goes first. */
export function choose(
  offers: readonly Offer[],
  theirs: Sa,
  { group, keSent }: { group: number | undefined; keSent: number | undefined },
): WireProposal | undefined {
  for (const offer of offers) {
    // As a responder it does one key exchange alone.
    const mine = transformsOf({ ...offer, addKe: [] }, group);
    for (const proposal of theirs.proposals) {
      const transforms = pick(mine, proposal, keSent);
      if (transforms) return { ...proposal, transforms };
    }
  }
  return undefined;
}

function pick(
  mine: readonly WireTransform[],
  { transforms: theirs }: WireProposal,
  keSent: number | undefined,
): WireTransform[] | undefined {
  const chosen: WireTransform[] = [];
  for (const type of new Set([...mine, ...theirs].map((one) => one.type))) {
    const fits = mine.filter(
      (one) => one.type === type && theirs.some((other) => same(one, other)),
    );
    const best = fits.find(({ id }) => type === TransformType.KE && id === keSent) ?? fits[0];
    // What only we name is ours to waive; what they name must be chosen.
    const isNamed = theirs.some((one) => one.type === type);
    if (!best && (isNamed || type === TransformType.KE)) return undefined;
    if (best) chosen.push(best);
  }
  return chosen;
}

const same = (a: WireTransform, b: WireTransform): boolean =>
  a.type === b.type && a.id === b.id && a.keyBits === b.keyBits;

function known<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Displeased(`${what} was chosen, which this ghost cannot do`);
  return value;
}

const addKeTypes = [6, 7, 8, 9, 10, 11, 12];
const encrs: Readonly<Record<number, Omit<EncrAlgorithm, 'keyBytes'>>> = {
  [Encryption.ENCR_AES_CBC]: { engine: 'aesCbc', saltBytes: 0, ivBytes: 16, blockBytes: 16 },
  [Encryption.ENCR_AES_GCM_16]: { engine: 'aesGcm', saltBytes: 4, ivBytes: 8, blockBytes: 1 },
  [Encryption.ENCR_CHACHA20_POLY1305]: {
    engine: 'chacha20Poly1305',
    saltBytes: 4,
    ivBytes: 8,
    blockBytes: 1,
  },
};
const prfs: Readonly<Record<number, Mac>> = {
  [PseudoRandom.PRF_HMAC_SHA1]: primitives.hmacSha1,
  [PseudoRandom.PRF_HMAC_SHA2_256]: primitives.hmacSha256,
  [PseudoRandom.PRF_HMAC_SHA2_384]: primitives.hmacSha384,
  [PseudoRandom.PRF_HMAC_SHA2_512]: primitives.hmacSha512,
};
const integs: Readonly<Record<number, IntegAlgorithm>> = {
  [Integrity.AUTH_HMAC_SHA1_96]: { mac: primitives.hmacSha1, keyBytes: 20, icvBytes: 12 },
  [Integrity.AUTH_HMAC_SHA2_256_128]: { mac: primitives.hmacSha256, keyBytes: 32, icvBytes: 16 },
  [Integrity.AUTH_HMAC_SHA2_384_192]: { mac: primitives.hmacSha384, keyBytes: 48, icvBytes: 24 },
  [Integrity.AUTH_HMAC_SHA2_512_256]: { mac: primitives.hmacSha512, keyBytes: 64, icvBytes: 32 },
};
const methods: Readonly<Record<number, KeyExchange>> = {
  [KeyExchangeMethod.MODP_1024]: primitives.modp1024,
  [KeyExchangeMethod.MODP_2048]: primitives.modp2048,
  [KeyExchangeMethod.MODP_3072]: primitives.modp3072,
  [KeyExchangeMethod.MODP_4096]: primitives.modp4096,
  [KeyExchangeMethod.ECP_256]: primitives.p256,
  [KeyExchangeMethod.ECP_384]: primitives.p384,
  [KeyExchangeMethod.CURVE25519]: primitives.x25519,
  [KeyExchangeMethod.ML_KEM_768]: primitives.mlKem768,
  [KeyExchangeMethod.ML_KEM_1024]: primitives.mlKem1024,
};
