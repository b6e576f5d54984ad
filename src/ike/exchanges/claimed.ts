import { PayloadType } from '../../iana/payloads.ts';
import type { Id } from '../../wire/payloads/id.ts';
import { IkeError } from '../error.ts';
import type { Received } from '../message.ts';
import { required } from './required.ts';

/** IDi, which proves nothing yet. @throws IkeError INVALID_SYNTAX when it is missing, or longer than any name */
export function claimedIn(request: Received): Id {
  const idI = required(request, PayloadType.IDI);
  if (idI.data.length <= longestIdentity) return idI;
  throw new IkeError('INVALID_SYNTAX', `an identity of ${idI.data.length} bytes`);
}

/** Distinguished names are the longest that occur; what is longer only fills logs. */
const longestIdentity = 1024;
