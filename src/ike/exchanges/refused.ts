// A response of IKE_AUTH that says no.
import { nameOf } from '../../iana/name.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { PeerRefused } from '../error.ts';
import type { Received } from '../message.ts';

/** @throws PeerRefused when it holds an error notify, and no AUTH: with AUTH only the CHILD_SA was refused */
export function refuseIfRefused(response: Received): void {
  const refusal = response.error();
  if (refusal && !response.find(PayloadType.AUTH)) {
    throw new PeerRefused(refusal.type, nameOf(Notification, refusal.type));
  }
}
