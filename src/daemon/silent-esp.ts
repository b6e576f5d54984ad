// A device whose IKE goes well and whose ESP never arrives: it says that it is connected, and nothing gets through. In UDP
// both go the same way; as IP protocol 50, which Android speaks on IPv6, ESP goes a way of its own.
import { seconds } from '../base/time.ts';
import type { ChildStats } from '../dataplane/dataplane.ts';
import type { ChildRef, ChildSnapshot, SaRef, SaSnapshot } from '../ike/core.ts';
import type { TraceEvent } from '../ike/events.ts';
import type { Clock } from './daemon.ts';

export interface SilentEspParts {
  readonly after: Clock['after'];
  readonly sas: () => readonly SaSnapshot[];
  readonly stats: (child: ChildRef) => Pick<ChildStats, 'rxPackets'> | undefined;
  readonly report: (event: TraceEvent) => void;
}

export class SilentEsp {
  readonly #parts: SilentEspParts;
  /** What ends the wait, by IKE SA. */
  readonly #waiting = new Map<SaRef, () => void>();

  constructor(parts: SilentEspParts) {
    this.#parts = parts;
  }

  heed(event: TraceEvent): void {
    const { sa } = event;
    if (sa === undefined) return;
    if (event.kind === 'child.established' && mustSpeak(event.child)) this.#await(sa);
    if (event.kind === 'sa.closed') this.#forget(sa);
  }

  close(): void {
    for (const sa of this.#waiting.keys()) this.#forget(sa);
  }

  #await(sa: SaRef): void {
    if (this.#waiting.has(sa)) return;
    const check = (): void => {
      this.#waiting.delete(sa);
      this.#look(sa);
    };
    this.#waiting.set(sa, this.#parts.after(patience, check));
  }

  #forget(sa: SaRef): void {
    this.#waiting.get(sa)?.();
    this.#waiting.delete(sa);
  }

  /** Other tunnels of the SA, of IPv4 or of renewed keys, would have shown that ESP arrives. */
  #look(ref: SaRef): void {
    const { sas, stats, report } = this.#parts;
    const sa = sas().find(({ id }) => id === ref);
    // Who dials us and gets an address is a device; two networks may have nothing to say to each other.
    if (!sa || sa.dialled || sa.addresses.length === 0 || !sa.children.some(mustSpeak)) return;
    if (sa.children.some((child) => stats(child.ref)?.rxPackets !== 0n)) return;
    const { path, peer, connection } = sa;
    report({
      ...{ kind: 'attempt.failed', sa: ref, path, peer, connection },
      ...{ notify: 'no ESP', cause: 'esp-blocked' },
      why: `it is connected, and in ${patience / 1000} s no ESP packet came from it: something on the way lets IKE through and not IP protocol 50`,
      advice:
        'Let protocol 50 through where IPv6 is filtered, or have the device dial by IPv4, where ESP travels in UDP.',
    });
  }
}

/** Whose every packet goes through its tunnel cannot be silent: it asks for names as soon as it is connected. */
const mustSpeak = ({ encap, local }: ChildSnapshot): boolean =>
  encap === 'raw' && local.some((range) => range === '0.0.0.0/0' || range === '::/0');

const patience = seconds(20);
