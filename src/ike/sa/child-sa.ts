// One CHILD_SA as the control plane sees it: what the data plane was told, since when, and what is happening to it.
import type { Instant } from '../../base/time.ts';
import { formatSelector } from '../../policy/selectors.ts';
import type { ChildRef, ChildSnapshot, ChildSpec } from '../core.ts';
import type { IkeSa } from './ike-sa.ts';
import { type Timed, Timers } from './timers.ts';

/**
 * `rekeying`: our request for a successor is out. `replaced`: it has a successor, and whoever asked for that
 * one deletes it. `deleting`: our DELETE is out. `draining`: deleted, and only late packets still come in.
 */
export type ChildState = 'installed' | 'rekeying' | 'replaced' | 'deleting' | 'draining';

export class ChildSa {
  readonly spec: ChildSpec;
  /** The algorithms as text, for people. */
  readonly suite: string;
  readonly createdAt: Instant;
  readonly timers: Timers<Timed>;
  state: ChildState = 'installed';
  /** What was made in its place. */
  successor: ChildSa | undefined;
  /** As it travels now: a move may change it. */
  encap: 'udp' | 'raw';
  /** Whether the data plane sends on it. */
  isActive: boolean;
  /** When it was last seen to carry something, and how many packets it had carried by then. */
  quietSince: Instant;
  packets = 0;
  /** Rekeys that the peer could not take right now, in a row. */
  postponed = 0;

  constructor(sa: IkeSa, spec: ChildSpec, suite: string) {
    this.spec = spec;
    this.suite = suite;
    this.createdAt = sa.host.now;
    this.quietSince = sa.host.now;
    this.encap = spec.encap;
    this.isActive = !spec.standby;
    // It may move to another IKE SA, so its owner is looked up when the time comes.
    this.timers = new Timers(sa.host.agenda, { child: this });
  }

  get ref(): ChildRef {
    return this.spec.ref;
  }

  wipe(): void {
    for (const { encryption, integrity } of [this.spec.inbound, this.spec.outbound]) {
      encryption.wipe();
      integrity?.wipe();
    }
  }

  snapshot(): ChildSnapshot {
    const { spec } = this;
    return {
      ref: spec.ref,
      spiIn: formatSpi(spec.inbound.spi),
      spiOut: formatSpi(spec.outbound.spi),
      suite: this.suite,
      encap: this.encap,
      local: spec.selectors.local.map(formatSelector),
      remote: spec.selectors.remote.map(formatSelector),
      createdAt: this.createdAt,
      rekeyAt: this.timers.endOf('rekey'),
    };
  }
}

const formatSpi = (spi: number): string => spi.toString(16).padStart(8, '0');
