// One CHILD_SA as the control plane sees it: what the data plane was told, and since when.
import type { Instant } from '../../base/time.ts';
import { formatSelector } from '../../policy/selectors.ts';
import type { ChildRef, ChildSnapshot, ChildSpec } from '../core.ts';

export class ChildSa {
  readonly spec: ChildSpec;
  /** The algorithms as text, for people. */
  readonly suite: string;
  readonly createdAt: Instant;

  constructor(spec: ChildSpec, suite: string, createdAt: Instant) {
    this.spec = spec;
    this.suite = suite;
    this.createdAt = createdAt;
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
      encap: spec.encap,
      local: spec.selectors.local.map(formatSelector),
      remote: spec.selectors.remote.map(formatSelector),
      createdAt: this.createdAt,
    };
  }
}

const formatSpi = (spi: number): string => spi.toString(16).padStart(8, '0');
