// Our daemon behind the web server: asked over its control socket, followed over the bus, as LuCI would by ubusd.
import { join } from 'node:path';
import { openUbus } from '../../../src/rpc/ubus/connection.ts';
import { Gateway } from '../../lab/gateway.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Namespace } from '../../lab/namespace.ts';
import type { UciSection } from '../../lab/uci.ts';
import { Bus } from '../../unit/rpc/ubus/bus.ts';
import type { GatewayOnBus } from './objects.ts';
import { subscribe } from './subscriber.ts';

export interface BusOfRouter {
  readonly path: string;
  close(): Promise<void>;
}

/** A bus with an object `session` that knows one session and grants it everything. */
export async function openRouterBus(lab: Lab, name: string, session: string): Promise<BusOfRouter> {
  const path = join(lab.folder(`${name}-bus`), 'ubus.sock');
  const bus = new Bus();
  await bus.listen(path);
  const rpcd = await openUbus({ path, closed: () => {} });
  await rpcd.add(
    'session',
    {},
    {
      invoke: async ({ data }) => ({
        status: 0,
        data: { access: 'ubus_rpc_session' in data && data.ubus_rpc_session === session },
      }),
    },
  );
  return { path, close: () => bus.kill() };
}

/** Starts the daemon where `/var/run/ubus` is the router's. */
export function startOnBus(
  lab: Lab,
  host: Namespace,
  bus: BusOfRouter,
  sections: readonly UciSection[],
  name: string,
): Promise<Gateway> {
  const scene = `mount -t tmpfs none /run && mkdir /run/ubus && ln -s ${bus.path} /run/ubus/ubus.sock`;
  return Gateway.start(lab, host, sections, { scene, name });
}

/** @param gateway the one that runs at this moment, if one does */
export function onBus(gateway: () => Gateway | undefined, bus: BusOfRouter): GatewayOnBus {
  return {
    async call(method, params) {
      const running = gateway();
      if (!running?.isRunning) return undefined;
      try {
        return { status: 0, data: Object(await running.call(method, params)) };
      } catch (error) {
        if (!running.isRunning) return undefined;
        return { status: 9, data: { error: error instanceof Error ? error.message : `${error}` } };
      }
    },
    follow: (listener) => subscribe(bus.path, 'ikev2', listener),
  };
}
