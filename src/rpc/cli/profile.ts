// A profile on the disk, and what to do with it.
import { basename, dirname, join } from 'node:path';
import type { ProfileView } from '../methods/accounts.ts';
import type { Surroundings } from './command.ts';
import { write } from './files.ts';

/** Beside it the files that go with it. @returns where it is. @throws Usage */
export function writeProfile(profile: ProfileView, out: string | undefined): string {
  const file = out ?? profile.filename;
  write(file, bytesOf(profile));
  for (const extra of profile.extras) write(join(dirname(file), extra.filename), bytesOf(extra));
  return file;
}

/** The steps, with the name that the file was given. */
export const stepsFor = ({ filename, steps }: ProfileView, file: string): readonly string[] =>
  steps.map((step) => step.replaceAll(filename, basename(file)));

export function tellProfile(profile: ProfileView, file: string, around: Surroundings): void {
  const { extras, secret } = profile;
  const more = extras.map(({ filename }) => join(dirname(file), filename));
  around.print(`${[file, ...more].join(', ')}: what it connects with`);
  for (const [i, step] of stepsFor(profile, file).entries()) around.print(`  ${i + 1}. ${step}`);
  if (secret === 'inside')
    around.print('Whoever has it gets in: carry it there yourself, and delete it then.');
}

const bytesOf = ({ encoding, content }: Pick<ProfileView, 'encoding' | 'content'>): Buffer =>
  Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8');
