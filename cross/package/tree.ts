// What a package puts onto the router: files, folders and links with their modes, all of it root's.

export type Entry =
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly data: Buffer }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

/** A tree of files in the making; every folder on the way to one is there, too. */
export class Tree {
  readonly #entries = new Map<string, Entry>();

  /** @param path below the root, without a slash in front: `etc/config/ikev2` */
  file(path: string, data: Buffer | string, mode = 0o644): void {
    this.#add({ kind: 'file', path, mode, data: Buffer.from(data) });
  }

  directory(path: string, mode = 0o755): void {
    this.#add({ kind: 'directory', path, mode });
  }

  link(path: string, target: string): void {
    this.#add({ kind: 'link', path, target });
  }

  /** Another tree with the same entries so far. */
  copy(): Tree {
    const copy = new Tree();
    for (const entry of this.#entries.values()) copy.#add(entry);
    return copy;
  }

  /** In the order of their bytes, which puts each folder before what is in it. */
  entries(): readonly Entry[] {
    return [...this.#entries.values()].sort((a, b) => compareBytes(a.path, b.path));
  }

  /** The regular files alone. */
  files(): readonly Extract<Entry, { kind: 'file' }>[] {
    return this.entries().filter((entry) => entry.kind === 'file');
  }

  #add(entry: Entry): void {
    if (!isPlain(entry.path)) throw new Error(`no path for a package: ${entry.path}`);
    const standing = this.#entries.get(entry.path);
    if (standing && (standing.kind !== 'directory' || entry.kind !== 'directory')) {
      throw new Error(`twice in one package: ${entry.path}`);
    }
    for (const parent of parentsOf(entry.path)) {
      const above = this.#entries.get(parent);
      if (!above) this.#entries.set(parent, { kind: 'directory', path: parent, mode: 0o755 });
      else if (above.kind !== 'directory') throw new Error(`no folder: ${parent}`);
    }
    this.#entries.set(entry.path, entry);
  }
}

/** The order of names in every archive and index: by bytes, whatever the locale says. */
export const compareBytes = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));

const isPlain = (path: string): boolean =>
  path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

function parentsOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
}
