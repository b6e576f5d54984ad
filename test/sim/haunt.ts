// A gateway with a ghost at its door: the ghost behind a NAT or before none, both joined by the simulated network, and
// packets through the tunnel with the keys that each of them derived by itself.
import { equal, toHex } from '../../src/base/bytes.ts';
import {
  formatSocket,
  type Ip,
  ip,
  isIpv4,
  type SocketAddress,
  sameSocket,
} from '../../src/base/ip.ts';
import { type Duration, type Instant, seconds, since } from '../../src/base/time.ts';
import type { ChildSpec, EspDirection } from '../../src/ike/core.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { byKeyword, keyLength } from '../../src/transforms/table.ts';
import { decodeEsp } from '../../src/wire/esp.ts';
import { type EspKeys, EspReceiver, EspSender } from '../ghost/esp.ts';
import { Ghost } from '../ghost/ghost.ts';
import { echoRequest } from '../ghost/inner-packet.ts';
import type { Login } from '../ghost/login.ts';
import type { Model } from '../ghost/model.ts';
import { encrOf, integOf } from '../ghost/suite.ts';
import { seeded } from './chance.ts';
import { gatewayAddress } from './doorstep.ts';
import { Nat } from './nat.ts';
import {
  type Foreigner,
  type Packet,
  type Ports,
  type SimHost,
  type Wire,
  World,
} from './world.ts';

/** Where the phone is: its own address, and the one that the Internet sees; no NAT where they are the same. */
export interface Whereabouts {
  readonly inside: string;
  readonly outside: string;
}
export const wifi: Whereabouts = { inside: '192.168.7.10', outside: '198.51.100.7' };
export const mobile: Whereabouts = { inside: '10.64.0.9', outside: '198.51.100.99' };
export const office: Whereabouts = { inside: '198.51.100.44', outside: '198.51.100.44' };
export const onIpv6: Whereabouts = { inside: '2001:db8:7::10', outside: '2001:db8:7::10' };
const gatewayAddress6 = '2001:db8:113::2';

export interface HauntFields {
  readonly model: Model;
  readonly login: Login;
  readonly policy: Policy;
  readonly ports: Ports;
  readonly at?: Whereabouts;
  readonly name?: string;
  readonly server?: string;
  /** Of its certificate. */
  readonly subject?: Uint8Array | undefined;
  readonly seed?: number;
}

export class Haunt implements Foreigner {
  readonly world = new World();
  readonly gateway: SimHost;
  readonly ghost: Ghost;
  #where: Whereabouts;
  #nat: Nat | undefined;
  readonly #cable: Wire;
  readonly #receivers = new Map<number, EspReceiver>();
  readonly #senders = new Map<number, EspSender>();
  #heardEsp: Instant;

  constructor(fields: HauntFields) {
    const { model, login, at = wifi, name = 'anna@example.org', server = 'home.example' } = fields;
    const { subject, seed = 7 } = fields;
    const ports: Ports = (question) =>
      question.kind === 'idle' ? since(this.#heardEsp, this.world.now) : fields.ports(question);
    this.gateway = this.world.host('gateway', gatewayAddress, fields.policy, ports);
    this.gateway.also = [gatewayAddress6];
    this.#cable = this.world.wire;
    const owner = { server, name, address: at.inside, subject };
    const gateway = this.#gatewayFor(at);
    this.ghost = new Ghost({ model, login, owner, rng: seeded(seed), gateway });
    this.#where = at;
    this.#plug(at);
    this.#heardEsp = this.world.now;
    this.world.join(this);
  }

  get deadline(): Instant | undefined {
    return this.ghost.deadline;
  }
  isAt(address: string): boolean {
    return address === this.#where.inside;
  }
  receive({ from, to, bytes }: Packet): void {
    if (bytes.length === 1) return; // a keepalive
    this.ghost.receive(this.world.now, { from, to, bytes });
    this.#flush();
  }
  wake(): void {
    this.ghost.wake(this.world.now);
    this.#flush();
  }

  /** The ghost does something; then time passes. */
  after(span: Duration, act: (ghost: Ghost, now: Instant) => void = () => {}): this {
    act(this.ghost, this.world.now);
    this.#flush();
    this.world.run(span);
    return this;
  }

  connect(span: Duration): this {
    return this.after(span, (ghost, now) => ghost.connect(now));
  }

  /** It goes elsewhere, and knows it. */
  roam(at: Whereabouts, span: Duration): this {
    this.#where = at;
    this.#plug(at);
    const gateway = this.#gatewayFor(at);
    return this.after(span, (ghost, now) => ghost.move(now, ip(at.inside), gateway));
  }

  /** The NAT forgets its mappings; nobody is told. */
  rebind(): void {
    this.#nat?.restart();
  }

  /** A ping goes through the tunnel, and its answer comes back. @returns what became of it, in words */
  ping(): string {
    const { ghost, world, gateway } = this;
    const [own] = ghost.addresses;
    const sent = echoRequest(own ?? ip('0.0.0.0'), ip('10.1.0.1'), 1);
    ghost.send(world.now, sent);
    const [packet] = ghost.takeSent();
    if (!packet) return 'the ghost has no tunnel';
    const { spi } = decodeEsp(packet.bytes);
    const child = [...gateway.children.values()].find(({ inbound }) => inbound.spi === spi);
    if (!child) return `the gateway knows no SPI ${spi}`;
    const opened = this.#receiver(child).open(packet.bytes);
    if (!opened || !equal(opened, sent)) return 'the gateway cannot open it';
    const arriving = this.#carried(packet);
    if (!arriving) return 'the ping was lost';
    return this.#noteArrival(child, arriving) ?? this.#reply(sent);
  }

  #reply(inner: Uint8Array): string {
    const { ghost, world, gateway } = this;
    const { sending } = gateway;
    if (!sending) return 'the gateway has no tunnel';
    const path = gateway.paths.get(sending.ref) ?? sending.path;
    const bytes = this.#sender(sending).seal(inner);
    const arriving = this.#carried({ from: path.local, to: path.remote, bytes });
    if (!arriving || !arrives(this.#encapOf(sending), arriving.to, ghost.from)) {
      return `the answer went to ${formatSocket(path.remote)}`;
    }
    const opened = ghost.receiveEsp(world.now, bytes);
    return opened && equal(opened, inner) ? 'carried' : 'the ghost cannot open it';
  }

  /** What the data plane tells when a packet comes: the child is in use, and from where. */
  #noteArrival(child: ChildSpec, { from, to }: Packet): string | undefined {
    const { gateway, world, ghost } = this;
    this.#heardEsp = world.now;
    const encap = this.#encapOf(child);
    if (encap !== ghost.encap) return `the gateway sends ${encap}, the ghost ${ghost.encap}`;
    if (!gateway.active.includes(child.ref)) {
      gateway.active.push(child.ref);
      world.input(gateway, { kind: 'dataplane', event: { kind: 'used', child: child.ref } });
    }
    const known = gateway.paths.get(child.ref) ?? child.path;
    if (!arrives(encap, known.remote, from)) {
      const port = (socket: SocketAddress) => (encap === 'udp' ? socket : { ...socket, port: 0 });
      const path = { local: port(to), remote: port(from) };
      world.input(gateway, { kind: 'dataplane', event: { kind: 'moved', child: child.ref, path } });
    }
    return undefined;
  }

