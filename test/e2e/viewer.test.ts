// Who may only look: a login that has the `read` half of our rights in rpcd, and not the `write` half. Every page shows
// something, nothing can be changed, and no secret is handed out.
// The pages Server and «Sites and clients» showed such a login the error of a script: rpcd gives it no configuration.
import { expect, test } from 'vitest';
import { theatre } from './played.ts';

const play = theatre();
const family = [{ name: 'annas-iphone', platform: 'ios' }, { name: 'berts-laptop' }];
/** What shows more or less, or asks the gateway how it is. */
const harmless = ['Details', 'Pause', 'Test now', 'Report for whoever helps'];

test.each([
  ['overview', '.ikev2-row'],
  ['devices', '.ikev2-device'],
  ['server', 'text=These settings hold secrets'],
  ['sites', 'text=These settings hold secrets'],
  ['certificates', 'h2'],
  ['diagnosis', 'h2'],
] as const)('sees %s, and changes nothing', async (name, sign) => {
  const { gateway, web, open, close } = await play(family);
  web.isReadOnly = true;
  const { page, context, faults, strangers } = await open(`vpn/ikev2/${name}`);
  await page.locator(`#view >> ${sign}`).first().waitFor();

  const buttons = await page.locator('#view :not(th) > button:enabled').allInnerTexts();
  const active = buttons.filter((text) => !harmless.includes(text.trim()));

  expect(active).toEqual([]);
  expect(gateway.calls).toEqual([]);
  expect(faults).toEqual([]);
  expect(strangers).toEqual([]);
  await context.close();
  close();
});
