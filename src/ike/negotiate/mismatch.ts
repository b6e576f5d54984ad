// Nothing in common: what was offered, what would do, and the nearest miss, transform by transform, so that the owner
// changes one word and not all of them.
import { TransformType } from '../../iana/transforms.ts';
import type { Proposal } from '../../transforms/parse.ts';
import { byId, type Transform } from '../../transforms/table.ts';
import type { Sa, WireProposal, WireTransform } from '../../wire/payloads/sa.ts';
import { IkeError } from '../error.ts';
import { explainMismatch, formatTransform } from './proposals.ts';

/** For the handshake. */
export const noCommonSuite = (ours: readonly Proposal[], theirs: Sa): IkeError =>
  refusal(ours, theirs, 'no-common-algorithm', 'ike');
/** For the tunnel. */
export const noCommonTunnel = (ours: readonly Proposal[], theirs: Sa): IkeError =>
  refusal(ours, theirs, 'no-common-tunnel-algorithm', 'esp');

function refusal(
  ours: readonly Proposal[],
  theirs: Sa,
  cause: 'no-common-algorithm' | 'no-common-tunnel-algorithm',
  option: 'ike' | 'esp',
): IkeError {
  const miss = nearestMiss(ours, theirs);
  const why = explainMismatch(ours, theirs);
  if (miss.length === 0) return new IkeError('NO_PROPOSAL_CHOSEN', why, { cause });
  const parts = miss.map(({ type, offered, accepted }) => {
    return `${words[type] ?? 'another'}: it offers ${list(offered)}, here ${list(accepted)}`;
  });
  const wanted = miss.flatMap(({ accepted }) => accepted.slice(0, 1));
  const known = miss.flatMap(({ offered, areKnown }) => (areKnown ? offered.slice(0, 1) : []));
  const here =
    known.length === miss.length ? `, or add ${known.join(' and ')} to option ${option}` : '';
  const there =
    wanted.length > 0 ? `Offer ${wanted.join(' and ')} on the peer` : 'Offer less on the peer';
  return new IkeError('NO_PROPOSAL_CHOSEN', `${why}; nearest miss: ${parts.join('; ')}`, {
    cause,
    advice: `${there}${here}.`,
  });
}

interface Miss {
  /** One of TransformType. */
  readonly type: number;
  readonly offered: readonly string[];
  readonly accepted: readonly string[];
  /** We have what it offers, but it is not allowed. */
  readonly areKnown: boolean;
}

/** What a proposal of the peer has of one type, and what of it we know. */
interface Offered {
  readonly transforms: readonly WireTransform[];
  readonly known: readonly (Transform | undefined)[];
}
/** By TransformType. Read once: anybody may offer much, and each pair of proposals is looked at. */
type Offer = ReadonlyMap<number, Offered>;

/** Of all pairs of proposals, the first in which the fewest types have nothing in common. */
function nearestMiss(ours: readonly Proposal[], { proposals }: Sa): readonly Miss[] {
  const offers = proposals.slice(0, mostOffers).map(readOffer);
  let nearest: { readonly types: readonly number[]; mine: Proposal; offer: Offer } | undefined;
  for (const mine of new Set(ours)) {
    for (const offer of offers) {
      const types = judged.filter((type) => isMissed(mine, offer, type));
      const isNearer = types.length < (nearest?.types.length ?? Number.POSITIVE_INFINITY);
      if (types.length > 0 && isNearer) nearest = { types, mine, offer };
    }
  }
  if (!nearest) return [];
  const { types, mine, offer } = nearest;
  return types.map((type) => missOf(mine, offer, type));
}

function readOffer({ transforms }: WireProposal): Offer {
  return new Map(
    judged.map((type) => {
      const own = transforms.filter((one) => one.type === type && one.id !== 0);
      const known = own.map(({ id, keyBits }) => byId(type, id, keyBits));
      return [type, { transforms: own, known }];
    }),
  );
}

/** Whether they have nothing of this type in common, and one of them has something. */
function isMissed(mine: Proposal, offer: Offer, type: number): boolean {
  const accepted = rowsOf(mine, type);
  const { transforms = [], known = [] } = offer.get(type) ?? {};
  // A cipher that brings its own integrity and one that does not: that they differ there follows.
  if (accepted.length === 0 && (type === TransformType.INTEG || transforms.length === 0)) {
    return false;
  }
  return !accepted.some((row) => known.includes(row));
}

function missOf(mine: Proposal, offer: Offer, type: number): Miss {
  const { transforms = [], known = [] } = offer.get(type) ?? {};
  return {
    type,
    offered: transforms.slice(0, mostNamed).map(formatTransform),
    accepted: rowsOf(mine, type)
      .slice(0, mostNamed)
      .map(({ keyword }) => keyword),
    areKnown: known.length > 0 && known[0] !== undefined,
  };
}

function rowsOf({ encr, prf, integ, ke }: Proposal, type: number): readonly Transform[] {
  switch (type) {
    case TransformType.ENCR:
      return encr;
    case TransformType.PRF:
      return prf;
    case TransformType.INTEG:
      return integ;
    default:
      return ke;
  }
}

const list = (names: readonly string[]): string => names.join(' or ') || 'none';

const judged = [TransformType.ENCR, TransformType.PRF, TransformType.INTEG, TransformType.KE];
const words: Readonly<Record<number, string>> = {
  [TransformType.ENCR]: 'encryption',
  [TransformType.PRF]: 'PRF',
  [TransformType.INTEG]: 'integrity',
  [TransformType.KE]: 'key exchange',
};
const mostOffers = 64;
const mostNamed = 4;
