// One byte now and then, so that the NAT in front of us does not forget us (RFC 3948 §2.3, §4). Only where we
// dialled: who is dialled behind a NAT is reached by a rule of that NAT, and would keep sleeping phones awake.
// ESP is not asked after: to know when it last left costs more than the byte.
import { milliseconds, since } from '../../base/time.ts';
import { natOf } from '../extensions/nat-detection.ts';
import type { IkeSa } from './ike-sa.ts';

/** Starts the clock of an SA that was established or took another's place. */
export function scheduleKeepalive(sa: IkeSa): void {
  const { keepalive } = sa.host.policy.timing;
  if (sa.dialled && keepalive !== undefined) sa.timers.start('keepalive', sa.host.now, keepalive);
}

/** Its time has come: nothing is sent while messages of ours keep the NAT awake. */
export function keepAlive(sa: IkeSa): void {
  const { timing, nattPort } = sa.host.policy;
  const { keepalive } = timing;
  if (keepalive === undefined) return;
  const quiet = since(sa.saidAt, sa.host.now);
  const isDue = quiet >= keepalive;
  // On the port of IKE there is no marker, and a single byte would be a broken message.
  const isWanted = natOf(sa).local && sa.provenPath.local.port === nattPort;
  if (isDue && isWanted) sa.host.emit({ kind: 'keepalive', path: sa.provenPath });
  const next = isDue ? keepalive : milliseconds(keepalive - quiet);
  sa.timers.start('keepalive', sa.host.now, next);
}
