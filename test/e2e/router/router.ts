// The router of the lab with LuCI on it: our daemon, its configuration, and a web server that browsers in the LAN reach.
import { dirname, join } from 'node:path';
import { root } from '../../lab/checkout.ts';
import type { Gateway } from '../../lab/gateway.ts';
import { address, type Home, network } from '../../lab/home.ts';
import type { UciSection } from '../../lab/uci.ts';
import { until } from '../../lab/until.ts';
import { onBus, openRouterBus, startOnBus } from './real-gateway.ts';
import { UciStore } from './uci-store.ts';
import { openWeb, type Web } from './web.ts';

export interface Router {
  readonly web: Web;
  readonly gateway: Gateway;
  /** @param path below `admin/vpn/ikev2` */
  page(path: string): string;
  /** Starts the daemon anew, with the configuration that it began with. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function openRouter(home: Home, sections: readonly UciSection[]): Promise<Router> {
  const session = 'c'.repeat(32);
  const bus = await openRouterBus(home, session);
  let gateway = await startOnBus(home, bus, sections);
  const web = openWeb({
    gateway: onBus(() => gateway, bus),
    uci: new UciStore(dirname(gateway.configFile), async (config) => {
      if (config === 'ikev2') await gateway.call('reload');
    }),
    interfaces,
    service: { enabled: true },
  });
  const socket = join(home.lab.folder('web'), 'web.sock');
  await web.listen(socket);
  const door = join(root, 'test/e2e/router/door.mjs');
  home.lab.start(home.router, 'door', [process.execPath, door, lanAddress, '80', socket]);
  await until('the web server answers', async () => {
    const asked = [
      'curl',
      '-sf',
      '-o',
      '/dev/null',
      `http://${lanAddress}/cgi-bin/luci/admin/menu`,
    ];
    return (await home.lan.attempt(asked)).code === 0;
  });
  return {
    web,
    get gateway() {
      return gateway;
    },
    page: (path) => `http://${lanAddress}/cgi-bin/luci/admin/vpn/ikev2/${path}`,
    async restart() {
      gateway = await startOnBus(home, bus, sections);
    },
    async close() {
      web.close();
      await bus.close();
    },
  };
}

const lanAddress = '192.168.1.1';
const [lanBits = 24] = [Number(network.lan.split('/')[1])];
/** As netifd tells them. */
const interfaces = [
  { interface: 'lan', l3_device: 'lan0', 'ipv4-address': [{ address: lanAddress, mask: lanBits }] },
  { interface: 'wan', l3_device: 'wan0', 'ipv4-address': [{ address: address.router, mask: 24 }] },
];
