// What a phone does with its tunnel: it pings, downloads and compares checksums.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inCheckout } from './checkout.ts';
import type { Home } from './home.ts';
import type { Namespace } from './namespace.ts';
import { until } from './until.ts';

export interface PingResult {
  readonly sent: number;
  readonly received: number;
  /** Average round trip in milliseconds; undefined when nothing came back. */
  readonly average: number | undefined;
}

export async function ping(
  from: Namespace,
  to: string,
  count = 3,
  seconds = 0.2,
): Promise<PingResult> {
  const argv = ['ping', '-n', '-q', '-c', `${count}`, '-i', `${seconds}`, '-W', '2', to];
  const { stdout } = await from.attempt(argv, { limit: 10_000 + 2000 * count * seconds });
  const [, sent = '0', received = '0'] =
    /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? [];
  const average = /= [\d.]+\/([\d.]+)\//.exec(stdout)?.[1];
  return {
    sent: Number(sent),
    received: Number(received),
    average: average === undefined ? undefined : Number(average),
  };
}

/**
 * Pings a hundred times a second while `act` happens, and until it is answered again.
 * @returns the longest time without an answer, in seconds
 */
export async function silenceDuring(
  from: Namespace,
  to: string,
  act: () => void | Promise<void>,
): Promise<number> {
  const [command = '', ...args] = from.inside(['ping', '-n', '-D', '-i', '0.01', to]);
  const pings = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const answers: number[] = [];
  createInterface(pings.stdout).on('line', (line) => {
    const at = /^\[([\d.]+)\].* bytes from/.exec(line)?.[1];
    if (at !== undefined) answers.push(Number(at));
  });
  try {
    await until('pings are answered', () => answers.length > 20);
    const before = answers.length;
    await act();
    // What was on its way may still arrive: an answer to a later ping counts.
    const acted = Date.now() / 1000;
    await until(
      'pings are answered again',
      () => answers.filter((at) => at > acted + 1.5).length > 20,
      60_000,
    );
    const concerned = answers.slice(before - 1);
    return Math.max(...concerned.map((at, i) => at - (concerned[i - 1] ?? at)));
  } finally {
    pings.kill('SIGINT');
  }
}

/** The web page of the LAN host: random bytes with their checksum. */
export interface WebPage {
  readonly bytes: number;
  readonly sha256: string;
}

export async function serveWebPage(home: Home, bytes: number): Promise<WebPage> {
  const file = join(home.lab.dir, 'page');
  const sha256 = writeRandomFile(file, bytes);
  const argv = [process.execPath, inCheckout('test/lab/web-server.mjs'), file, `${WEB_PORT}`];
  const server = home.lab.start(home.lan, 'web', argv);
  await until('the web server listens', () => server.log.includes('listening'));
  return { bytes, sha256 };
}

export interface Download {
  readonly bytes: number;
  readonly sha256: string;
  readonly seconds: number;
}

/** Fetches the LAN host's web page; what came is returned even if it is not all. */
export function download(from: Namespace, host: string, limitSeconds = 120): Promise<Download> {
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${WEB_PORT}/`;
  const limits = ['--connect-timeout', '5', '--max-time', `${limitSeconds}`];
  const [command = '', ...args] = from.inside(['curl', '-sS', ...limits, url]);
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const curl = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const hash = createHash('sha256');
    let bytes = 0;
    curl.stdout.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      bytes += chunk.length;
    });
    curl.on('error', reject);
    curl.on('close', () => {
      const seconds = (performance.now() - started) / 1000;
      resolve({ bytes, sha256: hash.digest('hex'), seconds });
    });
  });
}

function writeRandomFile(path: string, bytes: number): string {
  const hash = createHash('sha256');
  const file = openSync(path, 'w');
  for (let left = bytes; left > 0; left -= CHUNK) {
    const chunk = randomBytes(Math.min(CHUNK, left));
    hash.update(chunk);
    writeSync(file, chunk);
  }
  closeSync(file);
  return hash.digest('hex');
}

const WEB_PORT = 8080;
const CHUNK = 1024 * 1024;
