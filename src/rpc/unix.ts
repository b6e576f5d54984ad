// The control socket: newline-delimited JSON-RPC on a Unix socket that only its owner may open. A caller
// that is slow, talks nonsense or does not listen is hung up on; the service goes on (CVE-2018-5388).
import { chmodSync, unlinkSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { LineSplitter, LineTooLong } from './framing.ts';
import { ErrorCode, failed, failure } from './jsonrpc.ts';
import { Session, type SessionOptions } from './session.ts';

export interface ControlLimits {
  readonly longestLine: number;
  /** Bytes that may wait for a caller who does not read. */
  readonly mostUnread: number;
  readonly connections: number;
  /** Milliseconds for the rest of a line that has begun. */
  readonly lineMs: number;
  /** Milliseconds without a request, unless subscribed. */
  readonly idleMs: number;
}
export const controlLimits: ControlLimits = {
  longestLine: 64 * 1024,
  mostUnread: 4 * 1024 * 1024,
  connections: 32,
  lineMs: 10_000,
  idleMs: 60_000,
};

export type Serving = Omit<SessionOptions, 'send'>;

/** Somebody else answers on the socket's path. */
export class AddressInUse extends Error {
  override readonly name = 'AddressInUse';
}

export interface ControlSocket {
  /** From here on requests are answered; until then callers wait. */
  serve(serving: Serving): void;
  /** Hangs up on everybody and removes the socket. */
  close(): Promise<void>;
}

/**
 * Takes the path, also from a service that was killed and left its socket behind.
 * @throws AddressInUse when a living service has it
 */
export async function openControlSocket(
  path: string,
  limits: ControlLimits = controlLimits,
): Promise<ControlSocket> {
  if (await isAnswered(path)) throw new AddressInUse(path);
  removeStale(path);
  const server = createServer();
  server.maxConnections = limits.connections;
  const callers = new Set<Socket>();
  const waiting: Socket[] = [];
  let accept = (socket: Socket): void => void waiting.push(socket);
  server.on('connection', (socket) => {
    callers.add(socket);
    socket.on('close', () => callers.delete(socket));
    socket.on('error', () => socket.destroy());
    accept(socket);
  });
  await listen(server, path);
  chmodSync(path, 0o600);
  return {
    serve(serving) {
      accept = (socket) => attend(socket, serving, limits);
      for (const socket of waiting.splice(0)) accept(socket);
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of callers) socket.destroy();
      }),
  };
}

/** Serves one caller until one of the two hangs up. */
function attend(socket: Socket, serving: Serving, limits: ControlLimits): void {
  const send = (text: string): void => {
    if (socket.destroyed || !socket.writable) return;
    if (socket.writableLength > limits.mostUnread) socket.destroy();
    else socket.write(`${text}\n`);
  };
  const session = new Session({ ...serving, send });
  socket.on('close', () => session.close());
  const hangUp = (why: string): void => {
    send(failure(failed(null, ErrorCode.InvalidRequest, why)));
    session.close();
    socket.end(() => socket.destroy());
    setTimeout(() => socket.destroy(), farewellMs).unref();
  };
  converse(socket, session, limits, hangUp).catch((error) => {
    if (error instanceof LineTooLong) hangUp(error.message);
    else if (!socket.destroyed) serving.broken(error);
  });
}

/** Reading pauses while a request is answered, so a caller cannot pile them up. */
async function converse(
  socket: Socket,
  session: Session,
  { longestLine, lineMs, idleMs }: ControlLimits,
  hangUp: (why: string) => void,
): Promise<void> {
  const lines = new LineSplitter(longestLine);
  const patience = new Patience(hangUp);
  socket.on('close', () => patience.end());
  patience.begin(idleMs, silent);
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    let isAtStart = !lines.isInside;
    for (const line of lines.push(chunk)) {
      isAtStart = true;
      patience.end();
      if (!(await session.receive(line))) return hangUp('this is not JSON-RPC');
    }
    if (lines.isInside && isAtStart) patience.begin(lineMs, 'the line did not end in time');
    else if (!lines.isInside && !session.isSubscribed) patience.begin(idleMs, silent);
  }
}

/** How long a caller may take to read why we hang up. */
const farewellMs = 1000;
const silent = 'nothing was asked for too long';

/** A timer that is started anew, and that keeps nothing alive. */
class Patience {
  readonly #hangUp: (why: string) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(hangUp: (why: string) => void) {
    this.#hangUp = hangUp;
  }

  begin(ms: number, why: string): void {
    this.end();
    this.#timer = setTimeout(() => this.#hangUp(why), ms).unref();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** Whether somebody accepts connections at `path`; one who is too busy to do so counts. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((answered) => {
    const probe = createConnection(path);
    probe.on('connect', () => {
      probe.destroy();
      answered(true);
    });
    probe.on('error', ({ code }: NodeJS.ErrnoException) => {
      answered(code !== 'ENOENT' && code !== 'ECONNREFUSED');
    });
  });
}

function removeStale(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((listening, failed) => {
    server.once('error', failed);
    server.listen(path, () => {
      server.off('error', failed);
      listening();
    });
  });
}
