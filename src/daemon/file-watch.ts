// Notices that files changed, by looking at them from time to time: the same on every file system, and an ACME client
// that replaces a file is seen as well as one that writes into it.
import { type Stats, statSync } from 'node:fs';
import { type Duration, seconds } from '../base/time.ts';

export interface Watched {
  /** @returns how to cancel */
  readonly after: (delay: Duration, run: () => void) => () => void;
  /** Asked anew each time: the configuration may name others. */
  readonly files: () => readonly string[];
  readonly changed: () => void;
  /** Undefined: there is no such file. */
  readonly stat?: (path: string) => Pick<Stats, 'ino' | 'size' | 'mtimeMs'> | undefined;
}

/** Tells of a change once two looks in a row saw the same: who writes two files is done by then. */
export class FileWatch {
  readonly #watched: Watched;
  #known: string;
  #last: string;
  #cancel: () => void;

  constructor(watched: Watched) {
    this.#watched = watched;
    this.#known = this.#look();
    this.#last = this.#known;
    this.#cancel = this.#lookLater();
  }

  /** The files were read as they are now: that is no news any more. */
  settle(): void {
    this.#known = this.#look();
    this.#last = this.#known;
  }

  close(): void {
    this.#cancel();
  }

  #lookLater(): () => void {
    return this.#watched.after(interval, () => {
      this.#cancel = this.#lookLater();
      const now = this.#look();
      const isNews = now !== this.#known && now === this.#last;
      this.#last = now;
      if (!isNews) return;
      this.#known = now;
      this.#watched.changed();
    });
  }

  #look(): string {
    const { files, stat = ofDisk } = this.#watched;
    return files()
      .map((path) => {
        const { ino, size, mtimeMs } = stat(path) ?? {};
        return `${path} ${ino} ${size} ${mtimeMs}`;
      })
      .join('\n');
  }
}

const ofDisk = (path: string): Stats | undefined => {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
};

const interval = seconds(20);
