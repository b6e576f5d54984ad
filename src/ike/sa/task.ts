// What our own exchange is about, as far as a request of the peer that crosses it must know (RFC 7296 §2.25).
import type { ChildSa } from './child-sa.ts';
import type { IkeSa } from './ike-sa.ts';

export type Task =
  | { readonly kind: 'create-child' }
  | {
      readonly kind: 'rekey-child';
      readonly old: ChildSa;
      /** The peer rekeys the same CHILD_SA: what its exchange made, and the lower of its nonces. */
      rival: { readonly child: ChildSa; readonly lowest: Uint8Array } | undefined;
      /** SPIs the peer deleted that we do not know yet: one may be in the response that is on its way. */
      readonly gone: Set<number>;
    }
  | { readonly kind: 'delete-child'; readonly child: ChildSa }
  | {
      readonly kind: 'rekey-ike';
      rival: { readonly sa: IkeSa; readonly lowest: Uint8Array } | undefined;
    }
  | { readonly kind: 'delete-ike' };
