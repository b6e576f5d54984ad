// The key exchange inside CREATE_CHILD_SA: fresh for an IKE SA, optional for a CHILD_SA (RFC 7296 §1.3).

import type { Secret } from '../../base/secret.ts';
import { BadPublicValue, type Offer } from '../../crypto/primitives.ts';
import { nameOf } from '../../iana/name.ts';
import { KeyExchangeMethod } from '../../iana/transforms.ts';
import type { Ke } from '../../transforms/table.ts';
import { IkeError } from '../error.ts';
import type { IkeSa } from '../sa/ike-sa.ts';

/** Answers the KE payload of a further exchange, whose method is agreed on. @throws IkeError */
export function answerStep(
  sa: IkeSa,
  ke: Ke | undefined,
  offered: { readonly method: number; readonly data: Uint8Array },
): ReturnType<typeof answerKe> {
  if (ke?.id === offered.method) return answerKe(sa, ke, offered);
  const wanted = ke ? `it is the turn of ${ke.keyword}` : 'there is nothing left to exchange';
  throw new IkeError('INVALID_SYNTAX', `KE for method ${offered.method} came, ${wanted}`);
}

/** Answers a KE payload. @throws IkeError INVALID_KE_PAYLOAD when it is for another method than was chosen */
export function answerKe(
  sa: IkeSa,
  chosen: Ke,
  offered: { readonly method: number; readonly data: Uint8Array } | undefined,
): { readonly value: Uint8Array; readonly shared: Secret } {
  if (offered?.method !== chosen.id) throw wrongMethod(offered?.method ?? 0, chosen);
  const { primitives, random } = sa.host;
  return checked(() => primitives[chosen.engine].answer(random, offered.data));
}

/** The shared secret, from the peer's answer to our offer of `ke`. @throws IkeError when it is for another method, or none */
export function finishKe(
  own: Offer,
  ke: Ke,
  answer: { readonly method: number; readonly data: Uint8Array },
): Secret {
  if (answer.method === ke.id) return checked(() => own.finish(answer.data));
  throw new IkeError('INVALID_SYNTAX', `KE of the answer is not for ${ke.keyword}`);
}

/** Runs a step of a key exchange; a value that is none is the peer's fault (RFC 6989). */
export function checked<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof BadPublicValue)) throw error;
    throw new IkeError('INVALID_SYNTAX', `KE: ${error.message}`);
  }
}

/** The method that a notify INVALID_KE_PAYLOAD names, if it is one of `offered` and not `sent`. */
export function otherMethod(
  data: Uint8Array,
  offered: readonly Ke[],
  sent: Ke | undefined,
): Ke | undefined {
  const id = data.length === 2 ? ((data[0] as number) << 8) | (data[1] as number) : undefined;
  return offered.find((row) => row.id === id && row !== sent);
}

export function wrongMethod(sent: number, wanted: Ke): IkeError {
  const name = nameOf(KeyExchangeMethod, sent);
  const data = Uint8Array.of(wanted.id >> 8, wanted.id & 0xff);
  const why = `KE for ${name} came, ${wanted.keyword} is wanted`;
  return new IkeError('INVALID_KE_PAYLOAD', why, { data });
}
