// What the log says of problems and faults, at the start and later.
import { describeProblem, type Problem } from '../policy/problem.ts';
import type { Log } from '../trace/log.ts';

/** One line each. */
export function tellProblems(log: Log, problems: readonly Problem[]): void {
  for (const problem of problems) {
    if (problem.severity === 'error') log.error(describeProblem(problem));
    else log.warn(describeProblem(problem));
  }
}

/** A fault of ours that costs one answer, not the service. */
export function tellFault(log: Log, error: unknown): void {
  log.error(`bug in ikev2d: ${error instanceof Error ? error.message : error}`);
  if (error instanceof Error && error.stack) log.stack(error.stack);
}
