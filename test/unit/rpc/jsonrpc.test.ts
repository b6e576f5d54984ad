import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ErrorCode, readRequest } from '../../../src/rpc/jsonrpc.ts';
import { Session } from '../../../src/rpc/session.ts';
import { methods } from '../../../src/rpc/table.ts';
import { type FakeDaemon, fakeDaemon, note } from './fake-daemon.ts';

function setUp(daemon: FakeDaemon = fakeDaemon()) {
  const sent: unknown[] = [];
  const broken: unknown[] = [];
  const session = new Session({
    methods,
    daemon,
    send: (text) => sent.push(JSON.parse(text)),
    broken: (error) => broken.push(error),
  });
  const ask = async (request: object): Promise<unknown> => {
    await session.receive(JSON.stringify({ jsonrpc: '2.0', id: 1, ...request }));
    return sent.pop();
  };
  return { daemon, session, sent, broken, ask };
}

describe('a request', () => {
  test.each([
    ['{"jsonrpc":"2.0","id":1,', ErrorCode.ParseError],
    ['', ErrorCode.ParseError],
    ['[]', ErrorCode.InvalidRequest],
    ['[{"jsonrpc":"2.0","id":1,"method":"status"}]', ErrorCode.InvalidRequest],
    ['null', ErrorCode.InvalidRequest],
    ['7', ErrorCode.InvalidRequest],
    ['{"id":1,"method":"status"}', ErrorCode.InvalidRequest],
    ['{"jsonrpc":"1.0","id":1,"method":"status"}', ErrorCode.InvalidRequest],
    ['{"jsonrpc":"2.0","id":{},"method":"status"}', ErrorCode.InvalidRequest],
    ['{"jsonrpc":"2.0","id":1.5,"method":"status"}', ErrorCode.InvalidRequest],
    [`{"jsonrpc":"2.0","id":"${'x'.repeat(65)}","method":"status"}`, ErrorCode.InvalidRequest],
    ['{"jsonrpc":"2.0","id":1}', ErrorCode.InvalidRequest],
    ['{"jsonrpc":"2.0","id":1,"method":7}', ErrorCode.InvalidRequest],
    [`{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(65)}"}`, ErrorCode.InvalidRequest],
    ['{"jsonrpc":"2.0","id":1,"method":"status","params":[1]}', ErrorCode.InvalidParams],
    ['{"jsonrpc":"2.0","id":1,"method":"status","params":"x"}', ErrorCode.InvalidParams],
  ])('%s is refused with %i', (text, code) => {
    expect(readRequest(text)).toMatchObject({ code });
  });

  test('may have a number, a string, null or no id', () => {
    for (const id of [1, 'a', null]) {
      const text = JSON.stringify({ jsonrpc: '2.0', id, method: 'status' });
      expect(readRequest(text)).toEqual({ id, method: 'status', params: {} });
    }
    expect(readRequest('{"jsonrpc":"2.0","method":"status"}')).toMatchObject({ id: undefined });
  });

  test('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void readRequest(text)));
  });
});

describe('a session', () => {
  test('answers with the id of the request', async () => {
    const { ask } = setUp();
    expect(await ask({ id: 'a', method: 'pools' })).toMatchObject({
      jsonrpc: '2.0',
      id: 'a',
      result: { pools: [{}] },
    });
  });

  test('says nothing to a notification, but does it', async () => {
    const { session, sent, daemon } = setUp();
    await session.receive('{"jsonrpc":"2.0","method":"terminate","params":{"all":true}}');
    expect(sent).toEqual([]);
    expect(daemon.calls).toEqual([['terminate', 'all']]);
  });

  test.each(['nonsense', 'constructor', '__proto__', 'toString'])(
    'has no method %s',
    async (method) => {
      const { ask } = setUp();
      expect(await ask({ method })).toMatchObject({ error: { code: ErrorCode.MethodNotFound } });
    },
  );

  test('passes on why a method refused', async () => {
    const { ask } = setUp();
    expect(await ask({ method: 'terminate', params: { sa: 8 } })).toMatchObject({
      error: { code: ErrorCode.Refused, message: 'there is no IKE SA 8' },
    });
    expect(await ask({ method: 'terminate', params: { sa: 'x' } })).toMatchObject({
      error: { code: ErrorCode.InvalidParams },
    });
  });

  test('keeps the reason of a fault of ours to the log', async () => {
    const fault = new Error('secret detail');
    const daemon = fakeDaemon();
    const { ask, broken } = setUp({
      ...daemon,
      pools() {
        throw fault;
      },
    });
    const response = await ask({ method: 'pools' });
    expect(response).toMatchObject({ id: 1, error: { code: ErrorCode.InternalError } });
    expect(JSON.stringify(response)).not.toContain('secret detail');
    expect(broken).toEqual([fault]);
  });

  test('tells a subscriber of events until it unsubscribes', async () => {
    const { session, sent, ask, daemon } = setUp();
    expect(await ask({ method: 'subscribe' })).toMatchObject({ result: { subscribed: true } });
    expect(session.isSubscribed).toBe(true);
    daemon.happen(note('heard'));
    expect(sent.splice(0)).toMatchObject([{ method: 'event', params: { line: 'heard' } }]);
    await ask({ method: 'unsubscribe' });
    daemon.happen(note('not heard'));
    expect(sent).toEqual([]);
  });

  test('keeps events below the asked level to itself', async () => {
    const { sent, ask, daemon } = setUp();
    await ask({ method: 'subscribe', params: { level: 'warn' } });
    daemon.happen(note('only info'));
    expect(sent).toEqual([]);
    expect(await ask({ method: 'subscribe', params: { level: 'loud' } })).toMatchObject({
      error: { code: ErrorCode.InvalidParams },
    });
  });

  test('follows once however often it subscribes, and not at all when closed', async () => {
    const { session, ask, daemon } = setUp();
    await ask({ method: 'subscribe' });
    await ask({ method: 'subscribe' });
    expect(daemon.followers.size).toBe(1);
    session.close();
    expect(daemon.followers.size).toBe(0);
  });
});
