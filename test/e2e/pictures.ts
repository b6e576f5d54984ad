// Pictures of the pages: into build/e2e at every run, and with PICTURES=1 into docs/pictures, where the manual shows them.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { root } from '../lab/checkout.ts';

export async function picture(page: Page, name: string): Promise<void> {
  const folder = join(root, process.env['PICTURES'] ? 'docs/pictures' : 'build/e2e');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
