// What things weigh: a child in the C module, an IKE SA in JavaScript, the program on flash.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { inCheckout } from '../lab/checkout.ts';
import { run } from '../lab/command.ts';
import type { Figures } from './probes.ts';
import type { Section } from './section.ts';

const MEMORY = inCheckout('build/native/plain/bench_memory');
const SMALL = inCheckout('build/bench/small');

export function weights(): Section {
  return {
    key: 'weight',
    title: 'what things weigh',
    rows: [
      {
        key: 'child',
        title: 'a child in the C module, of 10,000',
        whyNot: () => (existsSync(MEMORY) ? undefined : 'make -C native bench-tools'),
        measure: async () => {
          const [, bytes, microseconds] =
            /bytes ([\d.]+)\nmicroseconds ([\d.]+)/.exec(await run([MEMORY])) ?? [];
          return { kib: Number(bytes) / 1024, install: Number(microseconds) };
        },
      },
      {
        key: 'sa',
        title: 'an IKE SA and its tunnel in JavaScript, of 200',
        whyNot: () => undefined,
        measure: async () => {
          const bundler = [process.execPath, inCheckout('cross/bundle-tool.mjs')];
          const program = (await run([...bundler, 'test/bench/weigh-sas.ts'])).trim();
          const weighing = [process.execPath, '--expose-gc', inCheckout(program)];
          return { kib: Number(await run(weighing, { limit: 120_000 })) / 1024 };
        },
      },
      {
        key: 'bundle',
        title: 'the bundle, minified',
        whyNot: () => undefined,
        measure: async () => {
          const bundler = inCheckout('cross/bundle.mjs');
          await run([process.execPath, bundler, '--minify', '--out', SMALL]);
          return sizes(`${SMALL}/lib/ikev2.mjs`);
        },
      },
      {
        key: 'module',
        title: 'the C module, without symbols',
        whyNot: () => undefined,
        measure: async () => {
          const stripped = `${SMALL}/libikev2esp.so`;
          mkdirSync(SMALL, { recursive: true });
          await run(['strip', '-o', stripped, inCheckout('build/native/libikev2esp.so')]);
          return sizes(stripped);
        },
      },
    ],
    figures: [
      { key: 'kib', title: 'KiB', digits: 1 },
      { key: 'packed', title: 'by gzip', digits: 1 },
      { key: 'install', title: 'µs to install', digits: 1 },
    ],
    seconds: 2,
    once: true,
    counted: true,
  };
}

function sizes(file: string): Figures {
  const bytes = readFileSync(file);
  return { kib: bytes.length / 1024, packed: gzipSync(bytes).length / 1024 };
}
