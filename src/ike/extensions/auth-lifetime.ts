// AUTH_LIFETIME: who was authenticated proves himself again in time (RFC 4478). The responder says how long it
// believes him and ends the SA then; the original initiator makes a new one before that, and ends the old one only by
// a lifetime of its own: the responder may grant a little more (§2).
import { Reader, Writer } from '../../base/bytes.ts';
import {
  type Duration,
  type Instant,
  later,
  milliseconds,
  seconds,
  since,
} from '../../base/time.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Received } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { backOff, chance } from '../sa/lifetimes.ts';
import type { Slot } from '../sa/slots.ts';
import type { Extension } from './extension.ts';

export const authLifetime: Extension = {
  name: 'auth-lifetime',
  rfc: 'RFC 4478',
  contribute(sa, draft) {
    const lifetime = sa.connection?.reauthLifetime;
    // With EAP there are many IKE_AUTH responses; the last one proves who we are without it.
    const isLast = draft.has(PayloadType.AUTH) && !draft.has(PayloadType.EAP);
    if (draft.exchange !== Exchange.IKE_AUTH || draft.isRequest || !isLast) return;
    if (lifetime === undefined) return;
    const data = new Writer();
    data.u32(Math.max(1, Math.floor(lifetime / 1000)));
    draft.notify(Notification.AUTH_LIFETIME, data.finish());
  },
  observe(sa, received) {
    if (!sa.dialled) return;
    const announced = announcedIn(received);
    if (announced === undefined) return;
    if (received.exchange === Exchange.IKE_AUTH) sa.slot(state).announced = announced;
    else if (received.exchange === Exchange.INFORMATIONAL) shorten(sa, announced);
  },
};

/** The SA stands from this moment on. */
export function beginAuthLifetime(sa: IkeSa): void {
  const slot = sa.slot(state);
  const own = sa.connection?.reauthLifetime;
  if (own !== undefined) slot.endsAt = later(sa.host.now, own);
  const lifetimes = [slot.announced, own].filter((one) => one !== undefined);
  if (lifetimes.length > 0) renewWithin(sa, milliseconds(Math.min(...lifetimes)));
}

/** The peer may be stricter than we are, and not less strict. */
function shorten(sa: IkeSa, announced: Duration): void {
  const { endsAt } = sa.slot(state);
  if (sa.establishedAt === undefined) return;
  if (endsAt === undefined || later(sa.host.now, announced) < endsAt) renewWithin(sa, announced);
}

/** New keys do not make the authentication younger. */
export function resumeAuthLifetime(sa: IkeSa): void {
  const { host, timers } = sa;
  const { renewAt, endsAt } = sa.slot(state);
  const left = (at: Instant): Duration => milliseconds(Math.max(0, since(host.now, at)));
  if (renewAt !== undefined) timers.start('reauthenticate', host.now, left(renewAt));
  if (endsAt !== undefined) timers.start('unauthenticated', host.now, left(endsAt));
}

/** Nothing took its place: the next attempt is made when it is due, and not at once. */
export function reauthenticateAgain(sa: IkeSa): void {
  const { renewAt } = sa.slot(state);
  const { now } = sa.host;
  if (renewAt === undefined) return;
  const pause = Math.max(backOff(sa, sa.postponed++), since(now, renewAt));
  sa.timers.start('reauthenticate', now, milliseconds(pause));
}

function renewWithin(sa: IkeSa, lifetime: Duration): void {
  const early = margin + (sa.connection?.jitter ?? 0) * chance(sa);
  const wait = milliseconds(lifetime * (1 - early));
  sa.slot(state).renewAt = sa.dialled ? later(sa.host.now, wait) : undefined;
  resumeAuthLifetime(sa);
}

/** A peer that says «at once», and again each time, must not keep us busy. */
function announcedIn(received: Received): Duration | undefined {
  const data = received.notify(Notification.AUTH_LIFETIME)?.data;
  if (data?.length !== 4) return undefined;
  return milliseconds(Math.max(shortest, 1000 * new Reader(data).u32()));
}

/** Share of the lifetime that is left for making the new SA, and for trying again. */
const margin = 0.1;
const shortest = seconds(5);
const state: Slot<{
  announced: Duration | undefined;
  renewAt: Instant | undefined;
  endsAt: Instant | undefined;
}> = {
  name: 'auth-lifetime',
  init: () => ({ announced: undefined, renewAt: undefined, endsAt: undefined }),
  inherit: (old) => ({ ...old }),
};
