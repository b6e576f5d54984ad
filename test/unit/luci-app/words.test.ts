// The page says in German what the gateway says in English: whether it knows every sentence again.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPo } from '../../../cross/gen-po.mjs';
import { sentences } from '../../../cross/sentences.mjs';
import { formats } from '../../../src/onboard/formats.ts';
import { root } from '../../lab/checkout.ts';
import { certificate, onboarding, password } from '../onboard/samples.ts';

const resources = join(root, 'luci-app/htdocs/luci-static/resources/ikev2');
const german = readPo(readFileSync(join(root, 'luci-app/po/de/ikev2.po'), 'utf8'));
const shapes = [...sentences().keys()];

interface Words {
  say(text: string): Promise<string>;
  inOurLanguage(method: string, answer: object): Promise<object>;
}

/** A module as LuCI's loader evaluates it. */
function load(name: string, env: Readonly<Record<string, unknown>>): unknown {
  const source = readFileSync(join(resources, `${name}.js`), 'utf8');
  const all = { baseclass: { extend: (members: object) => members }, ...env };
  return new Function(...Object.keys(all), source)(...Object.values(all));
}

const words = load('words', {
  window: { TR: Object.fromEntries(german) },
  _: (id: string) => german.get(id) ?? id,
  L: { require: async (name: string) => load(name.replace('ikev2.', ''), {}) },
}) as Words;

const filled = (text: string): string => {
  let n = 0;
  return text.replace(/%s/g, () => `Q${++n}`);
};

test('sentences are found wherever the gateway says them', () => {
  expect(shapes.length).toBeGreaterThan(500);
  for (const known of ['%s days are left', 'wrong password for user «%s»', 'clock'])
    expect(shapes).toContain(known);
});

test.each(shapes)('«%s» is known again, with what stands in it', async (shape) => {
  const inGerman = german.get(shape);
  expect(inGerman).toMatch(/\S/);
  expect(await words.say(filled(shape))).toBe(filled(inGerman ?? ''));
});

test('a sentence may begin in upper case, end without a stop, and stand within another', async () => {
  expect(await words.say('The peer sent no certificate.')).toBe(
    'Die Gegenseite hat kein Zertifikat geschickt.',
  );
  expect(await words.say('no tunnel for a packet that waits: the peer sent no certificate')).toBe(
    'kein Tunnel für ein Paket, das wartet: die Gegenseite hat kein Zertifikat geschickt',
  );
  expect(await words.say('2.1 s: came again: it has not got our answer')).toBe(
    '2.1 s: kam noch einmal: unsere Antwort ist nicht angekommen',
  );
});

test('names and what nobody knows stay as they are', async () => {
  const answer = { devices: [{ name: 'clock', barred: 'anna is disabled' }], line: 'clock' };
  expect(await words.inOurLanguage('devices', answer)).toEqual({
    devices: [{ name: 'clock', barred: 'anna ist ausgeschaltet' }],
    line: 'clock',
  });
  expect(await words.say('wrong password for user «clock»')).toContain('«clock»');
  expect(await words.say('purple monkey dishwasher')).toBe('purple monkey dishwasher');
});

test('a long text from a peer takes no time', async () => {
  const answer = { says: `${'a : '.repeat(100_000)}`, why: `${'x has '.repeat(160)}` };
  const start = performance.now();
  await words.inOurLanguage('attempts', answer);
  expect(performance.now() - start).toBeLessThan(5000);
});

describe('steps of a profile', () => {
  const cases = formats.flatMap((one) => one.auth.map((kind) => ({ ...one, kind })));
  test.each(cases)('$format, with a $kind, are all known', async ({ make, kind }) => {
    const { steps } = make(onboarding(kind === 'password' ? password : certificate));
    for (const step of steps) {
      if (!/^(sudo|nmcli) /.test(step)) expect(await words.say(step)).not.toBe(step);
    }
  });
});
