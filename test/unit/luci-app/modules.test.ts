// The modules of the web page, judged by what LuCI's loader and its `E` do with them: a checker of our own, because a
// `return` outside of a function, which that loader wants, is no JavaScript to others.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../lab/checkout.ts';

const resources = join(root, 'luci-app/htdocs/luci-static/resources');
const files = readdirSync(resources, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.js'),
);
const builtIn = [
  'baseclass',
  'view',
  'dom',
  'poll',
  'request',
  'rpc',
  'uci',
  'ui',
  'form',
  'fs',
  'uqr',
];

const sourceOf = (file: string): string => readFileSync(join(resources, file), 'utf8');
const requiredBy = (source: string): { module: string; alias: string }[] =>
  [...source.matchAll(/^'require (\S+?)(?: as (\w+))?';$/gm)].map(([, module = '', alias]) => ({
    module,
    alias: alias ?? module,
  }));

test('there are modules', () => {
  expect(files.length).toBeGreaterThan(10);
});

describe.each(files)('%s', (file) => {
  const source = sourceOf(file);
  const required = requiredBy(source);

  test('is what the loader takes: strict, and one class returned at the end', () => {
    expect(source.startsWith("'use strict';\n")).toBe(true);
    expect(() => new Function(...required.map(({ alias }) => alias), source)).not.toThrow();
    // What is not a function does not exist below the return.
    const end = source.search(/^return (baseclass|view)\.extend\(/m);
    expect(end).toBeGreaterThan(0);
    expect(source.slice(end)).toMatch(/^return .*\n(?:\t.*\n|\n)*\}\);\n$/);
  });

  test('requires what is there and what it uses', () => {
    const own = files.map((one) => one.replace(/\.js$/, '').replaceAll('/', '.'));
    for (const { module, alias } of required) {
      expect([...builtIn, ...own]).toContain(module);
      const isUsed = new RegExp(`\\b${alias}\\b`).test(source.replace(/^'require .*$/gm, ''));
      expect(isUsed, `${alias} is used`).toBe(true);
    }
  });

  test('makes no HTML of texts, and asks no other host', () => {
    expect(source).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b/);
    // A sentence may show how an address looks, by a name that belongs to nobody (RFC 2606).
    const ours = source.replaceAll('http://www.w3.org/2000/svg', '');
    expect(ours).not.toMatch(/https?:\/\/(?![\w.]*\bexample\.org\b)[a-z]/);
    // `E(tag, {…}, text)` would be HTML; `E(tag, {…}, [ text ])` is a text.
    const bare =
      /\bE\('\w+', \{[^{}]*\}, (?:_\(|'[^']|`|(?!(?:children|words|detail|steps|items|nodes)\))[\w.]+\))/;
    expect(bare.exec(source)?.[0]).toBeUndefined();
  });

  test('is indented with tabs and no longer than a person reads', () => {
    expect(source).not.toMatch(/^ {2,}\S/m);
    expect(source.split('\n').length).toBeLessThan(400);
    expect(basename(file)).toMatch(/^(\d+_)?[a-z0-9-]+\.js$/);
  });
});
