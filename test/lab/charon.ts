// strongSwan's charon in one host of the lab: configuration from plain objects, a private /run, ESP in userland
// (kernel-libipsec), so that no kernel XFRM is needed.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, type Outcome } from './command.ts';
import type { Lab } from './lab.ts';
import type { Namespace } from './namespace.ts';
import { peerRoot } from './ready.ts';
import type { Service } from './service.ts';
import {
  formatSettings,
  listOf,
  type Message,
  parsePretty,
  type Settings,
  sectionOf,
  textOf,
} from './swanctl.ts';
import { until } from './until.ts';

export interface CharonOptions {
  readonly name: string;
  /** Another than this machine's, as `cross/peers.sh` unpacked it. */
  readonly version?: CharonVersion;
  /** The sections of `swanctl.conf`: connections, secrets, pools; or the text of one that was made elsewhere. */
  readonly config: Settings | string;
  readonly files?: CharonFiles;
  /** First retransmission after so many seconds; each further one 1.8 times as late. */
  readonly retransmit?: number;
  readonly retransmitTries?: number;
  readonly makeBeforeBreak?: boolean;
  /** No IP datagram of IKE's is longer, in bytes. */
  readonly fragmentSize?: number;
  /** Settings of plugins, by their names. */
  readonly plugins?: Settings;
  /** Further settings of the daemon, instead of the lab's own where both have one. */
  readonly daemon?: Settings;
}

export type CharonVersion = '6.0' | '6.1';

/** PEM texts by file name. */
export interface CharonFiles {
  readonly authorities?: Readonly<Record<string, string>>;
  readonly certificates?: Readonly<Record<string, string>>;
  readonly keys?: Readonly<Record<string, string>>;
  readonly publicKeys?: Readonly<Record<string, string>>;
}

