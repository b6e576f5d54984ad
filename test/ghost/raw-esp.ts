// ESP as IP protocol 50 from user space: one raw IPv6 socket, through the C library.
import koffi from 'koffi';
import { type Ip, ipBytes } from '../../src/base/ip.ts';

export class RawEsp {
  readonly #fd: number;
  readonly #timer: NodeJS.Timeout;

  /** @throws Error where raw sockets are not allowed */
  constructor(local: Ip, remote: Ip, receive: (packet: Uint8Array) => void) {
    this.#fd = must(libc.socket(AF_INET6, SOCK_RAW, IPPROTO_ESP), 'socket');
    const bytes = 28;
    must(libc.bind(this.#fd, socketAddress(local), bytes), 'bind');
    must(libc.connect(this.#fd, socketAddress(remote), bytes), 'connect');
    const buffer = new Uint8Array(2048);
    this.#timer = setInterval(() => {
      for (;;) {
        const length = libc.recv(this.#fd, buffer, buffer.length, MSG_DONTWAIT);
        if (length <= 0) return;
        receive(buffer.slice(0, length));
      }
    }, 5);
  }

  send(packet: Uint8Array): void {
    must(libc.send(this.#fd, packet, packet.length, 0), 'send');
  }

  close(): void {
    clearInterval(this.#timer);
    libc.close(this.#fd);
  }
}

/** struct sockaddr_in6 without a port. */
function socketAddress(address: Ip): Uint8Array {
  const out = new Uint8Array(28);
  out[0] = AF_INET6;
  out.set(ipBytes(address), 8);
  return out;
}

function must(result: number, what: string): number {
  if (result < 0) throw new Error(`${what}() failed`);
  return result;
}

const AF_INET6 = 10;
const SOCK_RAW = 3;
const IPPROTO_ESP = 50;
const MSG_DONTWAIT = 0x40;
const library = koffi.load('libc.so.6');
const libc = {
  socket: library.func('int socket(int, int, int)'),
  bind: library.func('int bind(int, const void *, unsigned int)'),
  connect: library.func('int connect(int, const void *, unsigned int)'),
  send: library.func('long send(int, const void *, size_t, int)'),
  recv: library.func('long recv(int, void *, size_t, int)'),
  close: library.func('int close(int)'),
};
