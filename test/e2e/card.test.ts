// The card on LuCI's status page.
import { expect, test } from 'vitest';
import { seriousFaults } from './accessible.ts';
import { picture } from './pictures.ts';
import { theatre } from './played.ts';

const play = theatre();
const family = [
  { name: 'annas-iphone', platform: 'ios' },
  { name: '<img src=x onerror=alert(1)>', platform: 'android' },
];
const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

test.each([
  ['light', {}],
  ['dark', { darkMode: true }],
  ['phone', { isPhone: true }],
])('says who is connected, readable and as text: %s', async (name, look) => {
  const { open, close } = await play(family);
  const { page, context, faults, strangers } = await open('status/overview', look);
  const card = page.locator('.ikev2-card');
  await card.getByText('Connected at this moment: 2').waitFor();
  expect(await card.locator('strong').allTextContents()).toEqual(family.map((one) => one.name));
  expect(await page.locator('#view img').count()).toBe(0);
  expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0);
  expect(await seriousFaults(page)).toEqual([]);
  await picture(page, `card-${name}`);
  await card.getByRole('link', { name: 'Details' }).click();
  await page.locator('.ikev2-row').first().waitFor();
  expect(faults).toEqual([]);
  expect(strangers).toEqual([]);
  await context.close();
  close();
});

test('names no more than twenty, and says so when the gateway is gone', async () => {
  const { gateway, open, close } = await play(
    Array.from({ length: 500 }, (_, i) => ({ name: `device-${i}` })),
  );
  const { page, context } = await open('status/overview');
  await page.getByText('Connected at this moment: 500').waitFor();
  expect(await page.locator('.ikev2-card strong').count()).toBe(20);
  await page.getByText('and 480 more').waitFor();
  gateway.isThere = false;
  await page.getByText('The gateway is not running').waitFor();
  gateway.isThere = true;
  await page.getByText('Connected at this moment: 500').waitFor();
  await context.close();
  close();
});
