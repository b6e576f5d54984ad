// Our place on the bus: the object stands there as long as there is a ubusd, and stands there again when that comes back.
import { type Duration, seconds } from '../../base/time.ts';
import type { Feed } from '../feed.ts';
import { type ArgumentKind, argumentsOf, type Called, callMethod, objectName } from '../object.ts';
import type { Rights } from '../rights.ts';
import { Type } from './blob.ts';
import {
  type Invocation,
  type Outcome,
  openUbus,
  type UbusConnection,
  UbusFailure,
} from './connection.ts';
import { Status } from './message.ts';

export interface UbusServiceOptions extends Called {
  /** Of ubusd's socket. */
  readonly path: string;
  readonly feed: Feed;
  readonly rights: Rights;
  /** @returns how to cancel */
  readonly after: (delay: Duration, run: () => void) => () => void;
  /** netifd says that an interface came or went. */
  readonly networkChanged: () => void;
  readonly tell: (text: string) => void;
}

export class UbusService {
  readonly #options: UbusServiceOptions;
  #connection: UbusConnection | undefined;
  #unfollow: (() => void) | undefined;
  #cancelRetry = (): void => {};
  readonly #end = new AbortController();
  #hadConnection = false;
  #tries = 0;

  constructor(options: UbusServiceOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** Goes to the bus. @returns once there, or once it is clear that there is none; then it is tried again later */
  async start(): Promise<void> {
    if (this.#end.signal.aborted) return;
    const { path } = this.#options;
    let opened: UbusConnection | undefined;
    try {
      opened = await openUbus({
        ...{ path, signal: this.#end.signal },
        closed: (why) => this.#lost(opened, why),
      });
      await this.#settle(opened);
    } catch (error) {
      opened?.close();
      this.#again(error instanceof Error ? error.message : `${error}`);
    }
  }

  close(): void {
    this.#end.abort();
    this.#cancelRetry();
  }

  /** What rpcd says of a session. @returns undefined when it says nothing */
  async access(session: string, method: string): Promise<boolean | undefined> {
    const question = {
      ubus_rpc_session: session,
      scope: 'ubus',
      object: objectName,
      function: method,
    };
    try {
      const answer = await this.#connection?.call('session', 'access', question);
      return answer && 'access' in answer && answer.access === true;
    } catch (error) {
      if (!(error instanceof UbusFailure)) throw error;
      return error.status === Status.NotFound ? false : undefined;
    }
  }

  async #settle(connection: UbusConnection): Promise<void> {
    const { methods, networkChanged, tell } = this.#options;
    const signature = Object.fromEntries(
      Object.entries(methods).map(([name, method]) => [name, typesOf(argumentsOf(method))]),
    );
    const object: number = await connection.add(objectName, signature, {
      invoke: (invocation) => this.#invoke(invocation),
      active: (isActive) => this.#listen(connection, object, isActive),
    });
    await connection.listen('network.interface', networkChanged);
    if (this.#end.signal.aborted) {
      connection.close();
      return;
    }
    this.#connection = connection;
    this.#tries = 0;
    tell(`object ${objectName} is on the bus`);
    if (this.#hadConnection) networkChanged(); // what was said meanwhile, nobody heard
    this.#hadConnection = true;
  }

  /** uhttpd hands on whose session it is; ubusd itself judges who comes without one. */
  async #invoke({ method, data }: Invocation): Promise<Outcome> {
    const { ubus_rpc_session: session, ...params } = data as Readonly<Record<string, unknown>>;
    if (session !== undefined && !(await this.#options.rights.mayCall(`${session}`, method))) {
      return { status: Status.PermissionDenied };
    }
    return callMethod(this.#options, method, params);
  }

  #listen(connection: UbusConnection, object: number, isActive: boolean): void {
    this.#unfollow?.();
    this.#unfollow = isActive
      ? this.#options.feed.follow((event, data) => connection.notify(object, event, data))
      : undefined;
  }

  #lost(connection: UbusConnection | undefined, why: string | undefined): void {
    this.#unfollow?.();
    this.#unfollow = undefined;
    if (connection === undefined || connection !== this.#connection) return;
    this.#connection = undefined;
    if (why !== undefined) this.#again(why);
  }

  #again(why: string): void {
    if (this.#end.signal.aborted) return;
    if (this.#tries === 0) this.#options.tell(`no bus at ${this.#options.path}: ${why}`);
    const wait = waits[this.#tries++] ?? longestWait;
    this.#cancelRetry = this.#options.after(wait, () => {
      this.start().catch(this.#options.broken);
    });
  }
}

const typesOf = (kinds: Readonly<Record<string, ArgumentKind>>): object =>
  Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, blobTypes[kind]]));

const blobTypes: Readonly<Record<ArgumentKind, number>> = {
  string: Type.string,
  number: Type.int32,
  boolean: Type.int8,
  array: Type.array,
  object: Type.table,
};

const longestWait = seconds(30);
const waits: readonly Duration[] = [1, 1, 2, 5, 10].map(seconds);
