// JSON-RPC 2.0 without a transport: text in, text out. Batches and positional parameters are refused.
import type { DaemonApi } from './api.ts';
import { BadParams, type MethodTable, Refused } from './method.ts';

/** Codes of the specification, and one of ours. */
export const ErrorCode = {
  ParseError: -32700,
  InvalidRequest: -32600,
  MethodNotFound: -32601,
  InvalidParams: -32602,
  InternalError: -32603,
  /** The method ran and could not do it; the message says why. */
  Refused: -32000,
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

export type Id = string | number | null;
export interface Request {
  /** Undefined: a notification, which gets no response. */
  readonly id: Id | undefined;
  readonly method: string;
  readonly params: object;
}
export interface Failure {
  readonly id: Id;
  readonly code: ErrorCode;
  readonly message: string;
}

export function readRequest(text: string): Request | Failure {
  const value = parse(text);
  if (value === undefined) return failed(null, ErrorCode.ParseError, 'this is not JSON');
  if (Array.isArray(value)) {
    return failed(null, ErrorCode.InvalidRequest, 'batches are not accepted');
  }
  if (typeof value !== 'object' || value === null) {
    return failed(null, ErrorCode.InvalidRequest, 'a request is an object');
  }
  const { jsonrpc, id, method, params } = value as Readonly<Record<string, unknown>>;
  if (id !== undefined && !isId(id)) {
    return failed(null, ErrorCode.InvalidRequest, `'id' has to be a number or a short string`);
  }
  const shown = id ?? null;
  if (jsonrpc !== '2.0')
    return failed(shown, ErrorCode.InvalidRequest, `'jsonrpc' has to be "2.0"`);
  if (typeof method !== 'string' || method.length > longestName) {
    return failed(shown, ErrorCode.InvalidRequest, `'method' has to be a short string`);
  }
  if (params !== undefined && !isNamed(params)) {
    return failed(
      shown,
      ErrorCode.InvalidParams,
      `'params' has to be an object with named members`,
    );
  }
  return { id, method, params: params ?? {} };
}

/** @returns the response as text, or undefined where the request wants none */
export async function answer(
  methods: MethodTable,
  daemon: DaemonApi,
  request: Request,
): Promise<string | undefined> {
  const { id, method, params } = request;
  const found = Object.hasOwn(methods, method) ? methods[method] : undefined;
  const outcome = found
    ? await outcomeOf(() => found.call(daemon, params))
    : { code: ErrorCode.MethodNotFound, message: `there is no method '${method}'` };
  if (id === undefined) return undefined;
  return 'result' in outcome ? success(id, outcome.result) : failure({ id, ...outcome });
}

export const success = (id: Id, result: unknown): string =>
  JSON.stringify({ jsonrpc: '2.0', id, result });
export const failure = ({ id, code, message }: Failure): string =>
  JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } });
export const notification = (method: string, params: unknown): string =>
  JSON.stringify({ jsonrpc: '2.0', method, params });

export const failed = (id: Id, code: ErrorCode, message: string): Failure => ({
  id,
  code,
  message,
});

type Outcome =
  | { readonly result: unknown }
  | { readonly code: ErrorCode; readonly message: string };

async function outcomeOf(run: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { result: await run() };
  } catch (error) {
    if (error instanceof BadParams)
      return { code: ErrorCode.InvalidParams, message: error.message };
    if (error instanceof Refused) return { code: ErrorCode.Refused, message: error.message };
    throw error;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isId = (id: unknown): id is Id =>
  id === null || Number.isSafeInteger(id) || (typeof id === 'string' && id.length <= longestName);
const isNamed = (params: unknown): params is object =>
  typeof params === 'object' && params !== null && !Array.isArray(params);
const longestName = 64;
