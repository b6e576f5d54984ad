/** Something in the configuration that the owner has to mend: where it stands, what is wrong, what to do. */
export interface Problem {
  /** UCI section as the owner sees it: `connection 'phones'`. */
  readonly section: string;
  readonly option: string | undefined;
  /** Line in the file, where there is one. */
  readonly line: number | undefined;
  readonly why: string;
  readonly cure: string;
  /** `error`: the configuration is refused; `warning`: it works, but not as one may expect. */
  readonly severity: 'error' | 'warning';
}

export function formatProblem(problem: Problem): string {
  return `${problem.severity}: ${describeProblem(problem)}`;
}

/** Without the severity, for where that is told otherwise. */
export function describeProblem({ section, option, line, why, cure }: Problem): string {
  const place = [section, option && `option '${option}'`, line && `line ${line}`].filter(Boolean);
  return `${place.join(', ')}: ${why}. ${cure}`;
}
