// The WebSocket of the web page. Whoever is slow, loud, silent, from elsewhere or without a session is hung up on: neither
// the service nor its memory notices. One port takes TLS and plain connections alike.
import { createServer as createHttp, type IncomingMessage } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { addressOfSocket, isHomeAddress } from '../../base/home.ts';
import type { SocketAddress } from '../../base/ip.ts';
import { Conversation, type ConversationOptions } from './frames.ts';
import { Rate, Rates } from './rate.ts';

export interface WebSocketLimits {
  /** Callers at a time, strangers counted. */
  readonly connections: number;
  readonly perAddress: number;
  readonly longestFrame: number;
  /** Bytes that may wait for a caller who does not read. */
  readonly mostUnread: number;
  /** Requests that may wait for their turn. */
  readonly mostWaiting: number;
  /** Milliseconds until a caller must have shown a session. */
  readonly strangerMs: number;
  /** Milliseconds between two questions whether somebody is there. */
  readonly pingMs: number;
  /** Milliseconds without a request, subscribed or not: then nobody knows whether the session still lives. */
  readonly idleMs: number;
  /**
   * Requests at once, and in each second after that; a batch counts as what is in it. Those who have shown no session have
   * so many for all of an address, and calling is one.
   */
  readonly burst: number;
  readonly perSecond: number;
}
export const webSocketLimits: WebSocketLimits = {
  connections: 64,
  perAddress: 24,
  longestFrame: 64 * 1024,
  mostUnread: 4 * 1024 * 1024,
  mostWaiting: 32,
  strangerMs: 10_000,
  pingMs: 30_000,
  idleMs: 3_600_000,
  burst: 60,
  perSecond: 20,
};

export interface WebSocketOptions extends Omit<ConversationOptions, 'send' | 'mayAsk'> {
  readonly at: SocketAddress;
  /** PEM. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Something of ours broke while answering. */
  readonly broken: (error: unknown) => void;
  readonly limits?: WebSocketLimits;
}

export interface WebSocketPort {
  readonly port: number;
  /** Callers at this moment. */
  readonly callers: number;
  close(): Promise<void>;
}

/** @throws what `listen` throws: the address is in use, or not ours */
export async function openWebSocket(options: WebSocketOptions): Promise<WebSocketPort> {
  const limits = options.limits ?? webSocketLimits;
  const door = new Door(options, limits);
  const server = createServer((socket) => door.enter(socket));
  await listen(server, options.at);
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : options.at.port,
    get callers() {
      return door.guests;
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        door.close();
      }),
  };
}

interface Guest {
  readonly socket: Socket;
  readonly address: string;
  /** Runs out unless a session is shown. */
  readonly patience: NodeJS.Timeout;
}

interface Talk extends Pick<ConversationOptions, 'send' | 'mayAsk'> {
  readonly conversation: Conversation;
  readonly guest: Guest | undefined;
}

class Door {
  readonly #options: WebSocketOptions;
  readonly #limits: WebSocketLimits;
  /** By address and port of the caller. */
  readonly #guests = new Map<string, Guest>();
  readonly #upgrader: WebSocketServer;
  readonly #plain = createHttp();
  readonly #tls: ReturnType<typeof createHttps> | undefined;
  readonly #strangers: Rates;
  readonly #pulse: NodeJS.Timeout;
  readonly #alive = new WeakSet<WebSocket>();

