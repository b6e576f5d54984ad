import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadConfiguration } from '../../../src/config/load.ts';
import { laterSectionTypes, sectionTypes } from '../../../src/config/options.ts';
import { formatProblem } from '../../../src/policy/problem.ts';

const optionNames = Object.values(sectionTypes).flatMap(({ options, later }) => [
  ...Object.keys(options.shape),
  ...later,
]);
const names = ['a', 'b', 'main', '__proto__', 'constructor', ''];
const values = [
  ...['1', '0', 'any', 'psk', 'pubkey', 'initiator', 'dynamic', 'auto', '', '-', '[', '0x', '0s'],
  ...['10.3.0.0/24', '10.3.0.0/33', 'fd00::/64', '::', '1.2.3.4-1.2.3.9', 'x.example.org', '::/0'],
  ...['aes256gcm16-prfsha256-ecp256', 'aes128-sha256', 'legacy', '/a', 'CN=x, O=y', '@#0102', 'é'],
];
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** Mostly files that could be meant, sometimes anything. */
const statement = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...Object.keys(sectionTypes), ...laterSectionTypes, 'x'),
      fc.constantFrom(...names),
    )
    .map(([type, name]) => `config ${type} ${quoted(name)}`),
  fc
    .tuple(
      fc.constantFrom('option', 'list'),
      fc.constantFrom(...optionNames, 'toString', '__proto__'),
      fc.oneof(
        fc.constantFrom(...values),
        fc.constantFrom(...names),
        fc.string({ unit: 'binary' }),
      ),
    )
    .map(([how, name, value]) => `\t${how} ${name} ${quoted(value)}`),
);
const file = fc.oneof(
  { weight: 9, arbitrary: fc.array(statement, { maxLength: 30 }).map((lines) => lines.join('\n')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
);

test('any text gives a configuration or says why not, in single lines', () => {
  let accepted = 0;
  fc.assert(
    fc.property(file, (text) => {
      const { problems, configuration } = loadConfiguration(text);
      const isRefused = problems.some((problem) => problem.severity === 'error');
      expect(configuration === undefined).toBe(isRefused);
      for (const problem of problems) {
        expect(formatProblem(problem)).toMatch(/^[^\p{Cc}]*$/u);
        expect(problem.cure).toMatch(/[.?]$/);
        expect(problem.why).not.toMatch(/\.$/);
        expect(`${problem.why} ${problem.cure}`).not.toMatch(/undefined|Invalid input/);
      }
      if (!isRefused) accepted++;
    }),
    { numRuns: 2000 },
  );
  expect(accepted).toBeGreaterThan(50);
});

test('a secret is in no problem, whatever else is wrong', () => {
  const secret = fc.constantFrom('s3cr3t', '0xs3cr3t', '0ss3cr3t?', 's3cr3t\n', "s3cr3t' x");
  const section = fc.constantFrom(
    (text: string) => `config psk\n\toption secret ${quoted(text)}`,
    (text: string) => `config connection c\n\toption psk ${quoted(text)}`,
    (text: string) => `config psk\n\toption secret '${text}`,
    (text: string) => `config psk\n\tlist secret ${quoted(text)}\n\tlist secret ${quoted(text)}`,
    (text: string) => `config psk\n\toption secrte ${quoted(text)}`,
    (text: string) => `config connection c\n\toption secret ${text}`,
  );
  fc.assert(
    fc.property(file, section, secret, file, (before, put, text, after) => {
      const { problems } = loadConfiguration(`${before}\n${put(text)}\n${after}`);
      expect(JSON.stringify(problems)).not.toContain('s3cr3t');
    }),
    { numRuns: 1000 },
  );
});
