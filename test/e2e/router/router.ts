// The router of the lab with LuCI on it: our daemon, its configuration, and a web server that browsers in the LAN reach.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../lab/checkout.ts';
import type { Gateway } from '../../lab/gateway.ts';
import { address, type Home } from '../../lab/home.ts';
import type { Namespace } from '../../lab/namespace.ts';
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

/** Which router of the lab it is, and who lives behind it. */
export interface Place {
  readonly name: string;
  readonly host: Namespace;
  /** A host of its LAN. */
  readonly neighbour: Namespace;
  readonly address: string;
  /** As netifd tells them. */
  readonly interfaces: readonly object[];
}

/** @param sections none: as it is after the installation, with the service switched off */
export async function openRouter(
  { lab, ...home }: Home,
  sections?: readonly UciSection[],
  place: Place = homeOf(home),
): Promise<Router> {
  const { name, host, neighbour, interfaces } = place;
  const session = 'c'.repeat(32);
  const bus = await openRouterBus(lab, name, session);
  const folder = lab.folder(name);
  let running = sections && (await startOnBus(lab, host, bus, sections, name));
  const uci = new UciStore(folder, async (config) => {
    if (config === 'firewall') loadFirewall(host, uci);
    else if (config === 'ikev2') await running?.call('reload');
  });
  if (!sections) {
    writeFileSync(join(folder, 'ikev2'), formatUci(shippedGateway(folder, place.address)), {
      mode: 0o600,
    });
    writeFileSync(join(folder, 'firewall'), formatUci(shippedFirewall));
    loadFirewall(host, uci);
  }
  const start = () => startOnBus(lab, host, bus, uci.read('ikev2'), name);
  const web = openWeb({
    gateway: onBus(() => running, bus),
    uci,
    interfaces,
    service: {
      enabled: sections !== undefined,
      async act(action) {
        if (action === 'start') running ??= await start();
      },
    },
  });
  const socket = join(lab.folder(`${name}-web`), 'web.sock');
  await web.listen(socket);
  const door = join(root, 'test/e2e/router/door.mjs');
  lab.start(host, `${name}-door`, [process.execPath, door, place.address, '80', socket]);
  const menu = `http://${place.address}/cgi-bin/luci/admin/menu`;
  await until('the web server answers', async () => {
    return (await neighbour.attempt(['curl', '-sf', '-o', '/dev/null', menu])).code === 0;
  });
  return {
    web,
    get gateway() {
      if (!running) throw new Error('the gateway was never started');
      return running;
    },
    page: (path) => `http://${place.address}/cgi-bin/luci/admin/vpn/ikev2/${path}`,
    async restart() {
      running = await start();
    },
    async close() {
      web.close();
      await bus.close();
    },
  };
}

const homeOf = ({ router, lan }: Pick<Home, 'router' | 'lan'>): Place => ({
  name: 'gateway',
  host: router,
  neighbour: lan,
  address: '192.168.1.1',
  interfaces: interfacesOf('192.168.1.1', '2001:db8:1::', address.router),
});

export const interfacesOf = (lan: string, prefix: string, wan: string): readonly object[] => [
  {
    ...{ interface: 'lan', l3_device: 'lan0' },
    'ipv4-address': [{ address: lan, mask: 24 }],
    'ipv6-prefix-assignment': [{ address: prefix, mask: 64 }],
  },
  { interface: 'wan', l3_device: 'wan0', 'ipv4-address': [{ address: wan, mask: 24 }] },
];

/** With a folder of its own, where the lab has no /etc to write to, and no br-lan. */
const shippedGateway = (folder: string, address: string): UciSection[] => [
  section('service', 'main', {
    enabled: false,
    zone: 'vpn',
    log: 'debug',
    folder: join(folder, 'own'),
    links: `${address}:8501`,
  }),
];
