// Keys that were agreed while a capture runs, as the rows of Wireshark's files, until it is known which are the peer's.
// Keys that were agreed before are not to be had here.
import { toHex } from '../../base/bytes.ts';
import type { ChildRef, ChildSpec, DisclosedKeys, Path, SaRef } from '../../ike/core.ts';
import { espFile, espRows, ikeFile, ikeRow } from '../../trace/keylog.ts';

/** Told of keys as they come, as the key log is. */
export interface KeySink {
  disclose(keys: DisclosedKeys): void;
  install(child: ChildSpec): void;
  move(child: ChildRef, path: Path): void;
  remove(child: ChildRef): void;
}

/** One sink that pours into all of them. */
export const keysTo = (sinks: readonly KeySink[]): KeySink => ({
  disclose: (keys) => sinks.forEach((sink) => void sink.disclose(keys)),
  install: (child) => sinks.forEach((sink) => void sink.install(child)),
  move: (child, path) => sinks.forEach((sink) => void sink.move(child, path)),
  remove: (child) => sinks.forEach((sink) => void sink.remove(child)),
});

export class FreshKeys implements KeySink {
  /** By SPIi in hexadecimal. */
  readonly #ike = new Map<string, string>();
  readonly #esp = new Map<ChildRef, { readonly sa: SaRef; rows: string }>();
  readonly #installed = new Map<ChildRef, ChildSpec>();

  disclose(keys: DisclosedKeys): void {
    this.#ike.set(toHex(keys.spiI), ikeRow(keys));
    forgetOldest(this.#ike);
  }

  install(child: ChildSpec): void {
    this.#installed.set(child.ref, child);
    this.#esp.set(child.ref, { sa: child.sa, rows: espRows(child, child.path) });
    forgetOldest(this.#esp);
  }

  move(ref: ChildRef, path: Path): void {
    const child = this.#installed.get(ref);
    const known = this.#esp.get(ref);
    if (child && known) known.rows += espRows(child, path);
  }

  remove(ref: ChildRef): void {
    this.#installed.delete(ref);
  }

  /** What Wireshark reads, by the names that its files have. */
  filesFor(hasSpi: (spiI: string) => boolean, hasSa: (sa: SaRef) => boolean): KeyFiles {
    const ike = [...this.#ike].filter(([spiI]) => hasSpi(spiI)).map(([, row]) => row);
    const esp = [...this.#esp.values()].filter(({ sa }) => hasSa(sa)).map(({ rows }) => rows);
    return { [ikeFile]: ike.join(''), [espFile]: esp.join('') };
  }
}

export type KeyFiles = Readonly<Record<typeof ikeFile | typeof espFile, string>>;

function forgetOldest<K>(map: Map<K, unknown>): void {
  for (const oldest of map.keys()) {
    if (map.size <= most) break;
    map.delete(oldest);
  }
}

/** Of all peers together, for it is known only later whose they are. */
const most = 256;
