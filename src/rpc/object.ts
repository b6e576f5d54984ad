// The table of methods as an object on the bus: its name, its signature, and what a call of it comes to. The same for
// ubusd's socket and for the WebSocket.
import type { DaemonApi } from './api.ts';
import { BadParams, type Callable, kindOf, type MethodTable, Refused } from './method.ts';
import type { Outcome } from './ubus/connection.ts';
import { Status } from './ubus/message.ts';

export const objectName = 'ikev2';

/** What an argument is, as `ubus -v list` and uhttpd name it. */
export type ArgumentKind = 'string' | 'number' | 'boolean' | 'array' | 'object';

/** The arguments of a method. */
export function argumentsOf({ params }: Callable): Readonly<Record<string, ArgumentKind>> {
  return Object.fromEntries(
    Object.entries(params.shape).map(([name, schema]) => [name, argumentKind(kindOf(schema))]),
  );
}

export interface Called {
  readonly methods: MethodTable;
  readonly daemon: DaemonApi;
  /** Something of ours broke while answering. */
  readonly broken: (error: unknown) => void;
}

/** Runs a method. Where it does not do what was asked, `error` says in words why. */
export async function callMethod(
  { methods, daemon, broken }: Called,
  name: string,
  params: object,
): Promise<Outcome> {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (!method) return { status: Status.MethodNotFound };
  try {
    return { status: Status.Ok, data: Object(await method.call(daemon, params)) };
  } catch (error) {
    if (error instanceof BadParams) return failed(Status.InvalidArgument, error.message);
    if (error instanceof Refused) return failed(Status.UnknownError, error.message);
    broken(error);
    return failed(Status.UnknownError, 'ikev2d could not answer; its log says why');
  }
}

const failed = (status: number, error: string): Outcome => ({ status, data: { error } });

function argumentKind(kind: string): ArgumentKind {
  switch (kind) {
    case 'number':
    case 'boolean':
    case 'array':
    case 'object':
      return kind;
    default:
      return 'string';
  }
}
