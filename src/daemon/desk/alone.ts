// The desks for `ikectl` where no daemon runs.
import { randomFillSync } from 'node:crypto';
import type { DaemonApi } from '../../rpc/api.ts';
import { accountDesk } from './accounts.ts';
import { certificateDesk } from './desk.ts';

export function deskWithoutDaemon(
  configFile: string,
): Pick<DaemonApi, 'certificates' | 'accounts'> {
  const place = {
    configFile,
    now: () => new Date(),
    random: (bytes: number) => randomFillSync(new Uint8Array(bytes)),
    configured: async () => undefined,
    filesChanged: () => {},
  };
  const certificates = certificateDesk(place);
  return { certificates, accounts: accountDesk(place, certificates) };
}
