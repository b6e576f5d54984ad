// The page's part of a capture, on a played gateway: the warning before keys, all three files, what went wrong, and who
// may only look.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { seriousFaults } from './accessible.ts';
import { picture } from './pictures.ts';
import { theatre } from './played.ts';

const play = theatre();
const diagnosis = 'vpn/ikev2/diagnosis';
const anna = [{ name: 'annas-iphone' }];
const finished = {
  ...{ id: '3', peer: '<img src=x onerror=alert(1)>', state: 'finished', why: 'full' },
  ...{ since: 1_700_000_000, until: 1_700_000_060, packets: 1200, bytes: 2_000_000, missed: 17 },
  keys: true,
  files: ['capture.pcapng', 'ikev2_decryption_table', 'esp_sa'].map((name) => ({ name, bytes: 9 })),
};

test('keys are warned of before they are recorded', async () => {
  const { gateway, open, close } = await play(anna);
  const { page, context, faults } = await open(diagnosis, { darkMode: true });
  await page.getByLabel('Whom').fill('annas-iphone');
  await page.getByLabel('With keys').check();
  await page.getByRole('button', { name: 'Record', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Whoever has the files can read all that annas-iphone says').waitFor();
  expect(await seriousFaults(page, 'body')).toEqual([]);
  await page.keyboard.press('Escape');
  expect(gateway.calls).toEqual([]);

  await page.getByRole('button', { name: 'Record', exact: true }).click();
  await dialog.getByRole('button', { name: 'Record with keys' }).click();
  await dialog.waitFor({ state: 'hidden' });
  const asked = { peer: 'annas-iphone', seconds: 60, keys: true };
  expect(gateway.calls).toEqual([['capture_start', asked]]);
  expect(faults).toEqual([]);
  await context.close();
  close();
});

test('what is over is fetched in pieces, with its keys beside it, and removed', async () => {
  const { gateway, open, close } = await play(anna);
  const kept: object[] = [finished];
  gateway.answer('captures', () => ({ captures: [...kept] }));
  gateway.answer('capture_fetch', ({ offset = 0 }) =>
    offset === 0 ? { content: btoa('first,'), next: 6 } : { content: btoa('last') },
  );
  gateway.answer('capture_delete', () => ({ deleted: kept.splice(0) && '3' }));
  const { page, context, faults } = await open(diagnosis);
  await page.getByText('17 ESP packets had no room. It was full.').waitFor();
  expect(await page.locator('#view img').count()).toBe(0);
  expect(await seriousFaults(page)).toEqual([]);
  await picture(page, 'capture');

  const saved = new Map<string, string>();
  page.on('download', async (one) => {
    saved.set(one.suggestedFilename(), readFileSync(await one.path(), 'utf8'));
  });
  const save = page.getByRole('button', { name: 'Download' });
  await save.click();
  await save.waitFor({ state: 'hidden' });
  await expect.poll(() => saved.size, { timeout: 20_000 }).toBe(3);
  expect([...saved.keys()].sort()).toEqual([
    'capture-_img_src_x_onerror_alert_1__-3.pcapng',
    'esp_sa',
    'ikev2_decryption_table',
  ]);
  expect(new Set(saved.values())).toEqual(new Set(['first,last']));
  expect(faults).toEqual([]);
  await context.close();
  close();
});

test('what could not be written says why, and who may only look changes nothing', async () => {
  const { gateway, web, open, close } = await play(anna);
  web.isReadOnly = true;
  const failed = { ...finished, state: 'failed', fault: 'its files could not be written (ENOSPC)' };
  gateway.answer('captures', () => ({ captures: [{ ...failed, files: [] }] }));
  const { page, context } = await open(diagnosis, { isPhone: true });
  await page.getByText('its files could not be written (ENOSPC)').waitFor();
  for (const name of ['Record', 'Remove']) {
    expect(await page.getByRole('button', { name, exact: true }).isDisabled()).toBe(true);
  }
  const overflow = 'document.documentElement.scrollWidth - window.innerWidth';
  expect(await page.evaluate(overflow)).toBe(0);
  await context.close();
  close();
});
