// `ikectl capabilities` in words: algorithms as proposals name them, who computes them, and the RFCs spoken.
import type * as z from 'zod/mini';
import type { capabilitiesShape } from '../methods/service.ts';
import { wrap } from './text.ts';

export function formatCapabilities({
  version,
  transforms,
  engine,
  aead,
  cpu,
  extensions,
}: z.infer<typeof capabilitiesShape>): string {
  const engines = [...new Set(Object.values(engine))].map((name): [string, string[]] => {
    const served = Object.keys(engine).filter((primitive) => engine[primitive] === name);
    return [`IKE by ${name}`, served];
  });
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ...Object.entries(kinds).map(([kind, words]) => [words, transforms[kind] ?? []] as const),
    ...engines,
    ['ESP by', [aead]],
    ['processor', cpu.length > 0 ? cpu : ['nothing for cryptography']],
  ];
  return [
    `ikev2d ${version}`,
    ...rows.map(([name, words]) => wrap(name.padEnd(width), words.join(' '), 96)),
    wrap('RFCs'.padEnd(width), rfcs(extensions), 96),
  ].join('\n');
}

/** Each once, with all that it is spoken for. */
function rfcs(extensions: readonly { readonly name: string; readonly rfc: string }[]): string {
  const names = new Map<string, string[]>();
  for (const { name, rfc } of extensions) names.set(rfc, [...(names.get(rfc) ?? []), name]);
  return [...names].map(([rfc, of]) => `${rfc.replace('RFC ', '')} (${of.join(', ')})`).join(', ');
}

const kinds = {
  ENCR: 'ciphers',
  PRF: 'prf',
  INTEG: 'integrity',
  KE: 'key exchange',
  ESN: 'sequence nos.',
} as const;
const width = 15;
