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
