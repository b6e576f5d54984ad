// One connection to ubusd: requests and their answers, objects of ours that others call, events. It ends when ubusd does;
// who wants another opens another.
import { createConnection, type Socket } from 'node:net';
import { BlobError } from './blob.ts';
import {
  type Attributes,
  type Message,
  MessageType,
  messageLength,
  readMessage,
  Status,
  writeMessage,
} from './message.ts';

/** A request that ubusd, or the object that it went to, did not grant. */
export class UbusFailure extends Error {
  override readonly name = 'UbusFailure';
  /** See `Status`. */
  readonly status: number;
  constructor(what: string, status: number) {
    super(`${what}: status ${status}`);
    this.status = status;
  }
}

export interface Invocation {
  readonly method: string;
  readonly data: object;
}
export interface Outcome {
  readonly status: number;
  readonly data?: object | undefined;
}

/** What an object of ours does when it is called. */
export interface Served {
  readonly invoke: (invocation: Invocation) => Promise<Outcome>;
  /** The first listens, or the last has gone. */
  readonly active?: (isActive: boolean) => void;
}

export interface UbusOptions {
  /** Of the socket. */
  readonly path: string;
  /** A connection that stood is gone; called once. @param why undefined: by our own wish */
  readonly closed: (why: string | undefined) => void;
  readonly timeoutMs?: number;
  /** Ends the connection, also before ubusd has greeted. */
  readonly signal?: AbortSignal;
}

interface Pending {
  readonly what: string;
  readonly data: Attributes[];
  readonly settle: (status: number) => void;
}

/** Connects and waits until ubusd has greeted. Rejects when nobody is there. */
export async function openUbus(options: UbusOptions): Promise<UbusConnection> {
  const socket = await connected(options.path);
  const connection = new UbusConnection(socket, options);
  await connection.greeted;
  return connection;
}

export class UbusConnection {
  readonly greeted: Promise<void>;
  readonly #socket: Socket;
  readonly #options: UbusOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #served = new Map<number, Served>();
  #unread: Buffer = Buffer.alloc(0);
  #sequence = 0;
  #isClosed = false;
  #isGreeted = false;
  #greet: (why?: string) => void = () => {};

  constructor(socket: Socket, options: UbusOptions) {
    this.#socket = socket;
    this.#options = options;
    this.greeted = new Promise((done, failed) => {
      const patience = setTimeout(() => this.#end('ubusd does not greet'), this.#timeoutMs);
      this.#greet = (why) => {
        clearTimeout(patience);
        this.#isGreeted ||= why === undefined;
        if (why === undefined) done();
        else failed(new UbusFailure(why, Status.ConnectionFailed));
      };
    });
    options.signal?.addEventListener('abort', () => this.close(), { once: true });
    if (options.signal?.aborted) this.close();
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#end(error.message));
    socket.on('close', () => this.#end('ubusd hung up'));
  }

  /** Calls a method of another object. @returns what it answered. @throws UbusFailure */
  async call(path: string, method: string, data: object): Promise<object> {
    const [found] = await this.#ask(`find ${path}`, MessageType.Lookup, 0, { path });
    if (found?.object === undefined) throw new UbusFailure(`find ${path}`, Status.NotFound);
    return this.#invoke(`call ${path} ${method}`, found.object, method, data);
  }

  /** Puts an object on the bus. @param path undefined: it has no name. @returns its number. @throws UbusFailure */
  async add(path: string | undefined, signature: object, served: Served): Promise<number> {
    const wanted = path === undefined ? {} : { path, signature: { ...signature } };
    const [made] = await this.#ask(`add ${path}`, MessageType.AddObject, 0, wanted);
    if (made?.object === undefined) throw new UbusFailure(`add ${path}`, Status.NoData);
    this.#served.set(made.object, served);
    return made.object;
  }

  /** Tells everybody who listens to an object of ours. */
  notify(object: number, event: string, data: object): void {
    const attributes = { object, method: event, data, wantsNoReply: true };
    this.#write(MessageType.Notify, this.#nextSequence(), object, attributes);
  }

  /** Tells everybody on the bus. @throws UbusFailure */
  async send(event: string, data: object): Promise<void> {
    await this.#invoke(`send ${event}`, eventObject, 'send', { id: event, data });
  }

  /** Hears of events; a `*` at the end of the pattern stands for anything. @throws UbusFailure */
  async listen(pattern: string, heard: (event: string, data: object) => void): Promise<void> {
    const object = await this.add(
      undefined,
      {},
      {
        invoke: async ({ method, data }) => {
          heard(method, data);
          return { status: Status.Ok };
        },
      },
    );
    await this.#invoke(`listen to ${pattern}`, eventObject, 'register', { object, pattern });
  }

  close(): void {
    this.#end(undefined);
  }

  get #timeoutMs(): number {
    return this.#options.timeoutMs ?? usualTimeoutMs;
  }

