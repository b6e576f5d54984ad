// The last words inside PEAP version 0: EAP Extensions (type 33) with a Result TLV, and a Crypto-Binding TLV that
// ties the method inside to the tunnel around it (MS-PEAP §2.2.8, §3.1.5.5).
import { concat, equal, fromText, Reader, Writer } from '../../base/bytes.ts';
import { Secret } from '../../base/secret.ts';
import type { Mac } from '../../crypto/primitives.ts';
import { EapType } from '../../iana/eap.ts';
import { reading, WireError } from '../../wire/codec.ts';

export interface PeapResult {
  readonly status: 'success' | 'failure';
  readonly binding: Binding | undefined;
}
export interface Binding {
  /** The whole TLV as it travelled, 60 bytes. */
  readonly tlv: Uint8Array;
  readonly nonce: Uint8Array;
}

/** @throws WireError */
export function decodeResult(data: Uint8Array): PeapResult {
  const r = new Reader(data);
  let status: PeapResult['status'] | undefined;
  let binding: Binding | undefined;
  while (r.left > 0) {
    const { type, isMandatory, value, tlv } = reading('PEAP TLV', () => decodeTlv(r));
    if (type === tlvType.result && status === undefined) status = statusOf(value);
    else if (type === tlvType.binding && !binding) binding = bindingOf(tlv, value);
    else if (isMandatory) throw new WireError('PEAP TLV', 0, `unknown and mandatory: ${type}`);
  }
  if (!status) throw new WireError('PEAP TLV', 0, 'no result');
  return { status, binding };
}

/** @param binding a whole Crypto-Binding TLV */
export function encodeResult(status: PeapResult['status'], binding: Uint8Array = none): Uint8Array {
  const w = new Writer();
  w.u16(mandatory | tlvType.result);
  w.u16(2);
  w.u16(statuses[status]);
  w.bytes(binding);
  return w.finish();
}

/** Keys that exist only where tunnel and method have the same ends; the owner wipes them. */
export class PeapKeys {
  readonly #hmac: Mac;
  readonly #ipmk: Secret;
  readonly #cmk: Secret;

  /**
   * @param tunnelKey of TLS, at least 40 bytes, a view
   * @param innerKey MSK of the method inside, of which 32 bytes count; undefined where it makes none
   */
  constructor(hmac: Mac, tunnelKey: Uint8Array, innerKey: Uint8Array | undefined) {
    this.#hmac = hmac;
    const isk = innerKey?.slice(0, 32) ?? new Uint8Array(32);
    const seed = concat(fromText('Inner Methods Compound Keys'), isk);
    const made = prfPlus(hmac, tunnelKey.subarray(0, 40), seed, 60);
    this.#ipmk = new Secret(made.slice(0, 40));
    this.#cmk = new Secret(made.slice(40));
    for (const key of [isk, seed, made]) key.fill(0);
  }

  /** A Crypto-Binding TLV. @param nonce 32 bytes, ours */
  bind(subType: 'request' | 'response', nonce: Uint8Array): Uint8Array {
    const w = new Writer();
    w.u16(tlvType.binding);
    w.u16(bindingBytes);
    for (const octet of [0, 0, 0, subTypes[subType]]) w.u8(octet); // reserved, version, version heard of
    w.bytes(nonce);
    w.bytes(new Uint8Array(20));
    const tlv = w.finish();
    tlv.set(this.#mac(tlv), 40);
    return tlv;
  }

  /** Whether the other side made this with the same keys. */
  fits({ tlv }: Binding, subType: 'request' | 'response'): boolean {
    const blank = tlv.slice();
    blank.fill(0, 40);
    return tlv[7] === subTypes[subType] && equal(tlv.subarray(40), this.#mac(blank));
  }

  /** The MSK where both sides bound themselves: 64 bytes. */
  msk(): Secret {
    const label = concat(fromText('Session Key Generating Function'), Uint8Array.of(0));
    const made = prfPlus(this.#hmac, this.#ipmk.bytes, label, 128);
    const msk = new Secret(made.slice(0, 64));
    made.fill(0);
    return msk;
  }

  wipe(): void {
    this.#ipmk.wipe();
    this.#cmk.wipe();
  }

  #mac(blank: Uint8Array): Uint8Array {
    return this.#hmac.compute(this.#cmk.bytes, blank, Uint8Array.of(EapType.PEAP));
  }
}

/** PRF+ of PEAP version 0: T1 = HMAC(K, S | 01 00 00), T2 = HMAC(K, T1 | S | 02 00 00), … */
function prfPlus(hmac: Mac, key: Uint8Array, seed: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let block: Uint8Array = new Uint8Array(0);
  for (let at = 0, counter = 1; at < length; at += block.length, counter++) {
    block = hmac.compute(key, block, seed, Uint8Array.of(counter, 0, 0));
    out.set(block.subarray(0, length - at), at);
  }
  return out;
}

function decodeTlv(r: Reader) {
  const start = r.offset;
  const head = r.bytes(4);
  const header = new Reader(head, start);
  const flags = header.u16();
  const value = r.bytes(header.u16());
  const isMandatory = (flags & mandatory) !== 0;
  return { type: flags & 0x3fff, isMandatory, value, tlv: concat(head, value) };
}

function statusOf(value: Uint8Array): PeapResult['status'] {
  const status = value.length === 2 ? new Reader(value).u16() : 0;
  if (status === statuses.success) return 'success';
  if (status === statuses.failure) return 'failure';
  throw new WireError('PEAP Result TLV', 4, 'neither success nor failure');
}

function bindingOf(tlv: Uint8Array, value: Uint8Array): Binding {
  if (value.length !== bindingBytes) {
    throw new WireError('PEAP Crypto-Binding TLV', 2, `${value.length} bytes`);
  }
  return { tlv, nonce: value.subarray(4, 36) };
}

const none = new Uint8Array(0);
const mandatory = 0x8000;
const tlvType = { result: 3, binding: 12 } as const;
const statuses = { success: 1, failure: 2 } as const;
const subTypes = { request: 0, response: 1 } as const;
/** Four octets, the nonce, the MAC. */
const bindingBytes = 4 + 32 + 20;
