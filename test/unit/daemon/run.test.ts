import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Process, runDaemon } from '../../../src/daemon/run.ts';
import { Trouble } from '../../../src/daemon/trouble.ts';
import { Cable, gatewayConfig, Home } from './place.ts';

let home: Home;
beforeEach(() => {
  home = new Home(gatewayConfig.replace("option log 'debug'", "option device 'nowhere'"));
});
afterEach(() => home.remove());

/** A process whose output is kept and whose signals the test gives. */
function setUp(changes: Partial<Process> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const signals = new Map<string, () => void>();
  const process: Process = {
    out: (line) => out.push(line),
    err: (line) => err.push(line.trimEnd()),
    onSignal(signal, run) {
      signals.set(signal, run);
      return () => signals.delete(signal);
    },
    openPlane: new Cable().open,
    ...changes,
  };
  const run = (...args: string[]): Promise<number> =>
    runDaemon(['--config', home.configFile, '--run-dir', home.runDir, ...args], process);
  return { run, out, err, signals };
}

describe('ikev2d --check', () => {
  test('says what a fine configuration amounts to', async () => {
    const { run, out } = setUp();
    expect(await run('--check')).toBe(0);
    expect(out).toEqual([
      'configuration is fine: 1 connection, 1 pool, 0 certificates, 1 shared key',
    ]);
  });

  test('names section, option, line and cure of everything that is wrong', async () => {
    home.write(
      [
        "config connection 'phones'",
        "\toption ike 'aes256gcm17'",
        "config pool 'lan'",
        "\tlist range '10.3.0.0/99'",
      ].join('\n'),
    );
    const { run, out } = setUp();
    expect(await run('--check')).toBe(1);
    expect(
      out.some((line) => /^error: connection 'phones', option 'ike', line 2: .*\. ./.test(line)),
    ).toBe(true);
    expect(
      out.some((line) => /^error: pool 'lan', option 'range', line 4: .*\. ./.test(line)),
    ).toBe(true);
    expect(out.at(-1)).toMatch(/^configuration cannot be used: \d errors?$/);
  });

  test('reads the files of certificates and names the line that names them', async () => {
    const key = join(home.folder, 'key.pem');
    writeFileSync(key, 'nonsense');
    home.write(
      `\nconfig certificate 'own'\n\toption file '${home.folder}/none.pem'\n\toption key '${key}'\n`,
    );
    const { run, out } = setUp();
    expect(await run('--check')).toBe(1);
    expect(out.some((line) => /^error: certificate 'own', option 'file', line 2:/.test(line))).toBe(
      true,
    );
    expect(out.some((line) => /^error: certificate 'own', option 'key', line 2:/.test(line))).toBe(
      true,
    );
    expect(out.join()).not.toContain('nonsense');
  });

  test('says when there is no configuration', async () => {
    const { run, out } = setUp();
    expect(await run('--config', join(home.folder, 'none'), '--check')).toBe(1);
    expect(out[0]).toMatch(/none: the configuration cannot be read \(ENOENT\)\. Write it,/);
  });
});

