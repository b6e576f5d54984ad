// What the processor can do for cryptography, by the kernel's word.
import type { ReadFile } from './host.ts';

/** @returns names as /proc/cpuinfo has them */
export function cpuFeatures(read: ReadFile): readonly string[] {
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(read('/proc/cpuinfo') ?? '');
  const words = new Set(line?.[1]?.split(/\s+/));
  return wanted.filter((name) => words.has(name));
}

const wanted = [
  ...['aes', 'pclmulqdq', 'avx2', 'vaes', 'vpclmulqdq', 'avx512f', 'sha_ni'],
  ...['asimd', 'pmull', 'sha1', 'sha2', 'sve'],
];
