// The data plane in C, loaded by koffi: this file alone knows koffi. Calls are short and synchronous; IKE
// messages and events come and go over a socket, because a callback from C would hold up the thread that calls.
import { Socket } from 'node:net';
import koffi from 'koffi';
import type { ChildRef, ChildSpec, Path, Selectors } from '../ike/core.ts';
import { constants, espOpened, espStats } from './abi.ts';
import type {
  ChildStats,
  DataPlane,
  DataPlaneListener,
  DataPlaneOptions,
  Tap,
  TrapRef,
} from './dataplane.ts';
import { DataPlaneError, faultOf } from './fault.ts';
import {
  encodeAdmit,
  encodeDatagram,
  encodeExpect,
  encodeKeepalive,
  encodeSettle,
  type Frame,
  FrameReader,
  MailboxError,
} from './mailbox.ts';
import {
  decodeOpened,
  decodeStats,
  encapNumber,
  encodeChild,
  encodeOptions,
  encodePath,
  encodeTap,
  encodeTrap,
  type Offload,
  type Opened,
} from './marshal.ts';

export interface NativeDataPlane extends DataPlane {
  /** As bound, also where any free port was asked for. */
  readonly ports: { readonly port: number; readonly nattPort: number };
  /** False: this processor has no instructions for AES, so that ChaCha20-Poly1305 is faster. */
  readonly aesUnit: boolean;
  /** The implementation of the faster of the two. */
  readonly aead: string;
  /** False: this kernel has no IPv6. */
  readonly ipv6: boolean;
  /** False: raw sockets are not permitted, a child with `encap: 'raw'` is refused as unsupported. */
  readonly raw: boolean;
  /** What this kernel can; without any the data plane is slower, not less able. */
  readonly offloads: readonly Offload[];
  /** Threads that move packets. */
  readonly workers: number;
}

/**
 * Opens sockets and the TUN device (none where the name is empty) and starts the threads.
 * @param libraryPath of libikev2esp.so
 * @throws DataPlaneError with what the owner can do about it
 */
export function openNative(
  libraryPath: string,
  options: DataPlaneOptions,
  listener: DataPlaneListener,
): NativeDataPlane {
  const library = loadLibrary(libraryPath);
  const opened = new Uint8Array(espOpened.bytes);
  const engine = new BigUint64Array(1);
  const code = library.open(
    encodeOrRefuse(() => encodeOptions(options)),
    opened,
    engine,
  );
  const result = decodeOpened(opened);
  if (code !== constants.ESP_OK) throw faultOf(code, result.why);
  return new NativePlane(library, engine[0] ?? 0n, result, listener);
}

/** Everything that the library says of its layout: name → numbers. For the test that compares abi.ts. */
export function readAbi(libraryPath: string): ReadonlyMap<string, readonly [number, number]> {
  const { abi } = loadLibrary(libraryPath);
  const entries = new Map<string, readonly [number, number]>();
  const numbers = new Uint32Array(2);
  for (let i = 0; ; i++) {
    const name = abi(i, numbers);
    if (name === null) return entries;
    entries.set(name, [numbers[0] ?? 0, numbers[1] ?? 0]);
  }
}

/** The functions of esp.h. `engine` is a pointer. */
interface Library {
  readonly open: (options: Uint8Array, opened: Uint8Array, engine: BigUint64Array) => number;
  readonly close: (engine: bigint) => void;
  readonly install: (engine: bigint, child: Uint8Array, selectors: Uint8Array) => number;
  readonly move: (engine: bigint, ref: number, path: Uint8Array, encap: number) => number;
  readonly activate: (engine: bigint, ref: number) => number;
  readonly remove: (engine: bigint, ref: number) => number;
  readonly setTrap: (engine: bigint, trap: Uint8Array, selectors: Uint8Array) => number;
  readonly releaseTrap: (engine: bigint, ref: number) => number;
  readonly removeTrap: (engine: bigint, ref: number) => number;
  readonly tap: (engine: bigint, tap: Uint8Array | null) => number;
  readonly stats: (engine: bigint, ref: number, stats: Uint8Array) => number;
  readonly counters: (engine: bigint, counters: BigUint64Array) => number;
  readonly counterName: (counter: number) => string | null;
  readonly unmapText: () => void;
  readonly abi: (entry: number, numbers: Uint32Array) => string | null;
}

