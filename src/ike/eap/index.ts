// The EAP methods: one line each.
import type { EapAuth } from '../../policy/policy.ts';
import { gtc } from './gtc.ts';
import type { EapMethodRow } from './method.ts';
import { mschapv2 } from './mschapv2.ts';
import { peap } from './peap.ts';
import { tls } from './tls.ts';
import { ttls } from './ttls.ts';

const eapMethods: readonly EapMethodRow[] = [mschapv2, tls, peap, ttls, gtc];

/** The row of a name or an EAP type; undefined: nobody here speaks it. */
export function eapMethod(nameOrType: EapAuth | number): EapMethodRow | undefined {
  return eapMethods.find(({ name, type }) => name === nameOrType || type === nameOrType);
}
