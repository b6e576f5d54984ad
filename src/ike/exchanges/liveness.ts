// Is the peer still there? Asked only after silence on IKE and on ESP, so that phones may sleep (RFC 7296 §2.4).
import { milliseconds, since } from '../../base/time.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { isMobile, tellPresence } from '../extensions/mobike.ts';
import { natOf } from '../extensions/nat-detection.ts';
import { Draft } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { ask, request, type Steps } from '../steps.ts';

export function* liveness(sa: IkeSa): Steps<void> {
  const dpd = sa.connection?.dpd;
  if (dpd === undefined) return;
  const idle = yield* ask('idle', { children: sa.children.map(({ ref }) => ref) });
  const silence = Math.min(since(sa.heardAt, sa.host.now), idle ?? Number.POSITIVE_INFINITY);
  const isSilent = silence >= dpd;
  try {
    if (isSilent) yield* probe(sa);
  } finally {
    // However the peer answered: the next silence is probed too.
    sa.timers.start('liveness', sa.host.now, isSilent ? dpd : milliseconds(dpd - silence));
  }
}

/** Asks at once. */
export function* probe(sa: IkeSa): Steps<void> {
  if (sa.dialled && isMobile(sa) && natOf(sa).local) yield* tellPresence(sa);
  else yield* request(new Draft(Exchange.INFORMATIONAL, 'request'));
}
