// What our own exchange is about, as far as a request of the peer that crosses it must know (RFC 7296 §2.25).
import type { ChildSa } from './child-sa.ts';
import type { IkeSa } from './ike-sa.ts';

export type Task =
  | { readonly kind: 'create-child' }
  | {
      readonly kind: 'rekey-child';
      readonly old: ChildSa;
      /** The peer rekeys the same CHILD_SA: the lower of the nonces of its exchange. */
      rival: { readonly lowest: Uint8Array } | undefined;
      /** Ours was answered, and is at its further key exchanges: it stands (RFC 9370 §2.2.4). */
      isFollowing: boolean;
      /** SPIs the peer deleted that we do not know yet: one may be in the response that is on its way. */
      readonly gone: Set<number>;
    }
  | { readonly kind: 'delete-child'; readonly child: ChildSa }
  | {
      readonly kind: 'rekey-ike';
      /** The peer rekeys it too; `sa` is there when its further key exchanges are done. */
      rival: { sa: IkeSa | undefined; readonly lowest: Uint8Array } | undefined;
      isFollowing: boolean;
    }
  | { readonly kind: 'delete-ike' };
