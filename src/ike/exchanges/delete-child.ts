// DELETE of a CHILD_SA, said by us (RFC 7296 §1.4.1): it names the SPI on which we receive.
import { Exchange } from '../../iana/exchanges.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { Protocol } from '../../iana/protocols.ts';
import { Draft } from '../message.ts';
import type { ChildSa } from '../sa/child-sa.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { drain } from '../sa/lifecycle.ts';
import { writeSpi } from '../sa/spi.ts';
import { request, type Steps } from '../steps.ts';
import { deleteIkeSa } from './delete.ts';

export function* deleteChild(sa: IkeSa, child: ChildSa, why: string): Steps<void> {
  if (!sa.children.includes(child) || child.state === 'draining') return;
  child.state = 'deleting';
  sa.task = { kind: 'delete-child', child };
  try {
    yield* deleteSpi(sa, child.spec.inbound.spi);
  } finally {
    sa.task = undefined;
  }
  if (child.state === 'deleting' && sa.children.includes(child)) drain(sa, child, why);
}

/** Deletes a CHILD_SA of which we have nothing but the SPI that we drew for it. */
export function* deleteSpi(_sa: IkeSa, spi: number): Steps<void> {
  const draft = new Draft(Exchange.INFORMATIONAL, 'request');
  yield* request(draft.add(PayloadType.DELETE, { protocol: Protocol.ESP, spis: [writeSpi(spi)] }));
}

/** Deletes a CHILD_SA and whatever took its place meanwhile. */
export function* deleteTunnel(sa: IkeSa, child: ChildSa, why: string): Steps<void> {
  for (let one: ChildSa | undefined = child; one; one = one.successor) {
    yield* deleteChild(sa, one, why);
  }
}

/** Ends the last tunnel, whose keys are worn out, with its IKE SA; alone if another came while this waited. */
export function* deleteWornChild(sa: IkeSa, child: ChildSa, why: string): Steps<void> {
  if (!sa.children.includes(child)) return;
  const hasOther = sa.children.some((one) => one !== child && one.state !== 'draining');
  if (hasOther) yield* deleteChild(sa, child, why);
  else yield* deleteIkeSa(sa, why);
}
