// Settings of the configuration as the parts of the service want them.
import { formatSocket } from '../base/ip.ts';
import type { Instant } from '../base/time.ts';
import type { ServiceSettings } from '../config/configuration.ts';
import type { DataPlaneOptions } from '../dataplane/dataplane.ts';
import type { ServiceFacts } from '../rpc/api.ts';
import { version } from '../version.ts';

export function planeOptions(service: ServiceSettings): DataPlaneOptions {
  const { device, mtu, listen, port, nattPort, workers, copyDscp } = service;
  return {
    device,
    mtu: mtu === 'auto' ? usualMtu : mtu,
    listen,
    port,
    nattPort,
    workers: workers === 'auto' ? 0 : workers,
    watchNetwork: true,
    copyDscp: {
      outward: copyDscp === 'out' || copyDscp === 'both',
      inward: copyDscp === 'in' || copyDscp === 'both',
    },
  };
}

/** What the data plane settled while it was opened. */
export interface Opened {
  readonly ports: { readonly port: number; readonly nattPort: number };
  /** Whether the processor has instructions for AES. */
  readonly aesUnit: boolean;
  readonly aead: string;
}

export function serviceFacts(
  service: ServiceSettings,
  opened: Opened,
  startedAt: Instant,
): ServiceFacts {
  const ports = [opened.ports.port, opened.ports.nattPort];
  const { listen } = service;
  return {
    version,
    startedAt,
    device: service.device,
    listen: ports.flatMap((port) =>
      listen.length === 0 ? `*:${port}` : listen.map((ip) => formatSocket({ ip, port })),
    ),
    aead: opened.aead,
    keylog: service.keylog,
    websocket: service.websocket && formatSocket(service.websocket),
  };
}

/**
 * What fits a PPPoE line of 1492 bytes: over IPv4 with every cipher (IPv4 20, UDP 8, then AES-CBC with SHA-512: ESP
 * header and IV 24, trailer and padding 8, ICV 32), over IPv6 with all but AES-CBC with SHA-2, whose largest packets
 * travel in fragments.
 */
const usualMtu = 1400;
