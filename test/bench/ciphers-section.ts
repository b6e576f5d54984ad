// Each implementation of the two AEADs on one core, OpenSSL's EVP and intel-ipsec-mb beside them. The C program takes
// turns by itself.
import { existsSync } from 'node:fs';
import { inCheckout } from '../lab/checkout.ts';
import { run } from '../lab/command.ts';
import type { Figures } from './probes.ts';
import type { Section } from './section.ts';

const PROGRAM = inCheckout('build/native/plain/bench_aead');
const SIZES = [64, 256, 1408, 8192] as const;
const LIMIT = 600_000;

/** As the program calls them, with the key's length in bits. */
const NAMES = [
  'aes-gcm vaes+vpclmul 128',
  'aes-gcm aes-ni+pclmul 128',
  'aes-gcm armv8+pmull 128',
  'aes-gcm portable 128',
  'aes-gcm openssl-evp 128',
  'aes-gcm ipsec-mb-sse 128',
  'aes-gcm ipsec-mb-avx2 128',
  'aes-gcm ipsec-mb-avx512 128',
  'aes-gcm vaes+vpclmul 256',
  'aes-gcm aes-ni+pclmul 256',
  'aes-gcm openssl-evp 256',
  'aes-gcm ipsec-mb-avx2 256',
  'chacha20-poly1305 avx512 256',
  'chacha20-poly1305 avx2 256',
  'chacha20-poly1305 ssse3 256',
  'chacha20-poly1305 neon 256',
  'chacha20-poly1305 portable 256',
  'chacha20-poly1305 openssl-evp 256',
];

export function ciphers(): Section {
  return {
    key: 'ciphers',
    title: 'AEADs on one core, GB/s: a new nonce and 8 bytes of additional data for each packet',
    rows: NAMES.map((name) => ({
      key: name,
      title: name,
      whyNot: () => (existsSync(PROGRAM) ? undefined : 'make -C native bench-tools'),
      measure: async () => {
        const figures = (await measureAll()).get(name);
        if (!figures) throw new Error('not on this processor');
        return figures;
      },
    })),
    figures: ['seal', 'open'].flatMap((way) =>
      SIZES.map((bytes) => ({ key: `${way}${bytes}`, title: `${way} ${bytes} B`, digits: 2 })),
    ),
    seconds: 3,
    once: true,
  };
}

let measured: Promise<ReadonlyMap<string, Figures>> | undefined;
function measureAll(): Promise<ReadonlyMap<string, Figures>> {
  measured ??= Promise.all([]).then(async () => {
    const gcm = await run([PROGRAM, 'aes-gcm'], { limit: LIMIT });
    const chacha = await run([PROGRAM, 'chacha20'], { limit: LIMIT });
    return parse(`${gcm}${chacha}`);
  });
  return measured;
}

/** A head «seal, GB/s …» or «open, GB/s …», then a line for each: its name and a column for each size. */
function parse(text: string): Map<string, Figures> {
  const all = new Map<string, Record<string, number>>();
  let way = '';
  for (const line of text.split('\n')) {
    way = /^(seal|open),/.exec(line)?.[1] ?? way;
    const [, name = '', numbers = ''] = /^ {2}(\S.*?)((?: +[\d.]+){4})$/.exec(line) ?? [];
    if (name === '') continue;
    const figures = all.get(name.trim()) ?? {};
    for (const [at, value] of numbers.trim().split(/ +/).entries()) {
      figures[`${way}${SIZES[at]}`] = Number(value);
    }
    all.set(name.trim(), figures);
  }
  return all;
}
