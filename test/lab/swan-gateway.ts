// strongSwan in the gateway's place: proves the lab itself, and is the peer that benchmarks are a ratio to.
import { Charon, type CharonFiles, type CharonVersion } from './charon.ts';
import type { AnyGateway, Tunnel } from './gateway.ts';
import { address, type Home, network } from './home.ts';
import { gatewayName, SUITE } from './phone.ts';
import type { Settings } from './swanctl.ts';

export interface SwanGatewayOptions {
  /** Another than this machine's. */
  readonly version?: CharonVersion;
  readonly ike: string;
  readonly esp: string;
  readonly local: Settings;
  readonly remote: Settings;
  readonly secrets?: Settings;
  readonly files?: CharonFiles;
  /** Further settings of its connection. */
  readonly settings?: Settings;
  /** Settings of plugins, by their names. */
  readonly plugins?: Settings;
}

/** strongSwan as the gateway of one client with a pre-shared key. */
export const pskGateway = ({ id, secret }: { id: string; secret: string }): SwanGatewayOptions => ({
  ...SUITE,
  local: { auth: 'psk', id: gatewayName },
  remote: { auth: 'psk' },
  secrets: { 'ike-client': { 'id-client': id, 'id-own': gatewayName, secret } },
});

export class SwanGateway implements AnyGateway {
  readonly charon: Charon;

  private constructor(charon: Charon) {
    this.charon = charon;
  }

  static async start(home: Home, options: SwanGatewayOptions): Promise<SwanGateway> {
    const { ike, esp, local, remote, secrets, files = {}, plugins = {} } = options;
    const net = { local_ts: [network.lan, network.lan6], remote_ts: 'dynamic', esp_proposals: esp };
    const phones: Settings = {
      version: 2,
      local_addrs: [address.router, address.router6],
      proposals: ike,
      pools: ['v4', 'v6'],
      local,
      remote,
      children: { net },
      ...options.settings,
    };
    const config: Settings = {
      connections: { phones },
      pools: { v4: { addrs: network.pool }, v6: { addrs: network.pool6 } },
      secrets,
    };
    return new SwanGateway(
      await Charon.start(home.lab, home.router, {
        ...{ name: 'gateway', config, files, plugins },
        ...(options.version ? { version: options.version } : {}),
      }),
    );
  }

  async tunnels(): Promise<readonly Tunnel[]> {
    const sas = await this.charon.listSas();
    return sas
      .filter(({ state }) => state === 'ESTABLISHED')
      .map((sa) => ({
        peer: sa.remoteId,
        connection: sa.name,
        suite: `${sa.cipher} ${sa.prf} ${sa.keyExchange}`,
        addresses: sa.remoteTs.map((range) => range.replace(/\/.*/, '')),
        behindNat: sa.natRemote,
        encap: sa.encap,
        packetsIn: sa.packetsIn,
        packetsOut: sa.packetsOut,
        bytesIn: sa.bytesIn,
        bytesOut: sa.bytesOut,
      }));
  }

  stop(): Promise<void> {
    return this.charon.stop();
  }
}
