// A message on its way out (Draft) and one that came in and passed every check (Received).
import { Exchange } from '../iana/exchanges.ts';
import { firstStatus } from '../iana/notifies.ts';
import { PayloadType } from '../iana/payloads.ts';
import { Protocol } from '../iana/protocols.ts';
import type { Message } from '../wire/message.ts';
import {
  all,
  type Bodies,
  find,
  type KnownType,
  type Payload,
  payload,
} from '../wire/payloads/index.ts';
import type { Placed } from '../wire/rules.ts';
import type { Path } from './core.ts';

export type Notify = Bodies[typeof PayloadType.NOTIFY];

/** A message being built. Payload order is settled by wire/rules.ts, not by the caller. */
export class Draft {
  readonly exchange: number;
  readonly isRequest: boolean;
  readonly payloads: Payload[] = [];
  /** What is done once it is sealed: keys change under which it must not be. */
  onSealed: (() => void) | undefined;

  constructor(exchange: number, direction: 'request' | 'response') {
    this.exchange = exchange;
    this.isRequest = direction === 'request';
  }

  add<T extends KnownType>(type: T, body: Bodies[T]): this {
    this.payloads.push(payload(type, body));
    return this;
  }

  afterwards(run: () => void): this {
    this.onSealed = run;
    return this;
  }

  has(type: KnownType): boolean {
    return this.find(type) !== undefined;
  }

  find<T extends KnownType>(type: T): Bodies[T] | undefined {
    return find(this.payloads, type);
  }

  /** Whether a notify of this type is in it. */
  says(type: number): boolean {
    return this.payloads.some((one) => one.type === PayloadType.NOTIFY && one.body.type === type);
  }

  /** @param spi of the CHILD_SA that it is about; empty: it is about the IKE SA (RFC 7296 §3.10) */
  notify(type: number, data: Uint8Array = nothing, spi: Uint8Array = nothing): this {
    const protocol = spi.length > 0 ? Protocol.ESP : Protocol.NONE;
    return this.add(PayloadType.NOTIFY, { protocol, spi, type, data });
  }
}

/** A message that passed decryption, integrity and wire/rules.ts. */
export class Received {
  readonly exchange: number;
  readonly isRequest: boolean;
  readonly messageId: number;
  /** The SPIr of its header. */
  readonly spiR: Uint8Array;
  readonly path: Path;
  readonly placed: Placed;
  /** The datagram as it came; of a fragmented message, the last fragment. */
  readonly bytes: Uint8Array;
  /** Datagrams that it came in. */
  readonly fragments: number;

  constructor(
    { header, payloads }: Message,
    placed: Placed,
    { path, bytes }: { path: Path; bytes: Uint8Array },
  ) {
    this.exchange = header.exchange;
    this.isRequest = !header.isResponse;
    this.messageId = header.messageId;
    this.spiR = header.spiR;
    this.path = path;
    this.placed = placed;
    this.bytes = bytes;
    const last = payloads.at(-1);
    this.fragments = last?.type === PayloadType.SKF ? last.body.total : 1;
  }

  /** Those that count: only IKE_SA_INIT is believed in the clear, and checkRules has seen to the rest. */
  get payloads(): readonly Payload[] {
    return this.exchange === Exchange.IKE_SA_INIT ? this.placed.clear : this.placed.sealed;
  }

  find<T extends KnownType>(type: T): Bodies[T] | undefined {
    return find(this.payloads, type);
  }

  all<T extends KnownType>(type: T): readonly Bodies[T][] {
    return all(this.payloads, type);
  }

  notify(type: number): Notify | undefined {
    return this.all(PayloadType.NOTIFY).find((notify) => notify.type === type);
  }

  notifies(type: number): readonly Notify[] {
    return this.all(PayloadType.NOTIFY).filter((notify) => notify.type === type);
  }

  /** The first error notify, if there is one (RFC 7296 §3.10.1). */
  error(): Notify | undefined {
    return this.all(PayloadType.NOTIFY).find((notify) => notify.type < firstStatus);
  }
}

/** An IKE_SA_INIT message: nothing in it is sealed. */
export function receivedInit(message: Message, bytes: Uint8Array, path: Path): Received {
  return new Received(message, { clear: message.payloads, sealed: [] }, { path, bytes });
}

const nothing = new Uint8Array(0);
