// A vitest reporter: says why tests were skipped, and leaves the counts for `make test` to add up.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

export default class Tally implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const reasons = new Map<string, number>();
    const files = Object.fromEntries(
      modules.map((module) => [module.relativeModuleId, countsOf(module, reasons)]),
    );
    for (const [reason, times] of reasons) process.stdout.write(`  ${times} × ${reason}\n`);
    leave({ files, errors: errors.map((error) => firstLine(error)) });
  }
}

function countsOf(module: TestModule, reasons: Map<string, number>) {
  const outside = module.errors().map((error) => `${module.relativeModuleId}: ${error.message}`);
  const counts = { passed: 0, failed: outside.length > 0 ? 1 : 0, skipped: 0 };
  const failures: string[] = outside;
  const retried: string[] = [];
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    if (state === 'pending') continue;
    counts[state] += 1;
    if (state === 'skipped') count(reasons, reasonOf(test));
    if (state === 'failed') failures.push(failureOf(test, module));
    if (test.diagnostic()?.flaky) retried.push(failureOf(test, module));
  }
  return { ...counts, failures, retried };
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  return note ?? test.fullName;
}

/** File, name, and what each try said, so that a log's last lines tell what to look for. */
function failureOf(test: TestCase, module: TestModule): string {
  const said = (test.result().errors ?? []).map((error) => `    ${firstLine(error)}`);
  return [`${module.relativeModuleId} > ${test.fullName}`, ...new Set(said)].join('\n');
}

const firstLine = (error: unknown): string =>
  String(error instanceof Error || isMessage(error) ? error.message : error)
    .split('\n', 3)
    .join(' ')
    .slice(0, 300);

const isMessage = (error: unknown): error is { message: string } =>
  typeof error === 'object' && error !== null && 'message' in error;

const count = (reasons: Map<string, number>, reason: string): void =>
  void reasons.set(reason, (reasons.get(reason) ?? 0) + 1);

function leave(counts: object): void {
  const file = process.env['TALLY_FILE'];
  if (!file) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(counts));
}
