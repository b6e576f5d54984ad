// Records what a wire carries, and has Wireshark's tshark read it with the keys that the gateway wrote.
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.ts';
import type { Lab } from './lab.ts';
import type { Namespace } from './namespace.ts';
import type { Service } from './service.ts';
import { until } from './until.ts';

export interface CaptureOptions {
  readonly name: string;
  readonly device: string;
  /** In libpcap's language; UDP and ESP unless told. */
  readonly filter?: string;
}

export class Capture {
  readonly file: string;
  readonly #service: Service;

  private constructor(lab: Lab, host: Namespace, file: string, options: CaptureOptions) {
    const { name, device, filter = 'udp or esp' } = options;
    this.file = file;
    const argv = [...recorder.argv, '-p', '-i', device, '-w', file, ...recorder.filter(filter)];
    this.#service = lab.start(host, `capture-${name}`, argv);
  }

  /** Returns when packets are being recorded. */
  static async start(lab: Lab, host: Namespace, options: CaptureOptions): Promise<Capture> {
    const file = join(lab.folder('capture'), `${options.name}.pcap`);
    const capture = new Capture(lab, host, file, options);
    await until('the capture has begun', () => {
      if (!capture.#service.isRunning) throw new Error(`no capture: ${capture.#service.log}`);
      return existsSync(file) && isListening(host, capture.#service.pid);
    });
    return capture;
  }

  /** Bytes recorded so far. */
  get size(): number {
    return statSync(this.file).size;
  }

  /** Ends the recording when nothing more comes in; the file is complete when this returns. */
  async stop(): Promise<void> {
    let size = -1;
    let since = performance.now();
    await until('the capture is quiet', () => {
      if (this.size !== size) since = performance.now();
      size = this.size;
      return performance.now() - since > recorder.quiet;
    });
    await this.#service.stop('SIGINT');
  }
}

/** The program has a packet socket that is bound and running, whatever it says itself. */
function isListening(host: Namespace, pid: number): boolean {
  const own = host.runNow('sh', '-c', `ls -l /proc/${pid}/fd`);
  const [, ...sockets] = host.runNow('cat', '/proc/net/packet').trim().split('\n');
  return sockets.some((row) => {
    const [_address, _references, _type, _protocol, _interface, running, ...rest] = row
      .trim()
      .split(/\s+/);
    return running === '1' && own.includes(`socket:[${rest.at(-1)}]`);
  });
}

/** One IKE message as tshark sees it. */
export interface DissectedIke {
  readonly exchange: number;
  /** The whole frame, in bytes. */
  readonly bytes: number;
  readonly isResponse: boolean;
  /** Payload types in the clear and, where it could decrypt them, inside. */
  readonly payloads: readonly number[];
  readonly wasDecrypted: boolean;
}

/** One ESP packet as tshark sees it. */
export interface DissectedEsp {
  readonly spi: string;
  readonly icvIsGood: boolean;
  /** Source addresses from the outermost inwards; one alone means that it stayed closed. */
  readonly sources: readonly string[];
}

export interface Dissection {
  readonly ike: readonly DissectedIke[];
  readonly esp: readonly DissectedEsp[];
}

/** The IKE messages on IPv4 alone: port 500, and port 4500 behind the non-ESP marker (RFC 3948 §2.2). */
export const ikeOnly = 'udp port 500 or (udp port 4500 and udp[8:4] = 0)';

/** Reads a capture, with the files `ikev2_decryption_table` and `esp_sa` of a folder where there is one. */
export async function dissect(lab: Lab, file: string, keys?: string): Promise<Dissection> {
  const profile = wiresharkProfile(lab, keys);
  const columns = FIELDS.flatMap((field) => ['-e', field]);
  const argv = ['tshark', '-n', '-r', file, '-Y', 'isakmp or esp', '-T', 'fields', ...columns];
  const text = await run(argv, { env: { WIRESHARK_CONFIG_DIR: profile }, limit: 60_000 });
  const rows = text.split('\n').filter(Boolean).map(readRow);
  return {
    ike: rows.filter((row) => row.exchange !== '').map(viewIke),
    esp: rows.filter((row) => row.spi !== '').map(viewEsp),
  };
}

type Row = Readonly<
  Record<'exchange' | 'bytes' | 'flags' | 'payloads' | 'spi' | 'icv' | 'v4' | 'v6', string>
>;

function readRow(line: string): Row {
  const [
    exchange = '',
    bytes = '',
    flags = '',
    payloads = '',
    spi = '',
    icv = '',
    v4 = '',
    v6 = '',
  ] = line.split('\t');
  return { exchange, bytes, flags, payloads, spi, icv, v4, v6 };
}

function viewIke({ exchange, bytes, flags, payloads }: Row): DissectedIke {
  const types = payloads.split(',').map(Number);
  const at = types.findIndex((type) => type === SK || type === SKF);
  return {
    exchange: Number(exchange),
    bytes: Number(bytes),
    isResponse: (Number(flags) & RESPONSE) !== 0,
    payloads: types,
    // What follows SK in the list was inside it.
    wasDecrypted: at >= 0 && types.length > at + 1,
  };
}

const viewEsp = ({ spi, icv, v4, v6 }: Row): DissectedEsp => ({
  spi,
  icvIsGood: icv === '1' || icv === 'True',
  sources: [...v4.split(','), ...v6.split(',')].filter(Boolean),
});

function wiresharkProfile(lab: Lab, keys: string | undefined): string {
  const profile = join(lab.dir, 'wireshark');
  mkdirSync(profile, { recursive: true });
  for (const name of ['ikev2_decryption_table', 'esp_sa']) {
    if (keys && existsSync(join(keys, name))) cpSync(join(keys, name), join(profile, name));
  }
  const wishes = ['esp.enable_encryption_decode', 'esp.enable_authentication_check'];
  writeFileSync(join(profile, 'preferences'), wishes.map((wish) => `${wish}: TRUE\n`).join(''));
  return profile;
}

interface Recorder {
  readonly argv: readonly string[];
  readonly filter: (expression: string) => readonly string[];
  /** Milliseconds after which a packet that came is in the file. */
  readonly quiet: number;
}

/** tcpdump hands each packet over at once, but refuses to run as the root of a user namespace. */
const tcpdump: Recorder = {
  argv: ['tcpdump', '--immediate-mode', '-U', '-n', '-Z', 'root'],
  filter: (expression) => [expression],
  quiet: 100,
};
const dumpcap: Recorder = {
  argv: ['dumpcap', '-q', '-P'],
  filter: (expression) => ['-f', expression],
  quiet: 1_500,
};
const ownsTheMachine = /^\s*0\s+0\s+4294967295$/m.test(readFileSync('/proc/self/uid_map', 'utf8'));
const recorder = ownsTheMachine ? tcpdump : dumpcap;

const FIELDS = [
  'isakmp.exchangetype',
  'frame.len',
  'isakmp.flags',
  'isakmp.typepayload',
  'esp.spi',
  'esp.icv_good',
  'ip.src',
  'ipv6.src',
] as const;
const SK = 46;
const SKF = 53;
const RESPONSE = 0x20;
