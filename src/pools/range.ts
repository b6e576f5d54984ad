// One range of a pool as a row of numbered addresses. Nothing is enumerated: a /64 costs as much as a /30.
import { type Ip, ipBytes, ipFromBytes, isIpv4, type Prefix, prefixRange } from '../base/ip.ts';
import { routerAddress } from '../policy/pool.ts';

/** Addresses of a range that clients may get, each at most once through `next`. */
export class Range {
  readonly #base: Uint8Array;
  readonly #router: Ip;
  /** Offset of the last address for clients. */
  readonly #last: number;
  #at = 0;

  constructor(prefix: Prefix) {
    const { start } = prefixRange(prefix);
    this.#base = ipBytes(start);
    this.#router = routerAddress(prefix).ip;
    const hostBits = 8 * this.#base.length - prefix.bits;
    // 2³² addresses are more than a router serves, and keep offsets within plain numbers.
    const size = 2 ** Math.min(32, hostBits);
    this.#last = isIpv4(start) ? size - 2 : size - 1;
  }

  /** How many clients find room: all but the network, the router and (IPv4) the broadcast. */
  get capacity(): number {
    return this.#isWithin(this.#router) ? this.#last - 1 : this.#last;
  }

  /** The next address that was never given by this method; undefined when all were. */
  next(): Ip | undefined {
    while (this.#at < this.#last) {
      this.#at++;
      const ip = this.#addressAt(this.#at);
      if (ip !== this.#router) return ip;
    }
    return undefined;
  }

  /** Whether `next` gives this address at some time. */
  includes(ip: Ip): boolean {
    return ip !== this.#router && this.#isWithin(ip);
  }

  #isWithin(ip: Ip): boolean {
    const bytes = ipBytes(ip);
    if (bytes.length !== this.#base.length) return false;
    const offset = offsetBetween(this.#base, bytes);
    return offset >= 1 && offset <= this.#last;
  }

  /** The host part of the base is zero, so that nothing carries over. */
  #addressAt(offset: number): Ip {
    const bytes = this.#base.slice();
    for (let i = bytes.length - 1, rest = offset; rest > 0; i--, rest = Math.floor(rest / 256)) {
      bytes[i] = (bytes[i] as number) + (rest % 256);
    }
    return ipFromBytes(bytes);
  }
}

/** How far `bytes` lies behind `base`; negative or huge where it does not lie within. */
function offsetBetween(base: Uint8Array, bytes: Uint8Array): number {
  let offset = 0;
  for (const [i, byte] of bytes.entries()) offset = offset * 256 + byte - (base[i] as number);
  return offset;
}
