// A page on a played gateway, without a lab: for what takes many devices, or a router in trouble.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { whyNot } from '../lab/ready.ts';
import { type Look, openBrowser, openPage, type Watched } from './browser.ts';
import { type PlayedGateway, playGateway } from './router/played-gateway.ts';
import { UciStore } from './router/uci-store.ts';
import { openWeb, type Web } from './router/web.ts';

export interface Played {
  readonly gateway: PlayedGateway;
  readonly web: Web;
  open(path: string, look?: Look): Promise<Watched>;
  close(): void;
}

/** One browser for the file; @returns plays a gateway with these devices */
export function theatre(): (devices: Parameters<typeof playGateway>[0]) => Promise<Played> {
  let browser: Browser | undefined;
  const why = whyNot('Chromium');
  beforeAll(async () => {
    if (why === undefined) browser = await openBrowser();
  });
  beforeEach((context) => {
    if (why !== undefined) context.skip(`skipped: ${why}`);
  });
  afterAll(() => browser?.close());
  return async (devices) => {
    const gateway = playGateway(devices);
    const folder = mkdtempSync(join(tmpdir(), 'ikev2-etc-'));
    const web = openWeb({
      gateway,
      uci: new UciStore(folder, async () => {}),
      interfaces: [],
      service: { enabled: true },
    });
    const port = await web.listen(0);
    return {
      gateway,
      web,
      async open(path, look) {
        if (!browser) throw new Error('there is no browser');
        web.darkMode = look?.darkMode ?? false;
        return openPage(browser, `http://127.0.0.1:${port}/cgi-bin/luci/admin/${path}`, look);
      },
      close: () => web.close(),
    };
  };
}
