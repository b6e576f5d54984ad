import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Assembly } from '../../../src/daemon/assemble.ts';
import { gather, revokedFile } from '../../../src/daemon/gather.ts';
import { refresh } from '../../../src/daemon/reload.ts';
import type { Input } from '../../../src/ike/core.ts';
import { formatRevoked } from '../../../src/pki/revoked.ts';
import { Log } from '../../../src/trace/log.ts';
import { makeCa } from '../../lab/pki.ts';
import { Home } from './place.ts';

const reference = `${'ab'.repeat(20)}:0102`;

test('who is revoked is hung up, even while another file is broken', async () => {
  const home = new Home('');
  const file = join(home.folder, 'ca.pem');
  writeFileSync(file, (await makeCa()).pem);
  home.write(`
config service 'main'
	option folder '${home.folder}'

config authority 'home'
	option file '${file}'
`);
  const { gathered, problems } = gather(home.configFile);
  if (!gathered) throw new Error(JSON.stringify(problems));
  const inUse = { gathered };
  const given: Input[] = [];
  const sa = { id: 7, certificate: reference, connection: undefined };
  const parts = {
    inUse,
    daemon: { give: (input: Input) => given.push(input) },
    core: { snapshot: () => ({ sas: [sa], counters: {} }) },
  };
  writeFileSync(file, 'half of a certif');
  writeFileSync(
    revokedFile(home.folder),
    formatRevoked([{ reference, at: new Date(0), name: 'lost' }]),
  );

  const isInUse = refresh(parts as unknown as Assembly, { log: new Log(() => {}, 'error') });

  expect(isInUse).toBe(false);
  expect(given).toContainEqual({ kind: 'command', command: { kind: 'terminate', which: 7 } });
  expect(inUse.gathered.store.revoked.has(reference)).toBe(true);
  expect(inUse.gathered.store.anchors).toHaveLength(1);
  home.remove();
});
