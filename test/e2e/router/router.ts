// The router of the lab with LuCI on it: our daemon, its configuration, and a web server that browsers in the LAN reach.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../lab/checkout.ts';
import type { Gateway } from '../../lab/gateway.ts';
import { address, type Home, network } from '../../lab/home.ts';
import { formatUci, section, type UciSection } from '../../lab/uci.ts';
import { until } from '../../lab/until.ts';
import { loadFirewall, shippedFirewall } from './firewall.ts';
import { onBus, openRouterBus, startOnBus } from './real-gateway.ts';
import { UciStore } from './uci-store.ts';
import { openWeb, type Web } from './web.ts';

export interface Router {
  readonly web: Web;
  readonly gateway: Gateway;
  /** @param path below `admin/vpn/ikev2` */
  page(path: string): string;
  /** Starts the daemon anew. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** @param sections none: as it is after the installation, with the service switched off */
export async function openRouter(home: Home, sections?: readonly UciSection[]): Promise<Router> {
  const session = 'c'.repeat(32);
  const bus = await openRouterBus(home, session);
  const folder = home.lab.folder('gateway');
  let running = sections && (await startOnBus(home, bus, sections));
  const uci = new UciStore(folder, async (config) => {
    if (config === 'firewall') loadFirewall(home, uci);
    else if (config === 'ikev2') await running?.call('reload');
  });
  if (!sections) {
    writeFileSync(join(folder, 'ikev2'), formatUci(shippedGateway(folder)), { mode: 0o600 });
    writeFileSync(join(folder, 'firewall'), formatUci(shippedFirewall));
    loadFirewall(home, uci);
  }
  const web = openWeb({
    gateway: onBus(() => running, bus),
    uci,
    interfaces,
    service: {
      enabled: sections !== undefined,
      async act(action) {
        if (action === 'start') running ??= await startOnBus(home, bus, uci.read('ikev2'));
      },
    },
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
      if (!running) throw new Error('the gateway was never started');
      return running;
    },
    page: (path) => `http://${lanAddress}/cgi-bin/luci/admin/vpn/ikev2/${path}`,
    async restart() {
      running = await startOnBus(home, bus, uci.read('ikev2'));
    },
    async close() {
      web.close();
      await bus.close();
    },
  };
}

/** With a folder of its own, where the lab has no /etc to write to. */
const shippedGateway = (folder: string): UciSection[] => [
  section('service', 'main', {
    enabled: false,
    zone: 'vpn',
    log: 'debug',
    folder: join(folder, 'own'),
  }),
];
const lanAddress = '192.168.1.1';
const [lanBits = 24] = [Number(network.lan.split('/')[1])];
/** As netifd tells them. */
const interfaces = [
  { interface: 'lan', l3_device: 'lan0', 'ipv4-address': [{ address: lanAddress, mask: lanBits }] },
  { interface: 'wan', l3_device: 'wan0', 'ipv4-address': [{ address: address.router, mask: 24 }] },
];
