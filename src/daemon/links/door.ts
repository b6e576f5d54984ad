// The web server of one-time links: on an address of the LAN, for callers from one's own network, only while a link waits.
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { addressOfSocket, isHomeAddress } from '../../base/home.ts';
import { formatSocket, type Ip, isIpv4, type SocketAddress } from '../../base/ip.ts';
import { Refused } from '../../rpc/method.ts';
import { codeOf } from '../trouble.ts';
import type { WebCertificate } from '../web-certificate.ts';
import type { Answer, LinkDoor } from './links.ts';

export interface DoorOptions {
  readonly at: SocketAddress;
  readonly tls: WebCertificate | undefined;
  /** @param accepted Accept-Language */
  readonly answer: (path: string, accepted: string | undefined) => Answer;
}

/** @throws Refused where it cannot listen */
export async function openLinkDoor({ at, tls, answer }: DoorOptions): Promise<LinkDoor> {
  const misses = new Map<string, number>();
  const serve = (request: IncomingMessage, response: ServerResponse): void =>
    respond(request, response, answer, misses);
  const server = tls ? createHttps(tls, serve) : createHttp(serve);
  server.maxConnections = 16;
  server.headersTimeout = patienceMs;
  server.requestTimeout = patienceMs;
  server.keepAliveTimeout = 1000;
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(at.port, at.ip, () => done());
  }).catch((error) => {
    throw new Refused(
      `links cannot be served on ${formatSocket(at)} (${codeOf(error) ?? error}): set option links of the service`,
    );
  });
  server.on('clientError', (_, socket) => socket.destroy());
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : at.port;
  return {
    ...{ at: { ip: at.ip, port }, isSecure: tls !== undefined },
    close() {
      server.close(); // what is being fetched is fetched to its end
      server.closeIdleConnections();
    },
  };
}

/** The router's address in its LAN: that of the bridge, else the first that is one's own. */
export function lanAddress(
  addresses: readonly { readonly device: string; readonly ip: Ip }[],
): Ip | undefined {
  const own = addresses.filter(({ ip }) => isIpv4(ip) && isHomeAddress(ip));
  return (own.find(({ device }) => device === 'br-lan') ?? own[0])?.ip;
}

function respond(
  { method, url = '', socket, headers: asked }: IncomingMessage,
  response: ServerResponse,
  answer: DoorOptions['answer'],
  misses: Map<string, number>,
): void {
  const ip = addressOfSocket(socket.remoteAddress ?? '');
  const missed = misses.get(ip ?? '') ?? 0;
  if (ip === undefined || !isHomeAddress(ip) || missed >= mostMisses || misses.size > mostCallers) {
    socket.destroy();
    return;
  }
  // Programs that look ahead (HEAD) must not use a link up.
  const isRead = method === 'GET' && url.length <= longestPath;
  const { status, type, body, filename } = isRead ? answer(url, asked['accept-language']) : nothing;
  if (status === 404) misses.set(ip, missed + 1);
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    ...(filename === undefined
      ? {}
      : { 'Content-Disposition': `attachment; filename="${filename.replace(/[^\w.-]/g, '_')}"` }),
    ...headers,
  });
  response.end(method === 'HEAD' ? undefined : body);
}

/** The address in the browser's line is a secret while the link lives. */
const headers = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  Connection: 'close',
} as const;
const nothing: Answer = { status: 404, type: 'text/plain', body: '', filename: undefined };
const patienceMs = 10_000;
/** Of one address, until the door closes: 24 random bytes are not found by trying anyway. */
const mostMisses = 30;
const mostCallers = 256;
const longestPath = 300;
