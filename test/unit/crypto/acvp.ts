// The ACVP files of NIST for ML-KEM, whole, where they lie beside the checkout.
import { existsSync, readFileSync } from 'node:fs';
import { ml_kem512, ml_kem768, ml_kem1024 } from '@noble/post-quantum/ml-kem.js';
import { expect, test } from 'vitest';
import { fromHex, toHex } from '../../../src/base/bytes.ts';
import { noble } from '../../../src/crypto/noble/index.ts';
import { BadPublicValue } from '../../../src/crypto/primitives.ts';
import { dealing } from './vectors.ts';

type Fields = Readonly<Record<string, string>> & { readonly testPassed?: boolean };
interface Group {
  readonly parameterSet: keyof typeof sets;
  readonly function?: string;
  /** Older files give a decapsulation key once for a group. */
  readonly dk?: string;
  readonly tests: readonly Fields[];
}

const sets = {
  'ML-KEM-512': { ours: noble.mlKem512, below: ml_kem512 },
  'ML-KEM-768': { ours: noble.mlKem768, below: ml_kem768 },
  'ML-KEM-1024': { ours: noble.mlKem1024, below: ml_kem1024 },
} as const;

type Judge = (group: Group, one: Fields) => Readonly<Record<string, string | boolean>>;
/** What we make of a test, in their words, so that it may be compared to what they expect. */
const judges: Readonly<Record<string, Judge>> = {
  keyGen: ({ parameterSet }, { d, z }) => {
    const seed = () => fromHex(`${d}${z}`);
    const { publicKey, secretKey } = sets[parameterSet].below.keygen(seed());
    expect(sets[parameterSet].ours.offer(dealing(seed())).value).toEqual(publicKey);
    return { ek: toHex(publicKey), dk: toHex(secretKey) };
  },
  encapsulation: ({ parameterSet }, { ek, m }) => {
    const { value, shared } = sets[parameterSet].ours.answer(dealing(hex(m)), hex(ek));
    return { c: toHex(value), k: toHex(shared.bytes) };
  },
  // Ours makes its own key of a seed and takes none that comes written out: the library below it does.
  decapsulation: ({ parameterSet, dk }, one) => ({
    k: toHex(sets[parameterSet].below.decapsulate(hex(one['c']), hex(one['dk'] ?? dk))),
  }),
  encapsulationKeyCheck: ({ parameterSet }, { ek }) => {
    try {
      sets[parameterSet].ours.answer(dealing(new Uint8Array(32)), hex(ek));
      return { testPassed: true };
    } catch (error) {
      expect(error).toBeInstanceOf(BadPublicValue);
      return { testPassed: false };
    }
  },
};
const hex = (text: string | undefined): Uint8Array => fromHex((text ?? '').toLowerCase());

export function testAcvp(): void {
  for (const mode of ['keyGen', 'encapDecap']) {
    const folder = new URL(
      `../../../../shared/vectors/acvp/ML-KEM-${mode}-FIPS203/`,
      import.meta.url,
    );
    if (!existsSync(folder)) {
      test.skip(
        `all ACVP tests of ML-KEM ${mode} (skipped: the files are not beside the checkout)`,
      );
      continue;
    }
    const groups = (name: string) =>
      (JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as { testGroups: Group[] })
        .testGroups;
    test(`all ACVP tests of ML-KEM ${mode}`, { timeout: 60_000 }, () => {
      const expected = groups('expectedResults.json');
      for (const [i, group] of groups('prompt.json').entries()) {
        const judge = judges[group.function ?? mode];
        if (!judge) continue;
        for (const [j, one] of group.tests.entries()) {
          check(judge(group, one), expected[i]?.tests[j]);
        }
      }
    });
  }
}

function check(ours: ReturnType<Judge>, theirs: Fields | undefined): void {
  for (const [name, value] of Object.entries(ours)) {
    const wanted: unknown = theirs?.[name];
    const said = typeof wanted === 'string' ? wanted.toLowerCase() : wanted;
    expect(value, `${name} of test ${theirs?.['tcId']}`).toBe(said);
  }
}
