// A section of strongSwan's /etc/config/ipsec, and which of its options nobody has asked for yet.
import type { Duration } from '../../base/time.ts';
import { seconds } from '../../base/time.ts';
import type { UciSection } from '../uci.ts';

export class Source {
  readonly type: string;
  /** An anonymous section has one of its type and place. */
  readonly name: string;
  readonly label: string;
  readonly #section: UciSection;
  readonly #asked = new Set<string>();

  constructor(section: UciSection, place: number) {
    this.type = section.type;
    this.name = section.name ?? `${section.type}${place + 1}`;
    this.label = section.label;
    this.#section = section;
  }

  /** The value under the first of the names that is set: versions of the package call the same thing differently. */
  text(...names: readonly string[]): string | undefined {
    const [first] = names.flatMap((name) => this.#values(name)[0] ?? []);
    return first;
  }

  /** All values, also where several stand in one option. */
  list(...names: readonly string[]): readonly string[] {
    const values = names.flatMap((name) => this.#values(name));
    return values.flatMap((text) => text.split(/[\s,]+/)).filter((text) => text !== '');
  }

  flag(name: string, otherwise: boolean): boolean {
    const text = this.text(name);
    return text === undefined ? otherwise : /^(?:1|on|true|yes|enabled)$/i.test(text);
  }

  /** `90s`, `15m`, `3h`, `1d`, or seconds. */
  time(...names: readonly string[]): Duration | undefined {
    const match = /^(\d{1,9})\s*([smhd]?)$/.exec(this.text(...names) ?? '');
    if (!match) return undefined;
    return seconds(Number(match[1]) * (secondsIn[match[2] ?? ''] ?? 1));
  }

  /** Options that nobody asked for, in their order. */
  get rest(): readonly string[] {
    return [...this.#section.options.keys()].filter((name) => !this.#asked.has(name));
  }

  #values(name: string): readonly string[] {
    this.#asked.add(name);
    return this.#section.options.get(name)?.values.map(({ text }) => text) ?? [];
  }
}

const secondsIn: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 };
