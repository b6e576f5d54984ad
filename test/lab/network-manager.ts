// NetworkManager with its strongSwan plugin in one host of the lab, from packages that are unpacked and not installed: it
// would take over the networks of the machine that the tests run on. A bus of its own, ESP in userland.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { attempt, type Outcome } from './command.ts';
import type { Lab } from './lab.ts';
import type { Namespace } from './namespace.ts';
import { peerRoot } from './ready.ts';
import type { Service } from './service.ts';
import { until } from './until.ts';

export interface NetworkManagerOptions {
  readonly name: string;
  /** The device that leads outside, with the addresses and ways that it has already. */
  readonly device: string;
  readonly address: string;
  readonly router: string;
  /** Key files by name. */
  readonly connections: Readonly<Record<string, string>>;
}

export class NetworkManager {
  readonly #dir: string;
  readonly #host: Namespace;
  readonly #service: Service;

  private constructor(lab: Lab, host: Namespace, options: NetworkManagerOptions) {
    this.#dir = lab.folder(options.name);
    this.#host = host;
    this.#write(options);
    // The bus first; whoever looks for the system's finds this one.
    const script = `${this.#scene}; rm -f /run/dbus/system_bus_socket
      dbus-daemon --config-file='${this.#dir}/bus.conf' --nofork --nopidfile & bus=$!
      trap 'kill $manager' TERM
      while [ ! -S /run/dbus/system_bus_socket ]; do sleep 0.1; done
      NetworkManager --debug & manager=$!
      wait $manager; wait $manager # a trap ends the first
      [ ! -f '${this.#dir}/plugin.pid' ] || kill $(cat '${this.#dir}/plugin.pid') 2>/dev/null
      kill $bus`;
    this.#service = lab.start(host, options.name, ['sh', '-c', script]);
  }

  /** Returns when it has taken over the device. */
  static async start(
    lab: Lab,
    host: Namespace,
    options: NetworkManagerOptions,
  ): Promise<NetworkManager> {
    const manager = new NetworkManager(lab, host, options);
    await until(
      `NetworkManager has ${options.device}`,
      async () => (await manager.nmcli('connection', 'up', 'outside')).code === 0,
      30_000,
    );
    return manager;
  }

  get log(): string {
    return this.#service.log;
  }

  nmcli(...argv: readonly string[]): Promise<Outcome> {
    const script = `${this.#scene}; exec nmcli "$@"`;
    return attempt(this.#host.inside(['sh', '-c', script, 'sh', ...argv]), { limit: 40_000 });
  }

  /** Its resolv.conf: whom programs ask for names, and which domains they add. */
  get resolv(): string {
    return readFileSync(join(this.#dir, 'etc/resolv.conf'), 'utf8');
  }

  stop(): Promise<void> {
    return this.#service.stop();
  }

  /** Its own /usr, /etc and /run; /sys that cannot be written, so that nobody waits for udev. */
  get #scene(): string {
    const binds = [
      `mount --bind '${peerRoot('networkmanager')}/usr' /usr`,
      ...['etc', 'run', 'var'].map((name) => `mount --bind '${this.#dir}/${name}' /${name}`),
      'mount -o remount,ro,bind /sys',
    ];
    return binds.join(' && ');
  }

  #write({ device, address, router, connections }: NetworkManagerOptions): void {
    const folders = [
      ...['run/dbus', 'var/lib/NetworkManager'],
      ...['etc/NetworkManager/VPN', 'etc/NetworkManager/system-connections'],
    ];
    for (const folder of folders) mkdirSync(join(this.#dir, folder), { recursive: true });
    symlinkSync('/run', join(this.#dir, 'var/run')); // where its bus is looked for
    for (const name of ['passwd', 'group', 'nsswitch.conf', 'hosts', 'ssl']) {
      if (existsSync(`/etc/${name}`)) cpSync(`/etc/${name}`, join(this.#dir, 'etc', name), copying);
    }
    const write = (file: string, text: string, mode = 0o600): void => {
      writeFileSync(join(this.#dir, file), text, { mode });
      chmodSync(join(this.#dir, file), mode);
    };
    write('bus.conf', bus);
    write('etc/NetworkManager/NetworkManager.conf', settings(device));
    write('etc/NetworkManager/VPN/strongswan.name', plugin(join(this.#dir, 'charon-nm.sh')));
    write('strongswan.conf', charon);
    const env = `STRONGSWAN_CONF='${this.#dir}/strongswan.conf'`;
    const program = `echo $$ >'${this.#dir}/plugin.pid'; exec env ${env} /usr/lib/ipsec/charon-nm`;
    write('charon-nm.sh', `#!/bin/sh\n${program}\n`, 0o700);
    const all = { outside: outside(device, address, router), ...connections };
    for (const [name, text] of Object.entries(all)) {
      write(`etc/NetworkManager/system-connections/${name}.nmconnection`, text);
    }
  }

  /** Puts a file below /etc, as the steps of a profile say. */
  install(path: string, text: string): void {
    const file = join(this.#dir, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text, { mode: 0o600 });
  }
}

const copying = { recursive: true, dereference: true } as const;

const bus = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/>
  </policy>
</busconfig>
`;

const settings = (device: string): string => `[main]
plugins=keyfile
dns=default
rc-manager=file
auth-polkit=root-only
no-auto-default=*
[keyfile]
unmanaged-devices=except:interface-name:${device}
[device]
match-device=interface-name:${device}
managed=1
[logging]
level=INFO
domains=ALL,VPN_PLUGIN:DEBUG
`;

const plugin = (program: string): string => `[VPN Connection]
name=strongswan
service=org.freedesktop.NetworkManager.strongswan
program=${program}
`;

const outside = (device: string, address: string, router: string): string => `[connection]
id=outside
uuid=0b9d7ff4-93f5-4b7b-9a3c-8a5d2b2c0001
type=ethernet
interface-name=${device}
autoconnect=false
[ipv4]
method=manual
address1=${address},${router}
[ipv6]
method=disabled
`;

const charon = `charon-nm {
  load = random nonce x509 constraints pubkey pkcs1 pkcs8 pem openssl curve25519 kdf hmac gcm chapoly sha1 sha2 aes md4 eap-identity eap-mschapv2 kernel-libipsec kernel-netlink socket-default
  filelog {
    stderr {
      default = 1
    }
  }
}
`;
