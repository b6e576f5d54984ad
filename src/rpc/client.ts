// The other end of the control socket: what `ikectl` and scripts use to ask a running ikev2d.
import { createConnection, type Socket } from 'node:net';
import { LineSplitter } from './framing.ts';

/** Nobody answers at the control socket. */
export class NotRunning extends Error {
  override readonly name = 'NotRunning';
  /** `ENOENT`, `ECONNREFUSED`, `EACCES`, … */
  readonly code: string;
  constructor(path: string, code: string) {
    super(path);
    this.code = code;
  }
}

/** The daemon answered with an error. */
export class RpcFailure extends Error {
  override readonly name = 'RpcFailure';
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Asks one question. @throws NotRunning, RpcFailure */
export async function callDaemon(path: string, method: string, params: object): Promise<unknown> {
  const socket = await connect(path);
  try {
    socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`);
    for await (const message of messages(socket)) {
      if (message.id === undefined) continue;
      return resultOf(message);
    }
    throw new RpcFailure(0, 'ikev2d hung up before it answered');
  } finally {
    socket.destroy();
  }
}

/**
 * Subscribes and yields the params of each `event` until the daemon goes away or the consumer stops.
 * @throws NotRunning, RpcFailure
 */
export async function* followDaemon(path: string, params: object): AsyncGenerator<unknown> {
  const socket = await connect(path);
  try {
    const request = { jsonrpc: '2.0', id: 1, method: 'subscribe', params };
    socket.write(`${JSON.stringify(request)}\n`);
    for await (const message of messages(socket)) {
      if (message.method === 'event') yield message.params;
      else resultOf(message);
    }
  } finally {
    socket.destroy();
  }
}

interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

function resultOf({ error, result }: Message): unknown {
  if (error) throw new RpcFailure(error.code, error.message);
  return result;
}

async function* messages(socket: Socket): AsyncGenerator<Message> {
  const lines = new LineSplitter(longestAnswer);
  const chunks: AsyncIterator<Uint8Array> = socket[Symbol.asyncIterator]();
  while (true) {
    const { value, done } = await chunks.next().catch(() => endOfStream);
    if (done) return;
    for (const line of lines.push(value)) yield JSON.parse(line) as Message;
  }
}

function connect(path: string): Promise<Socket> {
  return new Promise((connected, failed) => {
    const socket = createConnection(path);
    socket.once('connect', () => connected(socket));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      failed(new NotRunning(path, error.code ?? error.message));
    });
  });
}

/** A daemon that is killed resets its connections: that is an end like any other. */
const endOfStream = { value: undefined, done: true } as const;
/** A thousand tunnels in one answer. */
const longestAnswer = 64 * 1024 * 1024;