function loadLibrary(path: string): Library {
  try {
    const library = koffi.load(path);
    const bytes = 'uint8_t *';
    const ofRef = (name: string): unknown => library.func(name, 'int', ['void *', 'uint32_t']);
    return {
      open: library.func('esp_open', 'int', [bytes, bytes, 'uint64_t *']) as Library['open'],
      close: library.func('esp_close', 'void', ['void *']) as Library['close'],
      install: library.func('esp_install', 'int', ['void *', bytes, bytes]) as Library['install'],
      move: library.func('esp_move', 'int', [
        'void *',
        'uint32_t',
        bytes,
        'uint32_t',
      ]) as Library['move'],
      activate: ofRef('esp_activate') as Library['activate'],
      remove: ofRef('esp_remove') as Library['remove'],
      setTrap: library.func('esp_trap_set', 'int', ['void *', bytes, bytes]) as Library['setTrap'],
      releaseTrap: ofRef('esp_trap_release') as Library['releaseTrap'],
      removeTrap: ofRef('esp_trap_remove') as Library['removeTrap'],
      tap: library.func('esp_tap_set', 'int', ['void *', bytes]) as Library['tap'],
      stats: library.func('esp_stats', 'int', ['void *', 'uint32_t', bytes]) as Library['stats'],
      counters: library.func('esp_counters', 'int', [
        'void *',
        'uint64_t *',
      ]) as Library['counters'],
      counterName: library.func('esp_counter_name', 'str', ['uint32_t']) as Library['counterName'],
      unmapText: library.func('esp_unmap_text', 'void', []) as Library['unmapText'],
      abi: library.func('esp_abi', 'str', ['uint32_t', 'uint32_t *']) as Library['abi'],
    };
  } catch (error) {
    throw new DataPlaneError('library', error instanceof Error ? error.message : undefined);
  }
}

class NativePlane implements NativeDataPlane {
  readonly ports: { readonly port: number; readonly nattPort: number };
  readonly aesUnit: boolean;
  readonly aead: string;
  readonly ipv6: boolean;
  readonly raw: boolean;
  readonly offloads: readonly Offload[];
  readonly workers: number;
  readonly #library: Library;
  readonly #listener: DataPlaneListener;
  readonly #names: readonly string[];
  readonly #mailbox: Socket;
  readonly #frames = new FrameReader();
  readonly #startIsOver: NodeJS.Timeout;
  /** 0: closed. */
  #engine: bigint;
  #refusedToSend = 0n;

  constructor(library: Library, engine: bigint, opened: Opened, listener: DataPlaneListener) {
    this.ports = { port: opened.port, nattPort: opened.nattPort };
    this.aesUnit = opened.aesUnit;
    this.aead = opened.aead;
    this.ipv6 = opened.ipv6;
    this.raw = opened.raw;
    this.offloads = opened.offloads;
    this.workers = opened.workers;
    this.#library = library;
    this.#engine = engine;
    this.#listener = listener;
    this.#names = counterNames(library);
    this.#mailbox = new Socket({ fd: opened.mailbox, readable: true, writable: true });
    this.#startIsOver = setTimeout(() => library.unmapText(), startMs).unref();
    this.#mailbox.on('data', (chunk) => this.#receive(chunk));
    this.#mailbox.on('error', (error) => this.#fail(`its mailbox broke: ${error.message}`));
  }

  install(child: ChildSpec): void {
    const encoded = encodeOrRefuse(() => encodeChild(child));
    try {
      const code = this.#library.install(this.#open(), encoded.child, encoded.selectors);
      if (code !== constants.ESP_OK) throw faultOf(code);
    } finally {
      encoded.child.fill(0); // it holds the keys
    }
    this.#mailbox.write(encodeSettle(child.inbound.spi));
  }

  move(child: ChildRef, path: Path, encap: ChildSpec['encap']): void {
    const code = this.#library.move(this.#open(), child, encodePath(path), encapNumber(encap));
    if (code !== constants.ESP_OK && code !== constants.ESP_NO_CHILD) throw faultOf(code);
  }

  activate(child: ChildRef): void {
    const code = this.#library.activate(this.#open(), child);
    if (code !== constants.ESP_OK && code !== constants.ESP_NO_CHILD) throw faultOf(code);
  }

  remove(child: ChildRef): void {
    const code = this.#library.remove(this.#open(), child);
    if (code !== constants.ESP_OK && code !== constants.ESP_NO_CHILD) throw faultOf(code);
  }

