// What every operation of the desk works with: the configuration as it is at that moment, the clock, the dice.
import { readFileSync } from 'node:fs';
import type { Configuration } from '../../config/configuration.ts';
import { CannotEdit } from '../../config/edit.ts';
import { loadConfiguration } from '../../config/load.ts';
import type { Making } from '../../pki/issue.ts';
import { formatProblem } from '../../policy/problem.ts';
import type { CheckedConfiguration } from '../../rpc/api.ts';
import { Refused } from '../../rpc/method.ts';
import { isPlausible } from '../clock.ts';
import { forget, type Gathered } from '../gather.ts';
import { codeOf } from '../trouble.ts';

export interface DeskPlace {
  readonly configFile: string;
  readonly now: () => Date;
  readonly random: (bytes: number) => Uint8Array;
  /** The configuration says something else; files that it names may, too. */
  readonly configured: () => Promise<CheckedConfiguration | undefined>;
  /** The proposals in the order that suits the processor, where it is known. */
  readonly inOrder?: (gathered: Gathered) => Gathered;
  /** Only files changed. */
  readonly filesChanged: () => void;
}

/**
 * Certificates and folders of the configuration; an empty one where there is none yet.
 * @param complete adds what a text with errors may lack
 * @throws Refused
 */
export function configurationOf(
  { configFile }: DeskPlace,
  complete?: (text: string) => string,
): Configuration {
  const text = readText(configFile);
  const isLacking = complete !== undefined && loadConfiguration(text).configuration === undefined;
  return parse(isLacking ? complete(text) : text, 'mend the configuration first: ');
}

/** What a text says, without its secrets. @throws Refused where there is an error in it */
export function parse(text: string, preface = ''): Configuration {
  const { configuration, problems } = loadConfiguration(text);
  if (!configuration) {
    const error = problems.find(({ severity }) => severity === 'error');
    throw new Refused(`${preface}${error ? formatProblem(error) : 'it cannot be read'}`);
  }
  forget(configuration);
  return configuration;
}

/** For a certificate from now on. @throws Refused while the clock cannot be true */
export function making({ now, random }: DeskPlace): Making {
  const at = now();
  if (!isPlausible(at)) {
    throw new Refused(
      `the router's clock says ${at.toISOString().slice(0, 10)}: wait until it has the time (NTP)`,
    );
  }
  return { now: at, serial: random(serialBytes) };
}

/** A fresh array each time, since key files are wiped after use. */
export const readWhole = (path: string): Uint8Array => Uint8Array.from(readFileSync(path));

/** @throws Refused where what is wrong is for the owner */
export function now<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw inWords(error);
  }
}

/** @throws Refused where what is wrong is for the owner */
export async function later<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw inWords(error);
  }
}

/** What is wrong with a file or an edit is for the owner. */
function inWords(error: unknown): unknown {
  if (error instanceof CannotEdit) return new Refused(error.message);
  const code = codeOf(error);
  return code !== undefined && error instanceof Error ? new Refused(error.message) : error;
}

/** Empty where there is no file. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

const serialBytes = 16;
