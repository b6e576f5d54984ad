// The server's side of an EAP conversation (RFC 3748 §4, §5): who are you, one method after another until the peer
// agrees to one, then the method's own rounds, then the result. One packet at a time, as IKE_AUTH carries them.
import { toText } from '../../base/bytes.ts';
import { EapType } from '../../iana/eap.ts';
import { nameOf } from '../../iana/name.ts';
import type { Cause } from '../causes.ts';
import type { Steps } from '../steps.ts';
import type {
  EapEnd,
  EapMethod,
  EapMethodRow,
  EapOutcome,
  EapStep,
  ServerSetting,
} from './method.ts';
import { decodeEap, type EapTalk, encodeEap } from './packet.ts';

export interface EapServerOptions {
  readonly setting: Omit<ServerSetting, 'identity'>;
  /** Of the last packet before ours; drawn unless told. */
  readonly identifier?: number;
  /** Ask who it is before a method begins: what Windows needs, and Android answers with nothing. */
  readonly asksIdentity: boolean;
  /**
   * Methods that may be used, best first; at least one, or the conversation fails.
   * @param identity as claimed: it may choose among methods, and decides nothing else
   */
  readonly methods: (identity: Uint8Array) => readonly EapMethodRow[];
  /** Whether who was proven may come in; undefined: yes. */
  readonly refusal: (method: EapMethodRow, outcome: EapOutcome) => Refusal | undefined;
}
export interface Refusal {
  readonly cause?: Cause;
  readonly why: string;
  readonly advice?: string;
}

/** What goes out. With an end, the packet is EAP-Success or EAP-Failure, and the conversation is over. */
export interface EapTurn {
  readonly packet: Uint8Array;
  readonly end?: EapEnd;
}

export class EapServer {
  readonly #options: EapServerOptions;
  /** What the peer said when it was asked who it is; empty before. */
  identity: Uint8Array = new Uint8Array(0);
  #identifier: number;
  #rounds = 0;
  #left: readonly EapMethodRow[] = [];
  #current:
    | { readonly row: EapMethodRow; readonly method: EapMethod; isAgreed: boolean }
    | undefined;

  constructor(options: EapServerOptions) {
    this.#options = options;
    this.#identifier = options.identifier ?? (options.setting.random(1)[0] as number);
  }

  /** The first packet. */
  *begin(): Steps<EapTurn> {
    if (this.#options.asksIdentity) return this.#request(EapType.IDENTITY, new Uint8Array(0));
    return yield* this.#offerMethods();
  }

  /** Takes the peer's answer to the last packet. @throws WireError */
  *receive(bytes: Uint8Array): Steps<EapTurn> {
    const packet = decodeEap(bytes);
    if (packet.code !== 'response')
      return this.#fail({ why: `the peer sent an EAP ${packet.code}` });
    if (packet.identifier !== this.#identifier) {
      return this.#fail({ why: 'the peer answered another EAP request than the last' });
    }
    if (++this.#rounds > mostRounds)
      return this.#fail({ why: `EAP took more than ${mostRounds} rounds` });
    if (!this.#current) return yield* this.#identified(packet);
    const { row, method, isAgreed } = this.#current;
    if (packet.type === EapType.NAK && !isAgreed) return yield* this.#nextMethod(packet.data);
    if (packet.type !== row.type) {
      return this.#fail({ why: `the peer answered ${row.name} with ${typeName(packet.type)}` });
    }
    this.#current.isAgreed = true;
    return this.#turn(yield* method.receive(packet.data, this.#next));
  }

  /** To be called at the end, whatever it was. */
  wipe(): void {
    this.#current?.method.wipe();
  }

  *#identified({ type, data }: EapTalk): Steps<EapTurn> {
    if (type !== EapType.IDENTITY) return this.#fail({ why: 'the peer does not say who it is' });
    if (data.length > longestIdentity) return this.#fail({ why: `a name of ${data.length} bytes` });
    this.identity = data.slice();
    return yield* this.#offerMethods();
  }

  *#offerMethods(): Steps<EapTurn> {
    this.#left = this.#options.methods(this.identity);
    const [row] = this.#left;
    if (row) return yield* this.#offer(row);
    return this.#fail({
      cause: 'unknown-identity',
      why: `no connection lets «${toText(this.identity)}» log in by EAP`,
      advice: 'Look at options eap_id and remote_auth of the connections.',
    });
  }

  *#offer(row: EapMethodRow): Steps<EapTurn> {
    this.#current?.method.wipe();
    this.#left = this.#left.filter((other) => other !== row);
    const method = row.server({ ...this.#options.setting, identity: this.identity });
    this.#current = { row, method, isAgreed: false };
    return this.#turn(yield* method.begin(this.#next));
  }

  /** @param wanted the types that the peer would take instead; 0 stands for none (RFC 3748 §5.3.1) */
  *#nextMethod(wanted: Uint8Array): Steps<EapTurn> {
    const row = this.#left.find(({ type }) => wanted.includes(type));
    if (row) return yield* this.#offer(row);
    const types = [...wanted.subarray(0, 16)].map(typeName).join(', ');
    return this.#fail({
      cause: 'method-not-allowed',
      why: `the peer does not take the EAP methods that are allowed; it wants ${types || 'none'}`,
      advice:
        'Choose user name and password on the device, or add its method to option remote_auth.',
    });
  }

  #turn(step: EapStep): EapTurn {
    if (step.kind === 'send') return this.#request(this.#current?.row.type ?? 0, step.data);
    const { end } = step;
    if (end.kind === 'failure') return this.#fail(end);
    const refusal = this.#current && this.#options.refusal(this.#current.row, end.outcome);
    if (refusal) {
      end.outcome.msk?.wipe();
      return this.#fail(refusal);
    }
    return { packet: encodeEap({ code: 'success', identifier: this.#identifier }), end };
  }

  /** A result has the identifier of the response that it follows (RFC 3748 §4.2). */
  #fail(refusal: Refusal): EapTurn {
    const packet = encodeEap({ code: 'failure', identifier: this.#identifier });
    return { packet, end: { kind: 'failure', ...refusal } };
  }

  #request(type: number, data: Uint8Array): EapTurn {
    this.#identifier = this.#next;
    return { packet: encodeEap({ code: 'request', identifier: this.#identifier, type, data }) };
  }

  get #next(): number {
    return (this.#identifier + 1) % 256;
  }
}

export const typeName = (type: number): string =>
  type === 0 ? 'none' : nameOf(EapType, type).toLowerCase();

/** RFC 7542 §2.2: a network access identifier has 253 bytes at most. */
const longestIdentity = 253;
/** A chain of certificates in small fragments takes the most. */
const mostRounds = 100;