  constructor(options: WebSocketOptions, limits: WebSocketLimits) {
    this.#options = options;
    this.#limits = limits;
    this.#strangers = new Rates(() => new Rate(limits.burst, limits.perSecond));
    this.#upgrader = new WebSocketServer({
      noServer: true,
      maxPayload: limits.longestFrame,
      perMessageDeflate: false,
    });
    this.#tls = options.tls && createHttps(options.tls);
    for (const server of [this.#plain, this.#tls]) {
      server?.on('request', (_, response) => {
        response.writeHead(426, { Connection: 'close', Upgrade: 'websocket' }).end();
      });
      server?.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
        this.#upgrade(request, socket, head),
      );
      server?.on('clientError', (_, socket) => socket.destroy());
    }
    this.#pulse = setInterval(() => this.#feelPulse(), limits.pingMs).unref();
  }

  get guests(): number {
    return this.#guests.size;
  }

  enter(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const ip = addressOfSocket(socket.remoteAddress ?? '');
    const isWelcome = ip !== undefined && isHomeAddress(ip) && !this.#isFull(ip);
    if (!isWelcome || !this.#strangers.of(ip).allows(performance.now(), 1)) {
      socket.destroy();
      return;
    }
    const key = keyOf(socket);
    const patience = setTimeout(() => socket.destroy(), this.#limits.strangerMs).unref();
    this.#guests.set(key, { socket, address: ip, patience });
    socket.on('close', () => {
      clearTimeout(patience);
      this.#guests.delete(key);
    });
    // Read without letting the bytes flow: TLS takes what is left in the buffer, and then the descriptor itself.
    socket.once('readable', () => {
      const first: Buffer | null = socket.read();
      if (!first) return;
      socket.unshift(first);
      const server = first[0] === tlsHandshake && this.#tls ? this.#tls : this.#plain;
      server.emit('connection', socket);
    });
  }

  close(): void {
    clearInterval(this.#pulse);
    for (const { socket } of this.#guests.values()) socket.destroy();
  }

  #isFull(address: string): boolean {
    if (this.#guests.size >= this.#limits.connections) return true;
    const same = [...this.#guests.values()].filter((guest) => guest.address === address);
    return same.length >= this.#limits.perAddress;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const why = whyNot(request);
    if (why !== undefined) {
      socket.end(`HTTP/1.1 ${why}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const guest = this.#guests.get(keyOf(request.socket));
    this.#upgrader.handleUpgrade(request, socket, head, (ws) => this.#serve(ws, guest));
  }

  #serve(ws: WebSocket, guest: Guest | undefined): void {
    const { mostUnread, burst, perSecond } = this.#limits;
    const send = (text: string): void => {
      if (ws.bufferedAmount > mostUnread) ws.terminate();
      else if (ws.readyState === ws.OPEN) ws.send(text);
    };
    const own = new Rate(burst, perSecond);
    const mayAsk = (requests: number): boolean => {
      const rate = conversation.isKnown || !guest ? own : this.#strangers.of(guest.address);
      return rate.allows(performance.now(), requests);
    };
    const conversation: Conversation = new Conversation({ ...this.#options, send, mayAsk });
    this.#alive.add(ws);
    ws.on('pong', () => this.#alive.add(ws));
    ws.on('error', () => ws.terminate());
    ws.on('close', () => conversation.close());
    this.#converse(ws, { conversation, send, mayAsk, guest });
  }

  /** One request after the other; who sends faster than that waits, up to a point. */
  #converse(ws: WebSocket, { conversation, send, mayAsk, guest }: Talk): void {
    const { mostWaiting, idleMs } = this.#limits;
    const waiting: string[] = [];
    let isBusy = false;
    const idle = setTimeout(() => ws.close(closing.idle), idleMs).unref();
    ws.on('close', () => clearTimeout(idle));
    const work = async (): Promise<void> => {
      for (let text = waiting.shift(); text !== undefined; text = waiting.shift()) {
        if (ws.readyState !== ws.OPEN) return;
        const answer = await conversation.answer(text);
        if (answer === undefined) return ws.close(closing.policy);
        send(answer);
        if (conversation.isKnown) clearTimeout(guest?.patience);
      }
    };
    ws.on('message', (data, isBinary) => {
      idle.refresh();
      if (isBinary) return ws.close(closing.unsupported);
      if (!mayAsk(1) || waiting.length >= mostWaiting) return ws.close(closing.policy);
      waiting.push(`${data}`);
      if (isBusy) return;
      isBusy = true;
      work()
        .catch((error) => {
          this.#options.broken(error);
          ws.terminate();
        })
        .finally(() => {
          isBusy = false;
        });
    });
  }

  #feelPulse(): void {
    for (const ws of this.#upgrader.clients) {
      if (!this.#alive.delete(ws)) ws.terminate();
      else ws.ping();
    }
  }
}

/** A page may ask its own router only: the name that it was loaded from is the one that it dials. */
function whyNot({ headers, url }: IncomingMessage): string | undefined {
  if (url !== path) return '404 Not Found';
  const { origin, host } = headers;
  if (origin === undefined) return undefined;
  const from = hostOf(origin);
  return from !== undefined && from === hostOf(`http://${host}`) ? undefined : '403 Forbidden';
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

function listen(server: Server, { ip, port }: SocketAddress): Promise<void> {
  return new Promise((listening, failed) => {
    server.once('error', failed);
    server.listen(port, ip, () => {
      server.off('error', failed);
      listening();
    });
  });
}

const keyOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
const path = '/ubus';
/** First byte of a TLS record that begins a handshake (RFC 8446 §5.1). */
const tlsHandshake = 0x16;
/** RFC 6455 §7.4.1. */
const closing = { idle: 1000, unsupported: 1003, policy: 1008 } as const;
