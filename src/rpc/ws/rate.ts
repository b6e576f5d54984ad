// So many at once, and so many a second after that.

export class Rate {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #at: number | undefined;

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
  }

  /** @param now milliseconds of a clock that does not jump */
  allows(now: number, count: number): boolean {
    const passed = (now - (this.#at ?? now)) / 1000;
    this.#at = now;
    this.#left = Math.min(this.#burst, this.#left + passed * this.#perSecond);
    if (this.#left < count) return false;
    this.#left -= count;
    return true;
  }
}

/** One for all callers of an address: whoever is hung up on and calls again gets no new one. */
export class Rates {
  readonly #make: () => Rate;
  /** The one that was used last at the end. */
  readonly #byAddress = new Map<string, Rate>();

  constructor(make: () => Rate) {
    this.#make = make;
  }

  of(address: string): Rate {
    const rate = this.#byAddress.get(address) ?? this.#make();
    this.#byAddress.delete(address);
    this.#byAddress.set(address, rate);
    const [oldest = ''] = this.#byAddress.keys();
    if (this.#byAddress.size > mostAddresses) this.#byAddress.delete(oldest);
    return rate;
  }
}

const mostAddresses = 256;
