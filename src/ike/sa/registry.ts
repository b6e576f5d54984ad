// All IKE SAs of a core, by the SPI that their messages carry and by the IKE_SA_INIT request that began them.
import { toHex } from '../../base/bytes.ts';
import { formatSocket } from '../../base/ip.ts';
import type { Hash } from '../../crypto/primitives.ts';
import { withoutCookie } from '../../wire/cookie.ts';
import type { ChildRef, Path, SaRef } from '../core.ts';
import type { ChildSa } from './child-sa.ts';
import { HalfOpen } from './half-open.ts';
import type { IkeSa } from './ike-sa.ts';

export class Registry {
  readonly #bySpi = new Map<string, IkeSa>();
  readonly #byInit = new Map<string, IkeSa>();
  readonly #initOf = new Map<IkeSa, string>();
  readonly #halfOpen = new HalfOpen();
  /** The oldest first. */
  readonly #lingering = new Set<IkeSa>();
  readonly #hash: Hash;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  get all(): readonly IkeSa[] {
    return [...this.#bySpi.values()];
  }

  add(sa: IkeSa): void {
    this.#bySpi.set(toHex(sa.localSpi), sa);
  }

  /** Remembers the request that began a responder's SA, so that its repetition is known for what it is. */
  addInit(sa: IkeSa, bytes: Uint8Array): void {
    const key = this.#initKey(sa.path, bytes);
    this.#byInit.set(key, sa);
    this.#initOf.set(sa, key);
    this.#halfOpen.add(sa);
  }

  remove(sa: IkeSa): void {
    this.#bySpi.delete(toHex(sa.localSpi));
    const key = this.#initOf.get(sa);
    if (key !== undefined) this.#byInit.delete(key);
    this.#initOf.delete(sa);
    this.#lingering.delete(sa);
    this.settle(sa);
  }

  /** It ended, and is kept only to repeat its last response. @returns the one that must go for that */
  linger(sa: IkeSa): IkeSa | undefined {
    this.#lingering.add(sa);
    const [oldest] = this.#lingering;
    return this.#lingering.size > mostLingering ? oldest : undefined;
  }

  /** Half-open no longer: established, or gone. */
  settle(sa: IkeSa): void {
    this.#halfOpen.delete(sa);
  }

  bySpi(spi: Uint8Array): IkeSa | undefined {
    return this.#bySpi.get(toHex(spi));
  }

  /**
   * By the whole packet and its source: two clients behind one NAT may share SPIi (RFC 7296 §2.1). With another cookie, or
   * without, it is the same request.
   */
  byInit(path: Path, bytes: Uint8Array): IkeSa | undefined {
    return this.#byInit.get(this.#initKey(path, bytes));
  }

  byRef(ref: SaRef): IkeSa | undefined {
    for (const sa of this.#bySpi.values()) if (sa.id === ref) return sa;
    return undefined;
  }

  childByRef(ref: ChildRef): { readonly sa: IkeSa; readonly child: ChildSa } | undefined {
    for (const sa of this.#bySpi.values()) {
      const child = sa.child(ref);
      if (child) return { sa, child };
    }
    return undefined;
  }

  /** The SA that sends ESP with this SPI, which the peer chose. */
  byOutboundSpi(spi: number): IkeSa | undefined {
    for (const sa of this.#bySpi.values()) {
      if (sa.children.some((child) => child.spec.outbound.spi === spi)) return sa;
    }
    return undefined;
  }

  hasInboundSpi(spi: number): boolean {
    for (const { children } of this.#bySpi.values()) {
      if (children.some((child) => child.spec.inbound.spi === spi)) return true;
    }
    return false;
  }

  /** Responders that are not established; those that failed count until they are forgotten. */
  get halfOpen(): Omit<HalfOpen, 'add' | 'delete'> {
    return this.#halfOpen;
  }

  #initKey(path: Path, bytes: Uint8Array): string {
    return `${formatSocket(path.remote)} ${toHex(this.#hash.digest(withoutCookie(bytes)))}`;
  }
}

/** Whoever renews his keys or logs in and out without end must not fill the memory with what he left. */
const mostLingering = 256;
