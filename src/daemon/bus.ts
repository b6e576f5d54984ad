// The service on the router's bus: its object, whose rights count, and who hears of events there.
import { Feed } from '../rpc/feed.ts';
import type { Called } from '../rpc/object.ts';
import { Rights } from '../rpc/rights.ts';
import { UbusService } from '../rpc/ubus/service.ts';
import type { Log } from '../trace/log.ts';
import { systemClock } from './daemon.ts';
import type { NetworkWatch } from './network-watch.ts';

export interface BusPlace {
  readonly log: Log;
  readonly ubusSocket?: string;
}

/** Needs no bus: where there is none, it is looked for from time to time. */
export function openBus(
  called: Called,
  { log, ubusSocket }: BusPlace,
  watch: Pick<NetworkWatch, 'changed'>,
): { close(): void } {
  const after = looseTimer;
  const feed = new Feed({ daemon: called.daemon, after });
  const rights = new Rights((session, method) => ubus.access(session, method), systemClock.now);
  const ubus: UbusService = new UbusService({
    ...called,
    ...{ path: ubusSocket ?? usualSocket, feed, rights, after },
    networkChanged: () => watch.changed(),
    tell: (text) => log.info(text),
  });
  ubus.start().catch(called.broken);
  return {
    close() {
      ubus.close();
      feed.close();
    },
  };
}

/** Keeps no process alive. */
const looseTimer: typeof systemClock.after = (delay, run) => {
  const timer = setTimeout(run, delay).unref();
  return () => clearTimeout(timer);
};

const usualSocket = '/var/run/ubus/ubus.sock';
