// What a peer's tunnels carried before their keys were renewed: the data plane counts by CHILD_SA, people by peer.
import type { ChildStats } from '../dataplane/dataplane.ts';
import type { ChildRef, ChildSpec, SaRef } from '../ike/core.ts';
import type { TraceEvent } from '../ike/events.ts';

export interface Carried {
  readonly rxBytes: bigint;
  readonly txBytes: bigint;
}

export class PastTraffic {
  readonly #ownerOf = new Map<ChildRef, SaRef>();
  readonly #carried = new Map<SaRef, Carried>();

  install({ ref, sa }: Pick<ChildSpec, 'ref' | 'sa'>): void {
    this.#ownerOf.set(ref, sa);
  }

  /** @param stats its last figures; undefined: the data plane had none */
  remove(child: ChildRef, stats: ChildStats | undefined): void {
    const sa = this.#ownerOf.get(child);
    this.#ownerOf.delete(child);
    if (sa === undefined || !stats) return;
    const { rxBytes, txBytes } = this.of(sa);
    const sum = { rxBytes: rxBytes + stats.rxBytes, txBytes: txBytes + stats.txBytes };
    this.#carried.set(sa, sum);
  }

  /** A rekeyed IKE SA goes on under another number; one that ended is forgotten. */
  heed(event: TraceEvent): void {
    if (event.sa === undefined) return;
    if (event.kind === 'sa.rekeyed') this.#succeed(event.old, event.sa);
    if (event.kind === 'sa.closed') this.#carried.delete(event.sa);
  }

  of(sa: SaRef): Carried {
    return this.#carried.get(sa) ?? { rxBytes: 0n, txBytes: 0n };
  }

  #succeed(old: SaRef, next: SaRef): void {
    for (const [child, sa] of this.#ownerOf) if (sa === old) this.#ownerOf.set(child, next);
    this.#carried.set(next, this.of(old));
    this.#carried.delete(old);
  }
}
