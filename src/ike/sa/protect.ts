// Seals and opens the Encrypted payload, SK and SKF (RFC 7296 §3.14, RFC 5282, RFC 7383 §2.5). One object a direction.
import { concat, equal } from '../../base/bytes.ts';
import { invariant } from '../../base/invariant.ts';
import type { Secret } from '../../base/secret.ts';
import type { Primitives, Rng } from '../../crypto/primitives.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Encr, Integ } from '../../transforms/table.ts';
import type { Header } from '../../wire/header.ts';
import { headerBytes } from '../../wire/header.ts';
import { encodeMessage } from '../../wire/message.ts';
import { payload } from '../../wire/payloads/index.ts';

export type SealedHeader = Omit<Header, 'nextPayload' | 'length'>;
export interface FragmentPlace {
  readonly number: number;
  readonly total: number;
}

export interface SkKeys {
  readonly encr: Encr;
  readonly integ: Integ | undefined;
  readonly encryption: Secret;
  readonly integrity: Secret;
}

export class Protection {
  readonly #keys: SkKeys;
  readonly #primitives: Primitives;
  readonly #rng: Rng;
  /** An AEAD's IV never repeats under one key: it counts (RFC 5282 §3.1). */
  #sealed = 0;

  constructor(keys: SkKeys, primitives: Primitives, rng: Rng) {
    this.#keys = keys;
    this.#primitives = primitives;
    this.#rng = rng;
  }

  /**
   * @param first type of the first payload in `plaintext`; 0 in fragments after the first
   * @returns the whole datagram
   */
  seal(
    header: SealedHeader,
    first: number,
    plaintext: Uint8Array,
    fragment?: FragmentPlace,
  ): Uint8Array {
    const padded = this.#pad(plaintext);
    const { encr } = this.#keys;
    const sealed = new Uint8Array(encr.ivBytes + padded.length + this.#icvBytes);
    const message = encodeMessage(header, [
      fragment
        ? payload(PayloadType.SKF, { first, ...fragment, sealed })
        : payload(PayloadType.SK, { first, sealed }),
    ]);
    const start = message.length - sealed.length;
    message.set(this.#encrypt(message.subarray(0, start), padded), start);
    if (!encr.aead) {
      const covered = message.length - this.#icvBytes;
      message.set(this.#mac(message.subarray(0, covered)), covered);
    }
    padded.fill(0);
    return message;
  }

  /**
   * @param sealed the end of `message`: IV, ciphertext, ICV
   * @returns the inner payloads, or undefined when the ICV does not fit: nothing else was looked at before
   */
  open(message: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const { encr } = this.#keys;
    if (sealed.length < encr.ivBytes + this.#icvBytes + 1) return undefined;
    const padded = encr.aead ? this.#openAead(message, sealed) : this.#openCbc(message, sealed);
    if (!padded || padded.length === 0) return undefined;
    const padding = (padded[padded.length - 1] as number) + 1;
    return padding <= padded.length ? padded.subarray(0, padded.length - padding) : undefined;
  }

  /** The most plaintext that fits a datagram of `size` bytes of IKE, as an SKF payload. */
  fragmentRoom(size: number): number {
    const { encr } = this.#keys;
    const room = size - headerBytes - 8 - encr.ivBytes - this.#icvBytes;
    const blocks = encr.aead ? room : room - (room % encr.blockBytes);
    return blocks - 1;
  }

  get #icvBytes(): number {
    return this.#keys.encr.aead ? this.#keys.encr.icvBytes : (this.#keys.integ?.icvBytes ?? 0);
  }

  #pad(plaintext: Uint8Array): Uint8Array {
    const { encr } = this.#keys;
    const block = encr.aead ? 1 : encr.blockBytes;
    const padding = (block - ((plaintext.length + 1) % block)) % block;
    return concat(plaintext, new Uint8Array(padding), Uint8Array.of(padding));
  }

  #encrypt(aad: Uint8Array, padded: Uint8Array): Uint8Array {
    const { encr, encryption } = this.#keys;
    if (!encr.aead) {
      const iv = this.#rng(encr.ivBytes);
      const cipher = this.#primitives[encr.engine];
      return concat(iv, cipher.encrypt(encryption.bytes, iv, padded));
    }
    const iv = this.#nextIv(encr.ivBytes);
    const { key, nonce } = this.#aeadKey(iv);
    return concat(iv, this.#primitives[encr.engine].seal(key, nonce, aad, padded));
  }

  #openAead(message: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const { encr } = this.#keys;
    invariant(encr.aead, 'not an AEAD');
    const aad = message.subarray(0, message.length - sealed.length);
    const { key, nonce } = this.#aeadKey(sealed.subarray(0, encr.ivBytes));
    return this.#primitives[encr.engine].open(key, nonce, aad, sealed.subarray(encr.ivBytes));
  }

  #openCbc(message: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const { encr, encryption } = this.#keys;
    invariant(!encr.aead, 'not CBC');
    const end = message.length - this.#icvBytes;
    if (!equal(this.#mac(message.subarray(0, end)), message.subarray(end))) return undefined;
    const ciphertext = sealed.subarray(encr.ivBytes, sealed.length - this.#icvBytes);
    if (ciphertext.length === 0 || ciphertext.length % encr.blockBytes !== 0) return undefined;
    const iv = sealed.subarray(0, encr.ivBytes);
    return this.#primitives[encr.engine].decrypt(encryption.bytes, iv, ciphertext);
  }

  #mac(covered: Uint8Array): Uint8Array {
    const { integ, integrity } = this.#keys;
    invariant(integ, 'CBC needs an integrity algorithm');
    return this.#primitives[integ.engine]
      .compute(integrity.bytes, covered)
      .subarray(0, integ.icvBytes);
  }

  #aeadKey(iv: Uint8Array): { key: Uint8Array; nonce: Uint8Array } {
    const { encr, encryption } = this.#keys;
    const keyBytes = encr.keyBits / 8;
    return {
      key: encryption.bytes.subarray(0, keyBytes),
      nonce: concat(encryption.bytes.subarray(keyBytes), iv),
    };
  }

  #nextIv(bytes: number): Uint8Array {
    const iv = new Uint8Array(bytes);
    let rest = ++this.#sealed;
    for (let i = bytes - 1; i >= 0 && rest > 0; i--, rest = Math.floor(rest / 256))
      iv[i] = rest % 256;
    return iv;
  }
}
