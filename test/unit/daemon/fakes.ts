// Stand-ins for the core and the clock: tests own what is said and when.

import { ip } from '../../../src/base/ip.ts';
import { Secret } from '../../../src/base/secret.ts';
import { type Duration, type Instant, instant } from '../../../src/base/time.ts';
import type { Clock } from '../../../src/daemon/daemon.ts';
import type {
  ChildRef,
  ChildSpec,
  Core,
  CoreSnapshot,
  Effect,
  Input,
  Output,
  Path,
  SaRef,
  SaSnapshot,
  Ticket,
} from '../../../src/ike/core.ts';
import { Log } from '../../../src/trace/log.ts';

/** Time stands still until `pass`. */
export class FakeClock implements Clock {
  #now = 1000;
  readonly #timers = new Set<{ at: number; run: () => void }>();

  now(): Instant {
    return instant(this.#now);
  }

  after(delay: Duration, run: () => void): () => void {
    const timer = { at: this.#now + delay, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How long until each timer, soonest first. */
  get waits(): number[] {
    return [...this.#timers].map(({ at }) => at - this.#now).sort((a, b) => a - b);
  }

  pass(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers].filter(({ at }) => at <= this.#now)) {
      this.#timers.delete(timer);
      timer.run();
    }
  }
}

/** Answers each input with what the test says, and remembers the inputs. */
export class FakeCore implements Core {
  readonly inputs: { readonly at: Instant; readonly input: Input }[] = [];
  sas: SaSnapshot[] = [];
  respond: (input: Input) => Partial<Output> = () => ({});

  handle(at: Instant, input: Input): Output {
    this.inputs.push({ at, input });
    return { effects: [], deadline: undefined, ...this.respond(input) };
  }

  snapshot(): CoreSnapshot {
    return { sas: this.sas, counters: {} };
  }

  get kinds(): string[] {
    return this.inputs.map(({ input }) => input.kind);
  }
}

export const path: Path = {
  local: { ip: ip('203.0.113.2'), port: 4500 },
  remote: { ip: ip('198.51.100.10'), port: 4500 },
};
export const datagram = (byte = 0): Input => ({
  kind: 'datagram',
  path,
  bytes: Uint8Array.of(byte),
});
export const noteEffect = (why: string): Effect => ({
  kind: 'report',
  event: { kind: 'note', sa: undefined, why },
});
export const ticket = (n: number): Ticket => n as Ticket;
export const child = (n: number): ChildRef => n as ChildRef;

export function childSpec(ref: number): ChildSpec {
  const direction = (spi: number) => ({
    spi,
    encryption: new Secret(new Uint8Array(20).fill(spi)),
    integrity: undefined,
  });
  return {
    ref: child(ref),
    sa: 3 as SaRef,
    path,
    encap: 'udp',
    cipher: 'aes128gcm16',
    integrity: undefined,
    esn: false,
    standby: false,
    inbound: direction(1),
    outbound: direction(2),
    limits: undefined,
    selectors: { local: [], remote: [] },
  };
}

export function logTo(lines: string[]): Log {
  return new Log((line) => lines.push(line.trimEnd()), 'debug');
}

export const complainTo =
  (lines: string[]) =>
  (what: string, why: string): void =>
    void lines.push(`could not ${what}: ${why}`);
