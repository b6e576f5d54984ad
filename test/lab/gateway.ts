// The gateway under test: our daemon in the router, configured by UCI and asked through `ikectl` alone, as its
// owner would.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { callDaemon } from '../../src/rpc/client.ts';
import { program } from './checkout.ts';
import { attempt, type Outcome } from './command.ts';
import type { Lab } from './lab.ts';
import type { Namespace } from './namespace.ts';
import { secretsIn, shown } from './secrets.ts';
import type { Service } from './service.ts';
import { formatUci, type UciSection } from './uci.ts';
import { until } from './until.ts';

/** One tunnel as the gateway counts it; whatever gateway it is. */
export interface Tunnel {
  readonly peer: string;
  readonly connection: string;
  readonly suite: string;
  readonly addresses: readonly string[];
  readonly behindNat: boolean;
  readonly encap: boolean;
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** What the demonstration and the benchmark ask of any gateway. */
export interface AnyGateway {
  tunnels(): Promise<readonly Tunnel[]>;
  stop(): Promise<void>;
}

/** `ikectl status --json`, as far as tests read it. */
export interface Status {
  readonly device: string;
  readonly listen: readonly string[];
  readonly sas: readonly SaStatus[];
  readonly pools: readonly { readonly name: string; readonly used: number }[];
  readonly counters: {
    readonly ike: Readonly<Record<string, number>>;
    readonly esp: Readonly<Record<string, number>>;
  };
}
export interface SaStatus {
  readonly id: number;
  readonly phase: string;
  readonly connection?: string;
  readonly peer?: string;
  readonly local: string;
  readonly remote: string;
  readonly nat: 'none' | 'local' | 'remote' | 'both';
  readonly suite?: string;
  readonly postQuantum: boolean;
  readonly ppk?: string;
  readonly spiI: string;
  readonly addresses: readonly string[];
  readonly children: readonly ChildStatus[];
}
export interface ChildStatus {
  readonly id: number;
  readonly pathMtu: number;
  readonly mtu: number;
  readonly suite: string;
  readonly encap: 'udp' | 'raw';
  readonly local: readonly string[];
  readonly remote: readonly string[];
  readonly rxPackets: number;
  readonly rxBytes: number;
  readonly txPackets: number;
  readonly txBytes: number;
}

export interface GatewayOptions {
  /** Keeps several daemons of one lab apart. */
  readonly name?: string;
  /** Shell commands that set the scene in the daemon's own mount namespace before it starts. */
  readonly scene?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export class Gateway implements AnyGateway {
  readonly configFile: string;
  readonly runDir: string;
  readonly #launch: () => Service;
  #service: Service;
  /** Where it writes the keys of the scenario down, so that they can be looked for in all that it tells. */
  readonly #keylog: string;
  /** All that its configurations held. */
  readonly #sections: UciSection[] = [];
  /** What `ikectl` said, whatever it was asked; most of it is said again and again. */
  readonly #said = new Set<string>();

  private constructor(
    lab: Lab,
    host: Namespace,
    sections: readonly UciSection[],
    options: GatewayOptions,
  ) {
    const { name = 'gateway', scene = ':', env = {} } = options;
    const dir = lab.folder(name);
    this.configFile = join(dir, 'ikev2');
    this.runDir = join(dir, 'run');
    mkdirSync(this.runDir, { recursive: true });
    this.#keylog = lab.folder(`${name}-keys`);
    this.configure(sections);
    const script = `${scene}; exec "$@"`;
    const daemon = [program.ikev2d, '--config', this.configFile, '--run-dir', this.runDir];
    this.#launch = () => lab.start(host, name, ['sh', '-c', script, 'sh', ...daemon], env);
    this.#service = this.#launch();
    lab.inspect(() => this.#secretsShown());
  }

  /** Starts the daemon and does not wait for it: it may well be meant to refuse. */
  static launch(
    lab: Lab,
    host: Namespace,
    sections: readonly UciSection[],
    options: GatewayOptions = {},
  ): Gateway {
    return new Gateway(lab, host, sections, options);
  }

  /** Starts the daemon and returns when it answers. */
  static async start(
    lab: Lab,
    host: Namespace,
    sections: readonly UciSection[],
    options: GatewayOptions = {},
  ): Promise<Gateway> {
    const gateway = Gateway.launch(lab, host, sections, options);
    await until('the gateway answers `ikectl status`', () => gateway.#answers(), 15_000);
    return gateway;
  }

  /** Writes another configuration, which counts from the next reload on. */
  configure(sections: readonly UciSection[]): void {
    const all = sections.map((one) => withKeylog(one, this.#keylog));
    this.#sections.push(...all);
    writeFileSync(this.configFile, formatUci(all), { mode: 0o600 });
  }

  /** What it wrote to stderr. */
  get log(): string {
    return this.#service.log;
  }

  get isRunning(): boolean {
    return this.#service.isRunning;
  }

  get exitCode(): number | undefined {
    return this.#service.exitCode;
  }

  get pid(): number {
    return this.#service.pid;
  }

  async ikectl(...argv: readonly string[]): Promise<Outcome> {
    const place = ['--config', this.configFile, '--run-dir', this.runDir];
    const outcome = await attempt([program.ikectl, ...place, ...argv], { limit: 45_000 });
    this.#said.add(outcome.stdout + outcome.stderr);
    return outcome;
  }

  /** Why attempts failed, newest first, as the owner reads it, on one line. */
  async explain(...argv: readonly string[]): Promise<string> {
    const { stdout } = await this.ikectl('explain', ...argv);
    return stdout.replace(/\s+/g, ' ');
  }

  /** The same question without a program to start: for tests that ask by the hundred. */
  call(method: string, params: object = {}): Promise<unknown> {
    return callDaemon(join(this.runDir, 'control.sock'), method, params);
  }

  async status(): Promise<Status> {
    const { code, stdout, stderr } = await this.ikectl('status', '--json');
    if (code !== 0) throw new Error(`ikectl status ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as Status;
  }

  /** The established SAs. */
  async sas(): Promise<readonly SaStatus[]> {
    return (await this.status()).sas.filter(({ phase }) => phase === 'established');
  }

  async tunnels(): Promise<readonly Tunnel[]> {
    return (await this.sas()).flatMap((sa) => sa.children.map((child) => viewTunnel(sa, child)));
  }

  /** Asks it to end, as `service ikev2 stop` would. */
  stop(): Promise<void> {
    return this.#service.stop('SIGTERM');
  }

  /** Starts it again after its end, with the configuration and the folder as they are by now. */
  async restart(): Promise<void> {
    await this.stop();
    this.#service = this.#launch();
    await until('the gateway answers `ikectl status` again', () => this.#answers(), 15_000);
  }

  /** Ends it without a word: kill -9. */
  kill(): Promise<void> {
    return this.#service.stop('SIGKILL');
  }

  /** The daemon gave up by itself. */
  async ended(limit = 10_000): Promise<void> {
    await until('the gateway ends by itself', () => !this.isRunning, limit);
  }

  /** Secrets that it told in its log at any level, or that `ikectl` showed. */
  async #secretsShown(): Promise<readonly string[]> {
    if (this.isRunning) {
      await this.ikectl('status', '--json');
      await this.ikectl('events', '--limit', '1000');
      await this.ikectl('attempts', '--limit', '1000');
    }
    const secrets = secretsIn(this.#sections);
    const all = [this.log, ...this.#said].join('\n');
    return shown(all, secrets).map((secret) => `the gateway showed a secret: ${secret}`);
  }

  async #answers(): Promise<boolean> {
    if (!this.isRunning) throw new Error(`the gateway ended with ${this.exitCode}:\n${this.log}`);
    return (await this.ikectl('status', '--json')).code === 0;
  }
}

function withKeylog({ type, name, options }: UciSection, keylog: string): UciSection {
  return { type, name, options: type === 'service' ? { keylog, ...options } : options };
}

const viewTunnel = (sa: SaStatus, child: ChildStatus): Tunnel => ({
  peer: sa.peer ?? '',
  connection: sa.connection ?? '',
  suite: sa.suite ?? '',
  addresses: sa.addresses,
  behindNat: sa.nat === 'remote' || sa.nat === 'both',
  encap: child.encap === 'udp',
  packetsIn: child.rxPackets,
  packetsOut: child.txPackets,
  bytesIn: child.rxBytes,
  bytesOut: child.txBytes,
});
