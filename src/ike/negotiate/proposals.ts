// Which proposal is chosen, and why none was (RFC 7296 §2.7, §3.3). Our order decides, but the key exchange
// method for which the peer already sent its value goes first: that saves a round trip.
import { invariant } from '../../base/invariant.ts';
import { nameOf } from '../../iana/name.ts';
import { Protocol } from '../../iana/protocols.ts';
import { Encryption, KeyExchangeMethod, TransformType } from '../../iana/transforms.ts';
import { type Chosen, formatProposal, type Proposal } from '../../transforms/parse.ts';
import { byId, type Esn, ianaType, keyLength, type Transform } from '../../transforms/table.ts';
import type { Sa, WireProposal, WireTransform } from '../../wire/payloads/sa.ts';
import { firstSpi, readSpi } from '../sa/spi.ts';
import {
  allowsSteps,
  answerSteps,
  chooseSteps,
  type DeadEnds,
  formatStep,
  isAdditionalKe,
  type OfferedSteps,
  offeredSteps,
  rankSteps,
  stepsToWire,
} from './additional-ke.ts';

export interface Choice {
  readonly chosen: Chosen;
  /** The peer's SPI for the SA. */
  readonly spi: Uint8Array;
  /** The proposal to answer with: the number is the peer's own, whatever it is (RFC 7296 §3.3.1). */
  answer(spi: Uint8Array): Sa;
}
export interface Wanted {
  /** In a rekey the SPI of the new IKE SA travels in the proposal (RFC 7296 §3.3.1). */
  readonly protocol: 'ike' | 'ike-rekey' | 'esp';
  /** The method of the peer's KE payload. */
  readonly keSent?: number | undefined;
  /**
   * `ignored` in IKE_AUTH: the CHILD_SA takes its keys from the IKE SA, so KE transforms mean nothing
   * (RFC 7296 §1.2); `none`: no KE payload came, so no method may be chosen.
   */
  readonly ke: 'wanted' | 'none' | 'ignored';
  /** The peer cannot do IKE_INTERMEDIATE, so it gets no additional key exchange (RFC 9370 §2.2.1). */
  readonly isSingle?: boolean;
}

type Search = Wanted & { readonly deadEnds: DeadEnds };

export function choose(ours: readonly Proposal[], theirs: Sa, wanted: Wanted): Choice | undefined {
  const offers = theirs.proposals.slice(0, mostOffers).map(readOffer).filter(isUsable(wanted));
  const deadEnds = { left: mostDeadEnds };
  for (const mine of new Set(ours)) {
    const best = bestOf(mine, offers, { ...wanted, deadEnds });
    if (!best) continue;
    const { chosen, wire } = best;
    return { chosen, spi: wire.spi, answer: (spi) => answer(wire, chosen, spi) };
  }
  return undefined;
}

/** Windows offers a proposal for every combination, the weakest first: which one is taken is ours to say. */
function bestOf(
  mine: Proposal,
  offers: readonly Offer[],
  wanted: Search,
): { readonly chosen: Chosen; readonly wire: WireProposal } | undefined {
  let best: { chosen: Chosen; wire: WireProposal; rank: number[] } | undefined;
  for (const offer of offers) {
    const chosen = match(mine, offer, wanted);
    if (!chosen) continue;
    const rank = rankOf(mine, chosen, wanted.keSent);
    if (!best || isBefore(rank, best.rank)) best = { chosen, wire: offer.wire, rank };
  }
  return best;
}

/** What counts first stands first: a round trip saved, then the places in our own lists. */
function rankOf(mine: Proposal, chosen: Chosen, keSent: number | undefined): number[] {
  const place = <T>(list: readonly T[], row: T | undefined) => (row ? list.indexOf(row) : -1);
  return [
    chosen.ke && chosen.ke.id !== keSent ? 1 : 0,
    place(mine.encr, chosen.encr),
    place(mine.prf, chosen.prf),
    place(mine.integ, chosen.integ),
    place(mine.ke, chosen.ke),
    ...rankSteps(mine.addKe, chosen.addKe ?? []),
    place(mine.esn, chosen.esn),
  ];
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((rank, i) => rank !== b[i]);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}

