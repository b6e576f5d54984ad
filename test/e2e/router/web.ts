// A router's web server for tests: uhttpd's /ubus with its server-sent events, LuCI's dispatcher, and the files of our
// pages. What LuCI brings comes from the stand-in beside this folder, or from the real one where a folder of it is at
// hand (IKEV2_LUCI): nothing of that is in this repository.
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { root } from '../../lab/checkout.ts';
import { frame, menuEntries, menuTree } from './frame.ts';
import { callObject, type RouterState } from './objects.ts';
import { translations } from './translations.ts';

/** What a test may change while a page is open. */
export interface Web {
  readonly session: string;
  /** How pages look from the next one on. */
  language: string;
  darkMode: boolean;
  isReadOnly: boolean;
  /** Whether uhttpd offers server-sent events. */
  hasEvents: boolean;
  /** The session is over: every call is denied. */
  isExpired: boolean;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  /** Bytes of our own files that were sent. */
  bytesOfOurs: number;
  /** How many read events at this moment. */
  readonly listeners: number;
  /** Ends the events that are being read. */
  dropStreams(): void;
  /** @param where a port of the loopback (0: any), or the path of a socket */
  listen(where: number | string): Promise<number>;
  close(): void;
}

export function openWeb(router: RouterState): Web {
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      response.writeHead(500).end(`${error}`);
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://router');
    web.asked.push(pathname);
    if (pathname === '/ubus/') return callUbus(await bodyOf(request), response);
    if (pathname === '/ubus/subscribe/ikev2') return stream(request, response);
    if (pathname.startsWith(dispatched))
      return dispatch(pathname.slice(dispatched.length), response);
    if (pathname === uqrPath && !process.env['IKEV2_LUCI']) return sendScript(response, uqr());
    const file = findFile(pathname);
    if (!file) return void response.writeHead(404).end();
    const type = types[extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' });
    const content = readFileSync(file);
    if (file.includes('luci-app')) web.bytesOfOurs += content.length;
    response.end(content);
  }

  async function callUbus(body: string, response: ServerResponse): Promise<void> {
    const given = JSON.parse(body);
    const answers = [];
    for (const one of [given].flat()) answers.push(await answerCall(one));
    send(response, Array.isArray(given) ? answers : answers[0]);
  }

  async function answerCall({ id, method, params }: Request): Promise<object> {
    const reply = (rest: object) => ({ jsonrpc: '2.0', id, ...rest });
    if (method === 'list') return reply({ result: ['session', 'uci', 'ikev2'] });
    const [session, object = '', name = '', args = {}] = params;
    if (session !== web.session || web.isExpired) return reply({ error: denied });
    if (web.isReadOnly && isWrite(object, name)) return reply({ error: denied });
    if (web.isReadOnly && object === 'uci' && !mayRead(args['config']))
      return reply({ result: [6] });
    const outcome = await callObject(router, object, name, args);
    if (!outcome) return reply({ error: absent });
    const { status, data } = outcome;
    return reply({ result: data === undefined ? [status] : [status, data] });
  }

  async function stream(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isKnown = request.headers.authorization === `Bearer ${web.session}` && !web.isExpired;
    if (!isKnown || !web.hasEvents) return void response.writeHead(isKnown ? 404 : 403).end();
    const stop = await router.gateway.follow((event, data) => {
      response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    });
    if (!stop) return void response.writeHead(404).end();
    streams.add(response);
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    response.on('close', () => {
      streams.delete(response);
      stop();
    });
  }

  async function dispatch(path: string, response: ServerResponse): Promise<void> {
    if (path === 'admin/menu') return send(response, menuTree());
    if (path.startsWith('admin/uci/')) {
      if (path.includes('apply')) await router.uci.apply();
      return send(response, { token: 'b'.repeat(32) });
    }
    if (path.startsWith('admin/translations/')) {
      return sendScript(response, `window.TR=${JSON.stringify(translations(web.language))};`);
    }
    const view = menuEntries()[path]?.action.path ?? others[path];
    if (!view) return void response.writeHead(404).end();
    const { session, language, darkMode, isReadOnly } = web;
    const page = path.replace(/^admin\//, '');
    response.writeHead(200, { 'content-type': 'text/html; charset=UTF-8' });
    response.end(frame({ page, view, session, language, darkMode, isReadOnly }));
  }

  const web: Web = {
    session: 'c'.repeat(32),
    language: 'en',
    darkMode: false,
    isReadOnly: false,
    hasEvents: true,
    isExpired: false,
    asked: [],
    bytesOfOurs: 0,
    listen: (where) =>
      new Promise((listening) => {
        server.listen(
          where === 0 || typeof where === 'number' ? { port: where, host: '127.0.0.1' } : where,
          () => {
            const address = server.address();
            listening(typeof address === 'object' && address ? address.port : 0);
          },
        );
      }),
    get listeners() {
      return streams.size;
    },
    dropStreams() {
      for (const one of streams) one.destroy();
    },
    close() {
      web.dropStreams();
      server.close();
      server.closeAllConnections();
    },
  };
  return web;
}

/** The first of our pages, and what stands around them, that has the file. */
function findFile(path: string): string | undefined {
  const relative = normalize(path);
  const luci = process.env['IKEV2_LUCI'];
  const folders = luci
    ? [...luciFolders.map((one) => join(luci, one))]
    : [join(root, 'test/e2e/luci')];
  return [join(root, 'luci-app/htdocs'), ...folders]
    .map((folder) => join(folder, relative))
    .find((file) => existsSync(file) && extname(file) !== '');
}

interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly [string, string, string, Record<string, unknown>];
}

const rights = () =>
  JSON.parse(
    readFileSync(join(root, 'luci-app/root/usr/share/rpcd/acl.d/luci-app-ikev2.json'), 'utf8'),
  );
function isWrite(object: string, method: string): boolean {
  const { read } = rights()['luci-app-ikev2'];
  if (object === 'uci' && method === 'get') return false;
  return ['ikev2', 'uci', 'rc'].includes(object) && !read.ubus[object]?.includes(method);
}

/** rpcd looks at the configuration that is asked for, too. */
const mayRead = (config: unknown): boolean =>
  Object.keys(rights()['luci-app-ikev2'].read.uci).includes(`${config}`);

/** luci-lib-uqr is the npm package of that name, with another end. */
function uqr(): string {
  const source = readFileSync(join(root, 'node_modules/uqr/dist/index.mjs'), 'utf8');
  const end = 'return baseclass.extend({ renderSVG });';
  return `'use strict';\n'require baseclass';\n${source.replace(/^export .*$/m, end)}`;
}

function sendScript(response: ServerResponse, source: string): void {
  response.writeHead(200, { 'content-type': 'application/javascript; charset=UTF-8' });
  response.end(source);
}

function send(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}

const denied = { code: -32002, message: 'Access denied' };
const absent = { code: -32000, message: 'Object not found' };
const uqrPath = '/luci-static/resources/uqr.js';
const dispatched = '/cgi-bin/luci/';
/** Pages of LuCI's own that ours stand on. */
const others: Readonly<Record<string, string>> = { 'admin/status/overview': 'status/index' };
const luciFolders = [
  'modules/luci-base/htdocs',
  'themes/luci-theme-bootstrap/htdocs',
  'modules/luci-mod-status/htdocs',
  'libs/luci-lib-uqr/htdocs',
];
const types: Readonly<Record<string, string>> = {
  '.js': 'application/javascript; charset=UTF-8',
  '.css': 'text/css; charset=UTF-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};
