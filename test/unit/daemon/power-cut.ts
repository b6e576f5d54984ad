// A file system whose power fails at the n-th operation that changes something: from there on nothing happens any more,
// and what was written and not yet synchronized is gone, or is half there.
import type * as Fs from 'node:fs';

/** The machine is off: whatever is asked of it. */
export class PowerCut extends Error {
  override readonly name = 'PowerCut';
}

/** How much of what was not synchronized is on the disk. */
export type Remains = 'nothing' | 'half' | 'all';

interface Cut {
  left: number;
  readonly remains: Remains;
  /** Files that are not synchronized, by descriptor: where they are by now. */
  readonly dirty: Map<number, string>;
  isOff: boolean;
}
let cut: Cut | undefined;

/** Runs `act` with the power failing after so many operations. @returns whether it failed */
export function losingPower(after: number, remains: Remains, act: () => void): boolean {
  const mine: Cut = { left: after, remains, dirty: new Map(), isOff: false };
  cut = mine;
  try {
    act();
  } catch (error) {
    if (!mine.isOff) throw error;
  } finally {
    cut = undefined;
  }
  return mine.isOff;
}

/** node:fs with a switch before everything that changes the disk. */
export function withSwitch(fs: typeof Fs): typeof Fs {
  const names = [
    'rmSync',
    'fchmodSync',
    'fchownSync',
    'renameSync',
    'fsyncSync',
    'openSync',
  ] as const;
  const switched = names.map((name) => {
    const original = fs[name] as (...words: unknown[]) => unknown;
    return [name, (...words: unknown[]) => operate(fs, name, words, () => original(...words))];
  });
  const writeFileSync = (file: unknown, content: string | Uint8Array, ...rest: unknown[]) =>
    operate(fs, 'writeFileSync', [file], () =>
      (fs.writeFileSync as (...words: unknown[]) => void)(file, content, ...rest),
    );
  return { ...fs, ...Object.fromEntries(switched), writeFileSync };
}

function operate(
  fs: typeof Fs,
  name: string,
  words: readonly unknown[],
  act: () => unknown,
): unknown {
  if (!cut) return act();
  if (cut.isOff || cut.left-- === 0) throw turnOff(fs, cut);
  const result = act();
  const [first, second] = words;
  const isWritten = name === 'openSync' && String(second).startsWith('w');
  if (isWritten && typeof result === 'number') cut.dirty.set(result, String(first));
  if (name === 'fsyncSync') cut.dirty.delete(first as number);
  if (name === 'renameSync') {
    for (const [file, at] of cut.dirty) if (at === first) cut.dirty.set(file, String(second));
  }
  return result;
}

/** A name may be on the disk before the content behind it is: so it is where a file was not synchronized. */
function turnOff(fs: typeof Fs, now: Cut): PowerCut {
  if (!now.isOff && now.remains !== 'all') {
    for (const path of now.dirty.values()) {
      const { size } = fs.statSync(path);
      fs.truncateSync(path, now.remains === 'half' ? Math.floor(size / 2) : 0);
    }
  }
  now.isOff = true;
  return new PowerCut();
}
