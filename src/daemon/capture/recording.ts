// What was seen of a peer, within bounds: its packets, and beside them those of handshakes of which nobody knows yet
// whose they are.
import type { Sighting } from '../../trace/outer.ts';

export interface Bounds {
  readonly packets: number;
  readonly bytes: number;
}

interface Waiting {
  readonly spiI: string;
  readonly sighting: Sighting;
}

export class Recording {
  readonly #bounds: Bounds;
  readonly #sightings: Sighting[] = [];
  #waiting: Waiting[] = [];
  #bytes = 0;
  #waitingBytes = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  get packets(): number {
    return this.#sightings.length;
  }

  /** Of the packets, and a little for each. */
  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.packets >= this.#bounds.packets || this.#bytes >= this.#bounds.bytes;
  }

  /** What finds it full is not kept. */
  add(sighting: Sighting): void {
    if (this.isFull) return;
    this.#sightings.push(sighting);
    this.#bytes += weightOf(sighting);
  }

  /** Of more than there is room for, the oldest are forgotten: strangers may send as many as they like. */
  keepWaiting(spiI: string, sighting: Sighting): void {
    this.#waiting.push({ spiI, sighting });
    this.#waitingBytes += weightOf(sighting);
    while (this.#waitingBytes > mostWaiting) {
      const oldest = this.#waiting.shift();
      this.#waitingBytes -= oldest ? weightOf(oldest.sighting) : 0;
    }
  }

  /** @param isOurs whether a packet that waited is the peer's; undefined: nobody knows yet */
  settle(isOurs: (spiI: string, sighting: Sighting) => boolean | undefined): void {
    const left: Waiting[] = [];
    this.#waitingBytes = 0;
    for (const one of this.#waiting) {
      const verdict = isOurs(one.spiI, one.sighting);
      if (verdict) this.add(one.sighting);
      if (verdict !== undefined) continue;
      left.push(one);
      this.#waitingBytes += weightOf(one.sighting);
    }
    this.#waiting = left;
  }

  /** The threads of the data plane tell of what they saw a little later than the loop. */
  inOrder(): readonly Sighting[] {
    return this.#sightings.toSorted((a, b) => a.atUs - b.atUs);
  }
}

/** Headers of the packet and of its place in the file included. */
const weightOf = ({ bytes }: Sighting): number => bytes.length + 100;
const mostWaiting = 256 * 1024;
