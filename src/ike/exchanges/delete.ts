// DELETE of an IKE SA, said by us (RFC 7296 §1.4.1).
import { Exchange } from '../../iana/exchanges.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { Protocol } from '../../iana/protocols.ts';
import { Draft } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { request, type Steps } from '../steps.ts';

export function* deleteIkeSa(sa: IkeSa, why: string): Steps<void> {
  const draft = new Draft(Exchange.INFORMATIONAL, 'request');
  draft.add(PayloadType.DELETE, { protocol: Protocol.IKE, spis: [] });
  sa.task = { kind: 'delete-ike' };
  try {
    yield* request(draft);
  } finally {
    // Whatever the peer made of it.
    sa.closing = { cause: 'deleted-by-us', why };
  }
}

/** DELETE of an IKE SA with worn-out keys, unless new ones took its place while this waited for its turn. */
export function* deleteWornIkeSa(sa: IkeSa, worn: IkeSa, why: string): Steps<void> {
  if (sa === worn) yield* deleteIkeSa(sa, why);
}