  async #invoke(what: string, object: number, method: string, data: object): Promise<object> {
    const attributes = { object, method, data };
    const answers = await this.#ask(what, MessageType.Invoke, object, attributes);
    return Object.assign({}, ...answers.map((answer) => answer.data ?? {}));
  }

  #ask(
    what: string,
    type: MessageType,
    peer: number,
    attributes: Attributes,
  ): Promise<readonly Attributes[]> {
    return new Promise((done, failed) => {
      const sequence = this.#nextSequence();
      const isFull = this.#pending.size >= mostPending || this.#pending.has(sequence);
      if (this.#isClosed || isFull) {
        failed(new UbusFailure(what, Status.ConnectionFailed));
        return;
      }
      const data: Attributes[] = [];
      const patience = setTimeout(() => settle(Status.Timeout), this.#timeoutMs);
      const settle = (status: number): void => {
        clearTimeout(patience);
        this.#pending.delete(sequence);
        if (status === Status.Ok) done(data);
        else failed(new UbusFailure(what, status));
      };
      this.#pending.set(sequence, { what, data, settle });
      this.#write(type, sequence, peer, attributes);
    });
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence + 1) % 0x10000;
    return this.#sequence;
  }

  #write(type: MessageType, sequence: number, peer: number, attributes: Attributes): void {
    if (this.#isClosed) return;
    if (this.#socket.writableLength > mostUnread) this.#end('ubusd does not read');
    else this.#socket.write(writeMessage({ type, sequence, peer, attributes }));
  }

  #take(chunk: Buffer): void {
    try {
      this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
      let length = messageLength(this.#unread);
      while (length !== undefined && length <= this.#unread.length && !this.#isClosed) {
        const message = this.#unread.subarray(0, length);
        this.#unread = this.#unread.subarray(length);
        this.#heed(readMessage(message));
        length = messageLength(this.#unread);
      }
    } catch (error) {
      if (!(error instanceof BlobError)) throw error;
      this.#end(`ubusd sends what cannot be read: ${error.message}`);
    }
  }

  #heed({ type, sequence, peer, attributes }: Message): void {
    const pending = this.#pending.get(sequence);
    switch (type) {
      case MessageType.Hello:
        this.#greet();
        break;
      case MessageType.Data:
        if (pending && pending.data.length < mostAnswers) pending.data.push(attributes);
        break;
      case MessageType.Status:
        pending?.settle(attributes.status ?? Status.UnknownError);
        break;
      case MessageType.Invoke:
        this.#answer(sequence, peer, attributes);
        break;
      case MessageType.Notify:
        if (attributes.isActive === undefined) break;
        this.#served.get(attributes.object ?? 0)?.active?.(attributes.isActive);
        break;
      default:
    }
  }

  #answer(sequence: number, peer: number, { object, method, data, ...more }: Attributes): void {
    const served = this.#served.get(object ?? 0);
    const outcome = served
      ? served.invoke({ method: method ?? '', data: data ?? {} })
      : Promise.resolve({ status: Status.NotFound });
    outcome
      .catch(() => ({ status: Status.UnknownError, data: undefined }))
      .then(({ status, data: result }: Outcome) => {
        if (more.wantsNoReply) return;
        const of = object === undefined ? {} : { object };
        const sent = result && this.#writeData(sequence, peer, { ...of, data: result });
        const said = sent === false ? Status.NotSupported : status;
        this.#write(MessageType.Status, sequence, peer, { status: said, ...of });
      });
  }

  /** @returns whether it was short enough for ubusd */
  #writeData(sequence: number, peer: number, attributes: Attributes): boolean {
    try {
      this.#write(MessageType.Data, sequence, peer, attributes);
      return true;
    } catch (error) {
      if (error instanceof BlobError) return false;
      throw error;
    }
  }

  #end(why: string | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.destroy();
    for (const { settle } of [...this.#pending.values()]) settle(Status.ConnectionFailed);
    if (this.#isGreeted) this.#options.closed(why);
    else this.#greet(why ?? 'closed');
  }
}

function connected(path: string): Promise<Socket> {
  return new Promise((done, failed) => {
    const socket = createConnection(path);
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      done(socket);
    });
  });
}

/** The object of ubusd itself that carries events. */
const eventObject = 1;
const usualTimeoutMs = 10_000;
const mostPending = 256;
const mostAnswers = 64;
/** Bytes that may wait for ubusd. */
const mostUnread = 8 * 1024 * 1024;
