// Nothing in common: what was offered, what would do, and the nearest miss, transform by transform, so that the owner
// changes one word and not all of them.
import { TransformType } from '../../iana/transforms.ts';
import type { Proposal } from '../../transforms/parse.ts';
import { byId, ianaType, type Transform } from '../../transforms/table.ts';
import type { Sa, WireProposal } from '../../wire/payloads/sa.ts';
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

/** Of all pairs of proposals, the one in which the fewest types have nothing in common. */
function nearestMiss(ours: readonly Proposal[], { proposals }: Sa): readonly Miss[] {
  const pairs = ours.flatMap((mine) =>
    proposals.slice(0, mostOffers).map((offer) => missesOf(mine, offer)),
  );
  const open = pairs.filter((misses) => misses.length > 0);
  return open.toSorted((a, b) => a.length - b.length)[0] ?? [];
}

function missesOf(mine: Proposal, { transforms }: WireProposal): readonly Miss[] {
  return judged.flatMap((type) => {
    const accepted: readonly Transform[] = rowsOf(mine).filter((row) => ianaType(row) === type);
    const offered = transforms.filter((one) => one.type === type && one.id !== 0);
    const known = offered.map(({ id, keyBits }) => byId(type, id, keyBits));
    const isShared = accepted.some((row) => known.includes(row));
    if (isShared || (accepted.length === 0 && offered.length === 0)) return [];
    // A cipher that brings its own integrity and one that does not: that they differ there follows.
    if (type === TransformType.INTEG && accepted.length === 0) return [];
    return [
      {
        type,
        offered: offered.slice(0, mostNamed).map(formatTransform),
        accepted: accepted.slice(0, mostNamed).map(({ keyword }) => keyword),
        areKnown: known.length > 0 && known[0] !== undefined,
      },
    ];
  });
}

const rowsOf = ({ encr, prf, integ, ke }: Proposal): readonly Transform[] => [
  ...encr,
  ...prf,
  ...integ,
  ...ke,
];

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
