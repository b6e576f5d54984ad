// The COOKIE in front of an IKE_SA_INIT request (RFC 7296 §2.6), and what is left without it.
import { concat } from '../base/bytes.ts';
import { Notification } from '../iana/notifies.ts';
import { PayloadType } from '../iana/payloads.ts';

/** What tells a request from others: all of it but a cookie in front and, since that changes with it, the length. */
export function withoutCookie(request: Uint8Array): Uint8Array {
  const header = request.slice(0, lengthField);
  const payloads = request.subarray(headerBytes);
  const length = header[nextPayload] === PayloadType.NOTIFY ? cookieBytes(payloads) : 0;
  if (length > 0) header[nextPayload] = payloads[0] ?? 0;
  return concat(header, payloads.subarray(length));
}

/** Bytes of the notify, if it is a COOKIE; else 0. */
function cookieBytes(notify: Uint8Array): number {
  if (notify.length < notifyBytes) return 0;
  const view = new DataView(notify.buffer, notify.byteOffset, notify.length);
  const length = view.getUint16(2);
  const isCookie = view.getUint8(5) === 0 && view.getUint16(6) === Notification.COOKIE;
  return isCookie && length >= notifyBytes && length <= notifyBytes + longest ? length : 0;
}

const headerBytes = 28;
/** Places within the header (§3.1). */
const nextPayload = 16;
const lengthField = 24;
/** Of a notify without SPI and data (§3.10). */
const notifyBytes = 8;
/** Bytes of a cookie (§2.6). */
const longest = 64;
