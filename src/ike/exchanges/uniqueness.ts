// One peer, how many IKE SAs: what becomes of the older ones when the same identity is authenticated again
// (RFC 7296 §2.4). Judged after authentication, and only against SAs of that very identity.
import { invariant } from '../../base/invariant.ts';
import { seconds, since } from '../../base/time.ts';
import { Notification } from '../../iana/notifies.ts';
import { sameIdentity } from '../../policy/identity.ts';
import { IkeError } from '../error.ts';
import { wishOf } from '../extensions/config-mode.ts';
import type { Received } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { farewell, retire } from '../sa/lifecycle.ts';
import { renew } from '../sa/renewal.ts';
import { ask, type Steps } from '../steps.ts';
import { haveCrossed } from './crossed-dials.ts';
import { probe } from './liveness.ts';

/**
 * Settles what the older SAs of this peer are to it. Before an address is asked for: theirs may be free again.
 * @throws IkeError where the connection allows no second one
 */
export function* judgeOlder(sa: IkeSa, received: Received): Steps<void> {
  const { connection } = sa;
  invariant(connection, 'a peer before its connection is known');
  const { unique } = connection;
  const isFirst = unique !== 'never' && received.notify(Notification.INITIAL_CONTACT) !== undefined;
  if (isFirst) {
    // It knows of no other, so there is nobody to say good-bye to. Another device of the same user may.
    const lost = sameAs(sa).filter((one) => isSameDevice(one, sa) && !haveCrossed(one, sa));
    for (const one of lost) retire(one, anew);
  }
  const older = olderOf(sa).filter((one) => !isFirst || !isSameDevice(one, sa));
  const former = older.find((one) => isSameDevice(one, sa) && isContinuedBy(one, sa, received));
  if (former) renew(former, sa);
  const others = older.filter((one) => one !== former);
  if (unique === 'replace') for (const one of others) farewell(one, anew);
  if (unique === 'device' || unique === 'keep') others.forEach(probeSoon);
  if (unique === 'keep' && others.length > 0) throw connectedAlready();
  for (let surplus = surplusOf(sa); surplus > 0; surplus--) yield* dropIdlest(beside(sa));
}

/**
 * Keeps the bound when `sa` is established: handshakes that went on side by side made room for one, perhaps all by the
 * same SA. Who was silent longest on IKE goes, at once.
 */
export function dropSurplus(sa: IkeSa): void {
  const silent = [...beside(sa)].sort((a, b) => a.heardAt - b.heardAt);
  for (const one of silent.slice(0, surplusOf(sa))) farewell(one, anew);
}

/**
 * Its older ones, and those of its account on whatever connection: what an account may have, it may have once. One that is
 * continued counts as the one that takes its place.
 */
const beside = (sa: IkeSa): readonly IkeSa[] => {
  const ofAccount = sa.host.registry.all.filter(
    (one) => one.phase === 'established' && !one.dialled && sa.user && one.user === sa.user,
  );
  const all = new Set([...olderOf(sa), ...ofAccount]);
  return [...all].filter((one) => one !== sa && one !== sa.former);
};

/** How many of those are more than may be. */
const surplusOf = (sa: IkeSa): number =>
  Math.max(0, beside(sa).length + 1 - Math.min(sa.most ?? mostOfOne, mostOfOne));

/** Makes an address free: its peer must not be locked out by connections that it has lost. @returns whether it did */
export function* makeRoom(sa: IkeSa): Steps<boolean> {
  const older = olderOf(sa).filter(({ lease }) => lease?.pool === sa.connection?.pool);
  if (older.length === 0 || sa.connection?.unique === 'never') return false;
  yield* dropIdlest(older);
  return true;
}

/** Those that the peer dialled; what we dialled ourselves is ours to end. */
const olderOf = (sa: IkeSa): readonly IkeSa[] => sameAs(sa).filter(({ dialled }) => !dialled);

function sameAs(sa: IkeSa): readonly IkeSa[] {
  return sa.host.registry.all.filter(
    (one) =>
      one.phase === 'established' &&
      one.connection?.name === sa.connection?.name &&
      one.peer !== undefined &&
      sa.peer !== undefined &&
      sameIdentity(one.peer, sa.peer) &&
      provenBy(one) === provenBy(sa),
  );
}

/** A name that anybody with a shared secret may choose is not that of a user, or of a certificate. */
const provenBy = ({ user, certificate }: IkeSa): 'password' | 'certificate' | 'secret' =>
  user !== undefined ? 'password' : certificate !== undefined ? 'certificate' : 'secret';

/** An identity is one device, but a user who logs in with a name may have several. */
const isSameDevice = (one: IkeSa, sa: IkeSa): boolean =>
  one.device === undefined || sa.device === undefined || sameIdentity(one.device, sa.device);

/**
 * Whether the peer asks for what it has already: then it makes the new SA before it breaks the old one, and
 * deletes that itself. Without addresses to give, it is known by its place.
 */
function isContinuedBy(old: IkeSa, next: IkeSa, received: Received): boolean {
  if (next.connection?.pool === undefined) return old.path.remote.ip === next.path.remote.ip;
  const wished = wishOf(received)?.addresses ?? [];
  return old.lease?.addresses.some((address) => wished.includes(address)) ?? false;
}

/** One that does not answer goes by itself. */
function probeSoon(sa: IkeSa): void {
  const isBusy = sa.outgoing !== undefined || sa.queue.length > 0;
  if (isBusy || since(sa.heardAt, sa.host.now) < fresh) return;
  sa.queue.push(probe);
  sa.host.nudge(sa);
}

/** Ends the SA that was silent longest, on IKE and on ESP. */
function* dropIdlest(all: readonly IkeSa[]): Steps<void> {
  let idlest: { readonly sa: IkeSa; readonly silence: number } | undefined;
  for (const sa of all) {
    const idle = yield* ask('idle', { children: sa.children.map(({ ref }) => ref) });
    const silence = Math.min(since(sa.heardAt, sa.host.now), idle ?? Number.POSITIVE_INFINITY);
    if (!idlest || silence > idlest.silence) idlest = { sa, silence };
  }
  if (idlest) farewell(idlest.sa, anew);
}

const connectedAlready = (): IkeError =>
  new IkeError('AUTHENTICATION_FAILED', 'the same identity is connected already', {
    cause: 'connected-already',
    advice: 'Disconnect the other device, or set option unique of the connection to device.',
  });
const anew = { cause: 'replaced', why: 'the same device connected anew' } as const;
/** Whoever was heard from so lately need not be asked. */
const fresh = seconds(2);
/** Connections of one identity, whatever the policy says: a bound on what one peer can make us keep. */
const mostOfOne = 8;
