// What `ikectl up` makes of what it sees, look by look.
import { expect, test } from 'vitest';
import type { Surroundings } from '../../../src/rpc/cli/command.ts';
import { upCommand } from '../../../src/rpc/cli/up.ts';
import { methods } from '../../../src/rpc/table.ts';
import { attempt } from '../trace/events.ts';
import { fakeDaemon, phone } from './fake-daemon.ts';

const office = { ...phone, connection: 'office' };
const half = { ...office, phase: 'init' as const, establishedAt: undefined, children: [] };
const refused = (connection: string) => attempt({ connection, why: 'the key does not fit' });

/** @param looks what happens before each look at the daemon */
async function up(
  looks: ReadonlyArray<(daemon: ReturnType<typeof fakeDaemon>) => object[] | undefined>,
) {
  const daemon = fakeDaemon();
  daemon.happen(refused('office')); // long ago
  let sas: readonly object[] = [];
  const snapshot = () => ({ ...daemon.snapshot(), sas }) as ReturnType<typeof daemon.snapshot>;
  const asked = { ...daemon, snapshot };
  const said: string[] = [];
  let waits = 0;
  const around: Surroundings = {
    call: async (name, params) => methods[name]?.call(asked, params),
    async *follow() {},
    askSecret: async () => '',
    print: (text) => void said.push(text),
    now: () => 1_700_000_000,
    async wait() {
      sas = looks[waits++]?.(daemon) ?? sas;
    },
  };
  const words = { positionals: ['office'], values: { timeout: '10' } };
  const code = await upCommand.run(words, around);
  return { code, said: said.join('\n'), waits };
}

test('waits through the handshake, and says what stands', async () => {
  const { code, said, waits } = await up([() => [half], () => [half], () => [office]]);
  expect(code).toBe(0);
  expect(waits).toBe(3);
  expect(said.split('\n')).toEqual([
    'dialling office',
    'office is up: anna@example.org at 198.51.100.10:61234, aes256gcm16-prfsha384-ecp384',
    '  our address: 10.3.0.10',
    '  0.0.0.0/0 === 10.3.0.10/32, aes256gcm16',
  ]);
});

test('says why it failed and what helps, once nothing more is tried', async () => {
  const { code, said, waits } = await up([
    () => [half],
    (daemon) => {
      daemon.happen(refused('office')); // one address of two
      return [half];
    },
    () => [],
    () => [],
  ]);
  expect(code).toBe(1);
  expect(waits).toBe(4);
  expect(said).toContain('office is not up\n');
  expect(said).toContain('Compare the PSK on both sides');
});

test('takes neither an old failure nor that of another connection for its own', async () => {
  const { code, said, waits } = await up([
    (daemon) => {
      daemon.happen(refused('phones'));
      return [];
    },
  ]);
  expect(code).toBe(1);
  expect(waits).toBe(40);
  expect(said).toContain('office is not up after 10 s');
  expect(said).not.toContain('PSK');
});
