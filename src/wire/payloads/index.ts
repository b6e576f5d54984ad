// THE table payload type → codec; the types of all payloads follow from it.
import type { Reader, Writer } from '../../base/bytes.ts';
import { nameOf } from '../../iana/name.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { decodeWhole, type PayloadCodec } from '../codec.ts';
import { auth } from './auth.ts';
import { cert } from './cert.ts';
import { certReq } from './certreq.ts';
import { cp } from './cp.ts';
import { del } from './delete.ts';
import { eap } from './eap.ts';
import { id } from './id.ts';
import { ke } from './ke.ts';
import { nonce } from './nonce.ts';
import { notify } from './notify.ts';
import { sa } from './sa.ts';
import { sk } from './sk.ts';
import { skf } from './skf.ts';
import { ts } from './ts.ts';
import { unknown } from './unknown.ts';
import { vendor } from './vendor.ts';

const table = {
  [PayloadType.SA]: sa,
  [PayloadType.KE]: ke,
  [PayloadType.IDI]: id,
  [PayloadType.IDR]: id,
  [PayloadType.CERT]: cert,
  [PayloadType.CERTREQ]: certReq,
  [PayloadType.AUTH]: auth,
  [PayloadType.NONCE]: nonce,
  [PayloadType.NOTIFY]: notify,
  [PayloadType.DELETE]: del,
  [PayloadType.VENDOR]: vendor,
  [PayloadType.TSI]: ts,
  [PayloadType.TSR]: ts,
  [PayloadType.SK]: sk,
  [PayloadType.CP]: cp,
  [PayloadType.EAP]: eap,
  [PayloadType.SKF]: skf,
} as const;

/** The payload types that we understand. */
export type KnownType = keyof typeof table;
/** What is in a payload, by its type. */
export type Bodies = {
  readonly [T in KnownType]: (typeof table)[T] extends PayloadCodec<infer Body> ? Body : never;
};
/** A payload of a type that we understand. The critical bit has no meaning there (RFC 7296 §2.5). */
export type KnownPayload<T extends KnownType = KnownType> = {
  [K in T]: { readonly type: K; readonly critical: boolean; readonly body: Bodies[K] };
}[T];
/** A payload of a type that we do not understand; `number` is what stood on the wire. */
export interface UnknownPayload {
  readonly type: typeof unknownType;
  readonly number: number;
  readonly critical: boolean;
  readonly body: Uint8Array;
}
export type Payload = KnownPayload | UnknownPayload;

/** The `type` of all payloads that we do not understand: no number that can stand on the wire. */
export const unknownType = -1 as const;

/** A payload of ours; the critical bit of the base standard's payloads is zero (RFC 7296 §3.2). */
export function payload<T extends KnownType>(type: T, body: Bodies[T]): Payload {
  const one: KnownPayload<T> = { type, critical: false, body };
  return one as Payload; // the compiler does not see that a generic member of a union is in the union
}

/** The body of the first payload of this type. */
export function find<T extends KnownType>(
  payloads: readonly Payload[],
  type: T,
): Bodies[T] | undefined {
  return all(payloads, type)[0];
}

/** The bodies of all payloads of this type, in their order. */
export function all<T extends KnownType>(
  payloads: readonly Payload[],
  type: T,
): readonly Bodies[T][] {
  const bodies: Bodies[T][] = [];
  for (const one of payloads) if (isOf(one, type)) bodies.push(one.body);
  return bodies;
}

/** What stands in the Next Payload field that leads to this payload. */
export const numberOf = (one: Payload): number =>
  one.type === unknownType ? one.number : one.type;

/** What the generic payload header says about the body that follows it (RFC 7296 §3.2). */
export interface GenericHeader {
  readonly type: number;
  readonly next: number;
  readonly critical: boolean;
}

/** Decodes what follows the generic payload header, up to the end of `r`. @throws WireError */
export function decodeBody({ type, next, critical }: GenericHeader, r: Reader): Payload {
  if (!isKnown(type)) {
    return { type: unknownType, number: type, critical, body: unknown.decode(r) };
  }
  return decodeWhole(nameOf(PayloadType, type), r, () => decodeKnown(type, next, critical, r));
}

/** Encodes what follows the generic payload header. */
export function encodeBody(w: Writer, one: Payload): void {
  if (one.type === unknownType) unknown.encode(w, one.body);
  else encodeKnown(w, one);
}

const codecs: { readonly [T in KnownType]: PayloadCodec<Bodies[T]> } = table;

function decodeKnown<T extends KnownType>(
  type: T,
  next: number,
  critical: boolean,
  r: Reader,
): KnownPayload<T> {
  return { type, critical, body: codecs[type].decode(r, next) };
}

function encodeKnown<T extends KnownType>(w: Writer, { type, body }: KnownPayload<T>): void {
  codecs[type].encode(w, body);
}

const isKnown = (type: number): type is KnownType => Object.hasOwn(table, type);

const isOf = <T extends KnownType>(
  one: Payload,
  type: T,
): one is Payload & { readonly body: Bodies[T] } => one.type === type;
