// Our connection for libreswan, read by libreswan of two generations: addconn takes every line, algparse every algorithm.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { libreswanConnection } from '../../src/onboard/libreswan.ts';
import { suite, suiteNames } from '../../src/transforms/suites.ts';
import { attempt, type Outcome } from '../lab/command.ts';
import { type Peer, peerRoot } from '../lab/ready.ts';
import { skipWithout } from '../lab/stage.ts';
import { certificate, onboarding } from '../unit/onboard/samples.ts';

const versions = ['libreswan-4', 'libreswan-5'] as const;
skipWithout(...versions.map((version): Peer => `peer ${version}`));

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ikev2-libreswan-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A program of that version, with its own libraries. */
function run(version: string, program: string, ...argv: readonly string[]): Promise<Outcome> {
  const script = `mount --bind '${peerRoot(version)}/usr' /usr && exec /usr/libexec/ipsec/${program} "$@"`;
  return attempt(['unshare', '-m', 'sh', '-c', script, 'sh', ...argv], { limit: 20_000 });
}

describe.each(versions)('%s', (version) => {
  test.each(['all', 'home'] as const)('takes every line, with routing %s', async (routing) => {
    const file = join(folder, `${version}-${routing}.conf`);
    const { file: newer, extras } = libreswanConnection(onboarding(certificate, { routing }));
    const [older] = extras;
    const { content = '' } = version === 'libreswan-4' ? (older ?? {}) : newer;
    writeFileSync(file, content);

    const checked = await run(version, 'addconn', '--config', file, '--checkconfig');

    expect(checked).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test('takes no line that it does not know, so that the test above says something', async () => {
    const file = join(folder, `${version}-wrong.conf`);
    writeFileSync(file, 'conn home\n\tleftfoot=yes\n');

    expect((await run(version, 'addconn', '--config', file, '--checkconfig')).code).not.toBe(0);
  });

  test.each(suiteNames)('knows every algorithm of suite %s', async (name) => {
    const { content } = libreswanConnection(onboarding(certificate, {}, suite(name))).file;
    for (const option of ['ike', 'esp']) {
      const value = new RegExp(`^\\t${option}=(.*)$`, 'm').exec(`${content}`)?.[1];
      const parsed = await run(version, 'algparse', '-v2', `${option}=${value}`);
      expect(parsed.code, `${parsed.stdout}${parsed.stderr}`).toBe(0);
    }
  });
});