/** What charon says of one IKE SA with its first CHILD_SA. */
export interface CharonSa {
  readonly name: string;
  readonly state: string;
  readonly remoteId: string;
  readonly cipher: string;
  readonly prf: string;
  readonly keyExchange: string;
  readonly espCipher: string;
  readonly virtualAddresses: readonly string[];
  readonly natLocal: boolean;
  readonly natRemote: boolean;
  readonly encap: boolean;
  readonly localTs: readonly string[];
  readonly remoteTs: readonly string[];
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export class Charon {
  readonly #dir: string;
  readonly #service: Service;

  private constructor(lab: Lab, host: Namespace, options: CharonOptions) {
    this.#dir = lab.folder(options.name);
    this.#write(options);
    const run = `mount --bind '${this.#dir}/run' /run`;
    const script = `${run} && ${usrOf(options.version)} && exec ${CHARON}`;
    this.#service = lab.start(host, `${options.name}.out`, ['sh', '-c', script], this.#env);
  }

  /** Starts charon and loads its configuration. */
  static async start(lab: Lab, host: Namespace, options: CharonOptions): Promise<Charon> {
    lab.folder(`${options.name}/run`);
    for (const folder of Object.values(FOLDERS)) lab.folder(`${options.name}/${folder}`);
    const charon = new Charon(lab, host, options);
    await until(`${options.name} answers`, async () => {
      if (!charon.#service.isRunning) throw new Error(`charon ended:\n${charon.#service.log}`);
      return (await charon.control(['--version'])).code === 0;
    });
    const loaded = await charon.control(['--load-all']);
    if (loaded.code !== 0) throw new Error(`swanctl --load-all:\n${loaded.stderr}${loaded.stdout}`);
    return charon;
  }

  /** Everything it logged, DELETEs and notifies included. */
  get log(): string {
    return readFileSync(join(this.#dir, 'charon.log'), 'utf8');
  }

  get isRunning(): boolean {
    return this.#service.isRunning;
  }

  get pid(): number {
    return this.#service.pid;
  }

  /** Dials; the outcome's text is charon's log of the attempt, its code 0 when the CHILD_SA stands. */
  initiate(child: string, seconds = 20): Promise<Outcome> {
    const limit = ['--timeout', `${seconds}`];
    return this.control(['--initiate', '--child', child, ...limit], (seconds + 5) * 1000);
  }

  /** Loads other connections and secrets; what is as it was stays. */
  async reload(config: Settings): Promise<void> {
    writeFileSync(join(this.#dir, 'swanctl.conf'), formatSettings(config), { mode: 0o600 });
    const loaded = await this.control(['--load-all']);
    if (loaded.code !== 0) throw new Error(`swanctl --load-all:\n${loaded.stderr}${loaded.stdout}`);
  }

  terminate(connection: string): Promise<Outcome> {
    return this.control(['--terminate', '--ike', connection, '--timeout', '10']);
  }

  /** The IKE SAs it has, half-open ones too. */
  async listSas(): Promise<CharonSa[]> {
    const { stdout } = await this.control(['--list-sas', '--pretty']);
    return parsePretty(stdout)
      .flatMap((message) => Object.keys(message).map((name) => [name, message] as const))
      .map(([name, message]) => readSa(name, sectionOf(message, name)));
  }

  /** `swanctl`, talking to this charon. */
  control(argv: readonly string[], limit = 15_000): Promise<Outcome> {
    const uri = `unix://${join(this.#dir, 'run/charon.vici')}`;
    return attempt(['swanctl', ...argv, '--uri', uri], { limit, env: this.#env });
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    return this.#service.stop(signal);
  }

  get #env(): Record<string, string> {
    return { STRONGSWAN_CONF: join(this.#dir, 'strongswan.conf'), SWANCTL_DIR: this.#dir };
  }

  #write({ config, files = {}, ...options }: CharonOptions): void {
    const write = (name: string, text: string): void =>
      writeFileSync(join(this.#dir, name), text, { mode: 0o600 });
    write('strongswan.conf', formatSettings(daemonSettings(this.#dir, options)));
    write('swanctl.conf', typeof config === 'string' ? config : formatSettings(config));
    write('resolv.conf', '');
    for (const [kind, folder] of Object.entries(FOLDERS)) {
      const texts = files[kind as keyof typeof FOLDERS] ?? {};
      for (const [name, text] of Object.entries(texts)) write(join(folder, name), text);
    }
  }
}

/** Puts the programs and libraries of that version in the place of this machine's, for charon alone. */
const usrOf = (version: CharonVersion | undefined): string =>
  version === undefined ? ':' : `mount --bind '${peerRoot(`strongswan-${version}`)}/usr' /usr`;

function readSa(name: string, sa: Message): CharonSa {
  const child: Message =
    Object.values(sectionOf(sa, 'child-sas')).find(
      (value): value is Message => typeof value === 'object' && 'state' in value,
    ) ?? {};
  const figure = (key: string): number => Number(textOf(child, key) || 0);
  return {
    name,
    state: textOf(sa, 'state'),
    remoteId: textOf(sa, 'remote-id'),
    cipher: cipherOf(sa),
    prf: textOf(sa, 'prf-alg'),
    keyExchange: textOf(sa, 'dh-group'),
    espCipher: cipherOf(child),
    virtualAddresses: listOf(sa, 'local-vips'),
    natLocal: textOf(sa, 'nat-local') === 'yes',
    natRemote: textOf(sa, 'nat-remote') === 'yes',
    encap: textOf(child, 'encap') === 'yes',
    localTs: listOf(child, 'local-ts'),
    remoteTs: listOf(child, 'remote-ts'),
    packetsIn: figure('packets-in'),
    packetsOut: figure('packets-out'),
    bytesIn: figure('bytes-in'),
    bytesOut: figure('bytes-out'),
  };
}

const cipherOf = (message: Message): string =>
  ['encr-alg', 'encr-keysize', 'integ-alg']
    .map((key) => textOf(message, key))
    .filter(Boolean)
    .join('-');

function daemonSettings(dir: string, options: Omit<CharonOptions, 'config' | 'files'>): Settings {
  return {
    'charon-systemd': {
      load: PLUGINS.join(' '),
      install_routes: true,
      x509,
      retransmit_timeout: options.retransmit ?? 2,
      retransmit_tries: options.retransmitTries ?? 5,
      make_before_break: options.makeBeforeBreak,
      fragment_size: options.fragmentSize,
      filelog: {
        log: {
          path: join(dir, 'charon.log'),
          default: 1,
          ike: 2,
          enc: 1,
          tls: 2,
          flush_line: true,
        },
      },
      plugins: {
        vici: { socket: `unix://${dir}/run/charon.vici` },
        // The marks let a client send everything into the tunnel but its own outer packets.
        'kernel-libipsec': { allow_peer_ts: true },
        'kernel-netlink': { fwmark: '!0x42' },
        'socket-default': { fwmark: '0x42' },
        resolve: { file: join(dir, 'resolv.conf') },
        ...options.plugins,
      },
      ...options.daemon,
    },
    swanctl: { x509, load: 'random openssl pem pkcs1 pkcs8 x509 pubkey' },
  };
}

/** Certificates that nobody should accept are for the gateway to refuse. */
const x509 = { enforce_critical: false };

const CHARON = '/usr/sbin/charon-systemd';
const FOLDERS = {
  authorities: 'x509ca',
  certificates: 'x509',
  keys: 'private',
  publicKeys: 'pubkey',
} as const;
const PLUGINS = [
  'random nonce openssl pem pkcs1 pkcs8 x509 pubkey revocation constraints',
  'aes sha1 sha2 hmac kdf gcm ccm ctr chapoly curve25519 drbg mgf1',
  'eap-identity eap-mschapv2 eap-gtc eap-tls eap-ttls',
  'vici kernel-libipsec kernel-netlink socket-default updown attr counters',
] as const;
