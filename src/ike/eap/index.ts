// The EAP methods: one line each.
import { gtc } from './gtc.ts';
import type { EapMethodName, EapMethodRow } from './method.ts';
import { mschapv2 } from './mschapv2.ts';
import { tls } from './tls.ts';

const eapMethods: readonly EapMethodRow[] = [mschapv2, tls, gtc];

/** The row of a name or an EAP type; undefined: nobody here speaks it. */
export function eapMethod(nameOrType: EapMethodName | number): EapMethodRow | undefined {
  return eapMethods.find(({ name, type }) => name === nameOrType || type === nameOrType);
}
