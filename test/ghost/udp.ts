// A ghost on a real network: sockets and a timer around it.
import { createSocket, type Socket } from 'node:dgram';
import { isZero } from '../../src/base/bytes.ts';
import { type Ip, ip, isIpv4, type SocketAddress } from '../../src/base/ip.ts';
import { type Instant, instant } from '../../src/base/time.ts';
import type { Ghost } from './ghost.ts';
import { RawEsp } from './raw-esp.ts';

export class OnTheWire {
  readonly ghost: Ghost;
  /** What came through the tunnel. */
  readonly packets: Uint8Array[] = [];
  readonly #sockets = new Map<string, Socket>();
  #raw: { readonly local: Ip; readonly esp: RawEsp } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(ghost: Ghost) {
    this.ghost = ghost;
  }

  /** Lets the ghost do something, and sends what it says. */
  do(act: (ghost: Ghost, now: Instant) => void): void {
    act(this.ghost, instant(performance.now()));
    for (const { kind, from, to, bytes } of this.ghost.takeSent()) {
      if (kind === 'esp' && this.ghost.encap === 'raw') this.#rawFrom(from.ip, to.ip).send(bytes);
      else this.#send(from, to, kind === 'ike' && to.port === nattPort ? marked(bytes) : bytes);
    }
    this.#arm();
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const socket of this.#sockets.values()) socket.close();
    this.#raw?.esp.close();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const { deadline } = this.ghost;
    if (deadline === undefined) return;
    const wait = Math.max(0, deadline - performance.now());
    this.#timer = setTimeout(() => this.do((ghost, now) => ghost.wake(now)), wait);
  }

  #send(from: SocketAddress, to: SocketAddress, bytes: Uint8Array): void {
    const key = `${from.ip} ${from.port}`;
    const socket = this.#sockets.get(key) ?? this.#open(from);
    this.#sockets.set(key, socket);
    socket.send(bytes, to.port, to.ip);
  }

  #open(local: SocketAddress): Socket {
    const socket = createSocket(isIpv4(local.ip) ? 'udp4' : 'udp6');
    socket.bind(local.port, local.ip);
    socket.on('message', (data, { address, port }) => {
      const bytes = new Uint8Array(data);
      const from = { ip: ip(address), port };
      if (port !== nattPort) this.#receive(from, local, bytes);
      else if (isZero(bytes.subarray(0, 4))) this.#receive(from, local, bytes.subarray(4));
      else if (bytes.length > 1) this.#receiveEsp(bytes);
    });
    return socket;
  }

  #receive(from: SocketAddress, to: SocketAddress, bytes: Uint8Array): void {
    this.do((ghost, now) => ghost.receive(now, { from, to, bytes }));
  }

  #receiveEsp(packet: Uint8Array): void {
    this.do((ghost, now) => {
      const inner = ghost.receiveEsp(now, packet);
      if (inner) this.packets.push(inner);
    });
  }

  #rawFrom(local: Ip, remote: Ip): RawEsp {
    if (this.#raw?.local === local) return this.#raw.esp;
    this.#raw?.esp.close();
    const esp = new RawEsp(local, remote, (packet) => this.#receiveEsp(packet));
    this.#raw = { local, esp };
    return esp;
  }
}

/** The non-ESP marker (RFC 3948 §2.2). */
function marked(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(4 + bytes.length);
  out.set(bytes, 4);
  return out;
}

const nattPort = 4500;
