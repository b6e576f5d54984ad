import { nameOf } from '../../iana/name.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Bodies, KnownType } from '../../wire/payloads/index.ts';
import { IkeError } from '../error.ts';
import type { Received } from '../message.ts';

/** The one payload of this type. @throws IkeError INVALID_SYNTAX when it is missing */
export function required<T extends KnownType>(received: Received, type: T): Bodies[T] {
  const body = received.find(type);
  if (body === undefined) {
    throw new IkeError('INVALID_SYNTAX', `the message has no ${nameOf(PayloadType, type)} payload`);
  }
  return body;
}
