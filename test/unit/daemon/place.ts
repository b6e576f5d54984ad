// Whole services in one process, on data planes of memory that a cable joins, each in a folder of its own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instant } from '../../../src/base/time.ts';
import type { OpenPlane } from '../../../src/daemon/assemble.ts';
import type { HostTools, Patience } from '../../../src/daemon/host.ts';
import { MemoryPlane, type MemoryWire } from '../../../src/dataplane/memory.ts';
import type { Path } from '../../../src/ike/core.ts';

export const gatewayConfig = `
config service 'main'
	option identity 'vpn.home.example'
	option log 'debug'
	option websocket 'none'

config pool 'lan'
	list range '10.3.0.0/24'

config connection 'phones'
	option local_id 'vpn.home.example'
	option local_auth 'psk'
	list remote_auth 'psk'
	option pool 'lan'
	list local_ts '0.0.0.0/0'

config psk 'family'
	option secret 'correct horse battery staple'
`;

export const phoneConfig = `
config service 'main'
	option websocket 'none'

config connection 'home'
	option role 'initiator'
	list remote '127.0.0.1'
	option local_id 'anna@home.example'
	option remote_id 'vpn.home.example'
	option local_auth 'psk'
	list remote_auth 'psk'
	list virtual_ip '0.0.0.0'
	list remote_ts '0.0.0.0/0'

config psk 'family'
	option secret 'correct horse battery staple'
`;

/** A phone that dials by itself. */
export const startingConfig = phoneConfig.replace(
  "option role 'initiator'",
  "option role 'initiator'\n\toption start 'start'",
);

/** A folder with a configuration in it. */
export class Home {
  readonly folder: string;
  readonly configFile: string;
  readonly runDir: string;

  constructor(config: string) {
    this.folder = mkdtempSync(join(tmpdir(), 'ikev2-home-'));
    this.configFile = join(this.folder, 'ikev2');
    this.runDir = join(this.folder, 'run');
    this.write(config);
  }

  write(config: string): void {
    writeFileSync(this.configFile, config);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** What one host sends, the other receives, once the sender has finished its turn. */
export class Cable {
  readonly ends: MemoryPlane[] = [];
  isCut = false;

  /** To be called once for each of the two hosts. */
  readonly open: OpenPlane = (options, listener) => {
    const me = this.ends.length;
    const plane = new MemoryPlane(listener, this.#wireFrom(me), () => instant(performance.now()));
    this.ends.push(plane);
    const ports = { port: options.port, nattPort: options.nattPort };
    return Object.assign(plane, { ports, aesUnit: true, aead: 'memory' });
  };

  #wireFrom(me: number): MemoryWire {
    const carry = (deliver: (other: MemoryPlane) => void): void => {
      const other = this.ends[1 - me];
      if (other && !this.isCut) setImmediate(() => deliver(other));
    };
    return {
      ike: (path, bytes) => carry((other) => other.receiveIke(opposite(path), bytes.slice())),
      esp: (path, packet) => carry((other) => void other.receiveEsp(opposite(path), packet)),
    };
  }
}

const opposite = ({ local, remote }: Path): Path => ({ local: remote, remote: local });

/** A host on which every program succeeds and nothing is forbidden. */
export const quietTools: HostTools & Patience = {
  run: async () => '',
  read: () => '1',
  addresses: () => [],
  pause: async () => {},
};
