import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runTool } from '../../../src/rpc/cli/run.ts';
import { formatStatus, type Status } from '../../../src/rpc/cli/status.ts';
import { formatBytes, formatDuration, formatTable, formatTime } from '../../../src/rpc/cli/text.ts';
import { methods } from '../../../src/rpc/table.ts';
import { type ControlSocket, openControlSocket } from '../../../src/rpc/unix.ts';
import { attempt } from '../trace/events.ts';
import { type FakeDaemon, fakeDaemon, message, note } from './fake-daemon.ts';

let runDir: string;
let daemon: FakeDaemon;
let control: ControlSocket;
beforeEach(async () => {
  runDir = mkdtempSync(join(tmpdir(), 'ikev2-cli-'));
  daemon = fakeDaemon();
  control = await openControlSocket(join(runDir, 'control.sock'));
  control.serve({
    methods,
    daemon,
    broken(error) {
      throw error;
    },
  });
});
afterEach(async () => {
  await control.close();
  rmSync(runDir, { recursive: true });
});

async function ikectl(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
  const code = await runTool(['--run-dir', runDir, ...args], {
    version: '9.9.9',
    methods,
    terminal,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('ikectl capture', () => {
  test('writes the file, and says what is in it', async () => {
    const file = join(runDir, 'anna.pcapng');
    const { code, out, err } = await ikectl('capture', '--peer', 'anna', '--out', file);
    expect([code, err]).toEqual([0, '']);
    expect(readFileSync(file, 'utf8')).toBe('c0c2');
    expect(out).toContain(`${file}: 2 packets`);
    expect(out).not.toContain('WARNING');
    expect(existsSync(`${file}.keys`)).toBe(false);
    expect(daemon.captures.list()).toEqual([]);
  });

  test('with keys warns, and puts them into a folder for Wireshark', async () => {
    const file = join(runDir, 'anna.pcapng');
    const { out } = await ikectl('capture', '--peer', 'anna', '--with-keys', '--out', file);
    expect(out).toMatch(/^WARNING: with keys/);
    expect(out).toContain(`WIRESHARK_CONFIG_DIR=${file}.keys tshark`);
    expect(readFileSync(`${file}.keys/esp_sa`, 'utf8')).toBe('e0e2');
    expect(statSync(`${file}.keys/esp_sa`).mode & 0o777).toBe(0o600);
    expect(statSync(`${file}.keys`).mode & 0o777).toBe(0o700);
  });

  test('wants to know whom, and writes over nothing', async () => {
    expect((await ikectl('capture')).err).toContain('name whom with --peer');
    expect((await ikectl('capture', '--peer', 'a', '--seconds', 'x')).code).toBe(2);
    const file = join(runDir, 'control.sock');
    expect((await ikectl('capture', '--peer', 'a', '--out', file)).err).toContain(
      'is there already',
    );
  });
});

describe('ikectl', () => {
  test('selftest says what is broken and what helps, also by its exit code', async () => {
    const { code, out } = await ikectl('selftest');
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual([
      'fine     clock: it is late',
      'BROKEN   public address: it is shared',
      '         Ask for another.',
    ]);
  });

  test('capabilities are for people to read, or JSON', async () => {
    const { code, out } = await ikectl('capabilities');
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'ikev2d 1.2.3',
      'ciphers        aes256gcm16',
      'prf            ',
      'integrity      ',
      'key exchange   ',
      'sequence nos.  ',
      'IKE by node    sha256',
      'ESP by         gcm-vaes',
      'processor      aes',
      'RFCs           4555 (mobike)',
    ]);
    expect(JSON.parse((await ikectl('capabilities', '--json')).out)).toMatchObject({
      cpu: ['aes'],
    });
  });

  test('watch draws the status anew, with the speed since the last time', async () => {
    const { code, out } = await ikectl('watch', '--times', '2', '--every', '0');
    expect(code).toBe(0);
    expect(out.match(/ikev2d 1\.2\.3/g)).toHaveLength(2);
    expect(out.split('\x1b[H\x1b[J').at(-1)).toMatch(/in 0 B\/s, out 0 B\/s$/);
    expect((await ikectl('watch', '--every', 'x')).code).toBe(2);
  });

  test('says its version, and its commands with every method of the table', async () => {
    expect(await ikectl('--version')).toEqual({ code: 0, out: '9.9.9', err: '' });
    const { code, out } = await ikectl('--help');
    expect(code).toBe(0);
    for (const name of Object.keys(methods)) expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(out).not.toMatch(/--pass(word|phrase) /); // a command line is no place for a secret
  });

  test.each([
    [[], ''],
    [['nonsense'], "there is no command 'nonsense'"],
    [['constructor'], "there is no command 'constructor'"],
    [['--nonsense'], "unknown option '--nonsense'"],
    [['status', '--nonsense'], "Unknown option '--nonsense'"],
    [['status', 'word'], "unexpected word 'word'"],
    [['down', '--sa', 'seven'], "'seven' is no number"],
    [['status', '--config'], '--config needs a value'],
  ])('refuses %j with exit code 2', async (args, why) => {
    const { code, err } = await ikectl(...args);
    expect(code).toBe(2);
    expect(err).toContain(why);
  });

  test('says when no daemon runs, and how to start one', async () => {
    await control.close();
    const { code, err } = await ikectl('status');
    expect(code).toBe(3);
    expect(err).toBe(
      `ikectl: no ikev2d at ${runDir}/control.sock: start it with «service ikev2 start», or name its --run-dir`,
    );
  });

  test('takes --config and --run-dir wherever they stand', async () => {
    expect((await ikectl('status', '--json', `--run-dir=${runDir}`, '--config', '/x')).code).toBe(
      0,
    );
  });

  test('shows the status in words within 100 columns, or as JSON', async () => {
    const { out } = await ikectl('status');
    expect(out).toContain('1 peer connected');
    expect(out).toMatch(
      /^7 +anna@example.org +198.51.100.10:61234 +10.3.0.10 .* 1.5 kB +2.0 kB +aes256gcm16 +theirs$/m,
    );
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(JSON.parse((await ikectl('status', '--json')).out)).toMatchObject({ state: 'running' });
  });

  test('hangs up by name, by number, and all', async () => {
    expect(await ikectl('down', 'phones')).toEqual({ code: 0, out: 'hung up 1 IKE SA', err: '' });
    await ikectl('down', '--sa', '7');
    await ikectl('down', '--all');
    expect(daemon.calls).toEqual([
      ['terminate', { connection: 'phones' }],
      ['terminate', 7],
      ['terminate', 'all'],
    ]);
    expect(await ikectl('down')).toMatchObject({
      code: 1,
      err: expect.stringContaining('exactly one'),
    });
    expect(await ikectl('down', 'office')).toMatchObject({ code: 1 });
    expect(await ikectl('down', 'cabin')).toEqual({
      code: 0,
      out: 'hung up 0 IKE SAs\ncabin is not dialled again until «ikectl up cabin» or a restart',
      err: '',
    });
  });

  test('dials by name', async () => {
    const dialled = await ikectl('up', 'office', '--timeout', '0');
    expect(dialled).toEqual({ code: 0, out: 'dialling office', err: '' });
    expect(await ikectl('up')).toMatchObject({ code: 2 });
    expect(daemon.calls).toEqual([['initiate', 'office']]);
  });

  test('shows the log without the traffic of messages, unless asked for', async () => {
    daemon.happen(message);
    daemon.happen(note('plain'));
    daemon.happen(message);
    expect((await ikectl('log', '--limit', '1')).out).toContain('plain');
    expect((await ikectl('log', '--level', 'debug')).out.split('\n')).toHaveLength(3);
    expect(await ikectl('log', '--level', 'loud')).toMatchObject({ code: 1 });
  });

  test('shows the log, and follows it with the past first', async () => {
    daemon.happen(note('first', 7));
    expect((await ikectl('log')).out).toMatch(/^[-\d: ]+ info {2}sa 7: first$/);
    const followed = ikectl('log', '--follow');
    while (daemon.followers.size === 0) await new Promise(setImmediate);
    daemon.happen(note('second'));
    while ((daemon.followers.size as number) > 0) {
      await control.close();
      await new Promise(setImmediate);
    }
    const { out } = await followed;
    expect(out.split('\n').map((line) => line.split('info').at(-1)?.trim())).toEqual([
      'sa 7: first',
      'second',
    ]);
  });

  test('says why a reload is refused, with exit code 1', async () => {
    const { code, out } = await ikectl('reload');
    expect(code).toBe(1);
    expect(out).toBe(
      "error: connection 'phones', option 'ike', line 12: no such cipher. Write aes256gcm16.\n" +
        'refused: the old configuration stays',
    );
  });

  test('shows pools with who has what', async () => {
    const { out } = await ikectl('pool');
    expect(out).toContain('pool lan: 1 of 253 used, 10.3.0.0/24');
    expect(out).toMatch(/^lan +anna@example.org +10.3.0.10 +in use$/m);
    expect(out).toMatch(/^other +bob +10.4.0.10 +remembered$/m);
  });

  test('shows what went wrong, in words, and the rest when asked for all', async () => {
    const { out } = await ikectl('counters');
    expect(out.split('\n').map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
      'COUNT | WHAT | NAME',
      '2 | attempts refused: AUTHENTICATION_FAILED | AUTHENTICATION_FAILED',
      '1 | attempts that nobody answered | no answer',
      '3 | IKE messages dropped: that could not be read | dropped.malformed',
      '4 | packets dropped: of a tunnel that is not here, or no more | unknown-spi',
    ]);
    const all = await ikectl('counters', '--all');
    expect(all.out.startsWith(`${out}\n\n`)).toBe(true);
    expect(all.out).toMatch(/^9 +ESP +rx-packets$/m);
  });

  test('explains the last failures, the newest first, and repeated ones once', async () => {
    expect((await ikectl('explain')).out).toBe(
      'no attempt failed\nbut perhaps none gets as far as this router: it is shared. Ask for another.',
    );
    daemon.happen(attempt({ why: 'the algorithms do not match', notify: 'NO_PROPOSAL_CHOSEN' }));
    daemon.happen(attempt({}));
    daemon.happen(attempt({ peer: undefined, connection: undefined, advice: '' }));
    daemon.happen(attempt({}));
    const { out } = await ikectl('explain');
    const clock = /\d{4}-\d\d-\d\d \d\d:\d\d/g;
    expect(out.replaceAll(clock, 'T')).toBe(
      [
        "T  198.51.100.10:61234 as 'anna@example.org' on connection 'phones', 2 times since T",
        '  why: The key does not fit. (AUTHENTICATION_FAILED)',
        '  do:  Compare the PSK on both sides.',
        '',
        'T  198.51.100.10:61234',
        '  why: The key does not fit. (AUTHENTICATION_FAILED)',
        '',
        "T  198.51.100.10:61234 as 'anna@example.org' on connection 'phones'",
        '  why: The algorithms do not match. (NO_PROPOSAL_CHOSEN)',
        '  do:  Compare the PSK on both sides.',
      ].join('\n'),
    );
    expect((await ikectl('explain', '--limit', '1')).out.split('\n')).toHaveLength(3);
  });

  test('explains in lines that fit, and nothing that a stranger wrote breaks them', async () => {
    const why = 'a reason of very many words '.repeat(10).trim();
    daemon.happen(attempt({ why, peer: 'anna\n\u001b[31m' }));
    const { out } = await ikectl('explain');
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(96);
    expect(out).toContain("as 'anna\\x0a\\x1b[31m'");
    expect(out.replaceAll(/\n {7}/g, ' ')).toContain(
      `why: A${why.slice(1)}. (AUTHENTICATION_FAILED)`,
    );
  });

  test('has every other method as a command, with its parameters as options', async () => {
    daemon.happen(note('one'));
    daemon.happen(note('two'));
    const { out } = await ikectl('events', '--limit', '1', '--json');
    expect(JSON.parse(out)).toMatchObject({ events: [{ line: 'two' }] });
    expect(await ikectl('initiate', '--connection', 'office')).toMatchObject({ code: 0 });
    expect(await ikectl('initiate', '--connection', 'nowhere')).toMatchObject({
      code: 1,
      err: "ikectl: there is no connection 'nowhere'",
    });
    expect(await ikectl('events', '--limit', 'x')).toMatchObject({ code: 1 });
    expect(await ikectl('terminate', '--all')).toMatchObject({ code: 0 });
  });
});

