// How the tests of problems are written: a good file, one or a few lines put in, and what must be said about them.
import { expect } from 'vitest';
import { loadConfiguration } from '../../../src/config/load.ts';

/** A file without any problem; a case puts its line behind the section that it names. */
export const sections = {
  service: "config service 'main'\n\toption identity 'vpn.example.org'\n",
  pool: "config pool 'roaming'\n\tlist range '10.3.0.0/24'\n",
  certificate:
    "config certificate 'gateway'\n\toption file '/etc/ikev2/gw.pem'\n\toption key '/etc/ikev2/gw.key'\n",
  authority: "config authority 'home'\n\toption file '/etc/ikev2/ca.pem'\n",
  psk: "config psk 'all'\n\toption secret 'correct horse battery staple'\n",
  phones: "config connection 'phones'\n\toption pool 'roaming'\n",
  shared: "config connection 'shared'\n\toption local_auth 'psk'\n",
  cabin:
    "config connection 'cabin'\n\toption role 'initiator'\n\toption local_auth 'psk'\n\tlist remote 'cabin.example.org'\n",
};
export type Name = keyof typeof sections;

/** @returns the text, and the number of the first line that was put in */
export function fileWith(
  into: Name,
  lines: string,
): { readonly text: string; readonly line: number } {
  let text = '';
  let line = 0;
  for (const [name, section] of Object.entries(sections)) {
    text += section;
    if (name !== into) continue;
    line = text.split('\n').length;
    text += `${lines}\n`;
  }
  return { text, line };
}

export interface Case {
  readonly into: Name;
  readonly lines: string;
  readonly option: string;
  readonly why: RegExp;
  readonly cure: RegExp;
  /** Which of the lines put in is at fault, from 0. */
  readonly at?: number;
}

/** Exactly one problem of that severity, in its place, with its cure; an error leaves no configuration. */
export function expectProblem(
  severity: 'error' | 'warning',
  { into, lines, option, why, cure, at = 0 }: Case,
): void {
  const { text, line } = fileWith(into, lines);
  const { problems, configuration } = loadConfiguration(text);
  const found = problems.filter((problem) => problem.severity === severity);
  expect(found.map((problem) => problem.why)).toEqual([expect.stringMatching(why)]);
  const [problem] = found;
  expect(problem?.cure).toMatch(cure);
  expect(problem?.option ?? '').toBe(option);
  expect(problem?.section).toBe(labelAt(text, problem?.line ?? 0));
  const isMissing = option !== '' && !new RegExp(`${option}\\b`).test(lines);
  if (!isMissing) expect(problem?.line).toBe(line + at);
  expect(configuration === undefined).toBe(severity === 'error');
}

/** The section that a line of the file belongs to, as the owner knows it. */
function labelAt(text: string, line: number): string {
  const heads = text
    .split('\n')
    .slice(0, line)
    .filter((each) => each.startsWith('config'));
  const [, type, name] = /^config (\w+)(?: '?(\w+)'?)?$/.exec(heads.at(-1) ?? '') ?? [];
  const index = heads.filter((head) => head.split(' ')[1] === type).length - 1;
  return name ? `${type} '${name}'` : `@${type}[${index}]`;
}
