// The shape of a row of each transform type; the rows themselves are in table.ts.
import type { Aead, Cipher, KeyExchange, Mac, NameOf } from '../crypto/primitives.ts';

interface Row {
  /** The word in proposals: strongSwan's notation, because every guide on the web uses it. */
  readonly keyword: string;
  /** Transform ID. */
  readonly id: number;
  /** Bits of security against the best known attack (NIST SP 800-57 part 1, tables 2 and 3). */
  readonly strength: number;
  readonly rfc: string;
}
interface EncrRow extends Row {
  readonly type: 'ENCR';
  readonly keyBits: number;
  /** Whether the Key Length attribute travels: AES yes, ChaCha20 no (RFC 7296 §3.3.5, RFC 7634 §3). */
  readonly hasKeyLength: boolean;
  /** Bytes that follow the key in SK_e and KEYMAT and begin each nonce (RFC 4106 §8.1, RFC 7634 §2). */
  readonly saltBytes: number;
  /** Bytes of IV in front of the ciphertext. */
  readonly ivBytes: number;
  /** Plaintext is padded to a multiple of this; ESP aligns to at least 4 on top of it (RFC 4303 §2.4). */
  readonly blockBytes: number;
  /** What Wireshark calls it in `ikev2_decryption_table`; undefined: it cannot decrypt it. */
  readonly wiresharkIke: string | undefined;
  /** What Wireshark calls it in `esp_sa`, beside the authentication `NULL` for an AEAD. */
  readonly wiresharkEsp: string | undefined;
  /** May protect IKE messages. */
  readonly ike: boolean;
  /** The data plane can carry it. */
  readonly esp: boolean;
}
/** A cipher that brings its own integrity. */
export interface AeadRow extends EncrRow {
  readonly aead: true;
  readonly engine: NameOf<Aead>;
  readonly icvBytes: number;
}
/** A cipher that needs an INTEG beside it. */
export interface CipherRow extends EncrRow {
  readonly aead: false;
  readonly engine: NameOf<Cipher>;
  readonly icvBytes: 0;
}
/** A pseudorandom function. */
export interface PrfRow extends Row {
  readonly type: 'PRF';
  readonly outBytes: number;
  /** Preferred key size: length of SK_d, SK_pi and SK_pr (RFC 7296 §2.13). */
  readonly keyBytes: number;
  readonly engine: NameOf<Mac>;
}
/** An integrity algorithm. */
export interface IntegRow extends Row {
  readonly type: 'INTEG';
  readonly keyBytes: number;
  /** The MAC is cut to this (RFC 4868 §2.3). */
  readonly icvBytes: number;
  readonly engine: NameOf<Mac>;
  readonly wiresharkIke: string;
  readonly wiresharkEsp: string;
}
/** A key exchange method: a Diffie-Hellman group or a KEM. */
export interface KeRow extends Row {
  readonly type: 'KE';
  readonly engine: NameOf<KeyExchange>;
  /** No quantum computer is known to break it. */
  readonly postQuantum: boolean;
}
/** 32 or 64-bit sequence numbers of ESP. */
export interface EsnRow extends Row {
  readonly type: 'ESN';
}
/** One line of the table. */
export type AnyRow = AeadRow | CipherRow | PrfRow | IntegRow | KeRow | EsnRow;
