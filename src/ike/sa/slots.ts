// Typed per-SA state that lives with the extension which understands it. This file may cast.

export interface Slot<S> {
  readonly name: string;
  readonly init: () => S;
}

export class Slots {
  readonly #values = new Map<Slot<unknown>, unknown>();

  of<S>(slot: Slot<S>): S {
    const key = slot as Slot<unknown>;
    if (!this.#values.has(key)) this.#values.set(key, slot.init());
    return this.#values.get(key) as S;
  }
}
