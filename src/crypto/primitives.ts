// What the two engines offer: single primitives with fixed parameters. Nothing is negotiated here.
import type { Secret } from '../base/secret.ts';

/** Draws `bytes` random bytes. Passed in, so that a run can be replayed from a seed. */
export type Rng = (bytes: number) => Uint8Array;

export interface Hash {
  readonly outBytes: number;
  digest(...data: readonly Uint8Array[]): Uint8Array;
}

export interface Mac {
  readonly outBytes: number;
  /** @returns the whole MAC, `outBytes` long; truncation is the caller's */
  compute(key: Uint8Array, ...data: readonly Uint8Array[]): Uint8Array;
}

/** 12-byte nonce, 16-byte tag behind the ciphertext. */
export interface Aead {
  seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** @returns the plaintext, or undefined when the tag does not fit */
  open(
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    sealed: Uint8Array,
  ): Uint8Array | undefined;
}

/** A block cipher mode without padding: lengths are multiples of `blockBytes`. */
export interface Cipher {
  readonly blockBytes: number;
  encrypt(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Uint8Array;
  decrypt(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array;
}

/** The peer's public value is not one: wrong length, off the curve, a trivial group element (RFC 6989). */
export class BadPublicValue extends Error {
  override readonly name = 'BadPublicValue';
}

/** The initiator's half of a key exchange, waiting for the responder's value. */
export interface Offer {
  readonly value: Uint8Array;
  /** @throws BadPublicValue. The private half is wiped whether it succeeds or not. */
  finish(answer: Uint8Array): Secret;
  wipe(): void;
}

/** A Diffie-Hellman group or a KEM: one message each way. */
export interface KeyExchange {
  /** Length of the initiator's value. */
  readonly offerBytes: number;
  /** Length of the responder's value. */
  readonly answerBytes: number;
  offer(rng: Rng): Offer;
  /** @throws BadPublicValue */
  answer(rng: Rng, offered: Uint8Array): { readonly value: Uint8Array; readonly shared: Secret };
}

export interface Primitives {
  readonly sha1: Hash;
  readonly sha256: Hash;
  readonly sha384: Hash;
  readonly sha512: Hash;
  readonly hmacSha1: Mac;
  readonly hmacSha256: Mac;
  readonly hmacSha384: Mac;
  readonly hmacSha512: Mac;
  readonly aesGcm: Aead;
  readonly chacha20Poly1305: Aead;
  readonly aesCbc: Cipher;
  readonly modp1024: KeyExchange;
  readonly modp2048: KeyExchange;
  readonly modp3072: KeyExchange;
  readonly modp4096: KeyExchange;
  readonly p256: KeyExchange;
  readonly p384: KeyExchange;
  readonly x25519: KeyExchange;
  readonly mlKem512: KeyExchange;
  readonly mlKem768: KeyExchange;
  readonly mlKem1024: KeyExchange;
}
export type PrimitiveName = keyof Primitives;
/** The names of the primitives of one shape: `NameOf<Mac>` is the HMACs. */
export type NameOf<Shape> = {
  [N in PrimitiveName]: Primitives[N] extends Shape ? N : never;
}[PrimitiveName];
