// The gateway as a router has it: installed from its packages into a root with BusyBox and musl alone, started by
// its own wrapper, asked through its own `ikectl`.

import { attempt, type Outcome, runNow } from '../lab/command.ts';
import type { Status } from '../lab/gateway.ts';
import type { Home } from '../lab/home.ts';
import type { Service } from '../lab/service.ts';
import { formatUci, type UciSection } from '../lab/uci.ts';
import { until } from '../lab/until.ts';
import { packageIn } from './dist.ts';
import { Installer } from './installer.ts';
import { type Cpu, Router } from './router.ts';

export class EmulatedGateway {
  readonly router: Router;
  readonly #service: Service;

  private constructor(router: Router, service: Service) {
    this.router = router;
    this.#service = service;
  }

  static async start(
    { lab, router: host }: Home,
    cpu: Cpu,
    architecture: string,
    sections: readonly UciSection[],
  ): Promise<EmulatedGateway> {
    const router = new Router(cpu);
    for (const name of ['ikev2-ts-runtime', 'ikev2-ts']) {
      new Installer(router, 'apk').install(packageIn('apk', architecture, name));
    }
    router.write('/etc/config/ikev2', formatUci(sections), 0o600);
    // As procd starts it.
    const argv = router.inside('env', `LD_PRELOAD=${preloaded(router, cpu)}`, '/usr/sbin/ikev2d');
    const gateway = new EmulatedGateway(router, lab.start(host, 'gateway', argv));
    await until('the gateway answers', () => gateway.#answers(), 90_000);
    return gateway;
  }

  get log(): string {
    return this.#service.log;
  }

  ikectl(...argv: readonly string[]): Promise<Outcome> {
    return attempt(this.router.inside('/usr/sbin/ikectl', ...argv), { limit: 60_000 });
  }

  async status(): Promise<Status> {
    const { code, stdout, stderr } = await this.ikectl('status', '--json');
    if (code !== 0) throw new Error(`ikectl status ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as Status;
  }

  /** @returns its exit code */
  async stop(): Promise<number | undefined> {
    await this.#service.stop('SIGTERM', 30_000);
    return this.#service.exitCode;
  }

  async #answers(): Promise<boolean> {
    if (!this.#service.isRunning) throw new Error(`the gateway ended:\n${this.log}`);
    return this.log.includes('ready:');
  }
}

/** A library like the one that procd preloads: made for musl, it needs a `libc.so` that glibc has not. */
function preloaded(router: Router, cpu: Cpu): string {
  const path = '/lib/libsetlbf.so';
  const compile = [
    `${cpu}-linux-musl-gcc`,
    '-shared',
    '-fPIC',
    '-x',
    'c',
    '-o',
    router.path(path),
    '-',
  ];
  runNow(compile, { input: 'extern int puts(const char *); int say(void) { return puts(""); }\n' });
  return path;
}
