// A bus with a socket as ubusd has it: objects that clients add, calls that it carries between them, events, listeners.
// What it says is in the recorded conversation; it judges nobody.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import {
  type Attributes,
  type Message,
  MessageType,
  messageLength,
  readMessage,
  Status,
  writeMessage,
} from '../../../../src/rpc/ubus/message.ts';

interface Client {
  readonly id: number;
  readonly socket: Socket;
  /** How often we called it. */
  calls: number;
}
interface BusObject {
  readonly owner: Client;
  readonly path: string | undefined;
  readonly signature: object;
  readonly listeners: Set<Client>;
}

export class Bus {
  readonly #server: Server;
  readonly #clients = new Set<Client>();
  readonly #objects = new Map<number, BusObject>();
  readonly #patterns: { readonly pattern: string; readonly object: number }[] = [];
  /** Who waits for an answer of whom. */
  readonly #asked = new Map<string, { readonly by: Client; readonly sequence: number }>();
  #next = 0x1000;

  constructor() {
    this.#server = createServer((socket) => this.#welcome(socket));
  }

  async listen(path: string): Promise<void> {
    this.#server.listen(path);
    await once(this.#server, 'listening');
  }

  /** As a ubusd that is killed: everybody is cut off. */
  async kill(): Promise<void> {
    for (const { socket } of this.#clients) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  get paths(): readonly string[] {
    return [...this.#objects.values()].flatMap(({ path }) => path ?? []);
  }

  signatureOf(path: string): object | undefined {
    return [...this.#objects.values()].find((one) => one.path === path)?.signature;
  }

  #welcome(socket: Socket): void {
    const client: Client = { id: this.#next++, socket, calls: 0 };
    this.#clients.add(client);
    this.#say(client, MessageType.Hello, 0, client.id, {});
    let unread = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('close', () => this.#forget(client));
    socket.on('data', (chunk) => {
      unread = Buffer.concat([unread, chunk]);
      for (let n = messageLength(unread); n && n <= unread.length; n = messageLength(unread)) {
        const message = readMessage(unread.subarray(0, n));
        unread = unread.subarray(n);
        this.#heed(client, message);
      }
    });
  }

  #heed(client: Client, message: Message): void {
    const { type, sequence, peer, attributes } = message;
    switch (type) {
      case MessageType.Lookup:
        this.#lookup(client, sequence, attributes.path ?? '');
        break;
      case MessageType.AddObject:
        this.#add(client, sequence, attributes);
        break;
      case MessageType.Invoke:
        if (peer === 1) this.#event(client, sequence, attributes);
        else this.#carry(client, sequence, attributes);
        break;
      case MessageType.Data:
      case MessageType.Status:
        this.#bringBack(client, message);
        break;
      case MessageType.Subscribe:
        this.#subscribe(client, sequence, attributes.object ?? 0);
        break;
      case MessageType.Notify:
        for (const listener of this.#objects.get(peer)?.listeners ?? []) {
          this.#say(listener, MessageType.Invoke, ++listener.calls, peer, attributes);
        }
        break;
      default:
        this.#end(client, sequence, Status.InvalidCommand);
    }
  }

  #lookup(client: Client, sequence: number, path: string): void {
    const found = [...this.#objects].find(([, one]) => one.path === path);
    if (found) {
      this.#say(client, MessageType.Data, sequence, 0, { path, object: found[0], objectType: 1 });
    }
    this.#end(client, sequence, found ? Status.Ok : Status.NotFound);
  }

  #add(client: Client, sequence: number, { path, signature = {} }: Attributes): void {
    if (path !== undefined && this.paths.includes(path)) {
      this.#end(client, sequence, Status.InvalidArgument);
      return;
    }
    const object = this.#next++;
    this.#objects.set(object, { owner: client, path, signature, listeners: new Set() });
    this.#say(client, MessageType.Data, sequence, 0, { object, objectType: 1 });
    this.#end(client, sequence, Status.Ok);
  }

  #event(client: Client, sequence: number, { method, data = {} }: Attributes): void {
    const { id, object, pattern, data: inside } = data as Record<string, unknown>;
    if (method === 'register') {
      this.#patterns.push({ pattern: `${pattern}`, object: Number(object) >>> 0 });
    } else {
      for (const listening of this.#patterns) {
        const owner = this.#objects.get(listening.object)?.owner;
        const matches = listening.pattern.endsWith('*')
          ? `${id}`.startsWith(listening.pattern.slice(0, -1))
          : `${id}` === listening.pattern;
        const told = { object: listening.object, method: `${id}`, data: Object(inside) };
        if (owner && matches) {
          this.#say(owner, MessageType.Invoke, ++owner.calls, 1, { ...told, wantsNoReply: true });
        }
      }
    }
    this.#end(client, sequence, Status.Ok);
  }

  #carry(client: Client, sequence: number, attributes: Attributes): void {
    const { object = 0, method, data } = attributes;
    const owner = this.#objects.get(object)?.owner;
    if (!owner) {
      this.#end(client, sequence, Status.NotFound);
      return;
    }
    const call = ++owner.calls;
    this.#asked.set(`${owner.id} ${call} ${client.id}`, { by: client, sequence });
    const who = { user: 'root', group: 'root' };
    const asked = { object, ...(method ? { method } : {}), ...who, data: data ?? {} };
    this.#say(owner, MessageType.Invoke, call, client.id, asked);
  }

  #bringBack(client: Client, { type, sequence, peer, attributes }: Message): void {
    const key = `${client.id} ${sequence} ${peer}`;
    const asked = this.#asked.get(key);
    if (!asked) return;
    if (type === MessageType.Status) this.#asked.delete(key);
    this.#say(asked.by, type, asked.sequence, attributes.object ?? 0, attributes);
  }

  #subscribe(client: Client, sequence: number, object: number): void {
    const found = this.#objects.get(object);
    if (!found) {
      this.#end(client, sequence, Status.NotFound);
      return;
    }
    found.listeners.add(client);
    if (found.listeners.size === 1) this.#tellActive(object, found, true);
    this.#end(client, sequence, Status.Ok);
  }

  #tellActive(object: number, { owner }: BusObject, isActive: boolean): void {
    this.#say(owner, MessageType.Notify, ++owner.calls, 0, { object, isActive });
  }

  #forget(client: Client): void {
    this.#clients.delete(client);
    for (const [id, object] of this.#objects) {
      if (object.owner === client) this.#objects.delete(id);
      else if (object.listeners.delete(client) && object.listeners.size === 0) {
        this.#tellActive(id, object, false);
      }
    }
  }

  #end(client: Client, sequence: number, status: number): void {
    this.#say(client, MessageType.Status, sequence, 0, { status });
  }

  #say(client: Client, type: number, sequence: number, peer: number, attributes: Attributes): void {
    if (client.socket.writable) {
      client.socket.write(writeMessage({ type, sequence, peer, attributes }));
    }
  }
}
