import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { configurationPage } from '../../../src/config/document.ts';
import { loadConfiguration } from '../../../src/config/load.ts';
import { sectionTypes } from '../../../src/config/options.ts';
import { describe as describeOption } from '../../../src/schema/describe.ts';

const committed = (path: string) =>
  readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('docs/configuration.md', () => {
  test('is what the table of options says; else run: node cross/gen-docs.mjs', () => {
    expect(committed('docs/configuration.md')).toBe(configurationPage());
  });

  const options = Object.entries(sectionTypes).flatMap(
    ([
      type,
      {
        options: { shape },
      },
    ]) => Object.entries(shape).map(([name, schema]) => [`${type}.${name}`, schema] as const),
  );
  test.each(options)('%s is explained in one sentence', (_, schema) => {
    const description = describeOption(schema);
    expect(description?.help).toMatch(/^[^.].*[^.]\.$/);
    expect(description?.takes).toMatch(/\w/);
  });

  test('two options of one kind keep their own descriptions', () => {
    const { file, key } = sectionTypes.certificate.options.shape;
    expect(describeOption(file)?.help).not.toBe(describeOption(key)?.help);
  });
});

describe('the example that is shipped', () => {
  const example = committed('openwrt/ikev2-ts/files/ikev2.config');
  /** With the marks before options and sections taken away. */
  const active = example.replace(/^#(?=config|\t)/gm, '').replace("enabled '0'", "enabled '1'");

  test('does nothing and has no problem', () => {
    const { problems, configuration } = loadConfiguration(example);
    expect(problems).toEqual([]);
    expect(configuration?.service.enabled).toBe(false);
    expect(configuration?.policy.connections).toEqual([]);
  });

  test('brings no secret along: somebody would leave it as it is', () => {
    const { problems } = loadConfiguration(active);
    const lacking = problems.filter((problem) => problem.option === 'psk');
    expect(lacking).toHaveLength(3);
    expect(problems).toEqual(lacking);
  });

  test('works when its marks are taken away and secrets are filled in', () => {
    let count = 0;
    const filled = active.replace(/psk ''/g, () => `psk 'a long and random text ${count++}'`);
    const { problems, configuration } = loadConfiguration(filled);
    expect(problems).toEqual([]);
    expect(configuration?.policy.connections.map(({ name }) => name)).toEqual([
      'phones',
      'shared',
      'office',
      'cabin',
    ]);
  });
});