  setTrap(ref: TrapRef, selectors: Selectors): void {
    const encoded = encodeOrRefuse(() => encodeTrap(ref, selectors));
    const code = this.#library.setTrap(this.#open(), encoded.trap, encoded.selectors);
    if (code !== constants.ESP_OK) throw faultOf(code);
  }

  releaseTrap(ref: TrapRef): void {
    const code = this.#library.releaseTrap(this.#open(), ref);
    if (code !== constants.ESP_OK && code !== constants.ESP_NO_TRAP) throw faultOf(code);
  }

  removeTrap(ref: TrapRef): void {
    const code = this.#library.removeTrap(this.#open(), ref);
    if (code !== constants.ESP_OK && code !== constants.ESP_NO_TRAP) throw faultOf(code);
  }

  /** Where the C module does not keep up, the message is lost as on any network: IKE retransmits. */
  send(path: Path, bytes: Uint8Array): void {
    this.#open();
    if (this.#mailbox.writableLength > mostUnsent) this.#refusedToSend++;
    else this.#mailbox.write(encodeDatagram(path, bytes));
  }

  keepalive(path: Path): void {
    this.#open();
    this.#mailbox.write(encodeKeepalive(path));
  }

  expect(spi: number): void {
    this.#open();
    this.#mailbox.write(encodeExpect(spi));
  }

  admit(spi: Uint8Array): void {
    this.#open();
    this.#mailbox.write(encodeAdmit(spi));
  }

  tap(wanted: Tap | undefined): void {
    const encoded = wanted && encodeOrRefuse(() => encodeTap(wanted));
    const code = this.#library.tap(this.#open(), encoded ?? null);
    if (code !== constants.ESP_OK) throw faultOf(code);
  }

  stats(child: ChildRef): ChildStats | undefined {
    const stats = new Uint8Array(espStats.bytes);
    const code = this.#library.stats(this.#open(), child, stats);
    return code === constants.ESP_OK ? decodeStats(stats, this.#names) : undefined;
  }

  counters(): Readonly<Record<string, bigint>> {
    const values = new BigUint64Array(this.#names.length);
    this.#library.counters(this.#open(), values);
    const counted = this.#names.map((name, i) => [name, values[i] ?? 0n] as const);
    return { ...Object.fromEntries(counted), 'mailbox-unsent': this.#refusedToSend };
  }

  async close(): Promise<void> {
    if (this.#engine === 0n) return;
    const engine = this.#engine;
    this.#engine = 0n;
    clearTimeout(this.#startIsOver);
    this.#library.close(engine);
    await new Promise<void>((closed) => this.#mailbox.once('close', closed).destroy());
  }

  #receive(chunk: Uint8Array): void {
    for (const frame of this.#cut(chunk)) if (this.#engine !== 0n) this.#deliver(frame);
  }

  #cut(chunk: Uint8Array): readonly Frame[] {
    try {
      return this.#frames.take(chunk);
    } catch (error) {
      if (!(error instanceof MailboxError)) throw error;
      this.#mailbox.destroy();
      this.#fail(`its mailbox is out of step: ${error.message}`);
      return [];
    }
  }

  #deliver(frame: Frame): void {
    if (frame.kind === 'datagram') {
      this.#listener.datagram(frame.path, frame.bytes, frame.isProven);
    } else if (frame.kind === 'event') this.#listener.event(frame.event);
    else if (frame.kind === 'trapped') this.#listener.trapped(frame.trap, frame.packet);
    else if (frame.kind === 'tapped') this.#listener.tapped?.(frame.packet);
    else if (frame.kind === 'network') this.#listener.networkChanged?.();
    else this.#fail(frame.why);
  }

  #fail(why: string): void {
    if (this.#engine !== 0n) this.#listener.failed(why);
  }

  #open(): bigint {
    if (this.#engine === 0n) throw new DataPlaneError('argument', 'the data plane is closed');
    return this.#engine;
  }
}

function counterNames(library: Library): readonly string[] {
  const names: string[] = [];
  for (let i = 0; i < constants.ESP_COUNTER_COUNT; i++)
    names.push(library.counterName(i) ?? `${i}`);
  return names;
}

/** A value that does not fit its field never reaches C. */
function encodeOrRefuse<T>(encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    if (error instanceof RangeError) throw new DataPlaneError('argument', error.message);
    throw error;
  }
}

/** By then all is loaded and compiled that a gateway at rest needs. */
const startMs = 10_000;
/** Bytes of IKE messages that may wait for the C module. */
const mostUnsent = 1024 * 1024;
