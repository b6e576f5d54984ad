// One network namespace: a host of the lab with its own addresses, routes, firewall and programs.
import { attempt, type CommandOptions, type Outcome, run, runNow } from './command.ts';

export class Namespace {
  /** What the topology calls it: `phone`. */
  readonly role: string;
  /** What the kernel calls it, unique on this machine. */
  readonly name: string;

  constructor(role: string, name: string) {
    this.role = role;
    this.name = name;
    runNow(['ip', 'netns', 'add', name]);
    // Addresses are usable at once, and a host routes only when the topology says so.
    this.sysctl({
      'net.ipv4.conf.all.rp_filter': 0,
      'net.ipv4.conf.default.rp_filter': 0,
      'net.ipv6.conf.all.accept_dad': 0,
      'net.ipv6.conf.default.accept_dad': 0,
      'net.ipv6.conf.default.accept_ra': 0,
    });
    this.ip('link', 'set', 'lo', 'up');
  }

  /** The command line that runs `argv` in here; the program replaces `ip`, so its pid is the program's. */
  inside(argv: readonly string[]): string[] {
    return ['ip', 'netns', 'exec', this.name, ...argv];
  }

  runNow(...argv: readonly string[]): string {
    return runNow(this.inside(argv));
  }

  run(argv: readonly string[], options?: CommandOptions): Promise<string> {
    return run(this.inside(argv), options);
  }

  attempt(argv: readonly string[], options?: CommandOptions): Promise<Outcome> {
    return attempt(this.inside(argv), options);
  }

  ip(...args: readonly string[]): string {
    return runNow(['ip', '-n', this.name, ...args]);
  }

  sysctl(values: Readonly<Record<string, number>>): void {
    this.runNow('sysctl', '-qw', ...Object.entries(values).map(([key, v]) => `${key}=${v}`));
  }

  /** Loads an nftables ruleset. */
  nft(rules: string): void {
    runNow(this.inside(['nft', '-f', '-']), { input: rules });
  }

  address(device: string, ...prefixes: readonly string[]): void {
    for (const prefix of prefixes) {
      const nodad = prefix.includes(':') ? ['nodad'] : [];
      this.ip('addr', 'add', prefix, 'dev', device, ...nodad);
    }
  }

  route(prefix: string, via: string): void {
    this.ip(via.includes(':') ? '-6' : '-4', 'route', 'add', prefix, 'via', via);
  }

  forward(): void {
    this.sysctl({ 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 });
  }

  delete(): void {
    runNow(['ip', 'netns', 'del', this.name]);
  }
}

/** A cable between two hosts. */
export function connect(
  a: { readonly host: Namespace; readonly device: string },
  b: { readonly host: Namespace; readonly device: string },
): void {
  const ends = [a.device, 'netns', a.host.name, 'type', 'veth', 'peer', 'name', b.device];
  runNow(['ip', 'link', 'add', ...ends, 'netns', b.host.name]);
  for (const { host, device } of [a, b]) host.ip('link', 'set', device, 'up');
}
