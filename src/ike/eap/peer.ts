// The peer's side of an EAP conversation (RFC 3748 §4, §5): says who we are, takes a method that it can, and believes
// a result only after the method came to it.
import { EapType } from '../../iana/eap.ts';
import type { Steps } from '../steps.ts';
import type { EapEnd, EapMethod, EapMethodRow, EapStep, PeerSetting } from './method.ts';
import { decodeEap, type EapTalk, encodeEap } from './packet.ts';
import { typeName } from './server.ts';

/** Either what to answer, or how it ended: nothing is sent then. */
export type PeerTurn =
  | { readonly kind: 'send'; readonly packet: Uint8Array }
  | { readonly kind: 'end'; readonly end: EapEnd };

export class EapPeer {
  readonly #setting: PeerSetting;
  readonly #methods: readonly EapMethodRow[];
  #rounds = 0;
  #current: { readonly row: EapMethodRow; readonly method: EapMethod } | undefined;
  /** What the method came to; the server's result has to say the same. */
  #end: EapEnd | undefined;

  /** @param methods that we take, best first */
  constructor(setting: PeerSetting, methods: readonly EapMethodRow[]) {
    this.#setting = setting;
    this.#methods = methods;
  }

  /** What the method came to, before the server's result. */
  get end(): EapEnd | undefined {
    return this.#end;
  }

  /** Takes the server's packet. @throws WireError */
  *receive(bytes: Uint8Array): Steps<PeerTurn> {
    const packet = decodeEap(bytes);
    if (++this.#rounds > mostRounds) return failed(`EAP took more than ${mostRounds} rounds`);
    switch (packet.code) {
      case 'request':
        return yield* this.#answer(packet);
      case 'success':
        if (this.#end?.kind === 'success') return { kind: 'end', end: this.#end };
        return failed('the server said EAP-Success before anything was proven');
      case 'failure':
        if (this.#end?.kind === 'failure') return { kind: 'end', end: this.#end };
        return failed('the server refused our login (EAP-Failure)');
      case 'response':
        return failed('the server sent an EAP response');
    }
  }

  /** To be called at the end, whatever it was: the key of a method goes too, whoever took it. */
  wipe(): void {
    this.#current?.method.wipe();
    if (this.#end?.kind === 'success') this.#end.outcome.msk?.wipe();
  }

  *#answer(request: EapTalk): Steps<PeerTurn> {
    const { type, identifier } = request;
    if (type === EapType.NOTIFICATION) return respond(request, type, new Uint8Array(0));
    if (this.#end) return failed('the server goes on after the EAP method has ended');
    if (type === EapType.IDENTITY && !this.#current) {
      return respond(request, type, this.#setting.identity);
    }
    if (this.#current && this.#current.row.type !== type) {
      return failed(`the server changed from ${this.#current.row.name} to ${typeName(type)}`);
    }
    const method = this.#current?.method ?? this.#begin(type);
    if (!method) {
      // RFC 3748 §5.3.1: what we would take instead.
      return respond(
        request,
        EapType.NAK,
        Uint8Array.from(this.#methods, (row) => row.type),
      );
    }
    return this.#turn(request, type, yield* method.receive(request.data, identifier));
  }

  #begin(type: number): EapMethod | undefined {
    const row = this.#methods.find((one) => one.type === type);
    if (!row) return undefined;
    this.#current = { row, method: row.peer(this.#setting) };
    return this.#current.method;
  }

  #turn(request: EapTalk, type: number, step: EapStep): PeerTurn {
    if (step.kind === 'end') return step;
    this.#end = step.end;
    return respond(request, type, step.data);
  }
}

function respond({ identifier }: EapTalk, type: number, data: Uint8Array): PeerTurn {
  return { kind: 'send', packet: encodeEap({ code: 'response', identifier, type, data }) };
}

const failed = (why: string): PeerTurn => ({ kind: 'end', end: { kind: 'failure', why } });

const mostRounds = 100;
