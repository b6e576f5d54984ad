// The objects on a router's bus that LuCI asks, as far as our pages and LuCI's own loader need them.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '../../../src/rpc/ubus/connection.ts';
import { root } from '../../lab/checkout.ts';
import type { UciStore } from './uci-store.ts';

/** The gateway, real or played. */
export interface GatewayOnBus {
  /** @returns undefined: the object is not on the bus */
  call(method: string, params: object): Promise<Outcome | undefined>;
  /** @returns how to stop following; undefined: nobody is there to be followed */
  follow(listener: (event: string, data: object) => void): Promise<(() => void) | undefined>;
}

export interface RouterState {
  readonly gateway: GatewayOnBus;
  readonly uci: UciStore;
  /** What `network.interface dump` says. */
  readonly interfaces: readonly object[];
  /** Of the init script. */
  readonly service: { enabled: boolean; act?: (action: string) => Promise<void> };
}

/** @returns undefined: there is no such object */
export async function callObject(
  router: RouterState,
  object: string,
  method: string,
  args: Readonly<Record<string, unknown>>,
): Promise<Outcome | undefined> {
  switch (`${object} ${method}`) {
    case 'session access':
      return ok({ access: true });
    case 'luci getFeatures':
      return ok({ firewall4: true });
    case 'file list':
      return ok({ entries: `${args['path']}`.endsWith('/status/include') ? cards() : [] });
    case 'system board':
      return ok({ hostname: 'router', release: { distribution: 'OpenWrt' } });
    case 'network.interface dump':
      return ok({ interface: router.interfaces });
    case 'rc list':
      return ok({ ikev2: { start: 95, enabled: router.service.enabled } });
    case 'rc init':
      if (args['action'] === 'enable') router.service.enabled = true;
      await router.service.act?.(`${args['action']}`);
      return ok({});
    default:
  }
  if (object === 'ikev2') return router.gateway.call(method, args);
  if (object !== 'uci') return undefined;
  return router.uci.call(method, args);
}

/** Of ours on LuCI's status page. */
const cards = (): readonly object[] =>
  readdirSync(join(root, 'luci-app/htdocs/luci-static/resources/view/status/include')).map(
    (name) => ({ name, type: 'file' }),
  );

const ok = (data: object): Outcome => ({ status: 0, data });
