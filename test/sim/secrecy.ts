// Whether a simulated host told a secret in an event, of which lines of the log are made, or in a snapshot. Every world is looked at, after
// the test that made it (see `silence.ts`).
import { toHex } from '../../src/base/bytes.ts';
import type { Secret } from '../../src/base/secret.ts';
import type { Answer, ChildSpec, CoreSnapshot } from '../../src/ike/core.ts';
import type { TraceEvent } from '../../src/ike/events.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { type KnownSecret, shown } from '../lab/secrets.ts';

/** The secrets of one host, as copies: the originals are wiped. */
export class Secrecy {
  readonly #known = new Map<string, KnownSecret>();

  ofPolicy({ presharedKeys, ppks, connections }: Policy): void {
    for (const { secret } of ppks) this.#add('a PPK', secret);
    for (const { secret } of presharedKeys) this.#add('a pre-shared key', secret);
    for (const { login } of connections) this.#add('a password', login?.password);
  }

  ofChild({ inbound, outbound }: ChildSpec): void {
    for (const { encryption, integrity } of [inbound, outbound]) {
      this.#add('a key of ESP', encryption);
      this.#add('a key of ESP', integrity);
    }
  }

  ofSa(keys: readonly Uint8Array[]): void {
    for (const key of keys) this.#put('SK_e or SK_a', key);
  }

  ofAnswer(answer: Answer): void {
    if (typeof answer === 'object' && 'ntHash' in answer) this.#add('an NT hash', answer.ntHash);
  }

  /** Those that were told. */
  told(events: readonly TraceEvent[], snapshot: CoreSnapshot): readonly string[] {
    if (this.#known.size === 0) return [];
    return shown(JSON.stringify([events, snapshot]), [...this.#known.values()]);
  }

  forget(): void {
    this.#known.clear();
  }

  #add(name: string, secret: Secret | undefined): void {
    if (secret && !secret.isWiped) this.#put(name, secret.bytes);
  }

  #put(name: string, bytes: Uint8Array): void {
    if (this.#known.size < mostKnown) this.#known.set(toHex(bytes), { name, bytes: bytes.slice() });
  }
}

/** Of a long run the first ones will do. */
const mostKnown = 200;
