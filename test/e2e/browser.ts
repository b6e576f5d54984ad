// Debian's Chromium, driven by playwright-core: one browser for a file of tests, which reaches nothing but the router.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Namespace } from '../lab/namespace.ts';

export interface Look {
  readonly darkMode?: boolean;
  /** A phone of 390 pixels. */
  readonly isPhone?: boolean;
}

/** @param host the namespace that it runs in; none: this one */
export async function openBrowser(host?: Namespace): Promise<Browser> {
  return chromium.launch({
    executablePath: host ? startedIn(host) : chromiumPath,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
      ...[
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-dev-shm-usage',
      ],
    ],
  });
}

/** Playwright talks to its browser over pipes, so that it may stand in another network. */
function startedIn(host: Namespace): string {
  const script = join(mkdtempSync(join(tmpdir(), 'ikev2-browser-')), 'chromium');
  const command = host.inside([chromiumPath]).join(' ');
  writeFileSync(script, `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
  return script;
}

/** What went wrong in a page besides what a test looks at. */
export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Faults of scripts, and what LuCI's loader complained about. */
  readonly faults: string[];
  /** Addresses of other hosts that were asked for. */
  readonly strangers: string[];
}

export async function openPage(browser: Browser, url: string, look: Look = {}): Promise<Watched> {
  const size = look.isPhone ? { width: 390, height: 844 } : { width: 1280, height: 900 };
  const context = await browser.newContext({
    viewport: size,
    screen: size,
    isMobile: look.isPhone ?? false,
    hasTouch: look.isPhone ?? false,
    acceptDownloads: true,
    deviceScaleFactor: 1,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const watched: Watched = { page, context, faults: [], strangers: [] };
  const host = new URL(url).hostname;
  page.on('pageerror', (error) => watched.faults.push(`${error.stack}`));
  page.on('console', (message) => {
    if (message.type() === 'error') watched.faults.push(message.text());
  });
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (/^(http|ws)/.test(protocol) && hostname !== host) watched.strangers.push(request.url());
  });
  await page.goto(url);
  return watched;
}

const chromiumPath = '/usr/bin/chromium';
