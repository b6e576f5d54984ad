// A router without room: /tmp is full and /etc cannot be written. The gateway goes on, and says what it could not do.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { program } from '../lab/checkout.ts';
import { runNow } from '../lab/command.ts';
import { skipWithout } from '../lab/stage.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ikev2-hardship-'));
});
skipWithout('our gateway');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a script in namespaces of its own, with a gateway whose run directory is on a small disk. */
function play(script: string): string {
  const config = `
config service 'main'
	option folder '${folder}/etc'
	option websocket 'none'

config pool 'lan'
	list range '10.3.0.0/24'
`;
  runNow(['mkdir', '-p', join(folder, 'etc'), join(folder, 'disk')]);
  writeFileSync(join(folder, 'etc/ikev2'), config, { mode: 0o600 });
  const lines = [
    `cd ${folder} && ip link set lo up && mount -t tmpfs -o size=64k tmpfs disk`,
    'mkdir -m 700 disk/run',
    `${program.ikev2d} --config ${folder}/etc/ikev2 --run-dir ${folder}/disk/run 2>log & pid=$!`,
    `ctl() { ${program.ikectl} --run-dir ${folder}/disk/run "$@" 2>&1; echo "code $?"; }`,
    'for i in $(seq 100); do grep -q ready log && break; sleep 0.1; done',
    script,
    'kill $pid; wait $pid; echo "ended with $?"; cat log',
  ];
  return runNow(['unshare', '-nm', 'sh', '-c', lines.join('\n')]);
}

const fill = 'dd if=/dev/zero of=disk/fill bs=1k 2>/dev/null';

test('a full /tmp costs what was to be remembered, and nothing else', () => {
  const said = play(`${fill}\nctl reload\nctl status`);

  expect(said).toContain('in use: ');
  expect(said).toContain('ikev2d ');
  expect(said).toMatch(/could not write .*leases\.json: ENOSPC/);
  expect(said).toMatch(/counters are not remembered \(ENOSPC\)/);
  expect(said).toContain('ended with 0');
  expect(said).not.toMatch(/bug in ikev2d/);
});

test('a configuration that cannot be written is said to the one who wanted it changed', () => {
  const said = play(
    'mount --bind etc etc\nmount -o remount,bind,ro etc\nctl user add anna\nctl status',
  );

  expect(said).toMatch(/ikectl: .*read-only.*\ncode 1\n/i);
  expect(said).not.toContain('password:');
  expect(said).toMatch(/^ikev2d /m);
  expect(said).toContain('ended with 0');
  expect(said).not.toMatch(/bug in ikev2d/);
});
