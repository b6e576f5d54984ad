// Collects what is wrong with a configuration, each finding with the place where the owner can mend it.
import type { Problem } from '../policy/problem.ts';
import type { UciSection } from './uci.ts';

/** A section, and within it an option, set or not, and which value of a list. */
export interface Place {
  readonly section: UciSection;
  readonly option?: string;
  readonly index?: number;
}

export class Findings {
  readonly #problems: Problem[];

  constructor(problems: readonly Problem[]) {
    this.#problems = [...problems];
  }

  error(place: Place | undefined, why: string, cure: string): void {
    this.#add('error', place, why, cure);
  }

  warning(place: Place | undefined, why: string, cure: string): void {
    this.#add('warning', place, why, cure);
  }

  get hasErrors(): boolean {
    return this.#problems.some((problem) => problem.severity === 'error');
  }

  /** From the top of the file to its end; what concerns the whole file comes last. */
  get problems(): readonly Problem[] {
    const line = (problem: Problem) => problem.line ?? Number.MAX_SAFE_INTEGER;
    return this.#problems.toSorted((a, b) => line(a) - line(b));
  }

  #add(severity: Problem['severity'], place: Place | undefined, why: string, cure: string): void {
    const section = place?.section.label ?? 'the file';
    const line = place && lineOf(place);
    this.#problems.push({ severity, section, option: place?.option, line, why, cure });
  }
}

function lineOf({ section, option, index = 0 }: Place): number {
  const values = option === undefined ? [] : (section.options.get(option)?.values ?? []);
  return (values[index] ?? values[0])?.line ?? section.line;
}
