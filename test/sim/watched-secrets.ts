// Every secret that is made inside a core while somebody watches. A test mocks `base/secret.ts` by `watching`, for a
// class that everybody imports cannot be watched in another way.
import type { SimHost } from './world.ts';

type Module = typeof import('../../src/base/secret.ts');
let isOn = false;
let born: { readonly isWiped: boolean }[] = [];

/** What stands for the module. */
export async function watching(original: () => Promise<Module>): Promise<Module> {
  const real = await original();
  class WatchedSecret extends real.Secret {
    constructor(bytes: Uint8Array) {
      super(bytes);
      if (isOn) born.push(this);
    }
  }
  return { ...real, Secret: WatchedSecret };
}

/** Forgets those of before. */
export function forgetSecrets(): void {
  born = [];
}

/** How many were made, and how many of them still hold their bytes. */
export const secretsMade = (): number => born.length;
export const secretsLeft = (): number => born.filter(({ isWiped }) => !isWiped).length;

/** Watches what the core of a host makes from here on. */
export function watchSecrets(host: SimHost): void {
  const { core } = host;
  const handle = core.handle.bind(core);
  core.handle = (now, input) => {
    isOn = true;
    try {
      return handle(now, input);
    } finally {
      isOn = false;
    }
  };
}
