// A version of ours that knows RFC 8784 and not RFC 9867, for it has what else there is: it says nothing of
// IKE_INTERMEDIATE for PPKs, and hears nothing of it.
import { Notification } from '../../src/iana/notifies.ts';
import { PayloadType } from '../../src/iana/payloads.ts';
import type { Extension } from '../../src/ike/extensions/extension.ts';
import { extensions } from '../../src/ike/extensions/index.ts';
import { ppk } from '../../src/ike/extensions/ppk.ts';
import type { Draft } from '../../src/ike/message.ts';
import type { IkeSa } from '../../src/ike/sa/ike-sa.ts';

/** Until it is called off, whoever has one of these roles is of that version. */
export function olderPpk(...roles: readonly IkeSa['role'][]): () => void {
  const list = extensions as Extension[];
  const at = list.indexOf(ppk);
  list[at] = {
    ...ppk,
    contribute(sa, draft) {
      ppk.contribute?.(sa, draft);
      if (roles.includes(sa.role)) forget(draft);
    },
    observe(sa, received) {
      const isOld = roles.includes(sa.role);
      const { notify } = received;
      if (isOld)
        received.notify = (type) =>
          type === Notification.USE_PPK_INT ? undefined : notify.call(received, type);
      ppk.observe?.(sa, received);
      received.notify = notify;
    },
  };
  return () => {
    list[at] = ppk;
  };
}

function forget({ payloads }: Draft): void {
  const at = payloads.findIndex(
    (one) => one.type === PayloadType.NOTIFY && one.body.type === Notification.USE_PPK_INT,
  );
  if (at >= 0) payloads.splice(at, 1);
}
