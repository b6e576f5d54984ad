// IntAuth: what IKE_INTERMEDIATE adds to the octets that AUTH covers (RFC 9242 §3.3.2). Each message counts as if it
// had come in one piece and without its encryption, so that both sides count the same.
import { concat, Writer } from '../../base/bytes.ts';
import { invariant } from '../../base/invariant.ts';
import type { Secret } from '../../base/secret.ts';
import type { Mac } from '../../crypto/primitives.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { headerBytes } from '../../wire/header.ts';
import type { IkeSa } from '../sa/ike-sa.ts';

/** IntAuth_iN, IntAuth_rN and IKE_AUTH_MID; the values are empty before the first message of their side. */
export interface IntAuth {
  readonly initiator: Uint8Array;
  readonly responder: Uint8Array;
  /** Message ID of the first IKE_AUTH request. */
  readonly authMessageId: number;
}

export interface IntermediateMessage {
  readonly messageId: number;
  /** Of the datagram, or of any of its fragments: all from the IKE header to the header of SK or SKF, without that. */
  readonly front: Uint8Array;
  /** Type of the first payload in `chain`. */
  readonly first: number;
  /** The inner payloads, decrypted and put together, without padding. */
  readonly chain: Uint8Array;
}

/** Counts a message of ours or of the peer, under the keys that protect it; one that is out of place leads nowhere. */
export function coverIntermediate(
  sa: IkeSa,
  side: 'ours' | 'theirs',
  message: IntermediateMessage,
): void {
  const { handshake, suite, keys } = sa;
  if (sa.phase !== 'intermediate') return;
  invariant(handshake && suite, 'IKE_INTERMEDIATE before IKE_SA_INIT');
  const signer = (side === 'ours') === (sa.role === 'initiator') ? 'initiator' : 'responder';
  const key = signer === 'initiator' ? keys.skPi : keys.skPr;
  const prf = sa.host.primitives[suite.prf.engine];
  handshake.intAuth = withMessage(handshake.intAuth, signer, message, { prf, key });
}

/** IntAuth_*N = prf(SK_p*, IntAuth_*(N-1) | IntAuth_*NA | IntAuth_*NP); `key` is that of the message's own keys. */
export function withMessage(
  before: IntAuth,
  signer: 'initiator' | 'responder',
  message: IntermediateMessage,
  { prf, key }: { prf: Mac; key: Secret },
): IntAuth {
  const next = prf.compute(key.bytes, before[signer], coveredOctets(message));
  return { ...before, [signer]: next, authMessageId: message.messageId + 1 };
}

/** IntAuth, or nothing where there was no IKE_INTERMEDIATE. */
export function intAuthOctets({ initiator, responder, authMessageId }: IntAuth): Uint8Array {
  if (initiator.length === 0) return initiator;
  const id = new Writer();
  id.u32(authMessageId);
  return concat(initiator, responder, id.finish());
}

/** IntAuth_*A | IntAuth_*P: lengths that count neither IV nor padding nor ICV. */
function coveredOctets({ front, first, chain }: IntermediateMessage): Uint8Array {
  const w = new Writer();
  w.bytes(front);
  w.u8(first);
  w.u8(0);
  w.u16(genericBytes + chain.length);
  w.bytes(chain);
  const octets = w.finish();
  // A fragment says SKF where the whole message says SK.
  if (front.length === headerBytes) octets[nextPayloadAt] = PayloadType.SK;
  const length = new Writer();
  length.u32(octets.length);
  octets.set(length.finish(), lengthAt);
  return octets;
}

export const noIntAuth: IntAuth = {
  initiator: new Uint8Array(0),
  responder: new Uint8Array(0),
  authMessageId: 1,
};
const genericBytes = 4;
const nextPayloadAt = 16;
const lengthAt = 24;
