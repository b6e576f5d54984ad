// A NAT on the wire of a simulation, as RFC 4787 describes them: it maps an inner address and port to a port of its
// own whatever the destination, lets in what its filtering allows, and forgets a mapping that nothing goes out by.
import { type Ip, ip, type SocketAddress } from '../../src/base/ip.ts';
import { type Duration, type Instant, later } from '../../src/base/time.ts';
import type { Packet, SimHost, Wire, World } from './world.ts';

export interface NatOptions {
  /** The hosts behind it. */
  readonly inside: readonly string[];
  /** What the world sees of them. */
  readonly outside: string;
  /** What is let in: from anywhere, or from where something was sent to (RFC 4787 §5). */
  readonly filtering: 'endpoint-independent' | 'address-and-port-dependent';
  /** How long a mapping lasts after the last packet out. */
  readonly expiry: Duration;
}

interface Mapping {
  readonly inner: SocketAddress;
  readonly port: number;
  expires: Instant;
  readonly known: Set<string>;
}

export class Nat {
  readonly outside: Ip;
  readonly #options: NatOptions;
  #mappings: Mapping[] = [];
  #nextPort = 30_000;

  constructor(options: NatOptions) {
    this.#options = options;
    this.outside = ip(options.outside);
  }

  /** How many mappings were ever made. */
  made = 0;

  /** Forgets every mapping; the next ones get other ports. */
  restart(): void {
    this.#mappings = [];
  }

  /** This NAT before what `wire` does. */
  before(wire: Wire): Wire {
    return (packet, now) => {
      const translated = this.#translate(packet, now);
      return translated ? wire(translated, now) : [];
    };
  }

  #translate(packet: Packet, now: Instant): Packet | undefined {
    this.#mappings = this.#mappings.filter(({ expires }) => expires > now);
    const { from, to } = packet;
    if (this.#options.inside.includes(from.ip)) {
      const { port } = this.#mapOut(from, to, now);
      return { ...packet, from: { ip: this.outside, port } };
    }
    if (to.ip !== this.outside) return packet;
    const mapping = this.#mappings.find(({ port }) => port === to.port);
    const isFree = this.#options.filtering === 'endpoint-independent';
    const mayEnter = mapping && (isFree || mapping.known.has(keyOf(from)));
    return mayEnter ? { ...packet, to: mapping.inner } : undefined;
  }

  #mapOut(inner: SocketAddress, to: SocketAddress, now: Instant): Mapping {
    const isOf = (one: Mapping) => keyOf(one.inner) === keyOf(inner);
    const mapping = this.#mappings.find(isOf) ?? this.#map(inner, now);
    mapping.expires = later(now, this.#options.expiry);
    mapping.known.add(keyOf(to));
    return mapping;
  }

  #map(inner: SocketAddress, now: Instant): Mapping {
    this.made++;
    const mapping = { inner, port: this.#nextPort++, expires: now, known: new Set<string>() };
    this.#mappings.push(mapping);
    return mapping;
  }
}

/**
 * Sends a packet of the tunnel the way that the data plane would, and tells the core of `to` where it came from if
 * that is new. @returns whether it arrived
 */
export function sendThrough(world: World, from: SimHost, to: SimHost): boolean {
  const { sending } = from;
  if (!sending) return false;
  const way = from.paths.get(sending.ref) ?? sending.path;
  const packet = { from: way.local, to: way.remote, bytes: new Uint8Array(100) };
  const [arriving] = world.wire(packet, world.now);
  if (arriving?.packet.to.ip !== to.address) return false;
  const child = [...to.children.values()].find(
    ({ inbound }) => inbound.spi === sending.outbound.spi,
  );
  if (!child) return false;
  const known = to.paths.get(child.ref) ?? child.path;
  const path = { local: arriving.packet.to, remote: arriving.packet.from };
  if (keyOf(known.remote) !== keyOf(path.remote)) {
    world.input(to, { kind: 'dataplane', event: { kind: 'moved', child: child.ref, path } });
  }
  return true;
}

const keyOf = ({ ip: address, port }: SocketAddress): string => `${address} ${port}`;
