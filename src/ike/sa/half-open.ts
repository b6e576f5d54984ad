// Handshakes that strangers began and have not finished: how many there are, and who makes room when there are too many.
import { toHex } from '../../base/bytes.ts';
import { type Ip, ipBytes, isIpv4 } from '../../base/ip.ts';
import type { IkeSa } from './ike-sa.ts';

interface Origin {
  readonly source: string;
  readonly port: number;
}

export class HalfOpen {
  /** The oldest first. */
  readonly #origins = new Map<IkeSa, Origin>();
  readonly #perSource = new Map<string, number>();

  get size(): number {
    return this.#origins.size;
  }

  ofSource(address: Ip): number {
    return this.#perSource.get(sourceOf(address)) ?? 0;
  }

  add(sa: IkeSa): void {
    const { ip, port } = sa.path.remote;
    const source = sourceOf(ip);
    this.#origins.set(sa, { source, port });
    this.#perSource.set(source, (this.#perSource.get(source) ?? 0) + 1);
  }

  delete(sa: IkeSa): void {
    const source = this.#origins.get(sa)?.source;
    if (source === undefined) return;
    this.#origins.delete(sa);
    const left = (this.#perSource.get(source) ?? 1) - 1;
    if (left > 0) this.#perSource.set(source, left);
    else this.#perSource.delete(source);
  }

  /**
   * The one to give up: of the source that has most (or of the one that is named) the port that has most, and of that
   * the oldest. So whoever floods, even from behind the same NAT, pushes out handshakes of his own, and not that of a
   * neighbour who takes a second for it.
   */
  toGiveUp(address?: Ip): IkeSa | undefined {
    const source = address ? sourceOf(address) : fullest(this.#perSource);
    const candidates = [...this.#origins].filter(([, origin]) => origin.source === source);
    const perPort = new Map<number, number>();
    for (const [, { port }] of candidates) perPort.set(port, (perPort.get(port) ?? 0) + 1);
    const port = fullest(perPort);
    return candidates.find(([, origin]) => origin.port === port)?.[0];
  }
}

/** An IPv6 host has a whole /64 to choose from, so that counts as one source. */
export function sourceOf(address: Ip): string {
  return isIpv4(address) ? address : toHex(ipBytes(address).subarray(0, 8));
}

/** The first of those with the highest count. */
function fullest<K>(counts: ReadonlyMap<K, number>): K | undefined {
  let most: [key: K | undefined, count: number] = [undefined, 0];
  for (const [key, count] of counts) if (count > most[1]) most = [key, count];
  return most[0];
}