/** A proposal of the peer, with the rows that its transforms mean. */
interface Offer {
  readonly wire: WireProposal;
  readonly rows: ReadonlySet<Transform>;
  /** Transform types that it names. */
  readonly types: ReadonlySet<number>;
  /** Those among them that may be left out: offered with NONE. */
  readonly optional: ReadonlySet<number>;
  /** Its additional key exchanges. */
  readonly steps: OfferedSteps;
}

function readOffer(wire: WireProposal): Offer {
  const rows = new Set<Transform>();
  for (const { isKnown, type, id, keyBits } of wire.transforms) {
    const row = isKnown ? byId(type, id, keyBits) : undefined;
    if (row) rows.add(row);
  }
  const types = new Set(wire.transforms.map(({ type }) => type));
  const optional = new Set(wire.transforms.filter(({ id }) => id === 0).map(({ type }) => type));
  return { wire, rows, types, optional, steps: offeredSteps(wire.transforms) };
}

/** Of our protocol, with an SPI, and without a transform type that we do not know (RFC 7296 §3.3.6). */
const isUsable =
  ({ protocol }: Wanted) =>
  ({ wire, types }: Offer): boolean => {
    const others = [...types].filter((type) => type > TransformType.ESN);
    if (!others.every(isAdditionalKe)) return false;
    if (protocol === 'ike') return wire.protocol === Protocol.IKE && wire.spi.length === 0;
    if (protocol === 'ike-rekey') return wire.protocol === Protocol.IKE && wire.spi.length === 8;
    return wire.protocol === Protocol.ESP && wire.spi.length === 4 && readSpi(wire.spi) >= firstSpi;
  };

/** Whether these algorithms are among those that `ours` accepts. */
export function allowsSuite(
  ours: readonly Proposal[],
  { encr, prf, integ, ke, addKe = [] }: Chosen,
): boolean {
  const has = (rows: readonly Transform[], row: Transform | undefined) =>
    row ? rows.includes(row) : rows.length === 0;
  return ours.some(
    (mine) =>
      has(mine.encr, encr) &&
      has(mine.prf, prf) &&
      has(mine.integ, integ) &&
      has(mine.ke, ke) &&
      allowsSteps(mine.addKe, addKe),
  );
}

/**
 * What we offer, each proposal numbered from 1 (RFC 7296 §3.3.1). Without their key exchanges some become the same,
 * and are said once.
 */
export function offer(ours: readonly Proposal[], spi: Uint8Array, withKe: boolean): Sa {
  const lists = ours.map(({ encr, prf, integ, ke, addKe, esn }) => [
    ...[...encr, ...prf, ...integ, ...(withKe ? ke : [])].map(toWire),
    ...(withKe ? stepsToWire(addKe) : []),
    ...esn.map(toWire),
  ]);
  const distinct = new Map(lists.map((transforms) => [JSON.stringify(transforms), transforms]));
  const protocol = ours[0]?.protocol === 'ike' ? Protocol.IKE : Protocol.ESP;
  return {
    proposals: [...distinct.values()].map((transforms, i) => ({
      ...{ number: i + 1, protocol, spi },
      transforms,
    })),
  };
}

/** Whether the peer knows no other key exchange method than this. */
export function offersOnly({ proposals }: Sa, method: number): boolean {
  const transforms = proposals.flatMap((proposal) => proposal.transforms);
  const methods = transforms.filter(({ type }) => type === TransformType.KE);
  return methods.length > 0 && methods.every(({ id }) => id === method);
}

