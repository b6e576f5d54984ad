// What a ghost says in INFORMATIONAL: «are you there?», «I am here now», «goodbye» (RFC 7296 §1.4, RFC 4555 §3.5).
import { equal } from '../../src/base/bytes.ts';
import { Exchange } from '../../src/iana/exchanges.ts';
import { nameOf } from '../../src/iana/name.ts';
import { Notification } from '../../src/iana/notifies.ts';
import { PayloadType } from '../../src/iana/payloads.ts';
import { Protocol } from '../../src/iana/protocols.ts';
import { type Payload, payload } from '../../src/wire/payloads/index.ts';
import { Displeased } from './displeased.ts';
import type { Ghost, Procedure } from './ghost.ts';
import type { GhostSa } from './ike-sa.ts';
import { destinationHash, detectNat, errorIn, notify, sourceHash } from './nat.ts';

const exchange = Exchange.INFORMATIONAL;

export function* probe(ghost: Ghost): Procedure {
  const { sa } = ghost;
  if (!sa) return;
  yield { sa, exchange, payloads: [] };
}

/** Says where it is; again, if it moved meanwhile. */
export function* updateAddresses(ghost: Ghost): Procedure {
  const { sa } = ghost;
  if (!sa) return;
  const payloads = [
    notify(Notification.UPDATE_SA_ADDRESSES),
    ...sourceHash(ghost, sa),
    ...destinationHash(ghost, sa),
  ];
  const response = yield { sa, exchange, payloads };
  const error = errorIn(response.payloads);
  if (error) throw new Displeased(`the move was refused: ${nameOf(Notification, error.type)}`);
  detectNat(ghost, sa, response.payloads);
  ghost.diary.push('moved');
}

export function* disconnect(ghost: Ghost): Procedure {
  const { sa } = ghost;
  if (!sa) return;
  yield { sa, exchange, payloads: [goodbye(Protocol.IKE)] };
  ghost.diary.push('disconnected');
  ghost.end();
}

/** DELETE of an IKE SA, or of CHILD_SAs by the SPIs on which it receives. */
export const goodbye = (protocol: number, spis: readonly Uint8Array[] = []): Payload =>
  payload(PayloadType.DELETE, { protocol, spis });

/** Forgets an IKE SA that another took the place of. */
export function forget(ghost: Ghost, sa: GhostSa): void {
  const at = ghost.sas.findIndex((one) => equal(one.spiI, sa.spiI) && equal(one.spiR, sa.spiR));
  if (at >= 0) ghost.sas.splice(at, 1);
}
