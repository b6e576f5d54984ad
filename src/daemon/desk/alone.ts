// The desks for `ikectl` where no daemon runs.
import { randomFillSync } from 'node:crypto';
import type { DaemonApi } from '../../rpc/api.ts';
import { accountDesk } from './accounts.ts';
import { certificateDesk } from './desk.ts';
import { importDesk } from './imports.ts';

export function deskWithoutDaemon(
  configFile: string,
): Pick<DaemonApi, 'certificates' | 'accounts' | 'imports'> {
  const place = {
    configFile,
    now: () => new Date(),
    random: (bytes: number) => randomFillSync(new Uint8Array(bytes)),
    configured: async () => undefined,
    filesChanged: () => {},
  };
  const certificates = certificateDesk(place);
  return { certificates, accounts: accountDesk(place, certificates), imports: importDesk(place) };
}
