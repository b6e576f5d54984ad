// What is said on the WebSocket: JSON-RPC 2.0 in the shapes of uhttpd's /ubus, so that a page speaks one language
// wherever it asks. Text in, text out; `call`, `list`, `subscribe`, and batches of them.
import type { Listener } from '../feed.ts';
import type { MethodTable } from '../method.ts';
import { argumentsOf, objectName } from '../object.ts';
import type { Outcome } from '../ubus/connection.ts';
import { Status } from '../ubus/message.ts';

export interface ConversationOptions {
  readonly methods: MethodTable;
  readonly call: (method: string, params: object) => Promise<Outcome>;
  readonly mayCall: (session: string, method: string) => Promise<boolean>;
  /** @returns how to stop following */
  readonly follow: (listener: Listener) => () => void;
  /** Tells of an event. */
  readonly send: (text: string) => void;
  /** Whether the caller may ask so many things more. */
  readonly mayAsk: (requests: number) => boolean;
}

/** One caller's, as long as its connection lives. */
export class Conversation {
  readonly #options: ConversationOptions;
  #unfollow: (() => void) | undefined;
  #isKnown = false;

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  /** Whether the caller has shown a session with some right. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** @returns the answer to one request or to a batch; undefined: the batch asks for more than it may */
  async answer(text: string): Promise<string | undefined> {
    const value = parse(text);
    const isBatch = Array.isArray(value) && value.length > 0 && value.length <= longestBatch;
    if (!isBatch) return JSON.stringify(await this.#respond(value));
    if (!this.#options.mayAsk(value.length - 1)) return undefined;
    const answers: object[] = [];
    for (const one of value) answers.push(await this.#respond(one));
    return JSON.stringify(answers);
  }

  /** To be called when the connection is gone. */
  close(): void {
    this.#unfollow?.();
    this.#unfollow = undefined;
  }

  async #respond(value: unknown): Promise<object> {
    const { jsonrpc, id: given, method, params } = membersOf(value);
    const id = isId(given) ? given : null;
    if (jsonrpc !== '2.0' || typeof method !== 'string') return failure(id, fault.parse);
    switch (method) {
      case 'call':
        return this.#call(id, params);
      case 'list':
        return this.#list(id, params);
      case 'subscribe':
        return this.#subscribe(id, params);
      default:
        return failure(id, fault.method);
    }
  }

  async #call(id: Id, params: unknown): Promise<object> {
    if (!Array.isArray(params)) return failure(id, fault.parse);
    const [session, object, method, given = {}] = params;
    if (![session, object, method].every(isText) || !isNamed(given))
      return failure(id, fault.parse);
    if (object !== objectName) return failure(id, fault.object);
    if ('ubus_rpc_session' in given) return failure(id, fault.params);
    if (!(await this.#mayCall(session, method))) return failure(id, fault.access);
    const { status, data } = await this.#options.call(method, given);
    return success(id, data === undefined ? [status] : [status, data]);
  }

  #list(id: Id, params: unknown): object {
    if (params === undefined) return success(id, [objectName]);
    if (!Array.isArray(params) || !params.every(isText)) return failure(id, fault.parse);
    const { methods } = this.#options;
    const signature = Object.fromEntries(
      Object.entries(methods).map(([name, method]) => [name, argumentsOf(method)]),
    );
    return success(id, params.includes(objectName) ? { [objectName]: signature } : {});
  }

  async #subscribe(id: Id, params: unknown): Promise<object> {
    if (!Array.isArray(params)) return failure(id, fault.parse);
    const [session, object] = params;
    if (!isText(session) || !isText(object)) return failure(id, fault.parse);
    if (object !== objectName) return failure(id, fault.object);
    if (!(await this.#mayCall(session, subscribing))) return failure(id, fault.access);
    const { follow, send } = this.#options;
    this.close();
    this.#unfollow = follow((event, data) => {
      send(JSON.stringify({ jsonrpc: '2.0', method: 'event', params: { object, event, data } }));
    });
    return success(id, [Status.Ok]);
  }

  async #mayCall(session: string, method: string): Promise<boolean> {
    const mayCall = await this.#options.mayCall(session, method);
    this.#isKnown ||= mayCall;
    return mayCall;
  }
}

/** The right to subscribe, as uhttpd calls it. */
export const subscribing = ':subscribe';

type Id = string | number | null;
interface Fault {
  readonly code: number;
  readonly message: string;
}
/** As uhttpd words them. */
const fault = {
  parse: { code: -32700, message: 'Parse error' },
  method: { code: -32601, message: 'Method not found' },
  params: { code: -32602, message: 'Invalid parameters' },
  object: { code: -32000, message: 'Object not found' },
  access: { code: -32002, message: 'Access denied' },
} as const;

const success = (id: Id, result: unknown): object => ({ jsonrpc: '2.0', id, result });
const failure = (id: Id, error: Fault): object => ({ jsonrpc: '2.0', id, error });

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  isNamed(value) ? { ...value } : {};
const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= longestText;
const isId = (id: unknown): id is Id => id === null || Number.isSafeInteger(id) || isText(id);
const isNamed = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const longestText = 64;
const longestBatch = 32;