  #encapOf({ ref, encap }: ChildSpec): ChildSpec['encap'] {
    return this.gateway.encaps.get(ref) ?? encap;
  }

  #receiver(child: ChildSpec): EspReceiver {
    const found = this.#receivers.get(child.ref) ?? new EspReceiver(keysOf(child, child.inbound));
    this.#receivers.set(child.ref, found);
    return found;
  }
  #sender(child: ChildSpec): EspSender {
    const rng = seeded(child.ref);
    const found = this.#senders.get(child.ref) ?? new EspSender(keysOf(child, child.outbound), rng);
    this.#senders.set(child.ref, found);
    return found;
  }

  /** ESP does not travel by itself here: `ping` carries it. */
  #flush(): void {
    for (const { kind, from, to, bytes } of this.ghost.takeSent()) {
      if (kind !== 'esp') this.world.inject(from, to, bytes);
    }
  }

  /** What the wire makes of a packet. */
  #carried(packet: Packet): Packet | undefined {
    const [arriving] = this.world.wire(packet, this.world.now);
    return arriving?.packet;
  }

  /** The cable, behind a NAT of the place where there is one. */
  #plug({ inside, outside }: Whereabouts): void {
    const mapping = { filtering: 'address-and-port-dependent', expiry: seconds(60) } as const;
    this.#nat = inside === outside ? undefined : new Nat({ inside: [inside], outside, ...mapping });
    this.world.wire = this.#nat?.before(this.#cable) ?? this.#cable;
  }
  #gatewayFor({ outside }: Whereabouts): Ip {
    return ip(isIpv4(ip(outside)) ? gatewayAddress : gatewayAddress6);
  }
}

/** ESP as an IP protocol knows no ports. */
const arrives = (encap: ChildSpec['encap'], to: SocketAddress, there: SocketAddress): boolean =>
  encap === 'udp' ? sameSocket(to, there) : to.ip === there.ip;

/** The keys as the core handed them to the data plane, copied: it wipes its own. */
function keysOf({ cipher, integrity }: ChildSpec, direction: EspDirection): EspKeys {
  const encr = byKeyword(cipher, 'ENCR');
  const { spi, encryption } = direction;
  return {
    spi,
    encr: encrOf({ id: encr.id, keyBits: keyLength(encr) }),
    integ: integrity && integOf(byKeyword(integrity, 'INTEG').id),
    keys: {
      encryption: encryption.bytes.slice(),
      integrity: direction.integrity?.bytes.slice() ?? new Uint8Array(0),
    },
  };
}

/** SPIs of both, each in the words of the other. */
export function sameTunnels({ gateway, ghost }: Haunt): boolean {
  const theirs = [...gateway.children.values()].map(
    (one) => `${one.inbound.spi} ${one.outbound.spi}`,
  );
  const ours = ghost.children.map(({ spiIn, spiOut }) => `${spiOut} ${spiIn}`);
  const sas = gateway.core.snapshot().sas.map(({ spiI, spiR }) => spiI + spiR);
  const known = ghost.sas.map(({ spiI, spiR }) => toHex(spiI) + toHex(spiR));
  return [...theirs, ...sas].sort().join() === [...ours, ...known].sort().join();
}
