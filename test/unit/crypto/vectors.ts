// Reads vectors, and names what is to be tested with them.
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { noble } from '../../../src/crypto/noble/index.ts';
import { node } from '../../../src/crypto/node/index.ts';
import type { PrimitiveName, Rng } from '../../../src/crypto/primitives.ts';

export const engines = [
  { engine: 'noble', primitives: noble },
  { engine: 'node', primitives: { ...noble, ...node } },
] as const;

/** The cases of a file in test/vectors/crypto. */
export function vectors<Case>(file: string): readonly Case[] {
  const url = new URL(`../../vectors/crypto/${file}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { cases: Case[] }).cases;
}

interface Group<Case> {
  readonly ivSize?: number;
  readonly tagSize?: number;
  readonly tests: readonly Case[];
}
/** What every Wycheproof case has. */
export interface WycheproofCase {
  readonly tcId: number;
  readonly result: 'valid' | 'invalid' | 'acceptable';
}

/**
 * Two tests: our selection of a Wycheproof file, and the whole file where it lies beside the checkout.
 * @param judge says what the engine makes of a case; `acceptable` accepts everything
 * @param usable the groups that IPsec can use
 */
export function testWycheproof<Case extends WycheproofCase>(
  file: string,
  judge: (vector: Case) => WycheproofCase['result'],
  usable: (group: Group<Case>) => boolean = () => true,
): void {
  const check = (cases: readonly Case[]): void => {
    expect(cases.length).toBeGreaterThan(4);
    for (const vector of cases) {
      const verdict = judge(vector);
      if (vector.result === 'acceptable' && verdict !== 'invalid') continue;
      expect(verdict, `case ${vector.tcId}`).toBe(vector.result);
    }
  };
  const name = file.replaceAll('_', '-').replace('-ecpoint', '');
  test(`selected Wycheproof cases of ${file}`, () => check(vectors(`wycheproof-${name}`)));

  const url = new URL(`../../../../shared/vectors/wycheproof/${file}_test.json`, import.meta.url);
  if (!existsSync(url)) {
    test.skip(`all Wycheproof cases of ${file} (skipped: the file is not beside the checkout)`);
    return;
  }
  test(`all Wycheproof cases of ${file}`, { timeout: 60_000 }, () => {
    const { testGroups } = JSON.parse(readFileSync(url, 'utf8')) as { testGroups: Group<Case>[] };
    check(testGroups.filter(usable).flatMap((group) => group.tests));
  });
}

/** A generator that deals out given bytes, in the order of the draws. */
export function dealing(...draws: readonly Uint8Array[]): Rng {
  const left = [...draws];
  return (length) => {
    const next = left.shift();
    if (next?.length !== length) throw new Error(`no draw of ${length} bytes was foreseen`);
    return next;
  };
}

/** Reproducible bytes: xorshift, good enough for inputs. */
export function seeded(seed: number): Rng {
  let state = seed | 1;
  return (length) =>
    Uint8Array.from({ length }, () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state & 0xff;
    });
}

/** The groups: Diffie-Hellman, the same from both sides. */
export const exchanges = [
  'modp1024',
  'modp2048',
  'modp3072',
  'modp4096',
  'p256',
  'p384',
  'x25519',
] as const satisfies readonly PrimitiveName[];

/** The KEMs: their sides differ, and no ciphertext is refused. */
export const kems = [
  'mlKem512',
  'mlKem768',
  'mlKem1024',
] as const satisfies readonly PrimitiveName[];
