// IKE fragmentation (RFC 7383): the chain of inner payloads in pieces, and together again. Pieces are plaintext
// here: every one was sealed, or authenticated and decrypted, on its own.
import { concat } from '../base/bytes.ts';
import { invariant } from '../base/invariant.ts';

/**
 * Fragments that one message may come in. Windows sends more than 16 for a CERTREQ of 50 authorities; a message
 * of 64 KiB in pieces of 512 bytes makes 128.
 */
export const maxFragments = 128;

/** Bytes that one reassembled message may have: what an unfragmented one could not exceed either. */
export const maxReassembled = 65535;

/** What anybody may make us keep who has not authenticated yet: a CERTREQ of Windows and a long chain fit. */
export const maxFromStranger = 32 * 1024;

/**
 * Cuts a chain of payloads.
 * @param room bytes of the chain that one fragment carries: the datagram without its IP, UDP and IKE headers, the
 *   8 bytes of the SKF header, IV, padding and ICV
 * @returns views of `chain`, as few as can be, one at least; full but for the last
 */
export function split(chain: Uint8Array, room: number): readonly Uint8Array[] {
  invariant(room > 0, 'a fragment without room for content');
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < chain.length; at += room) pieces.push(chain.subarray(at, at + room));
  invariant(pieces.length <= 0xffff, 'Total Fragments has 16 bits');
  return pieces.length > 0 ? pieces : [chain];
}

/** The content of one SKF payload that proved authentic. */
export interface Fragment {
  /** The Next Payload field of SKF: has a meaning in fragment 1 only. */
  readonly first: number;
  readonly number: number;
  readonly total: number;
  readonly content: Uint8Array;
}

export type Reassembled =
  | { readonly kind: 'whole'; readonly first: number; readonly bytes: Uint8Array }
  | { readonly kind: 'partial'; readonly have: number; readonly total: number }
  /** This fragment was thrown away; those before it stay. */
  | { readonly kind: 'dropped'; readonly why: FragmentFault };
export type FragmentFault =
  | 'invalid'
  | 'duplicate'
  | 'stale'
  | 'too-many'
  | 'too-long'
  | 'complete';

/** Puts the fragments of one message together (RFC 7383 §2.6). How long it may wait is its owner's affair. */
export class Reassembly {
  #pieces = new Map<number, Uint8Array>();
  #total = 0;
  #bytes = 0;
  #first = 0;
  #isWhole = false;
  readonly #longest: number;

  /** @param longest bytes that the message may have */
  constructor(longest = maxReassembled) {
    this.#longest = longest;
  }

  /** Keeps `content` until the message is whole; the caller may not change it meanwhile. */
  add({ first, number, total, content }: Fragment): Reassembled {
    const fault = this.#judge(number, total, content.length);
    if (fault) return { kind: 'dropped', why: fault };
    // The sender cut the message anew, into smaller pieces: the old ones fit no longer (RFC 7383 §2.6.1).
    if (total > this.#total) this.#restart(total);
    this.#pieces.set(number, content);
    this.#bytes += content.length;
    if (number === 1) this.#first = first;
    if (this.#pieces.size < total) return { kind: 'partial', have: this.#pieces.size, total };
    return this.#finish();
  }

  #judge(number: number, total: number, length: number): FragmentFault | undefined {
    if (this.#isWhole) return 'complete';
    if (number < 1 || number > total) return 'invalid';
    if (total > maxFragments) return 'too-many';
    if (total < this.#total) return 'stale';
    const isRestart = total > this.#total;
    if (!isRestart && this.#pieces.has(number)) return 'duplicate';
    const bytes = (isRestart ? 0 : this.#bytes) + length;
    return bytes > this.#longest ? 'too-long' : undefined;
  }

  #restart(total: number): void {
    this.#pieces.clear();
    this.#total = total;
    this.#bytes = 0;
  }

  #finish(): Reassembled {
    const inOrder = [...this.#pieces].sort(([a], [b]) => a - b).map(([, content]) => content);
    this.#pieces.clear();
    this.#isWhole = true;
    return { kind: 'whole', first: this.#first, bytes: concat(...inOrder) };
  }
}