describe('the status in words', () => {
  const status = async (): Promise<Status> => (await methods['status']?.call(daemon, {})) as Status;

  test('counts handshakes under way and does not list them', async () => {
    const base = await status();
    const { since: _, ...halfOpen } = base.sas[0] as Status['sas'][number];
    const text = formatStatus({ ...base, sas: [halfOpen, halfOpen] }, 0);
    expect(text).toContain('0 peers connected, 2 handshakes under way');
    expect(text).not.toContain('anna');
  });

  test('gives each address a line of its own', async () => {
    const base = await status();
    const sas = base.sas.map((sa) => ({ ...sa, addresses: ['10.3.0.10', 'fd00:3::a'] }));
    expect(formatStatus({ ...base, sas }, 0)).toMatch(/ 10\.3\.0\.10 .*\n +fd00:3::a$/m);
  });

  test('shows whose keys have a PPK in them', async () => {
    const base = await status();
    expect(formatStatus(base, 0)).not.toContain('PPK');
    const sas = base.sas.map((sa) => ({ ...sa, ppk: 'anna' }));
    expect(formatStatus({ ...base, sas }, 0)).toMatch(/aes256gcm16, PPK /);
  });

  test('lets nobody draw on the terminal', async () => {
    const base = await status();
    const sas = base.sas.map((sa) => ({ ...sa, peer: '\u001b[2Janna\n' }));
    expect(formatStatus({ ...base, sas }, 0)).not.toContain('\u001b');
  });

  test('warns while keys are written', async () => {
    expect(formatStatus({ ...(await status()), keylog: '/tmp/keys' }, 0)).toContain(
      'KEYS ARE WRITTEN to /tmp/keys',
    );
  });
});

describe('figures', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [9949, '9.9 kB'],
    [9951, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [1.5e12, '1.5 TB'],
    [2e15, '2 PB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  test.each([
    [7.9, '7 s'],
    [60, '1 min'],
    [3599, '59 min'],
    [3700, '1 h 1 min'],
    [100_000, '1 d 3 h'],
    [1_000_000, '11 d'],
  ])('%d seconds are %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  test('a time of today needs no date', () => {
    const at = new Date(2026, 10, 23, 9, 5, 7).getTime() / 1000;
    expect(formatTime(at, at + 60)).toBe('09:05:07');
    expect(formatTime(at, at + 86_400)).toBe('2026-11-23 09:05');
  });

  test('a table aligns its columns and ends no line with spaces', () => {
    expect(
      formatTable(
        ['a', 'bee'],
        [
          ['long', 'x'],
          ['y\nz', ''],
        ],
      ),
    ).toBe('A     BEE\nlong  x\ny\nz');
  });
});
