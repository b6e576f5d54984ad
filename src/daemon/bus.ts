// The service as others on the router and in the LAN reach it: its object on ubusd, its WebSocket, whose rights count,
// and who hears of events.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { formatSocket, type SocketAddress } from '../base/ip.ts';
import { keyless } from '../rpc/captures.ts';
import { Feed } from '../rpc/feed.ts';
import { type Called, callMethod } from '../rpc/object.ts';
import { Rights } from '../rpc/rights.ts';
import { UbusService } from '../rpc/ubus/service.ts';
import { openWebSocket, type WebSocketPort } from '../rpc/ws/server.ts';
import type { Log } from '../trace/log.ts';
import { systemClock } from './daemon.ts';
import type { NetworkWatch } from './network-watch.ts';
import { codeOf } from './trouble.ts';
import { webCertificate } from './web-certificate.ts';

export interface BusPlace {
  readonly log: Log;
  readonly ubusSocket?: string;
  /** Undefined: no WebSocket. */
  readonly websocket: SocketAddress | undefined;
}

/** Needs no bus: where there is none, it is looked for from time to time. */
export function openBus(
  called: Called,
  { log, ubusSocket, websocket }: BusPlace,
  watch: Pick<NetworkWatch, 'changed'>,
): { close(): Promise<void> } {
  const after = looseTimer;
  const feed = new Feed({ daemon: called.daemon, after });
  const rights = new Rights((session, method) => ubus.access(session, method), systemClock.now);
  const ubus: UbusService = new UbusService({
    ...called,
    ...{ path: ubusSocket ?? usualSocket, feed, rights, after },
    networkChanged: () => watch.changed(),
    tell: (text) => log.info(text),
  });
  const door = openDoor(called, { ubus, rights, feed }, websocket, log);
  return {
    async close() {
      ubus.close();
      feed.close();
      await (await door)?.close();
    },
  };
}

interface Behind {
  readonly ubus: UbusService;
  readonly rights: Rights;
  readonly feed: Feed;
}

/** A WebSocket that cannot be opened costs the page its live figures, not the service. */
async function openDoor(
  called: Called,
  { ubus, rights, feed }: Behind,
  at: SocketAddress | undefined,
  log: Log,
): Promise<WebSocketPort | undefined> {
  const looked = ubus.start().catch(called.broken);
  // Its port takes connections without TLS as well.
  const guarded = {
    ...called,
    daemon: { ...called.daemon, captures: keyless(called.daemon.captures) },
  };
  if (!at) return undefined;
  const token = randomBytes(16).toString('hex');
  try {
    const port = await openWebSocket({
      ...{ ...called, at, tls: webCertificate() },
      call: (method, params) => callMethod(guarded, method, params),
      mayCall: async (session, method) =>
        ubus.isConnected ? rights.mayCall(session, method) : isSame(session, token),
      follow: (listener) => feed.follow(listener),
    });
    log.info(`WebSocket on ${formatSocket({ ip: at.ip, port: port.port })}`);
    looked.then(() => {
      if (!ubus.isConnected) log.info(`without a bus, the session of the WebSocket is ${token}`);
    });
    return port;
  } catch (error) {
    log.warn(`no WebSocket on ${formatSocket(at)} (${codeOf(error) ?? error})`);
    return undefined;
  }
}

function isSame(session: string, token: string): boolean {
  const [given, wanted] = [Buffer.from(session), Buffer.from(token)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** Keeps no process alive. */
const looseTimer: typeof systemClock.after = (delay, run) => {
  const timer = setTimeout(run, delay).unref();
  return () => clearTimeout(timer);
};

const usualSocket = '/var/run/ubus/ubus.sock';
