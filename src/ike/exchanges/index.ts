// Exchange type → who answers it.
import { Exchange } from '../../iana/exchanges.ts';
import { createChild } from './create-child.ts';
import type { Responder } from './exchange.ts';
import { followupKe } from './followup-ke.ts';
import { ikeAuth } from './ike-auth.ts';
import { ikeIntermediate } from './ike-intermediate.ts';
import { ikeSaInit } from './ike-sa-init.ts';
import { informational } from './informational.ts';

export const responders: Readonly<Record<number, Responder | undefined>> = {
  [Exchange.IKE_SA_INIT]: ikeSaInit,
  [Exchange.IKE_INTERMEDIATE]: ikeIntermediate,
  [Exchange.IKE_AUTH]: ikeAuth,
  [Exchange.CREATE_CHILD_SA]: createChild,
  [Exchange.IKE_FOLLOWUP_KE]: followupKe,
  [Exchange.INFORMATIONAL]: informational,
};
