// One caller, whatever it is connected by: answers its requests one after the other, and tells it of events
// while it is subscribed.
import * as z from 'zod/mini';
import type { Entry } from '../trace/ring.ts';
import type { DaemonApi } from './api.ts';
import { isAtLeast, levels, viewEntry } from './entry.ts';
import {
  answer,
  ErrorCode,
  failed,
  failure,
  notification,
  type Request,
  readRequest,
  success,
} from './jsonrpc.ts';
import { explainIssue, type MethodTable } from './method.ts';

export interface SessionOptions {
  readonly methods: MethodTable;
  readonly daemon: DaemonApi;
  /** Takes one JSON text. */
  readonly send: (text: string) => void;
  /** Something of ours broke while answering. */
  readonly broken: (error: unknown) => void;
}

/** Lives as long as its connection. Besides the methods of the table it has `subscribe` and `unsubscribe`. */
export class Session {
  readonly #options: SessionOptions;
  #unfollow: (() => void) | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get isSubscribed(): boolean {
    return this.#unfollow !== undefined;
  }

  /** @returns whether the caller speaks our language at all: after text that is no JSON, hang up */
  async receive(text: string): Promise<boolean> {
    const request = readRequest(text);
    if ('code' in request) {
      this.#options.send(failure(request));
      return request.code !== ErrorCode.ParseError;
    }
    const response = await this.#respond(request);
    if (response !== undefined) this.#options.send(response);
    return true;
  }

  /** Stops following events. To be called when the connection is gone. */
  close(): void {
    this.#unfollow?.();
    this.#unfollow = undefined;
  }

  async #respond(request: Request): Promise<string | undefined> {
    const { methods, daemon, broken } = this.#options;
    if (request.method === 'subscribe') return this.#subscribe(request);
    if (request.method === 'unsubscribe') {
      this.close();
      return success(request.id ?? null, { subscribed: false });
    }
    try {
      return await answer(methods, daemon, request);
    } catch (error) {
      broken(error);
      const why = 'ikev2d could not answer; its log says why';
      return failure(failed(request.id ?? null, ErrorCode.InternalError, why));
    }
  }

  #subscribe({ id, params }: Request): string {
    const parsed = z.safeParse(subscription, params);
    if (!parsed.success) {
      const why = parsed.error.issues.map(explainIssue).join('; ');
      return failure(failed(id ?? null, ErrorCode.InvalidParams, why));
    }
    const { level, last } = parsed.data;
    const { daemon, send } = this.#options;
    const tell = (entry: Entry): void => {
      if (isAtLeast(entry, level)) send(notification('event', viewEntry(entry)));
    };
    this.close();
    const past = daemon.events.all(0, mostPast).filter((entry) => isAtLeast(entry, level));
    for (const entry of last === 0 ? [] : past.slice(-last)) tell(entry);
    this.#unfollow = daemon.events.follow(tell);
    return success(id ?? null, { subscribed: true });
  }
}

const mostPast = 1000;
const subscription = z.strictObject({
  level: z._default(z.enum(levels), 'info'),
  /** So many past events are told first. */
  last: z._default(z.int().check(z.minimum(0), z.maximum(mostPast)), 0),
});
