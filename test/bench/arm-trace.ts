// What an ARMv8 processor does to seal one packet: every instruction in the order in which it runs, written down by
// qemu, as llvm-mca wants to read it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inCheckout } from '../lab/checkout.ts';
import { run } from '../lab/command.ts';

export const TRACER = inCheckout('build/native/arm64/trace_aead');

/** @returns assembly without jumps; AESMC is left out where it is one operation with the AESE before it */
export async function traceSeal(name: string, keyBytes: number, bytes: number): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'ikev2-trace-'));
  try {
    const log = join(dir, 'log');
    const emulator = ['qemu-aarch64-static', '-cpu', 'max', '-d', 'in_asm,exec,nochain', '-D', log];
    const address = await run([...emulator, TRACER, name, `${keyBytes}`, `${bytes}`]);
    return fuse(executed(readFileSync(log, 'utf8'), Number(address))).join('\n');
  } finally {
    rmSync(dir, { recursive: true });
  }
}

interface Block {
  readonly address: number;
  readonly instructions: readonly string[];
}

/** A function from its first instruction to its return. */
function executed(log: string, begin: number): string[] {
  const done: string[] = [];
  let depth = 0;
  for (const { address, instructions } of blocksOf(log)) {
    if (depth === 0 && address === begin) depth = 1;
    if (depth === 0) continue;
    done.push(...instructions);
    const last = instructions.at(-1) ?? '';
    if (/^blr? /.test(last)) depth += 1;
    if (last.startsWith('ret')) depth -= 1;
    if (depth === 0) return done;
  }
  throw new Error('the emulator did not come by');
}

/** As they run. A block is shown when it is translated, and only named each time that it runs. */
function* blocksOf(log: string): Generator<Block> {
  const known = new Map<number, Block>();
  let shown: string[] = [];
  for (const line of log.split('\n')) {
    const [, at = '', text = ''] = /^0x([0-9a-f]+): {2}[0-9a-f]{8} {2}(.*)$/.exec(line) ?? [];
    if (at !== '') {
      if (shown.length === 0) known.set(hex(at), { address: hex(at), instructions: shown });
      shown.push(text.trim().replace(/\s+/, ' '));
      continue;
    }
    shown = [];
    const ran = /^Trace \d+: \S+ \[[0-9a-f]+\/([0-9a-f]+)\//.exec(line)?.[1];
    const block = ran === undefined ? undefined : known.get(hex(ran));
    if (block) yield block;
  }
}

const hex = (text: string): number => Number.parseInt(text, 16);

/** Where jumps lead does not matter: they were followed. */
function fuse(instructions: readonly string[]): string[] {
  return instructions
    .filter((text, i) => {
      const [name, register] = words(text);
      const [before, written] = words(instructions[i - 1] ?? '');
      return !(name === 'aesmc' && before === 'aese' && written === register);
    })
    .filter((text) => !/^(b|bl|blr|br|ret|cbn?z|tbn?z|b\.\w+)( |$)/.test(text))
    .map((text) => text.replace(/^(adrp? \w+), #0x[0-9a-f]+$/, '$1, #0'));
}

const words = (text: string): string[] => text.split(/[ ,]+/);
