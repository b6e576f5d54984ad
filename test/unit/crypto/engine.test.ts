import { describe, expect, test } from 'vitest';
import { createEngine } from '../../../src/crypto/engine.ts';
import { noble } from '../../../src/crypto/noble/index.ts';
import { node } from '../../../src/crypto/node/index.ts';
import type { PrimitiveName, Primitives } from '../../../src/crypto/primitives.ts';

const names = Object.keys(noble) as PrimitiveName[];
const without = (gone: PrimitiveName): Partial<Primitives> => {
  const { [gone]: _, ...rest } = node;
  return rest;
};

describe('auto', () => {
  test('takes from node:crypto what passes the self-test, here everything but ML-KEM', () => {
    const { primitives, served, refused } = createEngine('auto');
    expect(refused).toEqual([]);
    expect(Object.keys(served).sort()).toEqual([...names].sort());
    expect(names.filter((name) => !(name in node))).toEqual(['mlKem512', 'mlKem768', 'mlKem1024']);
    for (const name of names) {
      expect(served[name]).toBe(name in node ? 'node' : 'noble');
      expect(primitives[name]).toBe(node[name] ?? noble[name]);
    }
  });

  test('puts noble in the place of what node:crypto lacks, and calls that no fault', () => {
    const { primitives, served, refused } = createEngine('auto', without('chacha20Poly1305'));
    expect(primitives.chacha20Poly1305).toBe(noble.chacha20Poly1305);
    expect(served).toMatchObject({ chacha20Poly1305: 'noble', aesGcm: 'node' });
    expect(refused).toEqual([]);
  });

  test('puts noble in the place of what fails the self-test, and says why', () => {
    const wrong = { outBytes: 32, digest: () => new Uint8Array(32) };
    const { primitives, served, refused } = createEngine('auto', { ...node, sha256: wrong });
    expect(primitives.sha256).toBe(noble.sha256);
    expect(served).toMatchObject({ sha256: 'noble', sha384: 'node' });
    expect(refused).toEqual([{ name: 'sha256', why: 'it computes wrong' }]);
  });
});

describe('node', () => {
  test('serves like auto where all is well', () => {
    expect(createEngine('node').served).toEqual(createEngine('auto').served);
  });

  test('does not fall back in silence', () => {
    const wrong = { outBytes: 32, digest: () => new Uint8Array(32) };
    expect(() => createEngine('node', { ...node, sha256: wrong })).toThrow(
      'engine «node» is not fit to serve: sha256: it computes wrong',
    );
  });

  test('still takes from noble what node:crypto never had', () => {
    expect(createEngine('node', without('x25519')).served).toMatchObject({ x25519: 'noble' });
  });
});

test('noble takes nothing from node:crypto', () => {
  const { primitives, served, refused } = createEngine('noble');
  expect(primitives).toEqual(noble);
  expect(new Set(Object.values(served))).toEqual(new Set(['noble']));
  expect(refused).toEqual([]);
});
