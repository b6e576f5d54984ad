// All IKE SAs of a core, by the SPI that their messages carry and by the IKE_SA_INIT request that began them.
import { toHex } from '../../base/bytes.ts';
import { formatSocket, type Ip } from '../../base/ip.ts';
import type { Hash } from '../../crypto/primitives.ts';
import type { ChildRef, Path, SaRef } from '../core.ts';
import type { ChildSa } from './child-sa.ts';
import type { IkeSa } from './ike-sa.ts';

export class Registry {
  readonly #bySpi = new Map<string, IkeSa>();
  readonly #byInit = new Map<string, IkeSa>();
  readonly #initOf = new Map<IkeSa, string>();
  readonly #hash: Hash;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  get all(): readonly IkeSa[] {
    return [...this.#bySpi.values()];
  }

  get size(): number {
    return this.#bySpi.size;
  }

  add(sa: IkeSa): void {
    this.#bySpi.set(toHex(sa.localSpi), sa);
  }

  /** Remembers the request that began a responder's SA, so that its repetition is known for what it is. */
  addInit(sa: IkeSa, bytes: Uint8Array): void {
    const key = this.#initKey(sa.path, bytes);
    this.#byInit.set(key, sa);
    this.#initOf.set(sa, key);
  }

  remove(sa: IkeSa): void {
    this.#bySpi.delete(toHex(sa.localSpi));
    const key = this.#initOf.get(sa);
    if (key !== undefined) this.#byInit.delete(key);
    this.#initOf.delete(sa);
  }

  bySpi(spi: Uint8Array): IkeSa | undefined {
    return this.#bySpi.get(toHex(spi));
  }

  /** By the whole packet and its source: two clients behind one NAT may share SPIi (RFC 7296 §2.1). */
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

  hasInboundSpi(spi: number): boolean {
    for (const { children } of this.#bySpi.values()) {
      if (children.some((child) => child.spec.inbound.spi === spi)) return true;
    }
    return false;
  }

  /** Responders that are not established yet: in all, and from one address. */
  halfOpen(source: Ip): { readonly all: number; readonly ofSource: number } {
    let all = 0;
    let ofSource = 0;
    for (const sa of this.#bySpi.values()) {
      if (sa.role !== 'responder' || (sa.phase !== 'init' && sa.phase !== 'auth')) continue;
      all++;
      if (sa.path.remote.ip === source) ofSource++;
    }
    return { all, ofSource };
  }

  #initKey(path: Path, bytes: Uint8Array): string {
    return `${formatSocket(path.remote)} ${toHex(this.#hash.digest(bytes))}`;
  }
}