describe('ikev2d', () => {
  test('says its version and how it is used', async () => {
    const { run, out } = setUp();
    expect(await run('--version')).toBe(0);
    expect(out.pop()).toMatch(/^\d+\.\d+\.\d+$/);
    expect(await run('--help')).toBe(0);
    expect(out.pop()).toContain('--run-dir DIR');
  });

  test.each([['--bogus'], ['word'], ['--config']])('refuses %s with the usage', async (word) => {
    const { run, err } = setUp();
    expect(await run(word)).toBe(2);
    expect(err.join('\n')).toContain('--run-dir DIR');
  });

  test('does not start with an error in its configuration', async () => {
    home.write("config connection 'phones'\n\toption role 'bystander'\n");
    const { run, err } = setUp();
    expect(await run()).toBe(1);
    expect(err.slice(1)).toEqual([
      expect.stringMatching(/^error: connection 'phones', option 'role', line 2:/),
      expect.stringMatching(/^error: configuration cannot be used: \d error/),
    ]);
  });

  test('does not start when it is switched off, and that is no error', async () => {
    home.write("config service 'main'\n\toption enabled '0'\n");
    const { run, err } = setUp();
    expect(await run()).toBe(0);
    expect(err.at(-1)).toContain("option 'enabled' of service 'main' is 0");
  });

  test.each([
    ['its own trouble', new Trouble('UDP port 500 is taken', 'Stop the other service.')],
    [
      'trouble of the data plane',
      Object.assign(new Error('UDP port 500 is taken'), { cure: 'Stop the other service.' }),
    ],
  ])('tells %s in one line with its cure', async (_, trouble) => {
    const { run, err } = setUp({
      openPlane: () => {
        throw trouble;
      },
    });
    expect(await run()).toBe(1);
    expect(err.at(-1)).toBe('error: UDP port 500 is taken. Stop the other service.');
    expect(await run('--check')).toBe(0);
  });

  test('lets a fault of ours through to the process', async () => {
    const { run } = setUp({
      openPlane: () => {
        throw new TypeError('undefined is not a function');
      },
    });
    await expect(run()).rejects.toThrow(TypeError);
  });

  test('says when its run directory is not its own', async () => {
    mkdirSync(home.runDir, { mode: 0o755 });
    writeFileSync(join(home.runDir, 'other'), '');
    const { run, err } = setUp();
    expect(await run()).toBe(1);
    expect(err.at(-1)).toMatch(/^error: the run directory .* holds other things \(other\)\. Give/);
  });

  test('says when the path of its socket is too long for one', async () => {
    const { run, err } = setUp();
    expect(await run('--run-dir', join(home.folder, 'x'.repeat(100)))).toBe(1);
    expect(err.at(-1)).toMatch(
      /^error: the path .*control\.sock is too long for a socket\. Shorten/,
    );
  });

  test('gives its device an address or says why not', async () => {
    const { run, err } = setUp();
    expect(await run()).toBe(1);
    expect(err.at(-1)).toMatch(
      /^error: could not give nowhere the address 10\.3\.0\.1\/24: .*nowhere/,
    );
  });
});

describe('a running ikev2d', () => {
  /** No pool, so that no address has to be given to a device. */
  const alone = gatewayConfig
    .replace(/config pool[\s\S]*?\n\n/, '')
    .replace("\toption pool 'lan'\n", '');
  beforeEach(() => home.write(alone));

  async function ready(signals: ReadonlyMap<string, () => void>): Promise<void> {
    while (!signals.has('SIGINT')) await new Promise(setImmediate);
  }

  test.each(['SIGTERM', 'SIGINT'])('ends in order on %s', async (signal) => {
    const { run, err, signals } = setUp();
    const ended = run();
    await ready(signals);
    signals.get(signal)?.();
    expect(await ended).toBe(0);
    expect(err.slice(-2)).toEqual([`info: ${signal}: hanging up`, 'info: stopped']);
    expect(signals.size).toBe(0);
  });

  test('reads its configuration again on SIGHUP', async () => {
    const { run, err, signals } = setUp();
    const ended = run();
    await ready(signals);
    signals.get('SIGHUP')?.();
    await new Promise(setImmediate);
    expect(err.at(-1)).toMatch(/^info: configuration read again: 1 connection/);
    signals.get('SIGTERM')?.();
    expect(await ended).toBe(0);
  });

  test('ends when the data plane cannot go on, so that procd starts it again', async () => {
    let fail: (why: string) => void = () => {};
    const { open } = new Cable();
    const { run, err, signals } = setUp({
      openPlane(options, listener) {
        fail = listener.failed;
        return open(options, listener);
      },
    });
    const ended = run();
    await ready(signals);
    fail('the TUN device is gone');
    expect(await ended).toBe(1);
    expect(err).toContain('error: the data plane cannot go on: the TUN device is gone');
  });
});
