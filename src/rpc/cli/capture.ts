// `ikectl capture`: records what one peer sends and gets, and writes the files that Wireshark reads.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { concat } from '../../base/bytes.ts';
import { printable } from '../../base/printable.ts';
import {
  type CaptureView,
  captureStartedShape,
  capturesShape,
  pieceShape,
} from '../methods/capture.ts';
import { text, Usage, type Values } from './arguments.ts';
import type { Command, Surroundings } from './command.ts';
import { refuseExisting, write } from './files.ts';

export const captureCommand: Command = {
  summary: 'Record the IKE and ESP packets of one peer for Wireshark',
  usage: `--peer ADDRESS|DEVICE [--seconds 60] [--packets N] [--bytes N]\n${' '.repeat(17)}[--with-keys] [--out FILE]`,
  options: {
    ...{ peer: 'string', seconds: 'string', packets: 'string', bytes: 'string' },
    ...{ out: 'string', 'with-keys': 'boolean' },
  },
  words: 0,
  async run({ values }, around) {
    const peer = text(values, 'peer');
    if (peer === undefined) throw new Usage('name whom with --peer, by address or by name');
    const out = text(values, 'out') ?? `capture-${peer.replace(/[^\w.@-]/g, '_')}.pcapng`;
    refuseExisting(out);
    const keys = values['with-keys'] === true;
    if (keys) around.print(warning);
    const bounds = boundsFrom(values);
    const started = await around.call('capture_start', { peer, keys, ...bounds });
    const { capture } = z.parse(captureStartedShape, started);
    const left = capture.until - capture.since;
    around.print(`recording for ${left} s; «ikectl capture_stop» ends it before`);
    const over = await awaitEnd(capture, around);
    if (over.state === 'failed') {
      around.print(`nothing was written: ${printable(over.fault ?? '', 200)}`);
      return 1;
    }
    await saveAll(over, out, around);
    await around.call('capture_delete', { id: over.id });
    return 0;
  },
};

async function awaitEnd({ id, until }: CaptureView, around: Surroundings): Promise<CaptureView> {
  for (;;) {
    const { captures } = z.parse(capturesShape, await around.call('captures', {}));
    const found = captures.find((one) => one.id === id);
    if (!found) throw new Usage('the capture was removed by somebody else');
    if (found.state !== 'running') return found;
    await around.wait(Math.min(1, Math.max(0.1, until - around.now())));
  }
}

async function saveAll(capture: CaptureView, out: string, around: Surroundings): Promise<void> {
  const { id, files, packets, missed, why } = capture;
  const folder = `${out}.keys`;
  for (const { name } of files) {
    const content = await fetchWhole(id, name, around);
    if (name === 'capture.pcapng') write(out, content);
    else {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      write(join(folder, name), content);
    }
  }
  const lost = missed === 0 ? '' : `; ${missed} ESP packets more had no room`;
  around.print(`${out}: ${packets} packets${why === 'full' ? ', then it was full' : ''}${lost}`);
  if (packets === 0)
    around.print('nothing came and nothing went: is the address or the name right?');
  if (!capture.keys) return;
  around.print(
    `${folder}: the keys; copy both files into Wireshark's configuration folder, or say`,
  );
  around.print(
    `  WIRESHARK_CONFIG_DIR=${folder} tshark -o esp.enable_encryption_decode:TRUE -r ${out}`,
  );
}

async function fetchWhole(id: string, file: string, around: Surroundings): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let offset: number | undefined = 0; offset !== undefined; ) {
    const answer: unknown = await around.call('capture_fetch', { id, file, offset });
    const { content, next }: z.infer<typeof pieceShape> = z.parse(pieceShape, answer);
    pieces.push(Buffer.from(content, 'base64'));
    offset = next;
  }
  return concat(...pieces);
}

function boundsFrom(values: Values): object {
  const given = (['seconds', 'packets', 'bytes'] as const).flatMap((name) => {
    const value = text(values, name);
    if (value === undefined) return [];
    if (!/^\d{1,9}$/.test(value)) throw new Usage(`--${name} takes a number`);
    return [[name, Number(value)]];
  });
  return Object.fromEntries(given);
}

const warning = [
  'WARNING: with keys, whoever has the files can read all that the peer says meanwhile. Keep them to',
  'yourself, and remove them when you are done. The tunnels of the peer get new keys now and at the',
  'end, so the files open nothing of before and nothing of after.',
].join('\n');
