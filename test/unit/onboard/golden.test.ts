// Every format in the ways that differ, as files that a person has read field by field (test/vectors/onboard).
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ProfileFile } from '../../../src/onboard/device.ts';
import { formats } from '../../../src/onboard/formats.ts';
import { postQuantum, ways } from './samples.ts';

const cases = formats.flatMap((format) =>
  Object.entries(format.canPostQuantum ? { ...ways, 'post-quantum': postQuantum } : ways)
    .filter(([way, { credential }]) => {
      const isPossible = format.auth.includes(credential.kind);
      return isPossible && !(format.format === 'join' && way === 'asked');
    })
    .map(([way, sample]) => [format, way, sample] as const),
);

describe('a profile', () => {
  test.each(cases)('$format, %s is as it was reviewed', async ({ format, make }, way, sample) => {
    const { file, extras, secret, steps } = make(sample);
    const told = [
      `${file.filename} (${file.type}), secret ${secret}`,
      ...extras.map(({ filename, type }) => `with ${filename} (${type})`),
      ...steps.map((step, i) => `${i + 1}. ${step}`),
      '',
      textOf(file),
    ].join('\n');
    const vector = join(import.meta.dirname, '../../vectors/onboard', `${format}-${way}.txt`);
    await expect(told).toMatchFileSnapshot(vector);
  });

  test('was reviewed in every format', () => {
    expect(new Set(cases.map(([{ format }]) => format)).size).toBe(formats.length);
  });
});

const textOf = ({ content }: ProfileFile): string =>
  typeof content === 'string' ? content : Buffer.from(content).toString('base64');