/** For the owner: what was offered and what would do. */
export function explainMismatch(ours: readonly Proposal[], theirs: Sa): string {
  const offered = theirs.proposals.slice(0, mostProposals).map(formatOffered);
  const distinct = [...new Set(ours)].map(formatProposal);
  const accepted = [...new Set(distinct)].slice(0, mostProposals);
  return `the peer offers ${offered.join(', ')}; accepted here: ${accepted.join(', ')}`;
}

function match(mine: Proposal, offer: Offer, wanted: Search): Chosen | undefined {
  const pick = <T extends Transform>(rows: readonly T[]) => rows.find((row) => offer.rows.has(row));
  const mayLack = (rows: readonly Transform[], type: number) =>
    rows.length === 0 && (!offer.types.has(type) || offer.optional.has(type));
  const encr = pick(mine.encr);
  const prf = pick(mine.prf);
  const integ = pick(mine.integ);
  const esn = pick(mine.esn) ?? impliedSequenceNumbers(mine, offer);
  const sent = mine.ke.filter((row) => row.id === wanted.keSent);
  const ke = wanted.ke === 'wanted' ? (pick(sent) ?? pick(mine.ke)) : undefined;
  if (!encr || (!prf && mine.prf.length > 0)) return undefined;
  if (!integ && !mayLack(mine.integ, TransformType.INTEG)) return undefined;
  if (!esn && wanted.protocol === 'esp') return undefined;
  if (wanted.ke === 'ignored') return { encr, prf, integ, esn };
  if (!ke && !mayLack(mine.ke, TransformType.KE)) return undefined;
  const steps = wanted.isSingle ? mine.addKe.map((one) => ({ ...one, methods: [] })) : mine.addKe;
  const addKe = chooseSteps(steps, offer.steps, ke, wanted.deadEnds);
  return addKe && { encr, prf, integ, ke, addKe, esn };
}

/** A peer that says nothing means 32-bit sequence numbers, as before the transform became mandatory. */
function impliedSequenceNumbers(mine: Proposal, { types }: Offer): Esn | undefined {
  if (types.has(TransformType.ESN)) return undefined;
  return mine.esn.find(({ keyword }) => keyword === 'noesn');
}

/** Exactly one transform of each type that the peer named (RFC 7296 §3.3). */
function answer(offered: WireProposal, chosen: Chosen, spi: Uint8Array): Sa {
  const { encr, prf, integ, ke, addKe = [], esn } = chosen;
  const rows = [encr, prf, integ, ke, esn].filter((row) => row !== undefined);
  const isNamed = (type: number) => offered.transforms.some((transform) => transform.type === type);
  const transforms = rows.filter((row) => isNamed(ianaType(row))).map(toWire);
  transforms.push(...answerSteps(offeredSteps(offered.transforms), addKe));
  invariant(transforms.length > 0, 'an empty answer');
  return { proposals: [{ number: offered.number, protocol: offered.protocol, spi, transforms }] };
}

function toWire(row: Transform): WireTransform {
  return { type: ianaType(row), id: row.id, keyBits: keyLength(row), isKnown: true };
}

const formatOffered = ({ transforms }: WireProposal): string =>
  transforms.slice(0, mostTransforms).map(formatTransform).join('-');

/** Its keyword, or its name in the registry. */
export function formatTransform({ type, id, keyBits }: WireTransform): string {
  if (isAdditionalKe(type)) return formatStep(type, id);
  const row = byId(type, id, keyBits);
  if (row) return row.keyword;
  if (type === TransformType.ENCR) return nameOf(Encryption, id).replace('ENCR_', '').toLowerCase();
  if (type === TransformType.KE) return nameOf(KeyExchangeMethod, id).toLowerCase();
  return `${nameOf(TransformType, type).toLowerCase()}#${id}`;
}

/** Apple sends five proposals, Windows some dozens. */
const mostOffers = 64;
/** Twice the ways through the widest of our proposals. */
const mostDeadEnds = 2000;
const mostProposals = 4;
const mostTransforms = 16;
