// Credentials that were just made, for as long as it takes to carry them to their device. They are kept in memory and
// nowhere else: what is over is made anew, never looked up.
import type { Credential } from '../../onboard/device.ts';

export class AtHand {
  readonly #now: () => Date;
  readonly #kept = new Map<string, { readonly credential: Credential; readonly until: number }>();

  constructor(now: () => Date) {
    this.#now = now;
  }

  keep(device: string, credential: Credential): void {
    this.#forgetOld();
    const [eldest] = this.#kept.keys();
    if (this.#kept.size >= most && eldest !== undefined) this.#kept.delete(eldest);
    this.#kept.delete(keyOf(device));
    this.#kept.set(keyOf(device), { credential, until: this.#now().getTime() + keptMs });
  }

  of(device: string): Credential | undefined {
    this.#forgetOld();
    return this.#kept.get(keyOf(device))?.credential;
  }

  forget(device: string): void {
    this.#kept.delete(keyOf(device));
  }

  #forgetOld(): void {
    const now = this.#now().getTime();
    for (const [device, { until }] of this.#kept) if (until <= now) this.#kept.delete(device);
  }
}

const keyOf = (device: string): string => device.toLowerCase();
const keptMs = 15 * 60_000;
const most = 32;
