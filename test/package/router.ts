// A router to install packages on: a folder with BusyBox and musl, the few programs of OpenWrt that packages call,
// and nothing else; commands run in it by chroot.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inCheckout } from '../lab/checkout.ts';
import { runNow } from '../lab/command.ts';

export type Cpu = 'aarch64' | 'x86_64';

/** BusyBox for the processor, linked statically; for arm64 `enter-arm64.sh` gets it from Debian. */
export const busybox: Readonly<Record<Cpu, string>> = {
  x86_64: '/bin/busybox',
  aarch64: inCheckout('build/debian/arm64/bin/busybox'),
};

export class Router {
  /** Its root. */
  readonly dir: string;

  constructor(cpu: Cpu) {
    this.dir = mkdtempSync(join(tmpdir(), 'ikev2-router-'));
    for (const folder of FOLDERS) mkdirSync(join(this.dir, folder), { recursive: true });
    this.#copy(busybox[cpu], 'bin/busybox');
    this.#copy(`/lib/${cpu}-linux-musl/libc.so`, 'lib/libc.so');
    this.#copy(`/lib/${cpu}-linux-musl/libc.so`, `lib/ld-musl-${cpu}.so.1`);
    for (const [file, place] of Object.entries(PROGRAMS)) {
      this.#copy(inCheckout('test/package/router', file), place);
    }
    this.write('/etc/config/firewall', "firewall.lan=zone\nfirewall.lan.name='lan'\n");
    this.write('/etc/init.d/firewall', '#!/bin/sh\necho "firewall $*" >>/tmp/firewall\n', 0o755);
    this.run('/bin/busybox --install -s /bin');
  }

  /** @param script for its shell; it has to succeed. @returns what it printed */
  run(script: string, env: Readonly<Record<string, string>> = {}): string {
    const words = Object.entries({ PATH: '/bin:/sbin:/usr/sbin', ...env }).map(
      ([k, v]) => `${k}=${v}`,
    );
    const shell = ['/bin/busybox', 'sh', '-c', script];
    return runNow(['env', '-i', ...words, '/usr/sbin/chroot', this.dir, ...shell], {
      limit: 60_000,
    });
  }

  /** A command line that runs a program in here with the host's devices, seen by it alone. */
  inside(...argv: readonly string[]): string[] {
    const enter =
      'mount --rbind /dev "$0/dev"; mount --rbind /proc "$0/proc"; exec chroot "$0" "$@"';
    const env = ['env', '-i', 'PATH=/bin:/sbin:/usr/sbin:/usr/bin'];
    return [...env, 'unshare', '-m', '/bin/sh', '-ec', enter, this.dir, ...argv];
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  write(name: string, content: string | Buffer, mode = 0o644): void {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, mode);
  }

  /** Every file and folder, but those of /tmp and /dev. */
  list(): string[] {
    const prune = ['(', '-path', './tmp/*', '-o', '-path', './dev/*', ')', '-prune', '-o'];
    const find = ['find', '.', ...prune, '-printf', '%P\n'];
    const all = runNow(['sh', '-c', 'cd "$0" && exec "$@"', this.dir, ...find]);
    return all.split('\n').filter(Boolean).sort();
  }

  close(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  #copy(from: string, to: string): void {
    copyFileSync(from, this.path(to));
    chmodSync(this.path(to), 0o755);
  }
}

const FOLDERS = [
  ...[
    'bin',
    'dev',
    'etc/config',
    'etc/init.d',
    'etc/rc.d',
    'lib/upgrade/keep.d',
    'proc',
    'sbin',
    'tmp',
  ],
  ...[
    'usr/lib/opkg/info',
    'lib/apk/packages',
    'usr/sbin',
    'usr/bin',
    'etc/uci-defaults',
    'var/run',
  ],
];

const PROGRAMS = {
  'functions.sh': 'lib/functions.sh',
  'rc.common': 'etc/rc.common',
  uci: 'sbin/uci',
};
