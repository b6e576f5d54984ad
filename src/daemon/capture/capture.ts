// One capture while it runs: every packet of the peer from the loop and from the data plane, and its keys where they were
// asked for. Knows neither files nor clocks.
import { concat, toHex } from '../../base/bytes.ts';
import type { Tap, TappedPacket } from '../../dataplane/dataplane.ts';
import type { Path, SaSnapshot } from '../../ike/core.ts';
import type { TraceEvent } from '../../ike/events.ts';
import type { Sighting } from '../../trace/outer.ts';
import type { Followed } from './followed.ts';
import { FreshKeys, type KeyFiles } from './keys.ts';
import { type Bounds, Recording } from './recording.ts';

export interface CaptureParts {
  readonly followed: Followed;
  readonly bounds: Bounds;
  readonly withKeys: boolean;
  readonly nattPort: number;
  /** Microseconds since 1970. */
  readonly nowUs: () => number;
  readonly sas: () => readonly SaSnapshot[];
  readonly tap: (wanted: Tap) => void;
}

export class Capture {
  readonly keys: FreshKeys | undefined;
  readonly recording: Recording;
  readonly #parts: CaptureParts;
  #tapped: string | undefined;

  constructor(parts: CaptureParts) {
    this.#parts = parts;
    this.keys = parts.withKeys ? new FreshKeys() : undefined;
    this.recording = new Recording(parts.bounds);
    this.look();
  }

  /** An IKE message, without the non-ESP marker. */
  see(direction: 'in' | 'out', path: Path, message: Uint8Array): void {
    const { followed, nattPort, nowUs } = this.#parts;
    const spiI = toHex(message.subarray(0, 8));
    const verdict = followed.owns(spiI, path.remote.ip);
    if (verdict === false) return;
    const marker = new Uint8Array(path.local.port === nattPort ? 4 : 0);
    const bytes = concat(marker, message); // the core works on its own
    const leaves = direction === 'out';
    const sighting: Sighting = {
      ...{ atUs: nowUs(), leaves, path, tos: 0, carrier: 'udp', length: bytes.length, bytes },
    };
    if (verdict) this.recording.add(sighting);
    else this.recording.keepWaiting(spiI, sighting);
  }

  seeTapped({ encap, ...packet }: TappedPacket): void {
    this.recording.add({ ...packet, carrier: encap === 'raw' ? 'esp' : 'udp' });
  }

  /** What happened may tell who somebody is. */
  heed(event: TraceEvent): void {
    const { followed } = this.#parts;
    if (event.kind === 'sa.rekeyed' && event.sa !== undefined)
      followed.succeed(event.old, event.sa);
    if (tellsWho.has(event.kind)) this.look();
    if (event.kind === 'attempt.failed' && followed.isAbout(event)) {
      const from = event.path.remote.ip;
      this.recording.settle((_, { path }) => (path.remote.ip === from ? true : undefined));
    }
  }

  look(): void {
    const { followed, sas, tap, withKeys } = this.#parts;
    followed.look(sas());
    this.recording.settle((spiI, { path }) => followed.owns(spiI, path.remote.ip));
    const wanted = `${followed.tunnels}`;
    if (wanted === this.#tapped) return;
    this.#tapped = wanted;
    tap({
      addresses: followed.addresses,
      spis: followed.tunnels,
      snapBytes: withKeys ? wholePacket : headOfPacket,
      mostBytes: mostTapped,
    });
  }

  keyFiles(): KeyFiles | undefined {
    const { followed } = this.#parts;
    return this.keys?.filesFor(
      (spiI) => followed.hasSpi(spiI),
      (sa) => followed.has(sa),
    );
  }
}

const tellsWho: ReadonlySet<TraceEvent['kind']> = new Set([
  ...(['sa.established', 'sa.rekeyed', 'sa.moved', 'child.established'] as const),
]);

const wholePacket = 65_535;
/** Without its key an ESP packet tells its SPI, its number and its length. */
const headOfPacket = 64;
/** In a tenth of a second, so that IKE has the loop to itself: half a megabyte a second. */
const mostTapped = 64 * 1024;
