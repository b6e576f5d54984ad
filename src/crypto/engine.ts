// Chooses at start which engine serves each primitive: node:crypto because it is fast (on a router OpenSSL with its
// ARMv8 assembly), noble because it is always there.
import { noble } from './noble/index.ts';
import { node } from './node/index.ts';
import type { PrimitiveName, Primitives } from './primitives.ts';
import { whyUnfit } from './self-test.ts';

/**
 * The option `engine`. `auto` falls back to noble primitive by primitive; `node` rather refuses to start than to fall
 * back from a primitive that node:crypto should have.
 */
export type EngineMode = 'auto' | 'node' | 'noble';
/** Who serves a primitive. */
export type EngineName = 'node' | 'noble';

/** The primitives, and who serves each. */
export interface ServedEngine {
  readonly primitives: Primitives;
  readonly served: Readonly<Record<PrimitiveName, EngineName>>;
  /** Primitives of node:crypto that noble replaces, because they failed the self-test. */
  readonly refused: readonly Refused[];
}
/** One that failed, and how. */
export interface Refused {
  readonly name: PrimitiveName;
  readonly why: string;
}

/**
 * Runs the self-test unless the mode is `noble`: about 20 ms on one x86 core.
 * @param native what to try before noble
 * @throws Error in mode `node`, when a primitive of node:crypto fails its self-test
 */
export function createEngine(mode: EngineMode, native: Partial<Primitives> = node): ServedEngine {
  const primitives: { -readonly [N in PrimitiveName]: Primitives[N] } = { ...noble };
  const refused: Refused[] = [];

  function serve<N extends PrimitiveName>(name: N): EngineName {
    const candidate: Primitives[N] | undefined = mode === 'noble' ? undefined : native[name];
    if (!candidate) return 'noble';
    const why = whyUnfit(name, candidate);
    if (why === undefined) {
      primitives[name] = candidate;
      return 'node';
    }
    refused.push({ name, why });
    return 'noble';
  }

  const served = forEach(serve);
  if (mode === 'node' && refused.length > 0) {
    const list = refused.map(({ name, why }) => `${name}: ${why}`).join('; ');
    throw new Error(`engine «node» is not fit to serve: ${list}`);
  }
  return { primitives, served, refused };
}

function forEach<T>(visit: (name: PrimitiveName) => T): Readonly<Record<PrimitiveName, T>> {
  return {
    sha1: visit('sha1'),
    sha256: visit('sha256'),
    sha384: visit('sha384'),
    sha512: visit('sha512'),
    hmacSha1: visit('hmacSha1'),
    hmacSha256: visit('hmacSha256'),
    hmacSha384: visit('hmacSha384'),
    hmacSha512: visit('hmacSha512'),
    aesGcm: visit('aesGcm'),
    chacha20Poly1305: visit('chacha20Poly1305'),
    aesCbc: visit('aesCbc'),
    modp1024: visit('modp1024'),
    modp2048: visit('modp2048'),
    modp3072: visit('modp3072'),
    modp4096: visit('modp4096'),
    p256: visit('p256'),
    p384: visit('p384'),
    x25519: visit('x25519'),
    mlKem512: visit('mlKem512'),
    mlKem768: visit('mlKem768'),
    mlKem1024: visit('mlKem1024'),
  };
}
