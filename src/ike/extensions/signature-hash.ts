// SIGNATURE_HASH_ALGORITHMS: which hashes the peer can verify in a digital signature (RFC 7427 §4).
import { Exchange } from '../../iana/exchanges.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { ourHashes } from '../auth/schemes.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Slot } from '../sa/slots.ts';
import type { Extension } from './extension.ts';

/** Hash numbers that the peer announced; empty: it does not speak RFC 7427. */
export const peerHashes = (sa: IkeSa): readonly number[] => sa.slot(state).hashes;

export const signatureHash: Extension = {
  name: 'signature-hash',
  rfc: 'RFC 7427',
  contribute(sa, draft) {
    if (draft.exchange !== Exchange.IKE_SA_INIT || !draft.has(PayloadType.SA)) return;
    // The responder announces nothing to a peer that did not (RFC 7427 §4 allows it, old peers do not expect it).
    if (sa.role === 'responder' && peerHashes(sa).length === 0) return;
    const data = Uint8Array.from(ourHashes.flatMap((hash) => [hash >> 8, hash & 0xff]));
    draft.notify(Notification.SIGNATURE_HASH_ALGORITHMS, data);
  },
  observe(sa, received) {
    if (received.exchange !== Exchange.IKE_SA_INIT) return;
    const data = received.notify(Notification.SIGNATURE_HASH_ALGORITHMS)?.data;
    // Of a response that led nowhere nothing stays: anybody can send one.
    sa.slot(state).hashes = data ? readHashes(data) : [];
  },
};

function readHashes(data: Uint8Array): readonly number[] {
  const hashes: number[] = [];
  for (let i = 0; i + 1 < data.length && hashes.length < mostHashes; i += 2) {
    hashes.push(((data[i] as number) << 8) | (data[i + 1] as number));
  }
  return hashes;
}

const mostHashes = 16;
const state: Slot<{ hashes: readonly number[] }> = {
  name: 'signature-hash',
  init: () => ({ hashes: [] }),
  inherit: (old) => ({ ...old }),
};
