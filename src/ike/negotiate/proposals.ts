// Which proposal is chosen, and why none was (RFC 7296 §2.7, §3.3). Our order decides, but the key exchange
// method for which the peer already sent its value goes first: that saves a round trip.
import { invariant } from '../../base/invariant.ts';
import { nameOf } from '../../iana/name.ts';
import { Protocol } from '../../iana/protocols.ts';
import { Encryption, KeyExchangeMethod, TransformType } from '../../iana/transforms.ts';
import { type Chosen, formatProposal, type Proposal } from '../../transforms/parse.ts';
import { byId, ianaType, keyLength, type Transform } from '../../transforms/table.ts';
import type { Sa, WireProposal, WireTransform } from '../../wire/payloads/sa.ts';

export interface Choice {
  readonly chosen: Chosen;
  /** The peer's SPI for the SA. */
  readonly spi: Uint8Array;
  /** The proposal to answer with: the number is the peer's own, whatever it is (RFC 7296 §3.3.1). */
  answer(spi: Uint8Array): Sa;
}
export interface Wanted {
  readonly protocol: 'ike' | 'esp';
  /** The method of the peer's KE payload. */
  readonly keSent?: number | undefined;
  /** False in IKE_AUTH: the CHILD_SA takes its keys from the IKE SA, so KE transforms mean nothing (RFC 7296 §1.2). */
  readonly withKe: boolean;
}

export function choose(ours: readonly Proposal[], theirs: Sa, wanted: Wanted): Choice | undefined {
  for (const mine of ours) {
    for (const offered of theirs.proposals) {
      const chosen = match(mine, offered, wanted);
      if (chosen)
        return { chosen, spi: offered.spi, answer: (spi) => answer(offered, chosen, spi) };
    }
  }
  return undefined;
}

/** What we offer, each proposal numbered from 1 (RFC 7296 §3.3.1). */
export function offer(ours: readonly Proposal[], spi: Uint8Array, withKe: boolean): Sa {
  return {
    proposals: ours.map(({ protocol, encr, prf, integ, ke, esn }, i) => ({
      number: i + 1,
      protocol: protocol === 'ike' ? Protocol.IKE : Protocol.ESP,
      spi,
      transforms: [...encr, ...prf, ...integ, ...(withKe ? ke : []), ...esn].map(toWire),
    })),
  };
}

/** For the owner: what was offered and what would do. */
export function explainMismatch(ours: readonly Proposal[], theirs: Sa): string {
  const offered = theirs.proposals.slice(0, mostProposals).map(formatOffered);
  const accepted = [...new Set(ours.map(formatProposal))].slice(0, mostProposals);
  return `the peer offers ${offered.join(', ')}; accepted here: ${accepted.join(', ')}`;
}

function match(mine: Proposal, offered: WireProposal, wanted: Wanted): Chosen | undefined {
  const protocol = wanted.protocol === 'ike' ? Protocol.IKE : Protocol.ESP;
  if (offered.protocol !== protocol) return undefined;
  if (offered.spi.length !== (wanted.protocol === 'ike' ? 0 : 4)) return undefined;
  if (!mayIgnoreOthers(offered)) return undefined;
  const pick = picker(offered);
  const encr = pick(mine.encr);
  const prf = pick(mine.prf);
  const integ = pick(mine.integ);
  const esn = pick(mine.esn) ?? impliedSequenceNumbers(mine, offered);
  const ke = wanted.withKe
    ? (pick(mine.ke.filter((row) => row.id === wanted.keSent)) ?? pick(mine.ke))
    : undefined;
  const isComplete =
    encr &&
    (prf || mine.prf.length === 0) &&
    (integ ? true : mine.integ.length === 0 && allowsNone(offered, TransformType.INTEG)) &&
    (esn || wanted.protocol === 'ike') &&
    (ke ? true : !wanted.withKe || (mine.ke.length === 0 && allowsNone(offered, TransformType.KE)));
  return isComplete ? { encr, prf, integ, ke, esn } : undefined;
}

/** Finds the first row of ours that the peer offers too. */
function picker(offered: WireProposal): <T extends Transform>(rows: readonly T[]) => T | undefined {
  const known = new Set(
    offered.transforms
      .filter(({ isKnown }) => isKnown)
      .map(({ type, id, keyBits }) => byId(type, id, keyBits)),
  );
  return (rows) => rows.find((row) => [...known].some((other) => other?.keyword === row.keyword));
}

/** A transform type absent, or offered with NONE. */
function allowsNone({ transforms }: WireProposal, type: number): boolean {
  const ofType = transforms.filter((transform) => transform.type === type);
  return ofType.length === 0 || ofType.some(({ id }) => id === 0);
}

/** Types that we do not know must be optional: an additional key exchange offered with NONE (RFC 9370 §2.2.1). */
function mayIgnoreOthers(offered: WireProposal): boolean {
  const others = offered.transforms
    .map(({ type }) => type)
    .filter((type) => type > TransformType.ESN);
  return others.every((type) => isAdditionalKe(type) && allowsNone(offered, type));
}

/** A peer that says nothing means 32-bit sequence numbers, as before RFC 4306's transform was mandatory. */
function impliedSequenceNumbers(mine: Proposal, offered: WireProposal) {
  const isSaid = offered.transforms.some(({ type }) => type === TransformType.ESN);
  return isSaid ? undefined : mine.esn.find(({ keyword }) => keyword === 'noesn');
}

/** Exactly one transform of each type that the peer named (RFC 7296 §3.3). */
function answer(offered: WireProposal, chosen: Chosen, spi: Uint8Array): Sa {
  const { encr, prf, integ, ke, esn } = chosen;
  const rows = [encr, prf, integ, ke, esn].filter((row) => row !== undefined);
  const isNamed = (type: number) => offered.transforms.some((transform) => transform.type === type);
  const transforms = rows.filter((row) => isNamed(ianaType(row))).map(toWire);
  const declined = new Set(offered.transforms.map(({ type }) => type).filter(isAdditionalKe));
  for (const type of declined) transforms.push({ type, id: 0, keyBits: undefined, isKnown: true });
  invariant(transforms.length > 0, 'an empty answer');
  return { proposals: [{ number: offered.number, protocol: offered.protocol, spi, transforms }] };
}

function toWire(row: Transform): WireTransform {
  return { type: ianaType(row), id: row.id, keyBits: keyLength(row), isKnown: true };
}

function formatOffered({ transforms }: WireProposal): string {
  const names = transforms.slice(0, mostTransforms).map(({ type, id, keyBits }) => {
    const row = byId(type, id, keyBits);
    if (row) return row.keyword;
    if (type === TransformType.ENCR)
      return nameOf(Encryption, id).replace('ENCR_', '').toLowerCase();
    if (type === TransformType.KE) return nameOf(KeyExchangeMethod, id).toLowerCase();
    return `${nameOf(TransformType, type).toLowerCase()}#${id}`;
  });
  return names.join('-');
}

const isAdditionalKe = (type: number): boolean =>
  type >= TransformType.ADDKE1 && type <= TransformType.ADDKE7;
const mostProposals = 4;
const mostTransforms = 16;
