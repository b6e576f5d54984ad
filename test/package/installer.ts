// Installs, upgrades and removes packages the way opkg and apk do, as far as their order of steps, their handling
// of the owner's files and the words for scripts go.

import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { readApk } from './apk-reader.ts';
import { readIpk } from './ipk-reader.ts';
import type { Router } from './router.ts';
import type { TarEntry } from './tar-reader.ts';

export type Kind = 'opkg' | 'apk';

interface Package {
  readonly name: string;
  readonly files: ReadonlyMap<string, TarEntry>;
  readonly conffiles: readonly string[];
  readonly scripts: ReadonlyMap<string, string>;
}

export class Installer {
  readonly #router: Router;
  readonly #kind: Kind;
  #installed: Package | undefined;

  constructor(router: Router, kind: Kind) {
    this.#router = router;
    this.#kind = kind;
  }

  /** Takes the place of the version that is there, if one is. */
  install(bytes: Buffer): void {
    const next = this.#kind === 'opkg' ? ofIpk(bytes) : ofApk(bytes);
    const old = this.#installed;
    if (old && this.#kind === 'opkg') this.#script(old, 'prerm', 'upgrade', true);
    for (const [path, entry] of next.files) this.#place(path, entry, next, old);
    this.#note(next);
    if (this.#kind === 'apk') this.#script(next, old ? 'post-upgrade' : 'post-install', '', false);
    else {
      if (old) this.#script(old, 'postrm', 'upgrade', true);
      this.#script(next, 'postinst', 'configure', old !== undefined);
    }
    this.#installed = next;
  }

  remove(): void {
    const old = this.#installed;
    if (!old) throw new Error('nothing is installed');
    this.#script(old, this.#kind === 'opkg' ? 'prerm' : 'pre-deinstall', 'remove', false);
    for (const [path, entry] of old.files) {
      if (entry.kind === 'directory' || this.#isChanged(path, old)) continue;
      rmSync(this.#router.path(path), { force: true });
    }
    this.#script(old, this.#kind === 'opkg' ? 'postrm' : 'post-deinstall', 'remove', false);
    rmSync(this.#router.path('/usr/lib/opkg/info'), { recursive: true });
    mkdirSync(this.#router.path('/usr/lib/opkg/info'));
    this.#installed = undefined;
  }

  /** The owner's file stays where he changed it; the new one is put beside it. */
  #place(path: string, entry: TarEntry, next: Package, old: Package | undefined): void {
    const router = this.#router;
    if (entry.kind === 'directory') {
      if (!router.has(path)) mkdirSync(router.path(path), { mode: entry.mode });
    } else if (entry.kind === 'link') symlinkSync(entry.target, router.path(path));
    else {
      const isKept =
        old !== undefined && next.conffiles.includes(path) && this.#isChanged(path, old);
      const beside = this.#kind === 'opkg' ? '-opkg' : '.apk-new';
      router.write(isKept ? `${path}${beside}` : path, entry.data, entry.mode);
    }
  }

  #isChanged(path: string, { conffiles, files }: Package): boolean {
    if (!conffiles.includes(path) || !this.#router.has(path)) return false;
    const sum = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
    const shipped = files.get(path)?.data ?? Buffer.alloc(0);
    return sum(readFileSync(this.#router.path(path))) !== sum(shipped);
  }

  #note({ name, files, scripts }: Package): void {
    if (this.#kind === 'apk') return; // it brings its own list
    const paths = [...files].filter(([, { kind }]) => kind !== 'directory').map(([path]) => path);
    this.#router.write(`/usr/lib/opkg/info/${name}.list`, `${paths.join('\n')}\n`);
    for (const [script, text] of scripts)
      this.#router.write(`/usr/lib/opkg/info/${name}.${script}`, text, 0o755);
  }

  /** opkg runs the installed file by its name, apk hands the text to a shell of its own. */
  #script(of: Package, script: string, word: string, isUpgrade: boolean): void {
    const text = of.scripts.get(script);
    if (text === undefined) return;
    if (this.#kind === 'opkg') {
      const path = `/usr/lib/opkg/info/${of.name}.${script}`;
      this.#router.write(path, text, 0o755);
      this.#router.run(`${path} ${word}`, { PKG_UPGRADE: isUpgrade ? '1' : '0' });
    } else {
      this.#router.write('/tmp/apk-script', text, 0o755);
      this.#router.run('/tmp/apk-script');
    }
  }
}

function ofIpk(bytes: Buffer): Package {
  const { control, files, conffiles, scripts } = readIpk(bytes);
  return { name: control.get('Package') ?? '', files, conffiles, scripts };
}

function ofApk(bytes: Buffer): Package {
  const { about, files, scripts } = readApk(bytes);
  const list = files.get(`/lib/apk/packages/${about.name}.conffiles`)?.data.toString() ?? '';
  return { name: about.name, files, conffiles: list.split('\n').filter(Boolean), scripts };
}

/** The mode of a file as it lies there. */
export const modeOf = (path: string): number => lstatSync(path).mode & 0o7777;
