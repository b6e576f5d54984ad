// The configuration file: text of any kind gives problems or settings, and an edit leaves all else as it was.
import { deepStrictEqual } from 'node:assert';
import { readFileSync } from 'node:fs';
import { concat, fromText } from '../../../src/base/bytes.ts';
import { parsePrefix } from '../../../src/base/ip.ts';
import { CannotEdit, removeSection, setOptions } from '../../../src/config/edit.ts';
import { loadConfiguration } from '../../../src/config/load.ts';
import { parseUci } from '../../../src/config/uci.ts';
import { parseIdentity, parseIdentityPattern } from '../../../src/policy/identity.ts';
import { parseProposal } from '../../../src/transforms/parse.ts';
import { mayFail } from '../input.ts';
import type { Target } from '../target.ts';

const good = readFileSync('test/vectors/config/good.config');

export const config: Target = {
  run([what = 0, ...bytes]) {
    const text = Buffer.from(bytes).toString();
    if (what === 1) edit(text);
    else if (what === 2) words(text);
    else loadConfiguration(text);
  },
  seeds: () =>
    [0, 1].flatMap((what) =>
      good
        .toString()
        .split(/\n(?=config)/)
        .map((section) => concat(Uint8Array.of(what), fromText(section))),
    ),
  words: [
    ...["config service 'main'\n", '\toption ', '\tlist ', "'", '"', '\\', '#', ';', '\n'],
    ...['connection', 'pool', 'user', 'device', 'psk', 'local_ts', 'remote_ts', 'proposal'],
    ...['10.3.0.0/24', 'fd00::/8', '::1', '0', '1', 'aes256gcm16-prfsha256-x25519', '%any'],
  ],
};

function edit(text: string): void {
  const section = { type: 'pool', name: 'guests' };
  const before = others(text);
  const changed = mayFail([CannotEdit], () => setOptions(text, section, { a: "o'hara\n", b: [] }));
  if (changed !== undefined) deepStrictEqual(others(changed), before);
  const removed = mayFail([CannotEdit], () => removeSection(text, section));
  if (removed !== undefined) deepStrictEqual(others(removed), before);
}

/** All sections but the one that is edited, as they are read. */
const others = (text: string) =>
  parseUci(text)
    .sections.filter(({ type, name }) => type !== 'pool' || name !== 'guests')
    .map(({ type, name, options }) => [
      ...[type, name],
      ...[...options.values()].map((option) => [
        option.name,
        option.values.map((word) => word.text),
      ]),
    ]);

function words(text: string): void {
  parsePrefix(text);
  parseIdentity(text);
  parseIdentityPattern(text);
  parseProposal('ike', text);
  parseProposal('esp', text);
}
