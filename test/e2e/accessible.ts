// What axe finds in a page as it stands.
import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** @returns serious faults and worse, each with the first element that has it */
export async function seriousFaults(page: Page, within = '#view'): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const run = `axe.run(document.querySelector('${within}'), { resultTypes: ['violations'] })`;
  const { violations } = (await page.evaluate(run)) as { violations: readonly Violation[] };
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => {
      return `${id} (${nodes.length}): ${nodes[0]?.html} ${nodes[0]?.failureSummary}`;
    });
}
