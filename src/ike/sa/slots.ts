// Typed per-SA state that lives with the extension which understands it. This file may cast.

export interface Slot<S> {
  readonly name: string;
  readonly init: () => S;
  /** What a rekeyed IKE SA starts with; without it, everything is forgotten. */
  readonly inherit?: (old: S) => S;
}

export class Slots {
  readonly #values = new Map<Slot<unknown>, unknown>();

  inherit(old: Slots): void {
    for (const [slot, value] of old.#values) {
      if (slot.inherit) this.#values.set(slot, slot.inherit(value));
    }
  }

  of<S>(slot: Slot<S>): S {
    const key = slot as Slot<unknown>;
    if (!this.#values.has(key)) this.#values.set(key, slot.init());
    return this.#values.get(key) as S;
  }
}
