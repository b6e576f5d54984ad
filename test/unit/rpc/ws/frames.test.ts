import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { method } from '../../../../src/rpc/method.ts';
import { Status } from '../../../../src/rpc/ubus/message.ts';
import { Conversation, subscribing } from '../../../../src/rpc/ws/frames.ts';
import recorded from '../../../vectors/rpc/ubus-http.json' with { type: 'json' };

const sid = 'a'.repeat(32);
const running = {
  ...{ running: true, version: '0.0.1', uptime: 12, bytes: 5_000_000_000, ratio: 1.5 },
  sas: [{ name: 'road', state: 'ESTABLISHED' }],
};

/** The object of the recording: two methods, to which a session of any name but zeros has the right. */
function conversation(send: (text: string) => void = () => {}) {
  const followers = new Set<(event: string, data: object) => void>();
  const methods = {
    status: method({
      ...{ summary: 'x', access: 'read' },
      ...{ params: z.strictObject({}), result: z.unknown() },
      run: () => running,
    }),
    terminate: method({
      ...{ summary: 'x', access: 'write' },
      params: z.strictObject({ name: z.optional(z.string()), force: z.optional(z.boolean()) }),
      result: z.unknown(),
      run: () => ({}),
    }),
  };
  const allowed = [...Object.keys(methods), subscribing];
  const talk = new Conversation({
    methods,
    async call(name, params) {
      if (name === 'status') return { status: Status.Ok, data: running };
      if (!('name' in params)) return { status: Status.InvalidArgument };
      return { status: Status.Ok, data: { terminated: params.name } };
    },
    mayCall: async (session, name) => session === sid && allowed.includes(name),
    follow(listener) {
      followers.add(listener);
      return () => followers.delete(listener);
    },
    send,
    mayAsk: () => true,
  });
  return { talk, followers };
}

const said = async (talk: Conversation, request: unknown): Promise<unknown> =>
  JSON.parse(
    (await talk.answer(typeof request === 'string' ? request : JSON.stringify(request))) ?? '',
  );

describe('answers as a real uhttpd did', () => {
  const exchanges = recorded.exchanges.filter(({ request }) => request !== null);
  test.each(exchanges.map((one) => [one.what, one] as const))('%s', async (_, exchange) => {
    const { talk } = conversation();
    const request = JSON.stringify(exchange.request).replaceAll('SESSION', sid);
    const text = exchange.request === '{oops' ? '{oops' : request;
    expect(await said(talk, text)).toEqual(exchange.response);
  });

  test('were asked about everything that was recorded', () => {
    expect(exchanges.length).toBeGreaterThanOrEqual(12);
  });
});

describe('whoever asks wrongly', () => {
  test.each([
    ['nothing', ''],
    ['an empty batch', '[]'],
    ['a number', '7'],
    ['an older version', { jsonrpc: '1.0', id: null, method: 'list' }],
    ['no method', { jsonrpc: '2.0', id: null }],
    ['no session', { jsonrpc: '2.0', id: null, method: 'call', params: [] }],
    ['a session that is no text', { jsonrpc: '2.0', id: null, method: 'call', params: [{}, 1, 2] }],
    [
      'arguments without names',
      { jsonrpc: '2.0', id: null, method: 'call', params: [sid, 'ikev2', 'status', []] },
    ],
    ['more in a batch than anybody needs', Array.from({ length: 33 }, () => ({}))],
    ['an id that is no id', { jsonrpc: '2.0', id: {}, method: 'call' }],
  ])('with %s hears of a parse error', async (_, request) => {
    expect(await said(conversation().talk, request)).toEqual({
      ...{ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'Parse error' } },
    });
  });
});

describe('a subscription', () => {
  const subscribe = { jsonrpc: '2.0', id: 1, method: 'subscribe', params: [sid, 'ikev2'] };

  test('tells of events until the connection ends', async () => {
    const heard: string[] = [];
    const { talk, followers } = conversation((text) => heard.push(text));
    expect(await said(talk, subscribe)).toEqual({ jsonrpc: '2.0', id: 1, result: [0] });
    for (const follower of followers) follower('ike-up', { sa: 7 });
    expect(heard.map((text) => JSON.parse(text))).toEqual([
      {
        ...{ jsonrpc: '2.0', method: 'event' },
        params: { object: 'ikev2', event: 'ike-up', data: { sa: 7 } },
      },
    ]);
    await said(talk, subscribe);
    expect(followers.size).toBe(1);
    talk.close();
    expect(followers.size).toBe(0);
  });

  test('needs a right of its own', async () => {
    const { talk, followers } = conversation();
    const answer = await said(talk, { ...subscribe, params: ['b'.repeat(32), 'ikev2'] });
    expect(answer).toMatchObject({ error: { code: -32002 } });
    expect(followers.size).toBe(0);
    expect(talk.isKnown).toBe(false);
  });
});
