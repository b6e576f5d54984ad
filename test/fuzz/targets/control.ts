// What controls the daemon: ubus' blobs, lines of JSON-RPC, the WebSocket's conversation, and the C module's mailbox.
import { deepStrictEqual } from 'node:assert';
import { concat, fromText } from '../../../src/base/bytes.ts';
import { FrameReader, MailboxError } from '../../../src/dataplane/mailbox.ts';
import { LineSplitter, LineTooLong } from '../../../src/rpc/framing.ts';
import { answer, readRequest } from '../../../src/rpc/jsonrpc.ts';
import { methods } from '../../../src/rpc/table.ts';
import { BlobError, readTable, writeTable } from '../../../src/rpc/ubus/blob.ts';
import { messageLength, readMessage, writeMessage } from '../../../src/rpc/ubus/message.ts';
import { Conversation } from '../../../src/rpc/ws/frames.ts';
import { fakeDaemon } from '../../unit/rpc/fake-daemon.ts';
import { transcript } from '../../unit/rpc/ubus/transcript.ts';
import { Input, mayFail } from '../input.ts';
import type { Target } from '../target.ts';

const ways: readonly ((bytes: Uint8Array) => void | Promise<void>)[] = [
  message,
  table,
  request,
  conversation,
  lines,
  mailbox,
];
const json = (value: unknown): Uint8Array => fromText(JSON.stringify(value));

export const control: Target = {
  run([what = 0, ...bytes]) {
    return ways[what % ways.length]?.(Uint8Array.from(bytes));
  },
  seeds: () => [
    ...transcript.map(({ bytes }) => concat(Uint8Array.of(0), bytes)),
    ...transcript.map(({ bytes }) => concat(Uint8Array.of(1), bytes.subarray(24))),
    ...Object.keys(methods).map((method) =>
      concat(Uint8Array.of(2), json({ jsonrpc: '2.0', id: 1, method, params: {} })),
    ),
    ...Object.keys(methods).map((method) =>
      concat(
        Uint8Array.of(3),
        json([{ jsonrpc: '2.0', id: 1, method: 'call', params: ['s', 'ikev2', method, {}] }]),
      ),
    ),
    Uint8Array.of(5, 9, 0, 0, 0, 5, 3, 0, 0, 0, 7),
  ],
  words: [
    ...Object.keys(methods),
    ...['jsonrpc', '2.0', 'params', '{}', '[]', 'null', '"', 'ikev2', '__proto__', 'constructor'],
    Uint8Array.of(0x83, 0, 0, 12, 0, 3),
  ],
};

function message(bytes: Uint8Array): void {
  mayFail([BlobError], () => {
    const length = messageLength(bytes);
    if (length === undefined || length > bytes.length) return;
    const read = readMessage(bytes.subarray(0, length));
    deepStrictEqual(readMessage(writeMessage(read)), read);
  });
}

function table(bytes: Uint8Array): void {
  const read = mayFail([BlobError], () => readTable(bytes));
  if (read) deepStrictEqual(readTable(writeTable(read)), read);
}

async function request(bytes: Uint8Array): Promise<void> {
  const asked = readRequest(Buffer.from(bytes).toString());
  if (!('code' in asked)) await answer(methods, fakeDaemon(), asked);
}

/** Whoever shows no session gets nothing done. */
async function conversation(bytes: Uint8Array): Promise<void> {
  const called: string[] = [];
  const input = new Input(bytes);
  const isAllowed = input.u8() % 2 === 0;
  const talk = new Conversation({
    methods,
    async call(method, params) {
      called.push(method);
      return { status: 0, data: { method, params } };
    },
    mayCall: async () => isAllowed,
    follow: () => () => {},
    send: () => {},
    mayAsk: () => true,
  });
  JSON.parse((await talk.answer(Buffer.from(input.rest()).toString())) ?? '');
  talk.close();
  if (!isAllowed && called.length > 0) throw new Error(`called ${called} without a right`);
}

/** However the stream is cut, the lines are the same. */
function lines(bytes: Uint8Array): void {
  const input = new Input(bytes);
  const splitter = new LineSplitter(200);
  const found: string[] = [];
  const fed: Uint8Array[] = [];
  mayFail([LineTooLong], () => {
    while (!input.isEmpty) {
      const piece = input.bytes(input.u8());
      fed.push(piece);
      found.push(...splitter.push(piece));
    }
    const whole = new LineSplitter(1e6);
    deepStrictEqual(found, [...whole.push(concat(...fed))]);
  });
}

function mailbox(bytes: Uint8Array): void {
  const [step = 1, ...rest] = bytes;
  const stream = Uint8Array.from(rest);
  const whole = mayFail([MailboxError], () => new FrameReader().take(stream));
  const reader = new FrameReader();
  const frames: unknown[] = [];
  const isWhole = mayFail([MailboxError], () => {
    for (let at = 0; at < stream.length; at += step + 1) {
      frames.push(...reader.take(stream.subarray(at, at + step + 1)));
    }
    return true;
  });
  deepStrictEqual(isWhole ? frames : undefined, whole);
}
