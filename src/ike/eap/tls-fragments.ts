// TLS messages in EAP packets (RFC 5216 §2.1.5, §3): flags, the length of the whole, fragments that wait for one
// another. The same for EAP-TLS, EAP-TTLS (RFC 5281 §9.1) and PEAP, which keep a version in the low bits.
//
//      0                   1                   2                   3
//     |     Flags     |      TLS Message Length, if L ...             |
//     |  ... Length   |     TLS Data...
import { concat, Reader, Writer } from '../../base/bytes.ts';
import { invariant } from '../../base/invariant.ts';
import { reading, WireError } from '../../wire/codec.ts';

/** What a packet of the other side means. */
export type Arrival =
  /** The server begins. */
  | { readonly kind: 'start' }
  /** There is more to come: `packet` asks for it. */
  | { readonly kind: 'more'; readonly packet: Uint8Array }
  /** The other side has a fragment of ours: `packet` is the next. */
  | { readonly kind: 'next'; readonly packet: Uint8Array }
  /** All of it; empty when the other side had nothing to say. */
  | { readonly kind: 'message'; readonly message: Uint8Array };

export class TlsFragments {
  readonly #fragmentBytes: number;
  #sending: Uint8Array | undefined;
  #parts: Uint8Array[] = [];
  #gathered = 0;
  #total: number | undefined;

  /** @param fragmentBytes TLS data in one packet of ours at most */
  constructor(fragmentBytes: number = usualFragment) {
    this.#fragmentBytes = fragmentBytes;
  }

  /** The packet that begins a conversation: all it says is S. */
  start(): Uint8Array {
    return Uint8Array.of(flag.start);
  }

  /** Begins to send a message. @returns its first packet, which may be all */
  send(message: Uint8Array): Uint8Array {
    invariant(this.#sending === undefined, 'a TLS message before the last one was out');
    if (message.length <= this.#fragmentBytes) return concat(Uint8Array.of(0), message);
    const w = new Writer();
    w.u8(flag.length | flag.more);
    w.u32(message.length);
    w.bytes(message.subarray(0, this.#fragmentBytes));
    this.#sending = message.subarray(this.#fragmentBytes);
    return w.finish();
  }

  /** @throws WireError when the packet does not parse, or its lengths do not agree with those before it */
  receive(data: Uint8Array): Arrival {
    const packet = reading('EAP-TLS packet', () => read(new Reader(data)));
    if (this.#sending) return { kind: 'next', packet: this.#next(this.#sending, packet) };
    if (packet.isStart) {
      if (this.#parts.length > 0 || packet.isMore) throw lie('a start amid fragments');
      return { kind: 'start' };
    }
    this.#gather(packet);
    if (packet.isMore) return { kind: 'more', packet: Uint8Array.of(0) };
    const message = concat(...this.#parts);
    if (this.#total !== undefined && this.#total !== message.length) {
      throw lie(`${this.#total} bytes were announced and ${message.length} came`);
    }
    this.#parts = [];
    this.#gathered = 0;
    this.#total = undefined;
    return { kind: 'message', message };
  }

  /** The peer asks for the next fragment with a packet in which there is nothing (RFC 5216 §2.1.5). */
  #next(left: Uint8Array, { isStart, isMore, total, data }: Packet): Uint8Array {
    if (isStart || isMore || total !== undefined || data.length > 0) {
      throw lie('something else than an acknowledgement of a fragment');
    }
    const isMoreLeft = left.length > this.#fragmentBytes;
    this.#sending = isMoreLeft ? left.subarray(this.#fragmentBytes) : undefined;
    const fragment = left.subarray(0, this.#fragmentBytes);
    return concat(Uint8Array.of(isMoreLeft ? flag.more : 0), fragment);
  }

  #gather({ isMore, total, data }: Packet): void {
    const isFirst = this.#parts.length === 0;
    if (isFirst && isMore && total === undefined) throw lie('a first fragment without the length');
    if (isMore && data.length === 0) throw lie('a fragment of nothing');
    if (isFirst) this.#total = total;
    else if (total !== undefined && total !== this.#total) throw lie('the length changed');
    this.#gathered += data.length;
    const most = this.#total ?? mostBytes;
    if (most > mostBytes) throw lie(`a message of ${most} bytes`);
    if (this.#gathered > most) throw lie(`more than the ${most} bytes announced`);
    this.#parts.push(data.slice());
  }
}

interface Packet {
  readonly isStart: boolean;
  readonly isMore: boolean;
  readonly total: number | undefined;
  readonly data: Uint8Array;
}

function read(r: Reader): Packet {
  const flags = r.u8();
  const total = flags & flag.length ? r.u32() : undefined;
  const isStart = (flags & flag.start) !== 0;
  return { isStart, isMore: (flags & flag.more) !== 0, total, data: r.rest() };
}

const lie = (why: string): WireError => new WireError('EAP-TLS packet', 0, why);

const flag = { length: 0x80, more: 0x40, start: 0x20 } as const;
/** A chain of five large certificates fits in three times. */
const mostBytes = 65_536;
/** An EAP packet of 1,020 bytes goes everywhere (RFC 3748 §3.1): five of header, one of flags, four of length. */
const usualFragment = 1010;
